// A walk over every row of an index run, in its order: what merges and scans are made of. The key is kept as bytes;
// numbers but the revision are read only when asked for.
import { readVarint } from "../../lib/varint.js";
import { NUMBERS_LENGTH, SAME_KEY } from "./run-format.js";
import { RunHead, type Run } from "./run.js";
import { markAt, marksOf } from "./run-block.js";
import type { SearchKey } from "./search-key.js";

const cursor = { at: 0 };

export class RunRows {
  readonly run: Run;
  /** The key is keyBytes[0, keyLength). */
  keyBytes: Uint8Array = new Uint8Array(64);
  keyLength = 0;
  /** Whether the key is that of the row before in the file. */
  isSameKey = false;
  revision = 0;
  readonly #cached: boolean;
  #number = 0;
  #lastNumber: number;
  #block: Uint8Array | null = null;
  #at = 0;
  #end = 0;
  #numbersAt = 0;

  /** Starts before the first row. `cached` is for reads; whole-file jobs pass by the cache. */
  constructor(run: Run, cached: boolean) {
    this.run = run;
    this.#cached = cached;
    this.#lastNumber = run.file.footer.blocks - 1;
  }

  /** Goes to the last restart before the place of (key, revision). */
  seek(search: SearchKey, revision: number): void {
    const { run } = this;
    const before = run.blockBefore(search, revision);
    this.#number = Math.max(before, 0);
    this.#block = null;
    if (before >= 0) {
      const block = this.#takeBlock();
      this.#at = run.offsetBefore(before, block, search, revision);
    }
  }

  /** Goes to a restart, and ends before the next one. */
  restrictTo(number: number, restart: number): void {
    this.#number = number;
    this.#lastNumber = number;
    const block = this.#takeBlock();
    this.#at = markAt(block, restart);
    this.#end = markAt(block, restart + 1);
  }

  /** Moves to the next row; false at the end. */
  next(): boolean {
    if (this.#block === null || this.#at >= this.#end) {
      if (!this.#nextBlock()) {
        return false;
      }
    }
    const block = this.#block as Uint8Array;
    let at = this.#at;
    let shared = block[at] as number;
    let rest = block[at + 1] as number;
    if ((shared | rest) > 0x7f) {
      cursor.at = at;
      shared = readVarint(block, cursor, this.#end);
      rest = readVarint(block, cursor, this.#end);
      at = cursor.at;
    } else {
      at += 2;
    }
    const flags = block[at] as number;
    at += 1;
    const length = shared + rest;
    if (length > this.keyBytes.length) {
      this.#grow(length, shared);
    }
    const key = this.keyBytes;
    for (let i = shared; i < length; i += 1) {
      key[i] = block[at] as number;
      at += 1;
    }
    this.keyLength = length;
    this.isSameKey = (flags & SAME_KEY) !== 0;
    this.#numbersAt = at;
    this.#at = at + (flags & NUMBERS_LENGTH);
    cursor.at = at;
    this.revision = this.run.lastRevision - readVarint(block, cursor, this.#at);
    return true;
  }

  /** Reads the row's numbers into `head`; its key stays what it was. */
  readNumbers(head: RunHead): void {
    head.readNumbers(this.#block as Uint8Array, this.#numbersAt, this.#at, this.run.lastRevision);
  }

  #nextBlock(): boolean {
    if (this.#block !== null) {
      this.#number += 1;
    }
    if (this.#number > this.#lastNumber) {
      return false;
    }
    this.#takeBlock();
    return true;
  }

  #takeBlock(): Uint8Array {
    const { file } = this.run;
    const block = this.#cached ? file.block(this.#number) : file.read(this.#number);
    this.#block = block;
    this.#at = 0;
    this.#end = marksOf(block);
    return block;
  }

  #grow(length: number, shared: number): void {
    const larger = new Uint8Array(length * 2);
    larger.set(this.keyBytes.subarray(0, shared));
    this.keyBytes = larger;
  }
}

/** All versions of a key in a run with revisions from `from` on, newest first. */
export function versionsInRun(run: Run, search: SearchKey, from: number): RunHead[] {
  const found: RunHead[] = [];
  if (from > run.lastRevision || !run.mayContain(search)) {
    return found;
  }
  const rows = new RunRows(run, true);
  rows.seek(search, Number.MAX_SAFE_INTEGER);
  let order = -1;
  let isFirst = true;
  while (order <= 0 && rows.next()) {
    if (isFirst || !rows.isSameKey) {
      order = compareKey(rows, search);
      isFirst = false;
    }
    if (order === 0 && rows.revision < from) {
      break;
    }
    if (order === 0) {
      const head = new RunHead();
      rows.readNumbers(head);
      head.key = search.key;
      found.push(head);
    }
  }
  return found;
}

/** A key as bytes, keyBytes[0, keyLength). */
interface KeyBytes {
  readonly keyBytes: Uint8Array;
  readonly keyLength: number;
}

/** Compares two keys: below 0 if the first comes before the second. */
export function compareKey(one: KeyBytes, other: KeyBytes): number {
  const a = one.keyBytes;
  const b = other.keyBytes;
  const most = Math.min(one.keyLength, other.keyLength);
  for (let i = 0; i < most; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) {
      return difference;
    }
  }
  return one.keyLength - other.keyLength;
}
