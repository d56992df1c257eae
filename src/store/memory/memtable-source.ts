// A memtable as a source of a merge, in either direction. Rows may enter while it stands: it then finds its place again
// by key, and sees nothing new, since they are above the revision it reads.
import type { KeyRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { Key, Revision } from "../../core/words.js";
import type { VersionSource } from "../read/source.js";
import type { OrderedKeys, Place } from "./ordered-keys.js";

type Interval = Extract<KeyRange, { kind: "interval" }>;

/** What a walk needs of a memtable, in which a `Name` stands for a key. */
export interface WalkedMemtable<Name> {
  readonly keys: OrderedKeys<Name>;
  rowOf(name: Name, revision: Revision, key: Key): Row | undefined;
}

export class MemtableSource<Name> implements VersionSource {
  key: Key | null = null;
  head!: Row;
  #place!: Place<Name>;
  #changes = 0;
  readonly #memtable: WalkedMemtable<Name>;
  readonly #interval: Interval;
  readonly #revision: Revision;
  readonly #descending: boolean;

  constructor(
    memtable: WalkedMemtable<Name>,
    interval: Interval,
    revision: Revision,
    descending: boolean,
  ) {
    this.#memtable = memtable;
    this.#interval = interval;
    this.#revision = revision;
    this.#descending = descending;
  }

  prepare(): boolean {
    return this.#memtable.keys.prepare();
  }

  begin(): void {
    const { keys } = this.#memtable;
    const { start, end } = this.#interval;
    this.#place = this.#descending ? keys.seekBefore(end) : keys.seek(start);
    this.#changes = keys.changes;
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
      const name = this.#place.value as Name;
      const row = this.#memtable.rowOf(name, this.#revision, key);
      if (row !== undefined) {
        this.key = key;
        this.head = row;
        return;
      }
      this.#step();
    }
  }
}
