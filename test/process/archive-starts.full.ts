// Starts that are given up, and directories whose object store comes and goes.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { beginServer, startServer } from "../support/process/t4-command.js";
import { Acknowledged, ASYNC, directoryPlaces, eventually, fakePlaces } from "./archive-harness.js";

const EXIT_ON_SIGNAL = 1;

async function fillAndEnd(
  written: Acknowledged,
  data: string,
  flags: readonly string[],
  signal: NodeJS.Signals,
  first: number,
): Promise<string> {
  using server = await startServer(data, flags);
  using client = new GrpcClient(server.address);
  await written.verify(client);
  await written.fill(client, first, 500);
  server.kill(signal);
  const { code, stderr } = await server.ended;
  assert.equal(code, signal === "SIGTERM" ? 0 : null, stderr);
  return stderr;
}

describe("starts with an object store", { concurrency: true }, () => {
  test("a signal ends the wait for the lock, which is said at once, and the next start is not in its way", async () => {
    await using places = await directoryPlaces();
    const written = new Acknowledged();
    await fillAndEnd(written, places.data, places.flags, "SIGKILL", 0);
    const other = join(places.root, "other");
    using waiting = beginServer(other, places.flags);
    await eventually(() => waiting.stderr().includes("waiting for its lock"));
    waiting.kill("SIGTERM");
    const { code, stderr } = await waiting.ended;
    assert.equal(code, EXIT_ON_SIGNAL, stderr);
    assert.match(stderr, /stopped by SIGTERM before it was ready/);
    // The directory that led goes on at once.
    await fillAndEnd(written, places.data, places.flags, "SIGTERM", 500);
    // And since it has let the lock go, so does any other.
    using next = await startServer(other, places.flags);
    assert.doesNotMatch(next.stderr(), /waiting for its lock/);
    using client = new GrpcClient(next.address);
    await written.verify(client);
  });

  for (const operation of ["GetObject", "PutObject", "*"]) {
    test(`a signal ends a start that hangs in ${operation}`, async () => {
      await using places = await fakePlaces();
      const written = new Acknowledged();
      await fillAndEnd(written, places.data, places.flags, "SIGTERM", 0);
      await rm(places.data, { recursive: true });
      places.fake.faults.always(operation, { kind: "hang" });
      const before = places.fake.requests.length;
      using starting = beginServer(places.data, places.flags);
      await eventually(() => places.fake.requests.length > before);
      starting.kill("SIGTERM");
      const { code, stderr } = await starting.ended;
      assert.equal(code, EXIT_ON_SIGNAL, stderr);
      assert.match(stderr, /stopped by SIGTERM before it was ready/);
      places.fake.faults.none();
      using server = await startServer(places.data, places.flags);
      using client = new GrpcClient(server.address);
      await written.verify(client);
    });
  }

  test("a signal ends a restore, and the next start makes it whole", async () => {
    await using places = await fakePlaces();
    const written = new Acknowledged();
    await fillAndEnd(written, places.data, places.flags, "SIGTERM", 0);
    await rm(places.data, { recursive: true });
    const { fake } = places;
    // Slow enough to be met between the lock and the end.
    fake.faults.always("GetObject", { kind: "delay", delayMs: 150 });
    const before = fake.requests.length;
    using starting = beginServer(places.data, places.flags);
    await eventually(() => fake.requests.slice(before).some(({ key }) => key.includes("/wal/")));
    starting.kill("SIGTERM");
    const { code, stderr } = await starting.ended;
    assert.equal(code, EXIT_ON_SIGNAL, stderr);
    fake.faults.none();
    using server = await startServer(places.data, places.flags);
    assert.doesNotMatch(server.stderr(), /waiting for its lock/, "the lock was let go");
    using client = new GrpcClient(server.address);
    await written.verify(client);
  });

  for (const mode of ["sync", "async"] as const) {
    test(`an object store is added to a directory, left out and given again (${mode})`, async () => {
      await using places = await fakePlaces();
      const { data, fake } = places;
      const flags = [...places.flags, ...(mode === "async" ? ASYNC : [])];
      const written = new Acknowledged();
      await fillAndEnd(written, data, [], "SIGTERM", 0);
      await fillAndEnd(written, data, [], "SIGKILL", 500);
      // Everything but the first start's log is in files, or the log: a checkpoint holds the one, slots the other.
      await fillAndEnd(written, data, flags, "SIGTERM", 1_000);
      await rm(data, { recursive: true });
      await fillAndEnd(written, data, flags, "SIGTERM", 1_500);
      await fillAndEnd(written, data, [], "SIGKILL", 2_000);
      await fillAndEnd(written, data, flags, "SIGTERM", 2_500);
      await rm(data, { recursive: true });
      await fillAndEnd(written, data, flags, "SIGTERM", 3_000);
      assert.ok(fake.requests.some(({ key }) => key.includes("/wal/")));
    });
  }
});
