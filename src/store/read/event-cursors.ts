// Walks over events: rows in the order of their revisions, from the log tables and then from memory.
import type { KeyRange } from "../../core/range/key-range.js";
import { rangeContains } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";
import type { EventCursor } from "../store.js";
import type { Table, TableRows } from "../table/table.js";

/** What a walk over events needs of a memtable: its rows by their places, in order of revision. */
export interface ListedRows {
  firstPlaceFrom(revision: Revision): number;
  row(place: number): Row | undefined;
}

/** All rows of a range, by walking everything that happened meanwhile. */
export class RangeEvents implements EventCursor {
  readonly #range: KeyRange;
  readonly #from: Revision;
  readonly #to: Revision;
  /** Oldest first. */
  readonly #tables: readonly Table[];
  readonly #memtables: readonly ListedRows[];
  readonly #isGone: ((row: Row) => boolean) | null;
  readonly #cached: boolean;
  readonly #release: () => void;
  #table = 0;
  #tableRows: TableRows | null = null;
  #memtable = -1;
  #place = 0;
  #isClosed = false;

  /**
   * `isGone` says of a row whether a compaction has made it unreachable; null: none can be. `cached`: whether blocks of
   * tables are worth keeping for other reads.
   */
  constructor(
    range: KeyRange,
    from: Revision,
    to: Revision,
    tables: readonly Table[],
    memtables: readonly ListedRows[],
    isGone: ((row: Row) => boolean) | null,
    release: () => void,
    cached = true,
  ) {
    this.#range = range;
    this.#from = from;
    this.#to = to;
    this.#tables = tables;
    this.#memtables = memtables;
    this.#isGone = isGone;
    this.#release = release;
    this.#cached = cached;
  }

  next(): Row | null {
    while (!this.#isClosed) {
      const row = this.#nextOfTables() ?? this.#nextOfMemtables();
      if (row === null || row.modRevision > this.#to) {
        return null;
      }
      if (rangeContains(this.#range, row.key) && this.#isGone?.(row) !== true) {
        return row;
      }
    }
    return null;
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#release();
    }
  }

  #nextOfTables(): Row | null {
    for (;;) {
      const row = this.#tableRows?.next() ?? null;
      if (row !== null) {
        return row;
      }
      this.#tableRows = null;
      let table = this.#tables[this.#table];
      while (table !== undefined && table.lastRevision < this.#from) {
        this.#table += 1;
        table = this.#tables[this.#table];
      }
      if (table === undefined) {
        return null;
      }
      this.#table += 1;
      this.#tableRows = table.rowsFrom(this.#from, this.#cached);
    }
  }

  #nextOfMemtables(): Row | null {
    for (;;) {
      const row = this.#memtables[this.#memtable]?.row(this.#place);
      if (row !== undefined) {
        this.#place += 1;
        return row;
      }
      if (this.#memtable + 1 >= this.#memtables.length) {
        return null;
      }
      this.#memtable += 1;
      this.#place = this.#memtables[this.#memtable]?.firstPlaceFrom(this.#from) ?? 0;
    }
  }
}

/** Rows known one by one, each loaded when its turn comes. */
export class ListedEvents implements EventCursor {
  readonly #load: readonly (() => Row)[];
  readonly #release: () => void;
  #at = 0;
  #isClosed = false;

  constructor(load: readonly (() => Row)[], release: () => void) {
    this.#load = load;
    this.#release = release;
  }

  next(): Row | null {
    const load = this.#load[this.#at];
    if (load === undefined || this.#isClosed) {
      return null;
    }
    this.#at += 1;
    return load();
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#release();
    }
  }
}
