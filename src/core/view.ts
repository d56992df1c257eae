// What `plan` and reads need to see of a store, at one revision. The store implements it; tests use a small model.
import type { Alarm } from "./alarm.js";
import type { AuthRules } from "./auth/auth-rules.js";
import type { KeyRange } from "./range/key-range.js";
import type { Row } from "./row.js";
import type { Key, LeaseId, Revision } from "./words.js";

/** One key's newest version at the revision read, without its value where that lies on disk. */
export interface RowHead {
  readonly key: Key;
  readonly modRevision: Revision;
  readonly subRevision: number;
  readonly createRevision: Revision;
  readonly version: number;
  readonly lease: LeaseId;
}

/**
 * Walks live keys of a range in byte order at a fixed revision, whatever is written or compacted meanwhile. Must be
 * closed: it holds files open.
 */
export interface RowCursor {
  /**
   * Where finding the first key can take long: does a piece of it, a few milliseconds, and returns whether nothing of it
   * is left. For callers who can let others run in between, before the first `next`.
   */
  prepare?(): boolean;
  /** Moves to the next live key; false at the end. */
  next(): boolean;
  /** The key that `next` moved to, valid until the next call. Reads no value from disk. */
  readonly head: RowHead;
  /** The whole row of `head`; may read a block from disk. */
  row(): Row;
  close(): void;
}

export interface ReadView {
  /** The newest version of a live key at `revision`; undefined if there is none or it is deleted. */
  get(key: Key, revision: Revision): Row | undefined;
  /** As `get`, where the value is not needed: reads none from disk. Without it `get` serves. Valid until the next call. */
  head?(key: Key, revision: Revision): RowHead | undefined;
  /** Live keys of `range` at `revision`; `descending` walks from the last key. */
  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor;
  /** The oldest revision that can be read; NEVER_COMPACTED if all can. */
  readonly compactRevision: Revision;
}

/** The state at the tip: what a new command is planned against. */
export interface PlanView extends ReadView {
  /** Revision of the tip; rows up to it are visible through this view, committed or not. */
  readonly revision: Revision;
  leaseExists(lease: LeaseId): boolean;
  /** Keys attached to a lease at the tip, in no order. */
  leaseKeys(lease: LeaseId): Iterable<Key>;
  /** The alarms raised at the tip. */
  alarms(): readonly Alarm[];
  /** The version that a downgrade in progress leads to at the tip; empty if there is none. */
  downgradeTarget(): string;
  /** Users, roles and what they may do. */
  readonly auth: AuthRules;
}

/** What is known of a live key without its value. Valid until the next call of the view. */
export function headOf(view: ReadView, key: Key, revision: Revision): RowHead | undefined {
  return view.head === undefined ? view.get(key, revision) : view.head(key, revision);
}
