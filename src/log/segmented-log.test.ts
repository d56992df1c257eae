import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import {
  entryAfter,
  fingerprint,
  LOG_START,
  positionOf,
  putEntry,
  putRow,
  randomEntry,
  type LogPosition,
} from "../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../test/sim/log-machine.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { Entry } from "../core/entry.js";
import type { LogIndex, Term } from "../core/words.js";
import { SegmentReader, type Group } from "./segment/segment-reader.js";

/** Appends puts of `valueBytes` each and returns where the log then stands. */
function appendPuts(
  machine: LogMachine,
  from: LogPosition,
  count: number,
  valueBytes = 20,
): LogPosition {
  let position = from;
  for (let i = 0; i < count; i += 1) {
    const entry = putEntry(position, `key-${i}`, new Uint8Array(valueBytes).fill(7));
    position = positionOf(entry);
    machine.log.append(entry);
  }
  return position;
}

function groupsOf(disk: SimulatedDisk, path: string): Group[] {
  const reader = new SegmentReader(disk, path);
  const groups: Group[] = [];
  for (let group = reader.next(); group !== null; group = reader.next()) {
    groups.push(group);
  }
  reader.close();
  return groups;
}

test("what is appended is replayed, whatever the turns, sizes and segments", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 200, max: 20_000 }),
      async (seed, turns, segmentBytesMax) => {
        const random = new SeededRandom(seed);
        const machine = new LogMachine(new SimulatedDisk(), seed, { segmentBytesMax });
        const entries: Entry[] = [];
        let position = LOG_START;
        for (const count of turns) {
          for (let i = 0; i < count; i += 1) {
            const entry = randomEntry(random, position, 3000);
            position = positionOf(entry);
            entries.push(entry);
            machine.log.append(entry);
          }
          await machine.clock.run(random.fraction());
        }
        await machine.close();
        assert.equal(machine.durable.at(-1), position.index);
        assert.deepEqual(
          machine.durable,
          [...machine.durable].sort((a, b) => a - b),
        );
        const reopened = new LogMachine(machine.disk, seed);
        assert.deepEqual(reopened.replayed.map(fingerprint), entries.map(fingerprint));
        assert.equal(reopened.log.tipIndex, position.index);
        assert.equal(reopened.log.tipTerm, position.term);
        assert.deepEqual(reopened.log.sealedSegments, machine.closed);
        const sealedAt = machine.sealed.map(({ index }) => index);
        assert.deepEqual(
          sealedAt.slice(0, machine.closed.length),
          machine.closed.map(({ lastIndex }) => lastIndex).slice(0, sealedAt.length),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test("entries of one turn share a group, and the next group gathers while one is in flight", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  let position = appendPuts(machine, LOG_START, 5);
  assert.equal(machine.log.durableIndex, 0);
  assert.ok(machine.log.pendingBytes > 100);
  await Promise.resolve();
  position = appendPuts(machine, position, 3);
  let isInFlight = false;
  machine.disk.onChange = () => {
    // The worker writes, and the node has not heard of it yet.
    if (!isInFlight) {
      isInFlight = true;
      position = appendPuts(machine, position, 1);
      appendPuts(machine, position, 1);
    }
  };
  await machine.flush();
  await machine.flush();
  assert.deepEqual(machine.durable, [8, 10]);
  assert.equal(machine.log.pendingBytes, 0);
});

test("a group that has become large does not wait for the end of its turn", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  const position = appendPuts(machine, LOG_START, 20, 4_000);
  const appended = machine.log.pendingBytes;
  await machine.flush();
  appendPuts(machine, position, 1);
  await machine.flush();
  assert.ok(appended > 64 * 1024);
  assert.deepEqual(machine.durable, [17, 20, 21]);
});

test("a turn with more than a group holds is written in several groups, in order", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  appendPuts(machine, LOG_START, 7, 3 * 1024 * 1024);
  await machine.flush();
  assert.deepEqual(machine.durable, [1, 3, 5, 7]);
});

test("an entry larger than a group and a segment goes alone, and the segment grows", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, { segmentBytesMax: 10_000 });
  const small = putEntry(LOG_START, "a", new Uint8Array(10));
  const value = new Uint8Array(1024 * 1024);
  const large = entryAfter(positionOf(small), (revision) =>
    Array.from({ length: 9 }, (_, sub) => putRow(`key-${sub}`, value, revision, sub)),
  );
  const after = putEntry(positionOf(large), "b", new Uint8Array(10));
  for (const entry of [small, large, after]) {
    machine.log.append(entry);
  }
  await machine.close();
  assert.deepEqual(machine.durable, [1, 2, 3]);
  assert.deepEqual(
    machine.closed.map(({ firstIndex, lastIndex }) => [firstIndex, lastIndex]),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  );
  const reopened = new LogMachine(machine.disk, 1);
  assert.deepEqual(reopened.replayed.map(fingerprint), [small, large, after].map(fingerprint));
});

test("a segment is sealed by size before the entry that no longer fits is taken", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, { segmentBytesMax: 2000 });
  const seen: string[] = [];
  let position = LOG_START;
  for (let i = 1; i <= 60; i += 1) {
    const sealedBefore = machine.sealed.length;
    position = appendPuts(machine, position, 1, 50);
    if (machine.sealed.length > sealedBefore) {
      assert.equal(machine.sealed.at(-1)?.index, i - 1);
      seen.push(`sealed at ${i - 1}`);
    }
    if (i % 3 === 0) {
      await machine.clock.run(1);
    }
  }
  assert.ok(seen.length >= 2, seen.join());
  await machine.close();
  for (const { bytes } of machine.closed) {
    assert.ok(bytes <= 2000);
  }
});

test("a segment is sealed by age, counted from its first entry, and never when it is empty", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, { segmentAgeMsMax: 10_000 });
  await machine.clock.run(50_000);
  assert.equal(machine.sealed.length, 0);
  const position = appendPuts(machine, LOG_START, 1);
  await machine.clock.run(9_000);
  appendPuts(machine, position, 1);
  await machine.clock.run(990);
  assert.equal(machine.sealed.length, 0);
  await machine.clock.run(20);
  assert.equal(machine.sealed[0]?.index, 2);
  assert.equal(machine.closed[0]?.lastIndex, 2);
  machine.log.seal();
  await machine.clock.run(50_000);
  assert.equal(machine.sealed.length, 1);
});

test("a new term begins a new segment", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  const position = appendPuts(machine, LOG_START, 2);
  const start = entryAfter(position, () => [], { kind: "term-start", node: "b" }, 2);
  machine.log.append(start);
  appendPuts(machine, positionOf(start), 1);
  await machine.close();
  assert.deepEqual(
    machine.closed.map(({ path, lastIndex }) => [path, lastIndex]),
    [
      [`${LOG_DIRECTORY}/0000000000000001.wal`, 2],
      [`${LOG_DIRECTORY}/0000000000000003.wal`, 4],
    ],
  );
  assert.equal(machine.log.tipTerm, 2);
});

test("a group records what was committed when it was sent, and a clock that never goes back", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  const position = appendPuts(machine, LOG_START, 1);
  await machine.flush();
  const wallMs = machine.clock.wallMs();
  machine.log.noteCommitted(1 as LogIndex);
  machine.clock.jumpWall(-60_000);
  appendPuts(machine, position, 1);
  await machine.close();
  const [first, second] = groupsOf(machine.disk, machine.closed[0]!.path);
  assert.deepEqual([first?.committedIndex, second?.committedIndex], [0, 1]);
  assert.ok(first!.wallMs > wallMs - 1000);
  assert.equal(second?.wallMs, first?.wallMs);
  const reopened = new LogMachine(machine.disk, 1);
  reopened.clock.jumpWall(-60_000);
  appendPuts(reopened, { index: 2, revision: 3, term: 1 }, 1);
  await reopened.close();
  assert.equal(groupsOf(reopened.disk, reopened.closed[0]!.path)[0]?.wallMs, first?.wallMs);
});

test("a failed write ends the log: it is told once, and nothing after it is acknowledged", async () => {
  for (const failing of ["write", "sync", "rename", "sync-directory", "truncate"] as const) {
    const disk = new SimulatedDisk();
    const machine = new LogMachine(disk, 1, { segmentBytesMax: 3000 });
    let position = appendPuts(machine, LOG_START, 1);
    await machine.flush();
    disk.failWhen = ({ kind }) => (kind === failing ? "io" : null);
    for (let i = 0; i < 100 && machine.failure === null; i += 1) {
      position = appendPuts(machine, position, 2, 100);
      await machine.clock.run(1);
    }
    assert.equal(machine.failure?.code, "T4_IO", failing);
    const flushed = machine.log.flush();
    await assert.rejects(flushed, { code: "T4_IO" });
    disk.failWhen = null;
    const durable = machine.log.durableIndex;
    const changes = disk.changes;
    appendPuts(machine, position, 2);
    await machine.clock.run(10_000);
    assert.equal(machine.log.durableIndex, durable);
    assert.equal(disk.changes, changes, "nothing touches the disk after a failure");
    await assert.rejects(machine.close(), { code: "T4_IO" });
    const reopened = new LogMachine(disk, 2);
    assert.ok(reopened.log.tipIndex >= durable);
  }
});

test("a full disk is met before a group is, refuses writes, and is tried again every second", async () => {
  const disk = new SimulatedDisk();
  const machine = new LogMachine(disk, 1, { segmentBytesMax: 1024 * 1024 });
  await machine.clock.run(100);
  disk.capacityBytes = disk.usedBytes + 100_000;
  let position = LOG_START;
  while (machine.log.hasSpace) {
    position = appendPuts(machine, position, 1, 10_000);
    await machine.clock.run(10);
    assert.equal(machine.log.durableIndex, position.index);
  }
  position = appendPuts(machine, position, 1, 10_000);
  await machine.clock.run(10);
  assert.equal(machine.log.durableIndex, position.index, "what was planned is still taken");
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await machine.clock.run(500);
  assert.equal(machine.log.hasSpace, false);
  await machine.clock.run(600);
  assert.equal(machine.log.hasSpace, true);
  assert.equal(machine.failure, null);
  await machine.close();
  assert.equal(new LogMachine(disk, 1).log.tipIndex, position.index);
});

test("a group that has no room waits for it, and the order stays", async () => {
  const disk = new SimulatedDisk();
  const machine = new LogMachine(disk, 1, { segmentBytesMax: 1024 * 1024 });
  await machine.clock.run(100);
  disk.capacityBytes = disk.usedBytes;
  let position = appendPuts(machine, LOG_START, 2, 400_000);
  await machine.clock.run(5_000);
  position = appendPuts(machine, position, 1);
  await machine.clock.run(5_000);
  assert.equal(machine.log.durableIndex, 0);
  assert.equal(machine.log.hasSpace, false);
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await machine.clock.run(1_100);
  assert.deepEqual(machine.durable, [1, 3]);
  await machine.clock.run(1_100);
  assert.equal(machine.log.hasSpace, true);
  await machine.close();
  assert.equal(new LogMachine(disk, 1).log.tipIndex, position.index);
});

test("a log closed while a group waits for room gives it up and says so", async () => {
  for (const closeFirst of [false, true]) {
    const disk = new SimulatedDisk();
    const machine = new LogMachine(disk, 1);
    const position = appendPuts(machine, LOG_START, 1);
    await machine.flush();
    disk.capacityBytes = disk.usedBytes;
    appendPuts(machine, position, 1, 1_000_000);
    if (!closeFirst) {
      await machine.clock.run(5_000);
    }
    await assert.rejects(machine.close(), { code: "T4_NO_SPACE" });
    assert.equal(new LogMachine(disk, 1).log.tipIndex, 1);
  }
});

test("deleting segments gives a full disk room again", async () => {
  const disk = new SimulatedDisk();
  const machine = new LogMachine(disk, 1, { segmentBytesMax: 300_000 });
  let position = appendPuts(machine, LOG_START, 6, 100_000);
  await machine.clock.run(100);
  disk.capacityBytes = disk.usedBytes;
  position = appendPuts(machine, position, 6, 100_000);
  await machine.clock.run(3_000);
  assert.equal(machine.log.hasSpace, false);
  machine.log.deleteThrough(machine.log.sealedSegments.at(-1)!.lastIndex);
  assert.equal(machine.log.sealedSegments.length, 1, "the newest durable entry stays");
  disk.capacityBytes += 1_000_000;
  await machine.clock.run(3_000);
  assert.equal(machine.log.hasSpace, true);
  assert.equal(machine.log.durableIndex, position.index);
});

test("whichever power loss interrupts deleting segments, the log opens and holds its newest entry", async () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const disk = new SimulatedDisk();
    const machine = new LogMachine(disk, seed);
    let position = LOG_START;
    for (let i = 0; i < 4; i += 1) {
      position = appendPuts(machine, position, 2);
      machine.log.seal();
    }
    await machine.clock.run(10);
    const losses: SimulatedDisk[] = [];
    disk.onChange = () => losses.push(disk.afterPowerLoss(seed + losses.length));
    machine.log.deleteThrough(position.index as LogIndex);
    await machine.clock.run(10);
    disk.onChange = null;
    assert.deepEqual(
      disk.list(LOG_DIRECTORY).filter((name) => name.endsWith(".wal")),
      ["0000000000000007.wal"],
    );
    assert.ok(losses.length >= 6);
    for (const loss of [...losses, disk]) {
      const reopened = new LogMachine(loss, seed, {
        afterIndex: position.index as LogIndex,
        afterTerm: 1 as Term,
      });
      assert.equal(reopened.log.tipIndex, position.index);
      assert.deepEqual(reopened.replayed, []);
      appendPuts(reopened, position, 1);
      await reopened.flush();
    }
  }
});

test("the operations of a short life are these, in this order", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, { segmentBytesMax: 200_000 });
  await machine.clock.run(10);
  const position = appendPuts(machine, LOG_START, 2, 100);
  await machine.flush();
  machine.log.seal();
  await machine.clock.run(10);
  appendPuts(machine, position, 1, 100);
  await machine.flush();
  machine.log.deleteThrough(2 as LogIndex);
  await machine.close();
  assert.deepEqual(machine.disk.trace, [
    "make-directory /data/log",
    "make-directory /data/log",
    "create /data/log/next.tmp",
    "write /data/log/next.tmp 0+131072",
    "write /data/log/next.tmp 131072+68928",
    "write /data/log/next.tmp 0+64",
    "rename /data/log/next.tmp -> /data/log/0000000000000001.wal",
    "sync-directory /data/log",
    "write /data/log/0000000000000001.wal 64+304",
    "create /data/log/next.tmp",
    "write /data/log/next.tmp 0+131072",
    "write /data/log/next.tmp 131072+68928",
    "truncate /data/log/0000000000000001.wal 368",
    "sync /data/log/0000000000000001.wal",
    "write /data/log/next.tmp 0+64",
    "rename /data/log/next.tmp -> /data/log/0000000000000003.wal",
    "sync-directory /data/log",
    "write /data/log/0000000000000003.wal 64+184",
    "create /data/log/next.tmp",
    "write /data/log/next.tmp 0+131072",
    "write /data/log/next.tmp 131072+68928",
    "remove /data/log/0000000000000001.wal",
    "sync-directory /data/log",
    "remove /data/log/next.tmp",
    "truncate /data/log/0000000000000003.wal 248",
    "sync /data/log/0000000000000003.wal",
  ]);
});
