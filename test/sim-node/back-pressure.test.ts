// What a node does when its table worker does not keep up: writers slow down to its pace, nobody is refused, and memory
// and log stay bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { propose, put } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Machine } from "./machine.js";

const VALUE_BYTES = 1_000;
const WRITERS = 8;
const WRITES_EACH = 150;
const WAITING_ROWS_BYTES_MAX = 100_000;

/** Bytes of all segments: those of rows that are in files are removed. */
function logBytes(disk: SimulatedDisk): number {
  return disk.list("/data/wal").reduce((bytes, name) => {
    const file = disk.open(`/data/wal/${name}`, { mode: "read" });
    try {
      return bytes + file.size();
    } finally {
      file.close();
    }
  }, 0);
}

test("writers wait for a slow table worker, and rows in memory stay within the bound", async () => {
  const clock = new VirtualClock(1);
  const disk = new SimulatedDisk();
  const machine = new Machine(clock, disk, new SeededRandom(1), {
    tableDelayMsMax: 3_000,
    waitingRowsBytesMax: WAITING_ROWS_BYTES_MAX,
  });
  const node = await clock.resolve(machine.open());
  const seen = { written: 0, logBytesMost: 0 };
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; count < WRITES_EACH; count += 1) {
      await propose(node, put(`k${writer}/${count}`, "x".repeat(VALUE_BYTES)));
      seen.written += 1;
      seen.logBytesMost = Math.max(seen.logBytesMost, logBytes(disk));
    }
  };
  // Small memtables freeze only when somebody asks for it.
  const flushing = { isOver: false };
  const flush = async (): Promise<void> => {
    while (!flushing.isOver) {
      await Promise.race([node.flush(), machine.sleep(20)]);
      await machine.sleep(20);
    }
  };
  const flushed = flush();
  const writers = Array.from({ length: WRITERS }, async (_, writer) => write(writer));
  await clock.resolve(Promise.all(writers), 600_000);
  flushing.isOver = true;
  assert.equal(seen.written, WRITERS * WRITES_EACH);
  const writtenBytes = seen.written * VALUE_BYTES;
  assert.ok(seen.logBytesMost < writtenBytes / 2, `${seen.logBytesMost} bytes of log`);
  assert.ok(clock.monotonicMs() > 5_000, "they were slowed down");
  await clock.resolve(flushed);
  await clock.resolve(node.close());
  const again = await clock.resolve(machine.open());
  assert.equal(again.revision, 1 + seen.written);
  await clock.resolve(again.close());
});
