// What mode archive costs: uploads of the log stay within --wal-puts-per-second-max, whatever the load, and every write is
// acknowledged all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
import { Acknowledged, fakePlaces, metric } from "./archive-harness.js";

const LOAD_MS = 10_000;
const WRITERS = 32;

for (const putsPerSecond of [5, 20]) {
  test(`with ${putsPerSecond} puts a second allowed, no more slots are put`, async (context) => {
    await using places = await fakePlaces();
    const { fake } = places;
    const limit = ["--wal-puts-per-second-max", String(putsPerSecond)];
    using server = await startServer(places.data, [...places.flags, ...limit]);
    const written = new Acknowledged();
    const isSlot = ({ operation, key }: { operation: string; key: string }): boolean =>
      operation === "PutObject" && key.includes("/wal/");
    const before = fake.requests.filter(isSlot).length;
    const startedMs = performance.now();
    let isOver = false;
    const write = async (writer: number): Promise<void> => {
      using client = new GrpcClient(server.address);
      for (let at = 0; !isOver; at += 1) {
        assert.ok(await written.put(client, `${writer}`, `${at}`));
      }
    };
    const writing = Promise.all(Array.from({ length: WRITERS }, async (_, at) => write(at)));
    await sleep(LOAD_MS);
    isOver = true;
    await writing;
    const seconds = (performance.now() - startedMs) / 1_000;
    const puts = fake.requests.filter(isSlot).length - before;
    const entries = await metric(server.address, "t4_archive_entries_total");
    context.diagnostic(
      JSON.stringify({ putsPerSecond, puts, seconds, perSecond: puts / seconds, entries }),
    );
    // The first comes at once.
    assert.ok(puts <= putsPerSecond * seconds + 1, `${puts} puts in ${seconds} s`);
    assert.ok(entries > puts, "writers share slots");
  });
}
