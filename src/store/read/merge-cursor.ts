// A scan: the merge of memtables and index runs, showing of each key the newest version and no tombstones.
// Sources come newest first: where several stand at one key, the first one is right.
import { assert } from "../../lib/assert.js";
import type { Row } from "../../core/row.js";
import type { RowCursor, RowHead } from "../../core/view.js";
import type { Key } from "../../core/words.js";
import type { VersionSource } from "./source.js";

export class MergeCursor implements RowCursor {
  #sources: VersionSource[];
  readonly #descending: boolean;
  readonly #release: () => void;
  #current: VersionSource | null = null;
  #hasBegun = false;
  #isClosed = false;

  constructor(sources: VersionSource[], descending: boolean, release: () => void) {
    this.#sources = sources;
    this.#descending = descending;
    this.#release = release;
  }

  prepare(): boolean {
    return this.#hasBegun || this.#sources.every((source) => source.prepare?.() ?? true);
  }

  next(): boolean {
    if (!this.#hasBegun) {
      this.#begin();
    }
    for (let source = this.#step(); source !== null; source = this.#step()) {
      if (source.head.version > 0) {
        return true;
      }
    }
    return false;
  }

  get head(): RowHead {
    assert(this.#current !== null, "a cursor stands at a row");
    return this.#current.head;
  }

  row(): Row {
    assert(this.#current !== null, "a cursor stands at a row");
    return this.#current.row();
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#sources = [];
      this.#current = null;
      this.#release();
    }
  }

  #begin(): void {
    this.#hasBegun = true;
    for (const source of this.#sources) {
      source.begin?.();
    }
    this.#sources = this.#sources.filter((source) => source.key !== null);
  }

  /** Moves to the next key, live or deleted. */
  #step(): VersionSource | null {
    const sources = this.#sources;
    if (this.#current !== null) {
      if (sources.length === 1) {
        this.#current.advance();
      } else {
        this.#leave(this.#current.key as Key);
      }
    }
    let least: VersionSource | null = null;
    let best: Key | null = null;
    for (const source of sources) {
      const { key } = source;
      if (key !== null && (best === null || (this.#descending ? key > best : key < best))) {
        best = key;
        least = source;
      }
    }
    this.#current = least;
    return least;
  }

  /** Moves every source past a key. */
  #leave(key: Key): void {
    for (const source of this.#sources) {
      if (source.key === key) {
        source.advance();
      }
    }
  }
}

/** A scan of at most one key. */
export class PointCursor implements RowCursor {
  readonly head: RowHead;
  readonly #load: (() => Row) | null;
  readonly #release: () => void;
  #isBefore = true;
  #isClosed = false;

  /** `found` is null if the key is not live. */
  constructor(found: { head: RowHead; load: () => Row } | null, release: () => void) {
    this.head = found?.head as RowHead;
    this.#load = found?.load ?? null;
    this.#release = release;
  }

  next(): boolean {
    const isFound = this.#isBefore && this.#load !== null;
    this.#isBefore = false;
    return isFound;
  }

  row(): Row {
    assert(this.#load !== null && !this.#isBefore, "a cursor stands at a row");
    return this.#load();
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#release();
    }
  }
}
