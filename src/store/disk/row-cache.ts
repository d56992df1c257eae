// The newest rows of keys that lie in files, copied out of their blocks: a hit costs one lookup in a Map (24 ns hot). Keys
// that are not here are mostly told by marks of the hashes of those that are: a Map compares keys that share a bucket, whose
// text is rarely near, which was a tenth of a first get.
// Two generations share the budget: when the young one has taken half of it, it becomes the old one and the old one is
// dropped; a row found in the old one moves to the young one. So eviction costs nothing per row and keeps what is used.
// A row comes here when it is read for the second time: keys that are read once, as by a walk over all of them, would
// push the others out, and each would cost a place in the Map and objects that the garbage collector has to move.
// Must never: hold a row of a key that has a newer version in a file or in a memtable.
import { Row } from "../../core/row.js";
import type { Key } from "../../core/words.js";
import { HASH_MARKS_MAX, HashMarks } from "./hash-marks.js";

/** What a row takes beside its bytes, about: its object, its key, its place in a Map. */
const ROW_OVERHEAD_BYTES = 200;

/** Rows are copied into slabs of this size: one allocation for hundreds of rows. */
const SLAB_BYTES: number = 64 * 1024;

export class RowCache {
  readonly #generationBytesMax: number;
  #young = new Map<Key, Row>();
  #old = new Map<Key, Row>();
  /** The hashes of the keys of either generation, and of some that were removed. */
  #youngMarks = new HashMarks();
  #oldMarks = new HashMarks();
  #youngBytes = 0;
  #slab = new Uint8Array(0);
  #slabUsed = 0;
  /** Keys that were read once: about as many as have a place here. */
  readonly #firstReads = new HashMarks();
  #firstReadsCount = 0;

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  get(key: Key, keyHash: number): Row | undefined {
    const young = this.#youngMarks.has(keyHash) ? this.#young.get(key) : undefined;
    if (young !== undefined) {
      return young;
    }
    const old = this.#oldMarks.has(keyHash) ? this.#old.get(key) : undefined;
    if (old !== undefined) {
      this.#old.delete(key);
      this.#insert(old, keyHash);
    }
    return old;
  }

  /** Whether a row of so many bytes is small enough to be kept. */
  takes(bytes: number): boolean {
    return bytes + ROW_OVERHEAD_BYTES <= this.#generationBytesMax / 8;
  }

  /**
   * Takes a row just read from a file, given with its key's hash: keeps a copy of it, and returns that, if the row was read
   * before.
   */
  add(row: Row, keyHash: number): Row | undefined {
    if (this.#isFirstRead(keyHash)) {
      return undefined;
    }
    const copy = this.copy(row);
    this.#insert(copy, keyHash);
    return copy;
  }

  /** The key has a new version. */
  remove(key: Key, keyHash: number): void {
    if (!this.#youngMarks.has(keyHash) && !this.#oldMarks.has(keyHash)) {
      return;
    }
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#young.delete(key);
      this.#youngBytes -= young.end - young.start + ROW_OVERHEAD_BYTES;
    }
    this.#old.delete(key);
  }

  /** Takes note of a read; what it answers is wrong once in eight times at most, and then "no". */
  #isFirstRead(keyHash: number): boolean {
    const marks = this.#firstReads;
    if (marks.has(keyHash)) {
      return false;
    }
    if (this.#firstReadsCount === HASH_MARKS_MAX) {
      marks.clear();
      this.#firstReadsCount = 0;
    }
    marks.add(keyHash);
    this.#firstReadsCount += 1;
    return true;
  }

  #insert(row: Row, keyHash: number): void {
    const bytes = row.end - row.start + ROW_OVERHEAD_BYTES;
    if (this.#youngBytes + bytes > this.#generationBytesMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
      const marks = this.#oldMarks;
      this.#oldMarks = this.#youngMarks;
      marks.clear();
      this.#youngMarks = marks;
    }
    this.#young.set(row.key, row);
    this.#youngMarks.add(keyHash);
    this.#youngBytes += bytes;
  }

  /** A row with bytes of its own, beside those of the rows that are kept. */
  copy(row: Row): Row {
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
