// What the rest of the node sees of the write-ahead log. Entries are appended in index order and become durable in
// groups: one group is in flight, the next gathers meanwhile, and no timer is involved.
import type { Entry } from "../core/entry.js";
import type { T4Error } from "../core/errors.js";
import type { LogIndex, Term } from "../core/words.js";

/** A finished segment: no entry will be added to it. */
export interface SealedSegment {
  readonly path: string;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

/** Where the log ends a segment. Decided while appending, so it is known before the segment is durable. */
export interface SealPoint {
  /** Last entry of the segment. */
  readonly index: LogIndex;
  /** Bytes of entries in the segment. */
  readonly bytes: number;
}

export interface LogListener {
  /** Everything up to `index` survives a power loss. Called in order, at most once a group. */
  durable(index: LogIndex): void;
  /**
   * The entry appended last is the last of its segment. Called synchronously from `append` (before the entry that no
   * longer fits is taken) or from `seal`.
   */
  sealed(point: SealPoint): void;
  /** The segment's file is complete and synced; it can be read by others from now on. */
  segmentClosed(segment: SealedSegment): void;
  /** A write or sync failed: nothing after the last durable index will ever become durable. The node must stop. */
  failed(error: T4Error): void;
}

export interface Log {
  /** Index and term of the last entry appended, durable or not. */
  readonly tipIndex: LogIndex;
  readonly tipTerm: Term;
  readonly durableIndex: LogIndex;
  /** False while the disk has no room for the next segment: the caller refuses writes before planning them. */
  readonly hasSpace: boolean;
  /** Bytes appended and not yet durable. */
  readonly pendingBytes: number;
  /** Takes the entry with index `tipIndex + 1`, encoding it at once; written with all others of this turn. */
  append(entry: Entry): void;
  /** Tells the log what is committed, to be recorded in the next group. */
  noteCommitted(index: LogIndex): void;
  /** Ends the current segment unless it is empty. */
  seal(): void;
  /** Segments that are sealed, closed and not deleted, oldest first. */
  readonly sealedSegments: readonly SealedSegment[];
  /**
   * Deletes closed segments whose last entry is at or before `index`, but the one that holds the newest durable entry:
   * so a log that lost all its segments is told from one that needs none.
   */
  deleteThrough(index: LogIndex): void;
  /** Resolves when everything appended so far is durable; rejects with what `failed` was told. */
  flush(): Promise<void>;
  /** Flushes, stops the writer and closes its files. */
  close(): Promise<void>;
}
