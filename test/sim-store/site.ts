// A place where a node may run: a disk that outlives processes, and what runs on it now.
import type { ArchiveConfig, CheckpointConfig } from "../../src/node/archive/archive-config.js";
import type { Node } from "../../src/node/node.js";
import type { Machine } from "../sim-archive/machine.js";
import type { FaultyObjectStore } from "../sim/faulty-object-store.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import type { Model } from "./model.js";

/** One prefix of the object store, and what is known of it. */
export interface Database {
  readonly name: string;
  readonly prefix: string;
  /** Null: it does not exist yet, and begins as a branch of `source`. */
  model: Model | null;
  readonly source: Database | null;
  /** The life that opened last. */
  current: Life | null;
  /** Directories that tried to open it since then. */
  tried: Set<string>;
  hadAsync: boolean;
  branchId: string;
  /** Acknowledged by a life that waits for the object store, in the line of history that goes on. */
  acknowledged: number;
}

export interface Life {
  readonly site: Site;
  readonly directory: string;
  readonly machine: Machine;
  readonly store: FaultyObjectStore;
  readonly isSync: boolean;
  /** Its directory was filled from the object store in this life. */
  isNew: boolean;
  readonly number: number;
  node: Node | null;
  isClosing: boolean;
  /** The last time of a freeze. */
  frozenAtMs: number;
  pending: number;
}

export class Site {
  readonly name: string;
  readonly database: Database;
  disk: SimulatedDisk = new SimulatedDisk();
  life: Life | null = null;
  /** How often the disk was lost. */
  losses = 0;
  /** The node said that the directory cannot go on: its owner keeps it elsewhere and begins anew. */
  isRefused = false;

  constructor(name: string, database: Database) {
    this.name = name;
    this.database = database;
  }

  get directory(): string {
    return `${this.name}#${this.losses}`;
  }

  loseDisk(): void {
    this.disk.cutPower();
    this.disk = new SimulatedDisk();
    this.losses += 1;
    this.isRefused = false;
  }
}

function someCheckpoints(random: SeededRandom): CheckpointConfig {
  return {
    intervalMs: 5_000 + random.below(60_000),
    entries: random.chance(0.5) ? 20 + random.below(200) : 0,
    objects: random.chance(0.5) ? 5 + random.below(50) : 0,
    keep: 1 + random.below(3),
    restoreWindowMs: random.below(30_000),
    graceMs: 1_000 + random.below(40_000),
  };
}

export function archiveConfig(
  random: SeededRandom,
  store: ArchiveConfig["store"],
  branch: ArchiveConfig["branch"],
  isSync: boolean,
): ArchiveConfig {
  return {
    store,
    syncUpload: isSync,
    address: "",
    lingerMs: random.below(40),
    batchBytesMax: random.chance(0.5) ? 2_000 : 4 << 20,
    checkpoints: someCheckpoints(random),
    target: { kind: "newest" },
    branch,
  };
}
