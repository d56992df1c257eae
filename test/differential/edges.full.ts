// What random scripts do not reach, each against etcd: sizes at the limits, fragments, long histories, expiry, and the
// ends of streams.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { encodeRequest, type CallOutcome, type Message } from "../support/grpc-client.js";
import { startEtcd, startSubject } from "../support/process/server-process.js";
import { findDifferences } from "./compare.js";
import { EventCollector } from "./event-history.js";
import type { Operation, Script } from "./script/operation.js";
import { Participant } from "./participant.js";
import { runScript } from "./run-seeds.js";

const skip = skipWithout("etcd");
const contest = { startReference: startEtcd, startSubject };
const MEBIBYTE = 1024 * 1024;

const call = (method: string, request: Message): Operation => ({ kind: "call", method, request });
const watchAll = (request: Message): Operation => ({
  kind: "watch",
  steps: [
    { step: "create", request: { key: "\0", range_end: "\0", start_revision: "1", ...request } },
  ],
});

/** Runs `observe` on a fresh etcd and a fresh server of ours: what it returns must be equal. */
async function compareObservations(
  observe: (participant: Participant) => Promise<unknown>,
): Promise<void> {
  const observations: unknown[] = [];
  for (const start of [startEtcd, startSubject]) {
    await using participant = await Participant.join(await start());
    observations.push(participant.canonical(await observe(participant)));
  }
  assert.deepEqual(findDifferences(observations[0], observations[1]), []);
}

test(
  "requests of up to 1.5 MiB are taken, larger ones refused as too large",
  { skip },
  async () => {
    const sizes = [1_572_800, 1_572_865, 1_600_000, 2_000_000];
    const txnOf = (bytes: number): Message => ({
      success: [0, 1].map((at) => ({
        request_put: { key: `t${at}`, value: { $bytes: bytes / 2 } },
      })),
    });
    const script: Script = [
      ...sizes.map((bytes) => call("KV/Put", { key: "a", value: { $bytes: bytes } })),
      ...[1_572_700, 1_700_000].map((bytes) => call("KV/Txn", txnOf(bytes))),
      call("KV/Range", { key: "\0", range_end: "\0", keys_only: true }),
    ];
    await runScript("sizes of requests", script, contest);
  },
);

test("a message of more than 2 MiB is refused before it is read", { skip }, async () => {
  await compareObservations(async ({ client }) => {
    const outcomes: CallOutcome[] = [];
    for (const bytes of [2 * MEBIBYTE, 2 * MEBIBYTE + 1, 3_000_000]) {
      // Tag, length and key take 3 bytes; the value's tag and length 4, or 5 from 2 MiB on.
      const value = Buffer.alloc(bytes - (bytes - 7 < 2 * MEBIBYTE ? 7 : 8));
      const path = "/etcdserverpb.KV/Put";
      const message = encodeRequest(path, { key: Buffer.from("a"), value });
      assert.equal(message.length, bytes);
      outcomes.push(await client.callRaw(path, message));
    }
    return outcomes;
  });
});

test("an answer of 20 MiB is one message", { skip }, async () => {
  const puts = Array.from({ length: 20 }, (_, at) =>
    call("KV/Put", { key: `big/${at}`, value: { $bytes: MEBIBYTE } }),
  );
  const all = { key: "big/", range_end: "big0" };
  await runScript("a large range", [...puts, call("KV/Range", all)], contest);
});

test("a history of 1,500 revisions reaches a watcher whole", { skip }, async () => {
  const puts = Array.from({ length: 1_500 }, (_, at) =>
    at % 7 === 6
      ? call("KV/DeleteRange", { key: `k${(at * 31) % 10}` })
      : call("KV/Put", { key: `k${(at * 31) % 10}`, value: `${at}` }),
  );
  const watches = [{}, { prev_kv: true }, { filters: [0] }, { start_revision: "700" }].map(
    watchAll,
  );
  await runScript("a long history", [...puts, ...watches], contest);
});

test(
  "a revision that is too large for one message comes in fragments, if asked for",
  { skip },
  async () => {
    await compareObservations(async (participant) => {
      const { client } = participant;
      // With the values before them, the events of the second revision take more than 2 MiB.
      for (const fill of [0x61, 0x62]) {
        await client.must("/etcdserverpb.KV/Txn", {
          success: Array.from({ length: 10 }, (_, at) => ({
            request_put: { key: Buffer.from(`k${at}`), value: Buffer.alloc(150_000, fill) },
          })),
        });
      }
      const seen: unknown[] = [];
      for (const fragment of [true, false]) {
        using stream = client.open("/etcdserverpb.Watch/Watch");
        stream.send({
          create_request: {
            key: Buffer.from("k"),
            range_end: Buffer.from("l"),
            start_revision: "2",
            prev_kv: true,
            fragment,
          },
        });
        const collector = new EventCollector(fragment);
        let read = 0;
        await stream.until("20 events", () => {
          for (; read < stream.received.length; read += 1) {
            collector.add(participant.canonical(stream.received[read]!) as Message);
          }
          return collector.eventCount === 20;
        });
        const fragments = stream.received.filter((response) => response["fragment"] === true);
        const { groups, anomalies } = collector;
        seen.push({ fragmented: fragments.length > 0, groups, anomalies });
      }
      assert.equal((seen[0] as Message)["fragmented"], true);
      return seen;
    });
  },
);

test("a lease that ends deletes its keys in one revision, sorted by key", { skip }, async () => {
  await compareObservations(async (participant) => {
    const { client } = participant;
    await client.must("/etcdserverpb.Lease/LeaseGrant", { ID: "7", TTL: "1" });
    await client.must("/etcdserverpb.Lease/LeaseGrant", { ID: "8", TTL: "1000" });
    for (const key of ["c", "a", "\xff", "b"]) {
      await client.must("/etcdserverpb.KV/Put", { key: Buffer.from(key, "latin1"), lease: "7" });
    }
    await client.must("/etcdserverpb.KV/Put", { key: Buffer.from("other"), lease: "8" });
    using stream = client.open("/etcdserverpb.Watch/Watch");
    const everything = Buffer.from([0]);
    stream.send({ create_request: { key: everything, range_end: everything, filters: [0] } });
    await stream.until("the deletions", () => stream.received.length >= 2);
    return {
      deletions: stream.received[1],
      after: await client.call("/etcdserverpb.Lease/LeaseTimeToLive", { ID: "7", keys: true }),
      leases: await client.call("/etcdserverpb.Lease/LeaseLeases", {}),
    };
  });
});

test("leases are listed in the order in which they end", { skip }, async () => {
  await compareObservations(async ({ client }) => {
    for (const [ID, TTL] of [
      ["1", "500"],
      ["2", "100"],
      ["-3", "900"],
      ["4", "300"],
    ]) {
      await client.must("/etcdserverpb.Lease/LeaseGrant", { ID, TTL });
    }
    return client.call("/etcdserverpb.Lease/LeaseLeases", {});
  });
});

test("a watch stream goes on after the client's half is closed", { skip }, async () => {
  await compareObservations(async ({ client }) => {
    using stream = client.open("/etcdserverpb.Watch/Watch");
    stream.send({ create_request: { key: Buffer.from("a") } });
    await stream.until("the creation", () => stream.received.length === 1);
    stream.halfClose();
    await client.must("/etcdserverpb.KV/Put", { key: Buffer.from("a") });
    await stream.until("the event", () => stream.received.length === 2);
    return stream.received;
  });
});

test("what no watch understands is passed over, and the stream goes on", { skip }, async () => {
  await compareObservations(async ({ client }) => {
    using stream = client.open("/etcdserverpb.Watch/Watch");
    stream.send({});
    stream.send({ cancel_request: { watch_id: "12" } });
    stream.send({ create_request: {} });
    await stream.until("the creation", () => stream.received.length === 1);
    return stream.received;
  });
});

test("range bounds in transactions overlap as etcd's interval tree says", { skip }, async () => {
  const bounds = ["", "\0", "a", "a\0", "b", "c", "\xff"];
  const script = bounds.flatMap((key) =>
    bounds.flatMap((range_end) => {
      const deletion = { request_delete_range: { key, range_end, prev_kv: true } };
      const put = { request_put: { key: "b", value: "1", prev_kv: true } };
      const nested = { request_txn: { success: [put] } };
      return [
        call("KV/Txn", { success: [deletion, put] }),
        call("KV/Txn", { success: [nested, deletion] }),
      ];
    }),
  );
  await runScript("overlaps", [...script, watchAll({ prev_kv: true })], contest);
});
