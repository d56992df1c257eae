import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprint, LOG_START, positionOf, randomEntry } from "../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../test/sim/log-machine.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { Entry } from "../core/entry.js";
import type { LogIndex } from "../core/words.js";
import { LogReader } from "./log-reader.js";
import { forEachEntry } from "./segment/segment-reader.js";

function readAll(reader: LogReader): Entry[] {
  const entries: Entry[] = [];
  for (let group = reader.next(); group !== null; group = reader.next()) {
    forEachEntry(group, (entry) => entries.push(entry));
  }
  return entries;
}

test("a reader follows a log that is being written, and sees each durable entry once, in order", async () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const random = new SeededRandom(seed);
    const machine = new LogMachine(new SimulatedDisk(), seed, { segmentBytesMax: 3000 });
    const reader = new LogReader(machine.disk, LOG_DIRECTORY, 0 as LogIndex);
    const appended: Entry[] = [];
    const read: Entry[] = [];
    let position = LOG_START;
    for (let turn = 0; turn < 60; turn += 1) {
      for (let i = random.below(4); i > 0; i -= 1) {
        const entry = randomEntry(random, position, 5000);
        position = positionOf(entry);
        appended.push(entry);
        machine.log.append(entry);
      }
      await machine.clock.run(random.fraction() * 0.2);
      const durable = machine.log.durableIndex;
      read.push(...readAll(reader));
      assert.ok(read.length >= durable, "what is durable can be read");
    }
    await machine.close();
    read.push(...readAll(reader));
    reader.close();
    assert.deepEqual(read.map(fingerprint), appended.map(fingerprint));
  }
});

test("a reader starts with the group that holds its index", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, { segmentBytesMax: 2000 });
  const random = new SeededRandom(1);
  let position = LOG_START;
  for (let i = 0; i < 40; i += 1) {
    const entry = randomEntry(random, position, 100);
    position = positionOf(entry);
    machine.log.append(entry);
    if (i % 3 === 2) {
      await machine.flush();
    }
  }
  await machine.close();
  for (const from of [0, 1, 2, 3, 4, 20, 39, 40]) {
    const reader = new LogReader(machine.disk, LOG_DIRECTORY, from as LogIndex);
    const entries = readAll(reader);
    const first = Math.max(1, from - ((from - 1) % 3));
    assert.equal(entries[0]?.index, first, `from ${from}`);
    assert.equal(entries.at(-1)?.index, 40);
    reader.close();
  }
  const beyond = new LogReader(machine.disk, LOG_DIRECTORY, 41 as LogIndex);
  assert.equal(beyond.next(), null);
  beyond.close();
});

test("an empty directory has no groups", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory(LOG_DIRECTORY);
  const reader = new LogReader(disk, LOG_DIRECTORY, 1 as LogIndex);
  assert.equal(reader.next(), null);
  reader.close();
});

test("a reader refuses a gap between two segments", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, { segmentBytesMax: 500 });
  const random = new SeededRandom(1);
  let position = LOG_START;
  for (let i = 0; i < 30; i += 1) {
    const entry = randomEntry(random, position, 100);
    position = positionOf(entry);
    machine.log.append(entry);
    await machine.flush();
  }
  await machine.close();
  machine.disk.remove(machine.closed[1]!.path);
  const reader = new LogReader(machine.disk, LOG_DIRECTORY, 0 as LogIndex);
  assert.throws(() => readAll(reader), { code: "T4_CORRUPT", message: /entries are missing/ });
  reader.close();
});
