// Starts while the object store does not answer: a server waits and says so, within a bound; an open fails and names the store.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open } from "../../src/index.js";
import { internalError, type Fault } from "../s3/fake/faults.js";
import { GrpcClient } from "../support/grpc-client.js";
import { beginServer, startServer } from "../support/process/t4-command.js";
import { openStore } from "../s3/harness.js";
import { Acknowledged, ASYNC, eventually, fakePlaces, type FakePlaces } from "./archive-harness.js";

const silences: readonly (readonly [string, Fault])[] = [
  ["refuses every request", internalError],
  ["answers nothing", { kind: "hang" }],
  ["drops connections", { kind: "drop-before" }],
];

/** A database that was left by a node that ended well. */
async function written(places: FakePlaces, flags: readonly string[]): Promise<Acknowledged> {
  const all = new Acknowledged();
  using server = await startServer(places.data, flags);
  using client = new GrpcClient(server.address);
  await all.fill(client, 0, 500);
  server.kill("SIGTERM");
  assert.equal((await server.ended).code, 0);
  return all;
}

describe("a start without an answer", { concurrency: true }, () => {
  for (const [what, fault] of silences) {
    test(`a server whose store ${what} waits, says so, and serves when it answers`, async () => {
      await using places = await fakePlaces();
      const all = await written(places, places.flags);
      places.fake.faults.always("*", fault);
      using starting = beginServer(places.data, places.flags);
      await eventually(() => starting.stderr().includes("the start waits for it"));
      places.fake.faults.none();
      using server = await starting.serving;
      using client = new GrpcClient(server.address);
      await all.verify(client);
    });

    test(`a server whose store ${what} gives up after its bound, and names the store`, async () => {
      await using places = await fakePlaces();
      places.fake.faults.always("*", fault);
      using starting = beginServer(places.data, [
        ...places.flags,
        ...["--object-store-timeout", "7s"],
      ]);
      const { code, stderr } = await starting.ended;
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the object store s3:\/\/bucket\/db\/ has not answered for \d+ s/);
      assert.match(stderr, /T4_UNAVAILABLE/);
    });
  }

  for (const mode of ["sync", "async"] as const) {
    test(`a store that falls silent after the lock was won holds up the start, and is named (${mode})`, async () => {
      await using places = await fakePlaces();
      const { fake, data } = places;
      const flags = [...places.flags, ...(mode === "async" ? ASYNC : [])];
      const all = await written(places, flags);
      const before = fake.requests.length;
      const isLocked = (): boolean =>
        fake.requests
          .slice(before)
          .some(({ operation, key }) => operation === "PutObject" && key.endsWith("leader-lock"));
      {
        using starting = beginServer(data, [...flags, "--object-store-timeout", "9s"]);
        await eventually(isLocked);
        fake.faults.always("*", { kind: "hang" });
        const outcome = await Promise.race([starting.ended, starting.serving]);
        if ("code" in outcome) {
          assert.equal(outcome.code, 1, outcome.stderr);
          assert.match(outcome.stderr, /has not answered for \d+ s/);
          assert.doesNotMatch(outcome.stderr, /T4_TIMEOUT/);
        }
        fake.faults.none();
      }
      using server = await startServer(data, flags);
      using client = new GrpcClient(server.address);
      await all.verify(client);
    });
  }

  test("an open of a store that does not answer fails with T4_UNAVAILABLE and names the store", async () => {
    await using places = await fakePlaces();
    places.fake.faults.always("*", { kind: "hang" });
    const ends: (() => Promise<void>)[] = [];
    const objectStore = await openStore(
      { after: (end) => ends.push(end as () => Promise<void>) },
      places.fake,
    );
    const opening = open({ dataDir: places.data, objectStore, objectStoreTimeoutMs: 2_000 });
    await assert.rejects(opening, {
      code: "T4_UNAVAILABLE",
      message: /the object store s3:\/\/bucket\/prefix\/ has not answered for 2 s/,
    });
    await Promise.all(ends.map(async (end) => end()));
  });
});
