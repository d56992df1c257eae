// A memtable as a source of a merge, in either direction. Rows may enter while it stands: it then finds its place again
// by key, and sees nothing new, since they are above the revision it reads.
import type { KeyRange } from "../../core/key-range.js";
import type { Row } from "../../core/row.js";
import type { Key, Revision } from "../../core/words.js";
import type { VersionSource } from "../read/source.js";
import type { KeyVersions, Memtable } from "./memtable.js";
import type { Place } from "./ordered-keys.js";

type Interval = Extract<KeyRange, { kind: "interval" }>;

export class MemtableSource implements VersionSource {
  key: Key | null = null;
  head!: Row;
  readonly #memtable: Memtable;
  readonly #interval: Interval;
  readonly #revision: Revision;
  readonly #descending: boolean;
  #place: Place<KeyVersions>;
  #changes: number;

  constructor(memtable: Memtable, interval: Interval, revision: Revision, descending: boolean) {
    this.#memtable = memtable;
    this.#interval = interval;
    this.#revision = revision;
    this.#descending = descending;
    this.#place = descending
      ? memtable.keys.seekBefore(interval.end)
      : memtable.keys.seek(interval.start);
    this.#changes = memtable.keys.changes;
    this.#settle();
  }

  row(): Row {
    return this.head;
  }

  advance(): void {
    const keys = this.#memtable.keys;
    if (keys.changes === this.#changes) {
      this.#step();
    } else {
      const key = this.key as Key;
      this.#changes = keys.changes;
      this.#place = this.#descending ? keys.seekBefore(key) : keys.seek(key);
      if (!this.#descending && this.#place.key === key) {
        this.#place.next();
      }
    }
    this.#settle();
  }

  #step(): void {
    if (this.#descending) {
      this.#place.previous();
    } else {
      this.#place.next();
    }
  }

  /** Moves on to the next key with a version at the revision. */
  #settle(): void {
    const { start, end } = this.#interval;
    for (;;) {
      const key = this.#place.key;
      if (key === undefined || (this.#descending ? key < start : end !== null && key >= end)) {
        this.key = null;
        return;
      }
      const row = this.#place.value?.at(this.#revision);
      if (row !== undefined) {
        this.key = key;
        this.head = row;
        return;
      }
      this.#step();
    }
  }
}
