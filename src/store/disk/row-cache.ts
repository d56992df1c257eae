// The newest rows of keys that lie in files, copied out of their blocks: a hit costs one lookup in a Map (24 ns hot).
// Two generations share the budget: when the young one has taken half of it, it becomes the old one and the old one is
// dropped; a row found in the old one moves to the young one. So eviction costs nothing per row and keeps what is used.
// Must never: hold a row of a key that has a newer version in a file or in a memtable.
import { Row } from "../../core/row.js";
import type { Key } from "../../core/words.js";

/** What a row takes beside its bytes, about: its object, its key, its place in a Map. */
const ROW_OVERHEAD_BYTES = 200;

/** Rows are copied into slabs of this size: one allocation for hundreds of rows. */
const SLAB_BYTES: number = 64 * 1024;

export class RowCache {
  readonly #generationBytesMax: number;
  #young = new Map<Key, Row>();
  #old = new Map<Key, Row>();
  #youngBytes = 0;
  #slab = new Uint8Array(0);
  #slabUsed = 0;

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  get(key: Key): Row | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) {
      return young;
    }
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.#insert(old);
    }
    return old;
  }

  /** Whether a row of so many bytes is small enough to be kept. */
  takes(bytes: number): boolean {
    return bytes + ROW_OVERHEAD_BYTES <= this.#generationBytesMax / 8;
  }

  /** Keeps a copy of a row, and returns it. */
  add(row: Row): Row {
    const copy = this.#copy(row);
    this.#insert(copy);
    return copy;
  }

  /** The key has a new version. */
  remove(key: Key): void {
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#young.delete(key);
      this.#youngBytes -= young.end - young.start + ROW_OVERHEAD_BYTES;
    }
    this.#old.delete(key);
  }

  #insert(row: Row): void {
    const bytes = row.end - row.start + ROW_OVERHEAD_BYTES;
    if (this.#youngBytes + bytes > this.#generationBytesMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(row.key, row);
    this.#youngBytes += bytes;
  }

  #copy(row: Row): Row {
    const bytes = row.end - row.start;
    let slab: Uint8Array;
    let start = 0;
    if (bytes > SLAB_BYTES >>> 2) {
      slab = new Uint8Array(bytes);
    } else {
      if (this.#slab.length - this.#slabUsed < bytes) {
        this.#slab = new Uint8Array(SLAB_BYTES);
        this.#slabUsed = 0;
      }
      slab = this.#slab;
      start = this.#slabUsed;
      this.#slabUsed += bytes;
    }
    slab.set(row.wire, start);
    const shift = start - row.start;
    return new Row(
      row.key,
      row.modRevision,
      row.subRevision,
      row.createRevision,
      row.version,
      row.lease,
      slab,
      start,
      start + bytes,
      row.valueStart + shift,
      row.valueEnd + shift,
    );
  }
}
