// The writes of one plan as they gather, and the state as seen through them: the operations of a transaction see what
// those before them wrote.
// Must never: touch the view it stands on; a draft that is thrown away has done nothing.
import type {
  DeleteRangeOperation,
  DeleteRangeOutcome,
  PutOperation,
  PutOutcome,
} from "../command.js";
import { nothingToKeepError } from "../errors.js";
import { rangeContains, type KeyRange } from "../range/key-range.js";
import { makeRow, makeTombstone, type Row } from "../row.js";
import { headOf, type PlanView, type ReadView, type RowCursor, type RowHead } from "../view.js";
import { NO_LEASE, type Key, type LeaseId, type Revision } from "../words.js";

export interface Draft {
  readonly base: PlanView;
  /** The revision that the rows will have. */
  readonly next: Revision;
  /** In the order of the operations. */
  readonly rows: Row[];
  /** The last row of each key written, tombstones included; made when first looked at, so never for a single put. */
  newest: Map<Key, Row> | null;
  /** How many of `rows` are in `newest`. */
  indexed: number;
}

export function draftOn(base: PlanView): Draft {
  return {
    base,
    next: (base.revision + 1) as Revision,
    rows: [],
    newest: null,
    indexed: 0,
  };
}

/** The revision to tell the caller of an operation: what is written so far is in it. */
export function draftRevision(draft: Draft): Revision {
  return draft.rows.length === 0 ? draft.base.revision : draft.next;
}

/** Throws T4_KEY_NOT_FOUND where the old value or lease is to be kept and there is none. */
export function put(draft: Draft, operation: PutOperation): PutOutcome {
  const { key, prevKv, ignoreValue } = operation;
  const whole = prevKv || ignoreValue ? getThrough(draft, key) : undefined;
  const before = prevKv || ignoreValue ? whole : headThrough(draft, key);
  draft.rows.push(rowOfPut(draft.base, operation, whole, before, draft.next, draft.rows.length));
  return { kind: "put", revision: draft.next, previous: prevKv ? (whole ?? null) : null };
}

/**
 * The row of a put. `before` is the key's head, `whole` its row where the value is asked for. Throws as `put`.
 */
export function rowOfPut(
  base: PlanView,
  operation: PutOperation,
  whole: Row | undefined,
  before: RowHead | undefined,
  revision: Revision,
  subRevision: number,
): Row {
  const { key, ignoreValue, ignoreLease } = operation;
  if ((ignoreValue || ignoreLease) && before === undefined) {
    throw nothingToKeepError();
  }
  return makeRow(
    // The string that is kept already: the request's own can be forgotten, and equal strings compare at once.
    before === undefined ? key : before.key,
    ignoreValue && whole !== undefined ? whole.value : operation.value,
    revision,
    subRevision,
    before === undefined ? revision : before.createRevision,
    before === undefined ? 1 : before.version + 1,
    ignoreLease && before !== undefined ? leaseToKeep(base, before.lease) : operation.lease,
  );
}

/** A row that was imported may name a lease that was gone already: there is nothing of it to keep. */
function leaseToKeep(base: PlanView, lease: LeaseId): LeaseId {
  return lease === NO_LEASE || base.leaseExists(lease) ? lease : NO_LEASE;
}

export function deleteRange(draft: Draft, operation: DeleteRangeOperation): DeleteRangeOutcome {
  const { range, prevKv } = operation;
  const previous: Row[] = [];
  let deleted = 0;
  if (range.kind === "key") {
    const row = prevKv ? getThrough(draft, range.key) : undefined;
    if (row !== undefined) {
      previous.push(row);
    }
    if (prevKv ? row !== undefined : headThrough(draft, range.key) !== undefined) {
      draft.rows.push(makeTombstone(range.key, draft.next, draft.rows.length));
      deleted = 1;
    }
  } else {
    // The cursor looks at what was written before this operation: `newest` takes these tombstones only later.
    const revision = draftRevision(draft);
    const cursor = viewThrough(draft).scan(range, revision, false);
    try {
      for (; cursor.next(); deleted += 1) {
        if (prevKv) {
          previous.push(cursor.row());
        }
        draft.rows.push(makeTombstone(cursor.head.key, draft.next, draft.rows.length));
      }
    } finally {
      cursor.close();
    }
  }
  return { kind: "delete-range", revision: draftRevision(draft), deleted, previous };
}

/** The state at `draftRevision`, what is written so far included. Valid until the next write. */
export function viewThrough(draft: Draft): ReadView {
  if (draft.rows.length === 0) {
    return draft.base;
  }
  return {
    compactRevision: draft.base.compactRevision,
    get: (key) => getThrough(draft, key),
    head: (key) => headThrough(draft, key),
    scan: (range, _revision, descending) => scanThrough(draft, range, descending),
  };
}

function newestRows(draft: Draft): Map<Key, Row> {
  draft.newest ??= new Map();
  for (; draft.indexed < draft.rows.length; draft.indexed += 1) {
    const row = draft.rows[draft.indexed];
    if (row !== undefined) {
      draft.newest.set(row.key, row);
    }
  }
  return draft.newest;
}

function getThrough(draft: Draft, key: Key): Row | undefined {
  const written = draft.rows.length === 0 ? undefined : newestRows(draft).get(key);
  if (written === undefined) {
    return draft.base.get(key, draft.base.revision);
  }
  return written.isTombstone ? undefined : written;
}

function headThrough(draft: Draft, key: Key): RowHead | undefined {
  const written = draft.rows.length === 0 ? undefined : newestRows(draft).get(key);
  if (written === undefined) {
    return headOf(draft.base, key, draft.base.revision);
  }
  return written.isTombstone ? undefined : written;
}

function scanThrough(draft: Draft, range: KeyRange, descending: boolean): RowCursor {
  const written: Row[] = [];
  for (const row of newestRows(draft).values()) {
    if (rangeContains(range, row.key)) {
      written.push(row);
    }
  }
  const sign = descending ? -1 : 1;
  written.sort((left, right) => (left.key < right.key ? -sign : sign));
  return new DraftCursor(
    draft.base.scan(range, draft.base.revision, descending),
    written,
    descending,
  );
}

/** Walks the keys of the base and those of the draft as one; where both have a key, the draft's row counts. */
class DraftCursor implements RowCursor {
  readonly #base: RowCursor;
  readonly #written: readonly Row[];
  readonly #descending: boolean;
  #at = 0;
  #baseHas: boolean;
  #current: Row | null = null;
  /** Whether the base stands on the current key, so that the next call must move it. */
  #baseIsCurrent = false;

  constructor(base: RowCursor, written: readonly Row[], descending: boolean) {
    this.#base = base;
    this.#written = written;
    this.#descending = descending;
    this.#baseHas = base.next();
  }

  next(): boolean {
    for (;;) {
      if (this.#baseIsCurrent) {
        this.#baseHas = this.#base.next();
        this.#baseIsCurrent = false;
      }
      const row = this.#written[this.#at];
      if (row === undefined || (this.#baseHas && this.#isBefore(this.#base.head.key, row.key))) {
        this.#current = null;
        this.#baseIsCurrent = this.#baseHas;
        return this.#baseHas;
      }
      this.#at += 1;
      this.#baseIsCurrent = this.#baseHas && this.#base.head.key === row.key;
      if (!row.isTombstone) {
        this.#current = row;
        return true;
      }
    }
  }

  #isBefore(left: Key, right: Key): boolean {
    return this.#descending ? left > right : left < right;
  }

  get head(): RowHead {
    return this.#current ?? this.#base.head;
  }

  row(): Row {
    return this.#current ?? this.#base.row();
  }

  close(): void {
    this.#base.close();
  }
}
