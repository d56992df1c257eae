// Locks and elections against etcd, on fixed seeds, and what no script asks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../../support/process/foreign-tool.js";
import { startEtcd, startSubject } from "../../support/process/server-process.js";
import { sleep } from "../../support/process/wait.js";
import { runConcurrencySeeds, Side } from "./concurrency-contest.js";

const SCRIPTS = 20;
const OPERATIONS_EACH = 80;
const skip = skipWithout("etcd");

test("locks and elections are answered as etcd answers them", { skip }, async (t) => {
  const seeds = Array.from({ length: SCRIPTS }, (_, at) => at + 1);
  t.diagnostic(`${await runConcurrencySeeds(seeds, OPERATIONS_EACH)} operations`);
});

test("a lock without a lease of its own is bound to one of 60 s", { skip }, async () => {
  for (const start of [startEtcd, startSubject]) {
    await using side = new Side(await start());
    const { key } = await side.client.must("/v3lockpb.Lock/Lock", { name: Buffer.from("n") });
    const hex = /^n\/([0-9a-f]+)$/.exec((key as Buffer).toString())?.[1];
    assert.ok(hex !== undefined, side.server.name);
    const told = await side.client.must("/etcdserverpb.Lease/LeaseTimeToLive", {
      ID: BigInt(`0x${hex}`).toString(),
      keys: true,
    });
    assert.deepEqual([told["grantedTTL"], told["keys"]], ["60", [key]], side.server.name);
  }
});

test("a client that gives up while it waits leaves no key behind", { skip }, async () => {
  for (const start of [startEtcd, startSubject]) {
    await using side = new Side(await start());
    for (const ID of ["1", "2"]) {
      await side.client.must("/etcdserverpb.Lease/LeaseGrant", { ID, TTL: "1000" });
    }
    const request = { name: Buffer.from("n"), lease: "1" };
    await side.client.must("/v3lockpb.Lock/Lock", request);
    const waiting = side.client.open("/v3lockpb.Lock/Lock");
    waiting.send({ ...request, lease: "2" });
    waiting.halfClose();
    const count = async (): Promise<unknown> => {
      const range = { key: Buffer.from("n/"), range_end: Buffer.from("n0"), count_only: true };
      return (await side.client.must("/etcdserverpb.KV/Range", range))["count"];
    };
    while ((await count()) !== "2") {
      await sleep(2);
    }
    waiting[Symbol.dispose]();
    while ((await count()) !== "1") {
      await sleep(2);
    }
  }
});
