// What is done to databases and their branches: leading, writing, checkpoints, collections, forks and their removal, restores.
// Each may fail as the world makes it; what it gives back is held against what was acknowledged.
import assert from "node:assert/strict";
import { readLatestManifest } from "../../src/archive/latest-manifest.js";
import { fork } from "../../src/checkpoint/branch/fork.js";
import { BRANCHES_PREFIX } from "../../src/checkpoint/branch/pin.js";
import { unfork } from "../../src/checkpoint/branch/unfork.js";
import { collect } from "../../src/checkpoint/collection/collect.js";
import type { HistoryTarget } from "../../src/checkpoint/restore/history.js";
import { T4Error, type T4ErrorCode } from "../../src/core/errors.js";
import type { Revision, Term } from "../../src/core/words.js";
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import { ObjectStoreError, type ObjectStore } from "../../src/object/object-store.js";
import { retryingObjectStore } from "../../src/object/retry.js";
import { silentLogger } from "../../src/runtime/logger.js";
import {
  FaultyObjectStore,
  NO_FAULTS,
  type ObjectStoreFaults,
} from "../sim/faulty-object-store.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Database, FencedError, openRestored, restore, type World } from "./database.js";
import { pausingStore, type Pauses } from "./pausing-store.js";
import { makePlace, type Place } from "./place.js";
import { Truth } from "./truth.js";

export const MINUTE_MS = 60_000;
export const GRACE_MS: number = 10 * MINUTE_MS;
const WINDOW_MS = 30 * MINUTE_MS;
const KEEP = 2;
const BRANCH_IDS = ["a", "b", "c"];
const DEPTH_MAX = 3;
/** That a process stands still before a call, where it does. */
export const PAUSE_CHANCE = 0.05;

type Outcome<Result> =
  | { readonly kind: "done"; readonly result: Result }
  /** Failed as it may. */
  | { readonly kind: "failed"; readonly code: string };

export class Work {
  readonly random: SeededRandom;
  readonly clock: VirtualClock;
  readonly places: Place[];
  readonly counts: Record<string, number> = {};
  readonly #objects: ObjectStore = memoryObjectStore().at("db/");
  faults: ObjectStoreFaults = NO_FAULTS;
  /** In peace no process stands still, and everything can be read. */
  isBusy = true;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.clock = new VirtualClock(seed);
    this.places = [makePlace(null, "", Truth.empty(), null)];
  }

  live(): Place[] {
    return this.places.filter((place) => !place.isRemoved);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.random.below(items.length)]!;
  }

  /** The world as a new process sees it from a prefix. */
  #world(
    path: string,
    signal: AbortSignal,
    pauseChance = 0,
    isUnreadable: Pauses["isUnreadable"] = () => false,
  ): World {
    const random = this.random.fork();
    const clock = this.clock;
    const faulty = FaultyObjectStore.of(this.#objects, clock, random.fork(), this.faults);
    const retrying = random.chance(0.7) ? retryingObjectStore(faulty, { clock, random }) : faulty;
    const store = pausingStore(retrying, {
      clock,
      random: random.fork(),
      probability: this.isBusy ? pauseChance : 0,
      pauseMsMax: 3 * GRACE_MS,
      isUnreadable,
    }).at(path);
    return { clock, random, context: { store, clock, random, signal } };
  }

  #count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  /** Runs what may fail as the world makes it, or with these codes. */
  async #attempt<Result>(
    name: string,
    codes: readonly T4ErrorCode[],
    run: () => Promise<Result>,
  ): Promise<Outcome<Result>> {
    try {
      const result = await run();
      this.#count(name);
      return { kind: "done", result };
    } catch (error) {
      const code = error instanceof T4Error ? error.code : (error as Error).name;
      const isExpected =
        error instanceof ObjectStoreError ||
        error instanceof FencedError ||
        (error instanceof T4Error && codes.includes(error.code));
      if (!isExpected) {
        throw error;
      }
      this.#count(`${name} ${code}`);
      return { kind: "failed", code };
    }
  }

  async lead(place: Place): Promise<void> {
    if (place.isStarting) {
      return;
    }
    place.isStarting = true;
    try {
      const crash = new AbortController();
      const world = this.#world(place.path, crash.signal);
      const started = await this.#attempt("lead", ["T4_BRANCH_REMOVED"], async () => {
        const read = await readLatestManifest(this.#objects.at(place.path));
        if (place.clusterId !== null && read?.manifest.clusterId !== place.clusterId) {
          assert.ok(place.isRemoved || place.isHalfRemoved, "a prefix keeps its cluster");
          place.isRemoved = true;
          throw new FencedError("another branch is in this place");
        }
        place.lastTerm = Math.max(place.lastTerm, read?.manifest.term ?? 0) + 1;
        return Database.start(world, place.truth, place.lastTerm as Term);
      });
      if (started.kind === "done") {
        place.database = started.result;
        place.crash = crash;
      }
    } finally {
      place.isStarting = false;
    }
  }

  crash(place: Place): void {
    place.crash.abort(new ObjectStoreError("cancelled", "crashed"));
    place.database = null;
  }

  async write(database: Database): Promise<void> {
    if (!database.isClosed) {
      await this.#attempt("write", [], async () => {
        database.write(1 + this.random.below(6));
        await database.archive(this.random.chance(0.3));
      });
    }
  }

  async checkpoint(database: Database): Promise<void> {
    if (!database.isClosed) {
      await this.#attempt("checkpoint", ["T4_BRANCH_REMOVED"], async () => database.checkpoint());
    }
  }

  async collect(
    place: Place,
    database: Database,
    pauseChance: number = this.random.chance(0.2) ? PAUSE_CHANCE : 0,
  ): Promise<void> {
    if (this.isBusy && this.random.chance(0.05)) {
      place.pinsUnreadableUntilMs =
        this.clock.monotonicMs() + this.random.fraction() * 4 * GRACE_MS;
    }
    const isUnreadable = (key: string): boolean =>
      key.startsWith(BRANCHES_PREFIX) && this.clock.monotonicMs() < place.pinsUnreadableUntilMs;
    const { signal } = new AbortController();
    const { context } = this.#world(place.path, signal, pauseChance, isUnreadable);
    await this.#attempt("collect", ["T4_BRANCH_REMOVED"], async () => {
      const result = await collect({
        context,
        term: database.term,
        keep: KEEP,
        restoreWindowMs: WINDOW_MS,
        graceMs: GRACE_MS,
        dryRun: this.random.chance(0.1),
        isLeading: async () => {
          await this.clock.sleep(this.random.fraction() * 100);
          return place.database === database;
        },
        logger: silentLogger,
      });
      this.#count(`collect ${result.kind}`);
      if (result.kind === "collected") {
        this.#count("deleted", result.plan.delete.length);
        this.#count("revived", result.plan.revived.length);
      }
    });
  }

  async fork(place: Place, isAtEdge: boolean = this.random.chance(0.3)): Promise<void> {
    if (place.depth >= DEPTH_MAX) {
      return;
    }
    const oldest = (await readLatestManifest(this.#objects.at(place.path)))?.manifest
      .checkpoints[0];
    const target: HistoryTarget =
      isAtEdge && oldest !== undefined
        ? { kind: "checkpoint", key: oldest.key }
        : this.target(place);
    const isPaused = this.random.chance(0.6);
    // It makes few calls, and each stands between two others that must not be apart.
    const pauseChance = isPaused ? 4 * PAUSE_CHANCE : 0;
    const { context } = this.#world(place.path, new AbortController().signal, pauseChance);
    const branchId = this.pick(BRANCH_IDS);
    const codes: T4ErrorCode[] = [
      "T4_BRANCH_EXISTS",
      "T4_NOT_RETAINED",
      "T4_FUTURE_REVISION",
      "T4_BRANCH_REMOVED",
    ];
    const forked = await this.#attempt(
      "fork",
      // What it was reading may have been collected while it was frozen.
      isPaused ? [...codes, "T4_CORRUPT"] : codes,
      async () =>
        fork({
          context,
          branchId,
          target,
          logger: silentLogger,
        }),
    );
    if (forked.kind === "done") {
      const { index, path, clusterId } = forked.result;
      // Perhaps a later branch in the same place: the fork may have begun when it was another's.
      const source = this.places.find((each) => each.path === place.path && !each.isRemoved);
      assert.ok(source !== undefined, "nothing is forked from what was removed");
      while (source.truth.tip.index < index) {
        // Its leader has not learned of the last slots yet.
        await this.clock.sleep(1_000);
        if (source.database === null) {
          await this.lead(source);
        }
      }
      const createdMs = this.clock.wallMs();
      const branch = { id: branchId, clusterId, createdMs };
      this.places.push(
        makePlace(source, `${source.path}${path}`, source.truth.branch(index), branch),
      );
    }
  }

  async unfork(place: Place): Promise<void> {
    const { parent } = place;
    if (parent === null) {
      return;
    }
    if (this.random.chance(0.7)) {
      this.crash(place);
    }
    const { context } = this.#world(
      parent.path,
      new AbortController().signal,
      this.random.chance(0.3) ? PAUSE_CHANCE : 0,
    );
    // Removed is what has the name now: perhaps a later branch than the one whose removal was interrupted.
    const here = (): Place[] =>
      this.places.filter((each) => each.path === place.path && !each.isRemoved);
    const isUsed = (): boolean =>
      here().some(({ database, isStarting }) => database?.isClosed === false || isStarting);
    const codes: T4ErrorCode[] = ["T4_BRANCH_IN_USE", "T4_BRANCH_NOT_FOUND"];
    const removed = await this.#attempt("unfork", codes, async () => {
      await unfork({
        context,
        branchId: place.branchId,
        findRunner: async () => Promise.resolve(isUsed() ? "a node" : null),
        logger: silentLogger,
      });
    });
    if (removed.kind === "done") {
      for (const each of here()) {
        assert.ok(
          !this.places.some((child) => child.parent === each && !child.isRemoved),
          "what has branches is not removed",
        );
        each.isRemoved = true;
      }
    } else if (removed.code === "ObjectStoreError") {
      here().forEach((each) => {
        each.isHalfRemoved = true;
      });
    } else if (removed.code === "T4_BRANCH_NOT_FOUND" && place.isHalfRemoved) {
      // Only the last answer was missing.
      place.isRemoved = true;
    }
  }

  target(place: Place): HistoryTarget {
    const { points } = place.truth;
    const point = this.random.chance(0.5) ? this.pick(points) : this.pick(points.slice(-20));
    switch (this.random.below(3)) {
      case 0:
        return { kind: "newest" };
      case 1:
        return { kind: "revision", revision: point.revision as Revision };
      default:
        return {
          kind: "time",
          timeMs: this.random.chance(0.5) ? point.wallMs : this.#timeInWindow(),
        };
    }
  }

  #timeInWindow(): number {
    return this.clock.wallMs() - this.random.fraction() * 0.7 * WINDOW_MS;
  }

  /** `isCertain`: nothing may go wrong. */
  async checkRestore(place: Place, target: HistoryTarget, isCertain: boolean): Promise<void> {
    const startMs = this.clock.wallMs();
    const known = place.truth.points.length;
    const isPaused = !isCertain && this.random.chance(0.2);
    const pauseChance = isPaused ? PAUSE_CHANCE : 0;
    const world = this.#world(place.path, new AbortController().signal, pauseChance);
    const disk = new SimulatedDisk();
    const codes: T4ErrorCode[] = isCertain ? [] : ["T4_BRANCH_REMOVED", "T4_FUTURE_REVISION"];
    const oldestMs = Math.max(place.createdMs, startMs - WINDOW_MS);
    if (target.kind === "revision" || (target.kind === "time" && target.timeMs < oldestMs)) {
      codes.push("T4_NOT_RETAINED");
    }
    if (isPaused) {
      codes.push("T4_NOT_RETAINED", "T4_CORRUPT");
    }
    const outcome = await this.#attempt("restore", codes, async () => restore(world, disk, target));
    if (outcome.kind === "failed") {
      assert.ok(!isCertain, `a restore of ${place.path} failed with ${outcome.code}`);
      return;
    }
    const restored = outcome.result;
    const { truth } = place;
    if (place.clusterId !== null && restored.clusterId !== place.clusterId) {
      assert.ok(place.isRemoved || place.isHalfRemoved, "a prefix keeps its cluster");
      return;
    }
    if (restored.index > truth.tip.index) {
      return;
    }
    // What was known when it began decides where it must end.
    const within = truth.points.slice(0, known).filter((point) => isWithin(point, target));
    assert.ok(restored.index >= (within.at(-1)?.index ?? 0), "a restore reaches its target");
    assert.ok(isWithin(truth.points[restored.index]!, target), "a restore ends at its target");
    const { store } = openRestored(world, disk);
    truth.check(restored.index, store);
    await store.close();
  }
}

function isWithin(
  point: { readonly revision: number; readonly wallMs: number },
  target: HistoryTarget,
): boolean {
  switch (target.kind) {
    case "revision":
      return point.revision <= target.revision;
    case "time":
      return point.wallMs <= target.timeMs;
    default:
      return true;
  }
}
