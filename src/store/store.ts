// What the rest of the node sees of the multi-version store. Rows enter with their entry when it is planned and become
// visible when it is committed: nobody but `plan` ever sees past `committedRevision`.
import type { Entry } from "../core/entry.js";
import type { KeyRange } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import type { ReadView } from "../core/view.js";
import type { Key, LogIndex, Revision, Term } from "../core/words.js";
import type { SealedSegment, SealPoint } from "../log/log.js";
import type { Manifest } from "./upkeep/manifest.js";

/** The exact state at one log index, in files that stay as they are until it is released. */
export interface HeldManifest {
  readonly manifest: Manifest;
  readonly release: () => void;
}

/** Walks rows (puts and tombstones) in order of revision and sub-revision. Must be closed: it holds files open. */
export interface EventCursor {
  /** The next row, or null at the end. May read a block from disk. */
  next(): Row | null;
  close(): void;
}

export interface StoreSizes {
  /** Bytes of all files of the store, and of rows that are only in memory. */
  readonly totalBytes: number;
  /** Bytes that the last compaction cannot give back; rows in memory count as such. */
  readonly liveBytes: number;
}

export interface Store extends ReadView {
  /** Revision of the last entry appended, committed or not. */
  readonly tipRevision: Revision;
  readonly committedRevision: Revision;
  readonly committedIndex: LogIndex;
  readonly compactRevision: Revision;
  /** Index up to which the files of the store hold everything: the log before it is not needed to restart. */
  readonly persistedIndex: LogIndex;
  readonly persistedTerm: Term;
  /** False while the disk has no room for new files: the caller refuses writes before planning them. */
  readonly hasSpace: boolean;
  /**
   * True while more rows wait in memory to become files than `WAITING_ROWS_BYTES_MAX`: the caller holds writes back. What
   * it appends all the same is taken.
   */
  readonly isBehind: boolean;
  /**
   * True when enough rows have gathered for files and nothing waits for the worker: the log should be sealed, so that
   * little is replayed after a crash.
   */
  readonly wantsSeal: boolean;
  readonly sizes: StoreSizes;

  /** Takes a planned entry: its rows can be read at its revision, but are not committed. */
  append(entry: Entry): void;
  /** Makes the oldest uncommitted entry visible. Its `compact` effect, if any, is applied here. */
  commit(entry: Entry): void;
  /** Forgets uncommitted entries after `index`. */
  truncate(index: LogIndex): void;
  /**
   * The log has ended a segment here, at its tip; the store decides whether to freeze its memtable at this point. Called
   * while a log is replayed too, after the last entry of each segment.
   */
  sealed(point: SealPoint): void;
  /** A segment can be read: the worker makes tables from these. */
  segmentClosed(segment: SealedSegment): void;

  /**
   * Does a piece, of some milliseconds, of what a walk over the rows that are only in memory needs. Returns whether nothing of
   * it is left: as many rows as may wait for the first walk are 50 ms of work, which a walk would do at once.
   */
  prepareWalk(): boolean;
  /** As `get`, for a caller who takes what it needs at once: the row's bytes are good only until the next call. */
  peek(key: Key, revision: Revision): Row | undefined;
  /**
   * All rows of `range` with revisions in [from, to], tombstones included. The caller has checked that from is above
   * the compact revision, or exactly at it.
   */
  events(range: KeyRange, from: Revision, to: Revision): EventCursor;
  /**
   * All rows up to `to` that the last compaction left, as of now: what a copy of the whole store holds. Those below the
   * compact revision are the newest of their keys there. Whatever is compacted while the cursor is open, it shows the same.
   */
  reachable(to: Revision): EventCursor;
  /** All versions of one key with revisions in [from, to], oldest first. */
  history(key: Key, from: Revision, to: Revision): Row[];

  /**
   * Resolves when rows that the last compaction made unreachable are gone from the files, or are too few in each to be
   * worth writing the file anew. Freezes at the next seal point, or now if the log is sealed at its tip: who wants it
   * soon seals the log first.
   */
  compacted(): Promise<void>;
  /**
   * Writes anew, however little there is to win, what holds rows that the compaction in the files has made unreachable.
   * Resolves when they are gone. Reads and writes go on meanwhile.
   */
  defragment(): Promise<void>;
  /** Keeps the files of the manifest that counts until released; null if there are no files. */
  holdManifest(): HeldManifest | null;
  /** Freezes, makes tables of everything committed, and writes the manifest. Needs a seal point at the log's tip. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What a store asks of its node. */
export interface StoreListener {
  /**
   * The system state (leases, later users …) as of the entry committed last: called synchronously within `commit` at a
   * freeze point, after the node has applied that entry's effects, or within `sealed`, `flush` or `compacted` if that
   * entry is committed already. Null: unchanged since the last call.
   */
  encodeSystemState(): Uint8Array | null;
  /** A new manifest is durable: log segments up to `persistedIndex` may go. */
  persisted(index: LogIndex): void;
  /** `hasSpace`, `isBehind` or `sizes` may have changed: writes held back may go on, or have to be refused. */
  admissionChanged(): void;
  /** A worker or a file failed for good. The node must stop. */
  failed(error: Error): void;
}
