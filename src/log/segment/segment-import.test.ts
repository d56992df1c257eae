import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesSlotOf, readGroups, sealSlotOf } from "../../../test/support/archive-slots.js";
import {
  fingerprint,
  LOG_START,
  positionOf,
  randomEntry,
  type LogPosition,
} from "../../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../../test/sim/log-machine.js";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { NO_HASH, type ChainPosition } from "../../archive/chain.js";
import { decodeSlot, positionAfterSlot, type Slot } from "../../archive/slot.js";
import type { Entry } from "../../core/entry.js";
import type { LogIndex, Term } from "../../core/words.js";
import { listSegments } from "../log-reader.js";
import type { Group } from "./segment-reader.js";
import { SegmentImport } from "./segment-import.js";

interface RandomLog {
  readonly disk: SimulatedDisk;
  readonly entries: readonly Entry[];
}

async function randomLog(seed: number): Promise<RandomLog> {
  const random = new SeededRandom(seed);
  const machine = new LogMachine(new SimulatedDisk(), seed, { segmentBytesMax: 2_000 });
  const entries: Entry[] = [];
  let position: LogPosition = LOG_START;
  for (let turn = random.below(40); turn >= 0; turn -= 1) {
    for (let i = random.below(5); i >= 0; i -= 1) {
      const entry = randomEntry(random, position, 3_000);
      position = positionOf(entry);
      entries.push(entry);
      machine.log.append(entry);
    }
    if (random.chance(0.2)) {
      machine.log.seal();
    }
    await machine.clock.run(random.fraction());
  }
  await machine.close();
  return { disk: machine.disk, entries };
}

const CLUSTER = 5n;

/** The log as slots, cut at random between its groups, under terms that rise at random; some segments' ends show late. */
function archive(disk: SimulatedDisk, random: SeededRandom): Slot[] {
  const groups = readGroups(disk, LOG_DIRECTORY);
  const slots: Slot[] = [];
  let position: ChainPosition = {
    term: groups[0]!.term,
    firstIndex: 1 as LogIndex,
    previousHash: NO_HASH,
  };
  const take = (body: Uint8Array): void => {
    const slot = decodeSlot(body, position, CLUSTER, "slot");
    slots.push(slot);
    position = positionAfterSlot(slot);
  };
  const seal = (term: Term): void => {
    const revision = slots.at(-1)?.revision;
    take(sealSlotOf(position, CLUSTER, term, revision!).body);
  };
  let begins = true;
  for (let at = 0; at < groups.length;) {
    const first = groups[at]!;
    const rest = groups.slice(at).findIndex(({ path }) => path !== first.path);
    const left = rest < 0 ? groups.length - at : rest;
    const count = Math.min(left, random.below(5) + 1);
    if (first.term > position.term || (slots.length > 0 && random.chance(0.1))) {
      seal(Math.max(first.term, position.term + 1) as Term);
    }
    const part: Group[] = groups.slice(at, at + count);
    const ends = count === left;
    const flags = { endsSegment: ends && random.chance(0.5), beginsSegment: begins };
    take(entriesSlotOf(position, CLUSTER, part, flags).body);
    begins = ends;
    at += count;
  }
  return slots;
}

function importSlots(slots: readonly Slot[], target: SegmentImport): void {
  for (const slot of slots) {
    if (slot.kind === "entries") {
      target.add(slot.groups, slot);
    }
  }
  target.finish();
}

const namesIn = (disk: SimulatedDisk): string[] =>
  listSegments(disk, LOG_DIRECTORY).map(({ path }) => path);

test("a log that was archived in slots and imported again has the same entries, groups and segments", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const source = await randomLog(seed);
    const slots = archive(source.disk, new SeededRandom(seed));
    const disk = new SimulatedDisk();
    importSlots(
      slots,
      new SegmentImport({ disk, directory: LOG_DIRECTORY, fromIndex: 1 as LogIndex }),
    );
    assert.deepEqual(namesIn(disk), namesIn(source.disk), `seed ${seed}`);
    for (const path of namesIn(disk)) {
      assert.deepEqual(disk.contents(path), source.disk.contents(path), `seed ${seed}: ${path}`);
    }
    const { replayed } = new LogMachine(disk.afterPowerLoss(seed), seed);
    assert.deepEqual(replayed.map(fingerprint), source.entries.map(fingerprint));
  }
});

test("an import behind a part of the log, up to an entry, gives exactly the entries up to it", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = new SeededRandom(seed);
    const { disk: sourceDisk, entries } = await randomLog(seed);
    const slots = archive(sourceDisk, random);
    const local = random.below(entries.length);
    const through = local + random.below(entries.length - local + 1);
    const disk = new SimulatedDisk();
    const machine = new LogMachine(disk, seed, { segmentBytesMax: 1_500 });
    for (const entry of entries.slice(0, local)) {
      machine.log.append(entry);
    }
    await machine.close();
    const target = new SegmentImport({
      disk,
      directory: LOG_DIRECTORY,
      fromIndex: (local + 1) as LogIndex,
      throughIndex: through as LogIndex,
    });
    importSlots(slots, target);
    assert.equal(target.isComplete, true);
    const { replayed } = new LogMachine(disk.afterPowerLoss(seed), seed);
    assert.deepEqual(replayed.map(fingerprint), entries.slice(0, through).map(fingerprint));
  }
});

test("a power loss at any moment of an import leaves a log without a hole", async () => {
  let losses = 0;
  for (let seed = 1; seed <= 4; seed += 1) {
    const { disk: sourceDisk, entries } = await randomLog(seed);
    const slots = archive(sourceDisk, new SeededRandom(seed));
    const disk = new SimulatedDisk();
    const left: SimulatedDisk[] = [];
    disk.onChange = () => {
      left.push(disk.afterPowerLoss(left.length), disk.afterPowerLoss(-left.length - 1));
    };
    const fromIndex = 1 as LogIndex;
    importSlots(slots, new SegmentImport({ disk, directory: LOG_DIRECTORY, fromIndex }));
    for (const [at, lost] of left.entries()) {
      if (at % 3 !== seed % 3) {
        continue;
      }
      const { replayed, log } = new LogMachine(lost, at);
      const kept = entries.slice(0, log.tipIndex).map(fingerprint);
      assert.deepEqual(replayed.map(fingerprint), kept, `seed ${seed}, loss ${at}`);
      // And the import goes on from there.
      const target = new SegmentImport({
        disk: lost,
        directory: LOG_DIRECTORY,
        fromIndex: (log.tipIndex + 1) as LogIndex,
      });
      importSlots(slots, target);
      assert.equal(new LogMachine(lost, at).replayed.length, entries.length);
    }
    losses += left.length;
  }
  assert.ok(losses > 60, `${losses}`);
});

test("an import that was given up leaves nothing", async () => {
  const { disk: sourceDisk } = await randomLog(3);
  const disk = new SimulatedDisk();
  const target = new SegmentImport({ disk, directory: LOG_DIRECTORY, fromIndex: 1 as LogIndex });
  target.add(readGroups(sourceDisk, LOG_DIRECTORY).slice(0, 1), {
    beginsSegment: true,
    endsSegment: false,
  });
  target.abort();
  assert.deepEqual(disk.list(LOG_DIRECTORY), []);
});
