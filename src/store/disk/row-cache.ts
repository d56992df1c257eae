// The newest rows of keys that lie in files, copied out of their blocks: a hit costs one lookup in a Map (24 ns hot).
// Two generations share the budget: when the young one has taken half of it, it becomes the old one and the old one is
// dropped; a row found in the old one moves to the young one. So eviction costs nothing per row and keeps what is used.
// A row comes here when it is read for the second time: keys that are read once, as by a walk over all of them, would
// push the others out, and each would cost a place in the Map and objects that the garbage collector has to move.
// Must never: hold a row of a key that has a newer version in a file or in a memtable.
import { Row } from "../../core/row.js";
import type { Key } from "../../core/words.js";

/** What a row takes beside its bytes, about: its object, its key, its place in a Map. */
const ROW_OVERHEAD_BYTES = 200;

/** Rows are copied into slabs of this size: one allocation for hundreds of rows. */
const SLAB_BYTES: number = 64 * 1024;

/** Keys whose first read is remembered, about: as many as have a place here. */
const FIRST_READS_MAX = 128 * 1024;

/** A power of two. */
const FIRST_READ_BITS = 8 * FIRST_READS_MAX;

export class RowCache {
  readonly #generationBytesMax: number;
  #young = new Map<Key, Row>();
  #old = new Map<Key, Row>();
  #youngBytes = 0;
  #slab = new Uint8Array(0);
  #slabUsed = 0;
  /** A bit for each hash of a key that was read once. */
  readonly #firstReads = new Uint8Array(FIRST_READ_BITS / 8);
  #firstReadsCount = 0;

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

  /**
   * A copy of a row just read from a file, given with its key's hash; the cache keeps it too if the row was read before.
   */
  add(row: Row, keyHash: number): Row {
    const copy = this.#copy(row);
    if (!this.#isFirstRead(keyHash)) {
      this.#insert(copy);
    }
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

  /** Takes note of a read; what it answers is wrong once in eight times at most, and then "no". */
  #isFirstRead(keyHash: number): boolean {
    const bit = keyHash & (FIRST_READ_BITS - 1);
    const byte = this.#firstReads[bit >>> 3] as number;
    const mark = 1 << (bit & 7);
    if ((byte & mark) !== 0) {
      return false;
    }
    if (this.#firstReadsCount === FIRST_READS_MAX) {
      this.#firstReads.fill(0);
      this.#firstReadsCount = 0;
    }
    this.#firstReads[bit >>> 3] = (this.#firstReads[bit >>> 3] as number) | mark;
    this.#firstReadsCount += 1;
    return true;
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
