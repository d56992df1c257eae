// Restores of the past, while nodes write, collect and crash: to a revision or a time of a database, held against its model.
import assert from "node:assert/strict";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import { T4Error } from "../../src/core/errors.js";
import type { Revision } from "../../src/core/words.js";
import { restoreInto } from "../../src/checkpoint/restore/restore.js";
import type { HistoryTarget } from "../../src/checkpoint/restore/history.js";
import { verify } from "../../src/checkpoint/verify/verify.js";
import { retryingObjectStore } from "../../src/object/retry.js";
import { ObjectStoreError } from "../../src/object/object-store.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { DATA_DIRECTORY, openRestored } from "../sim-checkpoint/database.js";
import { seen, type SeenRow } from "../sim-node/truth.js";
import { FaultyObjectStore, type ObjectStoreFaults } from "../sim/faulty-object-store.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import type { Model } from "./model.js";
import type { Database } from "./site.js";
import type { World } from "./world.js";

/** Restores a point that the archive is known to hold, or held once. */
export async function checkRestore(
  world: World,
  database: Database,
  faults: ObjectStoreFaults,
): Promise<void> {
  const { clock, random } = world;
  const { model } = database;
  const points = model?.archivedRevisions() ?? [];
  if (model === null || points.length === 0) {
    return;
  }
  // Rather of late, where collection is at work, than what is long gone.
  const recent = random.chance(0.7) ? points.slice(-30) : points;
  const revision = recent[random.below(recent.length)]!;
  const target: HistoryTarget = random.chance(0.5)
    ? { kind: "revision", revision: revision as Revision }
    : { kind: "time", timeMs: Math.floor(model.seenMs(revision) + random.fraction() * 2_000) };
  const least = target.kind === "time" ? model.archivedBy(target.timeMs) : revision;
  const own = random.fork();
  const faulty = FaultyObjectStore.of(world.bucket.at(database.prefix), clock, own.fork(), faults);
  const disk = new SimulatedDisk();
  disk.makeDirectory(DATA_DIRECTORY);
  let shown: Shown;
  try {
    const { raises } = model;
    const restored = await restoreInto({
      store: retryingObjectStore(faulty, { clock, random: own }),
      target,
      directory: DATA_DIRECTORY,
      disk,
      logger: silentLogger,
    });
    if (model.raises !== raises) {
      // Its tail was lost meanwhile, and what was known of it is another history's.
      return;
    }
    const { store } = openRestored({ clock, random: own }, disk);
    const cursor = store.scan(ALL_KEYS, restored.revision, false);
    const rows: SeenRow[] = [];
    while (cursor.next()) {
      rows.push(seen(cursor.row()));
    }
    cursor.close();
    await store.close();
    shown = { revision: restored.revision, rows };
  } catch (error) {
    const isExpected =
      error instanceof ObjectStoreError ||
      (error instanceof T4Error && error.code === "T4_NOT_RETAINED");
    if (!isExpected) {
      throw error;
    }
    world.note(`restore ${error instanceof T4Error ? error.code : error.name}`);
    return;
  }
  compare(database.name, model, target, least, shown);
  world.note(`restores to a ${target.kind}`);
}

interface Shown {
  readonly revision: number;
  readonly rows: readonly SeenRow[];
}

function compare(
  name: string,
  model: Model,
  target: HistoryTarget,
  least: number,
  { revision, rows }: Shown,
): void {
  const what = `${name}: a restore to ${JSON.stringify(target)}`;
  if (target.kind === "time") {
    assert.ok(revision >= least, `${what} ends at ${revision}, ${least} was committed by then`);
    const proposedMs = model.proposedMs(revision);
    assert.ok(proposedMs <= target.timeMs, `${what} ends at ${revision}, of ${proposedMs}`);
  } else {
    assert.equal(revision, least, what);
  }
  const state = revision <= model.revision ? model.state(revision) : null;
  if (state !== null) {
    assert.deepEqual(rows, state, `${what}: the state of ${revision}`);
  }
}

/** All that restores could need is there and whole. */
export async function checkWhole(world: World, database: Database): Promise<void> {
  const store = world.bucket.at(database.prefix);
  const { findings } = await verify({ store, signal: new AbortController().signal });
  // A node that was to begin a branch may have died before it did, and its pins not all be collected yet.
  const damages = findings.filter(
    ({ problem }) => !/is (not finished|half removed)$/.test(problem),
  );
  assert.deepEqual(damages, [], `${database.name} is whole`);
}
