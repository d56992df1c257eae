// What a node is told about the object store that holds its log and checkpoints.
import type { PinnedPoint } from "../../checkpoint/pinned/pinned-point.js";
import type { HistoryTarget } from "../../checkpoint/restore/history.js";
import type { RestoreProgress } from "../../checkpoint/restore/restore.js";
import type { ObjectStore } from "../../object/object-store.js";

export interface ArchiveConfig {
  /** Open; the node does not close it. */
  readonly store: ObjectStore;
  /** True: a write is acknowledged when the object store has it. False: when the local disk has it. */
  readonly syncUpload: boolean;
  /** Where other nodes and people find this one. */
  readonly address: string;
  readonly lingerMs?: number;
  readonly batchBytesMax?: number;
  /** 0: no limit. */
  readonly putsPerSecondMax?: number;
  readonly lockTtlMs?: number;
  readonly lockMarginMs?: number;
  readonly checkpoints: CheckpointConfig;
  /**
   * Where an empty data directory begins; "newest" goes on with the prefix. Any other point needs a prefix that has no
   * database yet, which then becomes a branch of `branch.source`.
   */
  readonly target: HistoryTarget;
  /** Of which database an empty prefix becomes a branch. */
  readonly branch: { readonly source: ObjectStore; readonly id: string } | null;
  /** What an empty prefix and an empty data directory begin with, as a database of its own. */
  readonly pinned?: PinnedSource;
  readonly progress?: (progress: RestoreProgress) => void;
  /** Gives up a start: its wait for the lock or the object store, and a restore. A T4Error as its reason says why. */
  readonly signal?: AbortSignal;
  /** The start is over, however it ended. */
  readonly started?: () => void;
}

/** A restore point, and the store that keeps the versions that it names. */
export interface PinnedSource {
  readonly point: PinnedPoint;
  readonly store: ObjectStore;
}

/** When checkpoints are made, and what is kept of the past. Zeros switch a reason off. */
export interface CheckpointConfig {
  readonly intervalMs: number;
  readonly entries: number;
  /** Slots of the archive. */
  readonly objects: number;
  /** At least so many are kept. */
  readonly keep: number;
  readonly restoreWindowMs: number;
  readonly graceMs: number;
}
