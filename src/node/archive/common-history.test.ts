import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_START, positionOf, randomEntry } from "../../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../../test/sim/log-machine.js";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { entriesSlotOf, readGroups } from "../../../test/support/archive-slots.js";
import { NO_HASH, slotKey, type ChainPosition } from "../../archive/chain.js";
import {
  foundLatestManifest,
  mustReadLatestManifest,
  type LatestManifest,
} from "../../archive/latest-manifest.js";
import { decodeSlot, positionAfterSlot } from "../../archive/slot.js";
import type { StoreContext } from "../../archive/store-context.js";
import { takeOver } from "../../archive/take-over.js";
import { FIRST_REVISION, type LogIndex, type Term } from "../../core/words.js";
import { memoryObjectStore } from "../../object/memory-object-store.js";
import { silentLogger } from "../../runtime/logger.js";
import { findCommonPoint, joinArchive, type KnownPoint } from "./common-history.js";
import { LocalHistory } from "./local-history.js";

const CLUSTER = 3n;
const START: ChainPosition = { term: 1 as Term, firstIndex: 1 as LogIndex, previousHash: NO_HASH };
const FROM: KnownPoint = { position: START, revision: FIRST_REVISION, entryTerm: null };

/** A log of `count` groups of one term. One that is shorter is the beginning of one that is longer. */
async function makeLog(count: number, term: number): Promise<SimulatedDisk> {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  const random = new SeededRandom(1);
  let position = LOG_START;
  for (let group = 0; group < count; group += 1) {
    for (let i = group % 3; i >= 0; i -= 1) {
      const entry = { ...randomEntry(random, position, 50), term: term as Term };
      position = positionOf(entry);
      machine.log.append(entry);
    }
    await machine.flush();
  }
  await machine.close();
  return machine.disk;
}

function historyOf(disk: SimulatedDisk): LocalHistory {
  const places = { path: "/data", walDirectory: LOG_DIRECTORY, storeDirectory: "/data/store" };
  return new LocalHistory(places, disk);
}

/** The archive of such a log, of term 1, in slots of a group each. */
async function makeArchive(count: number): Promise<StoreContext> {
  const store = memoryObjectStore();
  const { signal } = new AbortController();
  const context = { store, clock: new VirtualClock(1), random: new SeededRandom(1), signal };
  await foundLatestManifest(context, {
    clusterId: CLUSTER,
    term: START.term,
    chain: START,
    base: null,
  });
  let position = START;
  for (const group of readGroups(await makeLog(count, 1), LOG_DIRECTORY)) {
    const { body } = entriesSlotOf(position, CLUSTER, [group], {});
    await store.put(slotKey(position), body);
    position = positionAfterSlot(decodeSlot(body, position, CLUSTER, "slot"));
  }
  return context;
}

async function join(
  context: StoreContext,
  disk: SimulatedDisk,
): Promise<{ readonly outcome: "joined" | LogIndex; readonly archivedIndex: number }> {
  const held = historyOf(disk);
  const over = await takeOver(context, {
    manifest: await mustReadLatestManifest(context.store),
    term: 7 as Term,
    from: FROM,
    ownIndex: held.tipIndex,
  });
  assert.equal(over.kind, "leading");
  const directory = LOG_DIRECTORY;
  const outcome = await joinArchive(context, {
    held,
    from: FROM,
    over,
    wasOurs: false,
    directory,
    disk,
  });
  return { outcome, archivedIndex: over.position.firstIndex - 1 };
}

test("a log that is behind gets the entries that it lacks", async () => {
  const context = await makeArchive(6);
  const disk = await makeLog(3, 1);
  const { outcome, archivedIndex } = await join(context, disk);
  assert.equal(outcome, "joined");
  assert.equal(historyOf(disk).tipIndex, archivedIndex);
  const framesOf = (log: SimulatedDisk): Uint8Array[] =>
    readGroups(log, LOG_DIRECTORY).map(({ frame }) => frame);
  assert.deepEqual(framesOf(disk), framesOf(await makeLog(6, 1)));
});

test("a log that goes on from the archive's end is left as it is", async () => {
  const context = await makeArchive(3);
  const disk = await makeLog(6, 1);
  const { tipIndex } = historyOf(disk);
  const { outcome, archivedIndex } = await join(context, disk);
  assert.equal(outcome, "joined");
  assert.ok(tipIndex > archivedIndex);
  assert.equal(historyOf(disk).tipIndex, tipIndex);
});

test("a log of another leader is left as it is, be it shorter or longer than the archive", async () => {
  for (const [archived, local] of [
    [6, 3],
    [3, 6],
  ] as const) {
    const context = await makeArchive(archived);
    const disk = await makeLog(local, 2);
    const { tipIndex } = historyOf(disk);
    const { outcome, archivedIndex } = await join(context, disk);
    assert.equal(outcome, Math.min(archivedIndex, tipIndex));
    assert.equal(historyOf(disk).tipIndex, tipIndex);
  }
});

test("without a checkpoint the two are compared from the chain's beginning, if it is there and the log reaches it", async () => {
  const context = await makeArchive(2);
  const { manifest } = await mustReadLatestManifest(context.store);
  const disk = await makeLog(2, 1);
  const local = historyOf(disk);
  const pointIn = async (change: Partial<LatestManifest>): Promise<KnownPoint | null> =>
    findCommonPoint(context, { ...manifest, ...change }, local, { disk, logger: silentLogger });
  assert.deepEqual(await pointIn({}), FROM);
  const beyond = (local.tipIndex + 2) as LogIndex;
  assert.equal(await pointIn({ chain: { ...START, firstIndex: beyond } }), null);
  assert.equal(await pointIn({ floor: { term: 1 as Term, firstIndex: 2 as LogIndex } }), null);
});
