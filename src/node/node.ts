// What services and the embedded API see of a node: propose changes, read, watch, leases, status.
import type { CheckpointRecord } from "../archive/latest-manifest.js";
import type { CollectRequest, CollectResult } from "../checkpoint/collection/collect.js";
import type { Alarm } from "../core/alarm.js";
import type { AuthRules } from "../core/auth/auth-rules.js";
import type { Caller } from "../core/auth/authorise.js";
import type { Command, Outcome, RangeOperation, RangeOutcome } from "../core/command.js";
import type { T4Error } from "../core/errors.js";
import type { KeyRange } from "../core/range/key-range.js";
import type { RangePage } from "../core/range/range-pages.js";
import type { Row } from "../core/row.js";
import type { Key, LeaseId, LogIndex, Revision, Term } from "../core/words.js";
import type { KvHash } from "./maintenance/kv-hash.js";

import type { ScratchFile } from "./directory/scratch-file.js";
import type { StateCopy } from "./state-copy.js";

export type Consistency = "linearizable" | "serializable";

/** Called exactly once. Either the command is committed, or it failed; T4_TIMEOUT and T4_IO leave it unknown. */
export type Completion = (error: T4Error | null, outcome: Outcome | null) => void;

/** One row as watchers see it. Shared by all of them, so that what one encodes serves the others. */
export interface WatchEvent {
  readonly row: Row;
  /** The row before; looked up on first use. Undefined if there was none or it is compacted. */
  previous(): Row | undefined;
  /** Free for the service layer: the encoded event without and with the previous row. */
  encoded: Uint8Array | null;
  encodedWithPrevious: Uint8Array | null;
}

/** Whole revisions, in order: never part of one. */
export interface WatchBatch {
  /** Every matching event up to this revision has been delivered with or before this batch. */
  readonly revision: Revision;
  readonly events: readonly WatchEvent[];
  /** Free for the service layer, as in `WatchEvent`: watchers of one range are given the same batch object. */
  encoded: Uint8Array | null;
  encodedWithPrevious: Uint8Array | null;
}

/** `digest` is the token's SHA-256 in hexadecimal; it stands for the user while that has the password of then. */
export type AuthTokenListener = (user: string, passwordRevision: number, digest: string) => void;

/** How a watcher receives. Called synchronously; must not call back into the hub. */
export interface WatchSink {
  /**
   * Takes a batch. Returns false when it cannot take more for now: the watcher then stops being fed, nothing is lost,
   * and `Watcher.resume` lets it catch up from history.
   */
  deliver(batch: WatchBatch): boolean;
  /** The watcher fell behind a compaction: it is over. */
  compacted(compactRevision: Revision): void;
}

export interface WatchOptions {
  readonly range: KeyRange;
  /** First revision wanted; 0: from now on. May lie in the future. */
  readonly startRevision: number;
  readonly puts: boolean;
  readonly deletes: boolean;
}

export interface Watcher {
  /** The committed revision at which it was registered, taken in the same tick. */
  readonly createdRevision: Revision;
  /** Whether it has been given everything up to the committed revision (a bookmark may be sent). */
  readonly isSynced: boolean;
  /** Every matching event up to here was delivered. */
  readonly deliveredRevision: Revision;
  /** The sink can take batches again. */
  resume(): void;
  cancel(): void;
}

export interface LeaseStatus {
  readonly lease: LeaseId;
  readonly grantedSeconds: number;
  readonly remainingMs: number;
}

export interface NodeStatus {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly nodeId: string;
  readonly term: Term;
  readonly committedIndex: LogIndex;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly isLeader: boolean;
  readonly totalBytes: number;
  readonly liveBytes: number;
  readonly hasSpace: boolean;
}

export type { CollectRequest, CollectResult };
/** What operators ask of a node. */
export interface Maintenance {
  /** Bytes that the store may have; 0: no limit but the disk's. */
  readonly quotaBytes: number;
  /** By alarm, then by member. Commands raise and lower them. */
  alarms(): readonly Alarm[];
  /** The version of etcd that a downgrade in progress leads to; empty if there is none. */
  readonly downgradeTarget: string;
  /** etcd's checksum of what there was at a revision (0: now). Rejects with T4_COMPACTED, T4_FUTURE_REVISION. */
  hashKv(revision: number): Promise<KvHash>;
  /** The same of what there is now, with leases and alarms. */
  hash(): Promise<KvHash>;
  /** Gives back to the disk all that it can, now; reads and writes go on. */
  defragment(): Promise<void>;
}

/** A long answer in parts, all at one revision. To be closed, read to its end or not. */
export interface RowPages {
  /** The store's revision when the read began. */
  readonly revision: Revision;
  /**
   * The next part: at most `rowsMax` rows, and none after the one that makes it `bytesMax` long. Not to be called before
   * the last one has come, nor after the last page.
   */
  next(rowsMax: number, bytesMax: number): Promise<RangePage>;
  close(): void;
}

export interface Node {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly term: Term;
  /** Everything up to here is committed and visible. */
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly maintenance: Maintenance;
  status(): NodeStatus;

  /**
   * Plans now, in this tick; `done` is called after this returns. What somebody asks over the network comes with its
   * caller and is authorised where it is planned, which may be another node; without one it is the program's own.
   */
  propose(command: Command, done: Completion, caller?: Caller | null): void;
  /** Users, roles and what they may do, as committed: another object after each change. */
  readonly auth: AuthRules;
  /** Each listener is told of each token that is committed, but of none before. Returns what ends that. */
  onAuthToken(listener: AuthTokenListener): () => void;
  /**
   * One key at a revision (0: the current one); undefined if it is not there. As `range`, with nothing made but the row.
   * Where that comes at once, its bytes are good only until the next call; its numbers and its key always are.
   */
  get(
    key: Key,
    revision: number,
    consistency: Consistency,
  ): Row | undefined | Promise<Row | undefined>;
  /** Answers at once where it can; a long read gives way to others and answers later. Throws or rejects a T4Error. */
  range(operation: RangeOperation, consistency: Consistency): RangeOutcome | Promise<RangeOutcome>;
  /** As `range`, in parts and in order of keys: the operation has neither sort nor filters. */
  pages(operation: RangeOperation, consistency: Consistency): RowPages;
  /** All versions of a key, oldest first, above the compact revision. */
  history(key: Key): Row[];
  /** Rows of `range` changed in [from, to], in order; gives way to others. */
  changes(range: KeyRange, from: number, to: number): AsyncIterable<Row>;
  /** All that is committed now, to be copied while the node goes on. Throws T4_UNAVAILABLE where it does not lead. */
  copyState(): StateCopy;
  /** A file to be closed soon, for what is too large for memory. Throws T4_NO_SPACE, T4_DATA_DIR_UNUSABLE or T4_IO. */
  openScratch(): ScratchFile;
  /** Resolves when rows made unreachable by compaction are gone from the files. */
  compactionDone(): Promise<void>;

  /** Registers in this tick. Throws T4_COMPACTED if startRevision is not 0 and below the compact revision. */
  watch(options: WatchOptions, sink: WatchSink): Watcher;
  /**
   * Calls `done` once, when all of `watchers` that are not over are synced, with the revision up to which each was given
   * everything: in this tick if they are. Returns what takes the question back.
   */
  whenSynced(watchers: readonly Watcher[], done: (revision: Revision) => void): () => void;

  /** Renews; the granted time to live in seconds, or null if there is no such lease. */
  keepAlive(lease: LeaseId): number | null;
  timeToLive(lease: LeaseId): LeaseStatus | null;
  leaseKeys(lease: LeaseId): Key[];
  /** All leases, soonest expiry first. */
  leases(): LeaseId[];

  /** Resolves when `revision` is committed. */
  waitForRevision(revision: number, signal?: AbortSignal): Promise<void>;
  /** Makes everything committed part of the store's files. */
  flush(): Promise<void>;
  /** Makes a checkpoint in the object store now. Rejects with T4_NO_OBJECT_STORE if there is none. */
  checkpoint(): Promise<CheckpointRecord>;
  /** One run of collection in the object store, by the leader. Rejects with T4_NO_OBJECT_STORE if there is none. */
  collect(request: CollectRequest): Promise<CollectResult>;
  /** Fails what waits, flushes the log, closes the files and gives the directory back. */
  close(): Promise<void>;
  /** Resolves when the node has stopped, with the error if it stopped by itself. */
  readonly stopped: Promise<T4Error | null>;
}
