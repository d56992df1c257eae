// A place where a node may run: a disk that outlives processes, and what runs on it now.
import type { ArchiveConfig, CheckpointConfig } from "../../src/node/archive/archive-config.js";
import type { Node } from "../../src/node/node.js";
import type { NodeConfig } from "../../src/node/open-node.js";
import type { Machine } from "../sim-archive/machine.js";
import type { FaultyObjectStore } from "../sim/faulty-object-store.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { Model } from "./model.js";

/** One prefix of the object store, and what is known of it. */
export interface Database {
  readonly name: string;
  readonly prefix: string;
  /** Null: it does not exist yet, and begins as a branch of `source`. */
  model: Model | null;
  readonly source: Database | null;
  /** The source's revisions that its fork was asked for, newest last; null: the newest there is. */
  readonly forkTargets: (number | null)[];
  /** The life that opened last. */
  current: Life | null;
  /** Directories that tried to open it since then. */
  tried: Set<string>;
  hadAsync: boolean;
  branchId: string;
  /** Acknowledged by a life that waits for the object store, in the line of history that goes on. */
  acknowledged: number;
}

export function makeDatabase(name: string, prefix: string, source: Database | null): Database {
  return {
    name,
    prefix,
    model: source === null ? new Model() : null,
    source,
    forkTargets: [],
    current: null,
    tried: new Set(),
    branchId: "one",
    hadAsync: false,
    acknowledged: 1,
  };
}

export interface Life {
  readonly site: Site;
  readonly name: string;
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
  /** Until then nobody starts anything here. */
  restsUntilMs = 0;

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

/** Small, so that segments end and tables are made all the time. */
export const NODE_CONFIG: NodeConfig = {
  dataDirectory: "/data",
  nodeId: null,
  segmentBytesMax: 8 * 1024,
  blockCacheBytesMax: 64 * 1024,
  rowCacheBytesMax: 4 * 1024,
};

/** What all nodes of a run keep of the past. */
export type Retention = Pick<CheckpointConfig, "keep" | "restoreWindowMs" | "graceMs">;

export function drawRetention(random: SeededRandom): Retention {
  return {
    keep: 1 + random.below(3),
    restoreWindowMs: random.chance(0.3) ? 1_000 : random.below(60_000),
    // As long as anything that was sent may be on its way.
    graceMs: 75_000 + random.below(40_000),
  };
}

export function archiveConfig(
  random: SeededRandom,
  retention: Retention,
  asked: Pick<ArchiveConfig, "store" | "branch" | "syncUpload" | "target">,
): ArchiveConfig {
  return {
    ...asked,
    address: "",
    lingerMs: random.below(40),
    batchBytesMax: random.chance(0.5) ? 2_000 : 4 << 20,
    checkpoints: {
      ...retention,
      intervalMs: 5_000 + random.below(60_000),
      entries: random.chance(0.5) ? 20 + random.below(200) : 0,
      objects: random.chance(0.5) ? 5 + random.below(50) : 0,
    },
  };
}
