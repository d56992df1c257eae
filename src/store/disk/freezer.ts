// The memtables of a disk store: one that takes rows, and frozen ones, each ending at a seal point of the log, that
// wait to become files. Freezing is a swap; nothing is copied.
import { assert } from "../../lib/assert.js";
import type { Entry } from "../../core/entry.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import type { SealPoint } from "../../log/log.js";
import { PackedMemtable, type MemtableMemory } from "../memory/packed-memtable.js";

/**
 * Bytes of entries after which a seal point freezes the memtable: tables of this size need no merging, and a memtable of
 * some 20 MiB of heap at most is held beyond the log's segment.
 */
export const FREEZE_BYTES_MIN: number = 8 * 1024 * 1024;

/**
 * A memtable of so many bytes of rows, or of so many rows and FREEZE_BYTES_MIN, is frozen without waiting for the end of
 * its segment if the worker is free: replaying a row after a crash takes some 3 µs, so this is a fifth of a second. When
 * the worker is busy, the log's own limit counts.
 */
export const FULL_BYTES: number = 16 * 1024 * 1024;
export const FULL_ROWS: number = 50_000;

/** What the store was when its commits reached the end of a frozen memtable. */
export interface FreezeState {
  readonly term: Term;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** Null: unchanged since the freeze before. */
  readonly system: Uint8Array | null;
}

export interface Frozen {
  readonly memtable: PackedMemtable;
  /** The last entry in it. */
  readonly index: LogIndex;
  readonly sealPoints: readonly SealPoint[];
  /** Null until everything in it is committed. */
  state: FreezeState | null;
}

export class Freezer {
  active: PackedMemtable = new PackedMemtable();
  /** Oldest first. */
  readonly frozen: Frozen[] = [];
  /** The same memtables, newest first, as reads want them. */
  memtables: readonly PackedMemtable[] = [];
  /** About what the frozen memtables hold of the heap. */
  frozenBytes = 0;
  /** Seal points met since the last freeze. */
  #sealPoints: SealPoint[] = [];
  /** Of a memtable that was dropped, for the next one. */
  #memory: MemtableMemory | null = null;

  /** Bytes of rows in all memtables. */
  get rowBytes(): number {
    return this.memtables.reduce((sum, memtable) => sum + memtable.rowBytes, this.active.rowBytes);
  }

  /** Whether the memtable should be frozen as soon as the log can be sealed. */
  get isFull(): boolean {
    const { rowBytes, rowCount } = this.active;
    return (
      rowBytes >= FREEZE_BYTES_MIN &&
      (rowBytes >= FULL_BYTES || rowCount >= FULL_ROWS) &&
      this.frozen.length === 0
    );
  }

  /** The last entry that is in a frozen memtable; 0 if none is. */
  get frozenIndex(): number {
    return this.frozen.at(-1)?.index ?? 0;
  }

  /** All memtables, newest first, for a reader that keeps them. */
  lend(): PackedMemtable[] {
    return [this.active, ...this.memtables].map((memtable) => memtable.lend());
  }

  /** Takes back the entry appended last. Cutting into a frozen memtable opens it again: its seal point is void. */
  takeBack(entry: Entry): void {
    if (entry.index <= this.frozenIndex) {
      const reopened = this.frozen.pop();
      assert(reopened?.state === null, "what is committed stays frozen");
      assert(this.active.rowCount === 0, "later entries are taken back first");
      this.active = reopened.memtable;
      this.#sealPoints = [...reopened.sealPoints];
      this.#listMemtables();
    }
    for (const row of entry.rows.toReversed()) {
      this.active.removeLast(row);
    }
    this.#sealPoints = this.#sealPoints.filter((point) => point.index < entry.index);
  }

  /** Takes note of a seal point at the tip; returns whether enough has gathered for a freeze. */
  seal(point: SealPoint): boolean {
    this.#sealPoints.push(point);
    const bytes = this.#sealPoints.reduce((sum, each) => sum + each.bytes, 0);
    return bytes >= FREEZE_BYTES_MIN;
  }

  /** Freezes the memtable at `index`, which is the tip. */
  freeze(index: LogIndex): Frozen {
    assert(index > this.frozenIndex, "a memtable is frozen behind the one before");
    const sealPoints = this.#sealPoints;
    const frozen: Frozen = { memtable: this.active, index, sealPoints, state: null };
    this.frozen.push(frozen);
    // The next one is likely to be like this one, and what it outgrows would be thrown away.
    const { isWalked, rowCount } = this.active;
    this.active = new PackedMemtable(isWalked, rowCount, this.#memory ?? undefined);
    this.#memory = null;
    this.#sealPoints = [];
    this.#listMemtables();
    return frozen;
  }

  /** Drops the oldest frozen memtable: its rows are in files. */
  drop(): void {
    const dropped = this.frozen.shift();
    this.#listMemtables();
    this.#memory = dropped?.memtable.takeMemory() ?? this.#memory;
  }

  #listMemtables(): void {
    this.memtables = this.frozen.map(({ memtable }) => memtable).reverse();
    this.frozenBytes = this.memtables.reduce((sum, { heapBytes }) => sum + heapBytes, 0);
  }
}
