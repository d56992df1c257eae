// A database on an object store in peace, for tests that want one thing to happen: some entries, some checkpoints, a branch.
import type { LatestManifest } from "../../src/archive/latest-manifest.js";
import { mustReadLatestManifest } from "../../src/archive/latest-manifest.js";
import { fork, type Branch } from "../../src/checkpoint/branch/fork.js";
import {
  collect,
  type CollectOptions,
  type CollectResult,
} from "../../src/checkpoint/collection/collect.js";
import type { HistoryTarget } from "../../src/checkpoint/restore/history.js";
import type { Restored } from "../../src/checkpoint/restore/restore.js";
import type { Term } from "../../src/core/words.js";
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import type { ObjectStore } from "../../src/object/object-store.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Database, openRestored, restore, type World } from "./database.js";
import { Truth } from "./truth.js";

export const HOUR_MS: number = 60 * 60 * 1_000;

export class Scenario {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly store: ObjectStore;
  readonly truth: Truth;
  readonly world: World;
  #database: Database | null = null;

  constructor(
    seed: number,
    from: { store: ObjectStore; truth: Truth; clock: VirtualClock } | null = null,
  ) {
    this.clock = from?.clock ?? new VirtualClock(seed);
    this.random = new SeededRandom(seed);
    this.store = from?.store ?? memoryObjectStore().at("db/");
    this.truth = from?.truth ?? Truth.empty();
    const { clock, random, store } = this;
    const { signal } = new AbortController();
    this.world = { clock, random, context: { store, clock, random, signal } };
  }

  get database(): Database {
    return this.#database!;
  }

  async run<Result>(task: Promise<Result>): Promise<Result> {
    return this.clock.resolve(task, 24 * HOUR_MS);
  }

  /** A new leader, on a new disk. */
  async lead(): Promise<void> {
    const before = await this.store.get("manifest/latest");
    const term = before === null ? 2 : (await this.manifest()).term + 1;
    this.#database = await this.run(Database.start(this.world, this.truth, term as Term));
  }

  /** Some slots, and time that passes. */
  async write(slots = 3): Promise<void> {
    for (let i = 0; i < slots; i += 1) {
      this.database.write(4);
      await this.run(this.database.archive(this.random.chance(0.5)));
      await this.clock.run(1_000);
    }
  }

  async checkpoints(count: number, apartMs = 60_000): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      await this.write();
      await this.run(this.database.checkpoint());
      await this.clock.run(apartMs);
    }
  }

  async manifest(): Promise<LatestManifest> {
    return (await mustReadLatestManifest(this.store)).manifest;
  }

  /** Restores into a new disk and holds it against the truth; from another view of the store, if one is given. */
  async restored(target: HistoryTarget, view: ObjectStore = this.store): Promise<Restored> {
    const disk = new SimulatedDisk();
    const world = { ...this.world, context: { ...this.world.context, store: view } };
    const restored = await this.run(restore(world, disk, target));
    const { store } = openRestored(this.world, disk);
    this.truth.check(restored.index, store);
    await this.run(store.close());
    return restored;
  }

  async fork(branchId: string, target: HistoryTarget): Promise<Branch> {
    const { context } = this.world;
    return this.run(fork({ context, branchId, target, logger: silentLogger }));
  }

  /** The database of a branch, which nobody leads yet. */
  branch({ path, index }: Branch): Scenario {
    const { clock } = this;
    const truth = this.truth.branch(index);
    return new Scenario(this.random.below(1_000), { store: this.store.at(path), truth, clock });
  }

  async collect(options: Partial<CollectOptions> = {}): Promise<CollectResult> {
    return this.run(
      collect({
        context: this.world.context,
        term: (await this.manifest()).term,
        keep: 2,
        restoreWindowMs: 0,
        graceMs: HOUR_MS,
        dryRun: false,
        isLeading: async () => Promise.resolve(true),
        logger: silentLogger,
        ...options,
      }),
    );
  }

  /** Condemns, waits, and deletes. */
  async collectAll(options: Partial<CollectOptions> = {}): Promise<void> {
    for (let run = 0; run < 4; run += 1) {
      await this.collect(options);
      await this.clock.run(HOUR_MS + 1);
    }
  }

  async keys(prefix = ""): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list(prefix)) {
      keys.push(key);
    }
    return keys;
  }
}
