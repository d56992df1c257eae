import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_START, positionOf, randomEntry, type LogPosition } from "../../test/sim/entries.js";
import { FaultyObjectStore, BAD_DAY, NO_FAULTS } from "../../test/sim/faulty-object-store.js";
import { LOG_DIRECTORY, LogMachine } from "../../test/sim/log-machine.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import { sealSlotOf } from "../../test/support/archive-slots.js";
import type { T4Error } from "../core/errors.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { listSegments } from "../log/log-reader.js";
import { SegmentImport } from "../log/segment/segment-import.js";
import { memoryObjectStore } from "../object/memory-object-store.js";
import type { ObjectStore } from "../object/object-store.js";
import { Archive, type ArchiveOptions } from "./archive.js";
import { ChainReader } from "./chain-reader.js";
import { NO_HASH, slotKey, type ChainPosition } from "./chain.js";
import type { EntriesSlot, Slot } from "./slot.js";

const CLUSTER = 9n;
const START: ChainPosition = {
  term: 50 as Term,
  firstIndex: 1 as LogIndex,
  previousHash: NO_HASH,
};

class Rig {
  readonly machine: LogMachine;
  readonly random: SeededRandom;
  readonly bucket: ObjectStore = memoryObjectStore();
  readonly store: FaultyObjectStore;
  readonly archive: Archive;
  readonly archived: number[] = [];
  fenced: T4Error | null = null;
  position: LogPosition = LOG_START;

  constructor(seed: number, options: Partial<ArchiveOptions> = {}) {
    this.random = new SeededRandom(seed);
    this.machine = new LogMachine(new SimulatedDisk(), seed, {
      segmentBytesMax: 3_000,
      segmentAgeMsMax: 5_000,
    });
    const { clock } = this.machine;
    this.store = FaultyObjectStore.of(this.bucket, clock, new SeededRandom(seed), NO_FAULTS);
    this.archive = new Archive({
      runtime: this.machine.runtime,
      store: this.store,
      clusterId: CLUSTER,
      directory: LOG_DIRECTORY,
      position: START,
      sealedSegments: [],
      mode: "sync",
      listener: {
        archived: (index) => this.archived.push(index),
        fenced: (error) => {
          this.fenced = error;
        },
        failed: (error) => {
          throw error;
        },
      },
      ...options,
    });
    this.machine.onSealed = (point) => {
      this.archive.sealed(point);
    };
    this.machine.onDurable = (index) => {
      this.archive.offer(index);
    };
  }

  append(count: number, valueBytesMax = 300): void {
    for (let i = 0; i < count; i += 1) {
      const entry = { ...randomEntry(this.random, this.position, valueBytesMax), term: 1 as Term };
      this.position = positionOf(entry);
      this.machine.log.append(entry);
    }
  }

  async slots(): Promise<EntriesSlot[]> {
    const reader = new ChainReader(this.bucket, CLUSTER, START);
    const slots: Slot[] = [];
    for (let slot = await reader.next(); slot !== "end"; slot = await reader.next()) {
      slots.push(slot);
    }
    return slots.filter((slot) => slot.kind === "entries");
  }

  async close(): Promise<void> {
    await this.machine.clock.resolve(this.archive.close());
    await this.machine.close();
  }
}

test("what is archived in any mode, on a bad day, imports to the same segments", async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const mode = seed % 2 === 0 ? "sync" : "async";
    const rig = new Rig(seed, { mode, batchBytesMax: 1_000 });
    const { machine, archive } = rig;
    rig.store.setFaults({ ...BAD_DAY, stallMs: 3_000 });
    for (let turn = 0; turn < 40; turn += 1) {
      rig.append(rig.random.below(4), 2_000);
      if (rig.random.chance(0.1)) {
        machine.log.seal();
      }
      await machine.clock.run(rig.random.fraction() * 500);
    }
    machine.log.seal();
    await machine.flush();
    await machine.clock.resolve(archive.flush(), 3_600_000);
    assert.equal(archive.archivedIndex, rig.position.index);
    assert.equal(archive.backlogEntries, 0);
    assert.equal(archive.backlogBytes, 0);
    assert.deepEqual(archive.endAt(rig.position.index as LogIndex)?.next, archive.position);
    const known = machine.sealed.every(({ index }) => archive.endAt(index) !== null);
    assert.ok(known, "every end of a segment has a position");
    const disk = new SimulatedDisk();
    const target = new SegmentImport({
      disk,
      directory: LOG_DIRECTORY,
      fromIndex: 1 as LogIndex,
    });
    for (const slot of await rig.slots()) {
      target.add(slot.groups, slot);
    }
    target.finish();
    await rig.close();
    const names = (of: SimulatedDisk): string[] =>
      listSegments(of, LOG_DIRECTORY).map(({ path }) => path);
    assert.deepEqual(names(disk), names(machine.disk), `seed ${seed}`);
    for (const path of names(disk)) {
      assert.deepEqual(disk.contents(path), machine.disk.contents(path), `seed ${seed}: ${path}`);
    }
  }
});

test("a slot that ends a segment tells how many bytes of entries it has, as the log did", async () => {
  const rig = new Rig(1);
  for (let turn = 0; turn < 30; turn += 1) {
    rig.append(3, 100);
    await rig.machine.clock.run(50);
  }
  await rig.machine.clock.resolve(rig.archive.flush());
  const slots = await rig.slots();
  for (const { index, bytes } of rig.machine.sealed) {
    const slot = slots.find(({ lastIndex }) => lastIndex === index);
    assert.equal(slot?.segmentEntryBytes, bytes);
  }
  assert.ok(rig.machine.sealed.length > 1);
  await rig.close();
});

test("in sync mode the first write after a pause goes at once, and those that follow share slots", async () => {
  const rig = new Rig(2, { lingerMs: 100 });
  const { clock } = rig.machine;
  rig.store.setFaults({ ...NO_FAULTS, wayMs: [1, 1] });
  await clock.run(1_000);
  rig.append(1, 10);
  const firstMs = await clock.runUntil(() => rig.archived.length === 1);
  assert.ok(firstMs < 10, `${firstMs} ms`);
  for (let i = 0; i < 10; i += 1) {
    rig.append(1, 10);
    await clock.run(5);
  }
  await clock.run(200);
  assert.equal(rig.archive.archivedIndex, 11);
  assert.equal((await rig.slots()).length, 2);
  await rig.close();
});

test("puts are no closer to each other than their rate allows", async () => {
  const rig = new Rig(3, { putsPerSecondMax: 4 });
  for (let i = 0; i < 100; i += 1) {
    rig.append(1, 10);
    await rig.machine.clock.run(20);
  }
  const { length } = await rig.slots();
  assert.ok(length >= 6 && length <= 9, `${length} slots in two seconds`);
  await rig.close();
});

test("in async mode a slot is sent when its segment ends, when it is full, or when it is asked for", async () => {
  const rig = new Rig(4, { mode: "async", batchBytesMax: 2_000 });
  const { clock, log } = rig.machine;
  rig.append(2, 10);
  await clock.run(3_000);
  assert.equal(rig.archive.archivedIndex, 0);
  log.seal();
  await clock.run(200);
  assert.equal(rig.archive.archivedIndex, 2);
  rig.append(2, 10);
  await clock.run(100);
  await clock.resolve(rig.archive.flush());
  assert.equal(rig.archive.archivedIndex, 4);
  for (let i = 0; i < 12; i += 1) {
    rig.append(4, 10);
    await clock.run(10);
  }
  await clock.run(1_500);
  assert.ok(rig.archive.archivedIndex > 4, "a full slot does not wait for the end of its segment");
  await rig.close();
});

test("a put without an answer is sent again until it is known, and what waits is told", async () => {
  const rig = new Rig(5);
  const { clock } = rig.machine;
  const outMs = clock.monotonicMs();
  rig.store.addOutage(outMs, outMs + 600_000);
  rig.append(5);
  await clock.run(300_000);
  assert.ok(rig.archive.stalledMs > 290_000);
  assert.equal(rig.archive.backlogEntries, 5);
  assert.ok(rig.archive.backlogBytes > 0);
  await clock.run(320_000);
  assert.equal(rig.archive.archivedIndex, 5);
  assert.equal(rig.archive.stalledSinceMs, null);
  await rig.close();
});

test("a seal in the next slot ends the archive, which names what is only in its own log", async () => {
  const rig = new Rig(6);
  const { clock } = rig.machine;
  rig.append(2);
  await clock.resolve(rig.machine.log.flush());
  await clock.resolve(rig.archive.flush());
  const { position } = rig.archive;
  const seal = sealSlotOf(position, CLUSTER, 51 as Term, 3 as Revision);
  await rig.bucket.putIf(slotKey(position), seal.body, { kind: "absent" });
  rig.append(3);
  await clock.resolve(rig.machine.log.flush());
  await assert.rejects(clock.resolve(rig.archive.flush()), { code: "T4_FENCED" });
  assert.match(rig.fenced?.message ?? "", /leader of term 51.*archived entry is 2.*up to 5/);
  rig.append(1);
  await clock.run(5_000);
  assert.equal(rig.archive.archivedIndex, 2);
  await rig.close();
});

test("an archive that is closed gives up its waiters and its put", async () => {
  const rig = new Rig(7);
  const { clock } = rig.machine;
  const outMs = clock.monotonicMs();
  rig.store.addOutage(outMs, outMs + 600_000);
  rig.append(1);
  await clock.run(100);
  const flushed = assert.rejects(rig.archive.flush(), { code: "T4_CLOSED" });
  await clock.resolve(rig.archive.close(), 1_000);
  await flushed;
  await rig.machine.close();
});
