// Writes an index run (format: run-format.ts). Keys come as bytes: a merge copies them from run to run and never makes
// a string of them.
import { assert } from "../../lib/assert.js";
import { writeBigVarint, writeVarint } from "../../lib/varint.js";
import { NO_LEASE } from "../../core/words.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { BlockFileWriter, type WrittenFile } from "../file/block-file-writer.js";
import { writeU32, writeU64 } from "../file/fixed.js";
import type { StoredHead } from "../read/source.js";
import { hashKey, makeBloom } from "./bloom.js";
import { RUN_BLOCK_BYTES, RUN_BLOCK_META_BYTES, RUN_RESTART_ROWS, SAME_KEY } from "./run-format.js";

/** A row's fields without its key. */
export type RunNumbers = Omit<StoredHead, "key">;

/** What a row may take beside its key: two lengths, a byte, and all numbers. */
const ROW_HEAD_BYTES_MAX = 72;

export interface WrittenRun extends WrittenFile {
  readonly rows: number;
  readonly keys: number;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

export class RunWriter {
  readonly #writer: BlockFileWriter;
  readonly #lastRevision: number;
  #firstRevision = Number.MAX_SAFE_INTEGER;
  #rows = 0;
  #keys = 0;
  #rowsInBlock = 0;
  #key = new Uint8Array(256);
  #keyLength = 0;
  #revision = 0;
  #subRevision = 0;
  #hashes = new Uint32Array(1024);
  readonly #blockRevisions: number[] = [];
  readonly #blockKeys: Uint8Array[] = [];

  /** `lastRevision`: at or above every row's revision. Rows are written relative to it. */
  constructor(disk: Disk, path: string, lastRevision: number) {
    this.#writer = new BlockFileWriter(disk, path);
    this.#lastRevision = lastRevision;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds a row with the key `key[0, length)`. */
  add(key: Uint8Array, length: number, numbers: RunNumbers): void {
    const shared = this.#sharedWith(key, length);
    const isSameKey = this.#rows > 0 && shared === length && shared === this.#keyLength;
    this.#assertOrder(key, length, shared, isSameKey, numbers);
    const writer = this.#writer;
    let written = shared;
    if (this.#rowsInBlock % RUN_RESTART_ROWS === 0) {
      written = 0;
      writer.marks.push(writer.blockBytes);
      if (this.#rowsInBlock === 0) {
        this.#blockRevisions.push(numbers.modRevision);
        this.#blockKeys.push(key.slice(0, length));
      }
    }
    writer.reserve(length + ROW_HEAD_BYTES_MAX);
    const { block } = writer;
    let at = writeVarint(block, writer.blockBytes, written);
    at = writeVarint(block, at, length - written);
    const flagsAt = at;
    at += 1;
    for (let i = written; i < length; i += 1) {
      block[at] = key[i] as number;
      at += 1;
    }
    const numbersAt = at;
    at = this.#writeNumbers(block, at, numbers);
    block[flagsAt] = (at - numbersAt) | (isSameKey ? SAME_KEY : 0);
    writer.blockBytes = at;
    this.#remember(key, length, shared, isSameKey, numbers);
    if (at >= RUN_BLOCK_BYTES) {
      this.#endBlock();
    }
  }

  finish(): WrittenRun {
    if (this.#rowsInBlock > 0) {
      this.#endBlock();
    }
    const summary = {
      rows: this.#rows,
      firstRevision: this.#rows === 0 ? 0 : this.#firstRevision,
      lastRevision: this.#lastRevision,
      detail: this.#keys,
    };
    const { bytes, sha256 } = this.#writer.finish("run", this.#meta(), summary);
    const { rows, firstRevision, lastRevision } = summary;
    return { bytes, sha256, rows, keys: this.#keys, firstRevision, lastRevision };
  }

  abandon(): void {
    this.#writer.abandon();
  }

  #sharedWith(key: Uint8Array, length: number): number {
    const previous = this.#key;
    const most = Math.min(length, this.#keyLength);
    let shared = 0;
    while (shared < most && previous[shared] === key[shared]) {
      shared += 1;
    }
    return shared;
  }

  #assertOrder(
    key: Uint8Array,
    length: number,
    shared: number,
    isSameKey: boolean,
    numbers: RunNumbers,
  ): void {
    const { modRevision, subRevision } = numbers;
    const ascends =
      shared === this.#keyLength
        ? length > shared
        : shared < length && (key[shared] as number) > (this.#key[shared] as number);
    const descends =
      modRevision < this.#revision ||
      (modRevision === this.#revision && subRevision < this.#subRevision);
    assert(this.#rows === 0 || (isSameKey ? descends : ascends), "rows of a run are in order");
    assert(modRevision <= this.#lastRevision, "a row of a run is not above its last revision");
  }

  #writeNumbers(block: Uint8Array, start: number, numbers: RunNumbers): number {
    const { modRevision, rowBytes, createRevision, version, subRevision, lease } = numbers;
    const isPut = version > 0;
    let at = writeVarint(block, start, this.#lastRevision - modRevision);
    at = writeVarint(block, at, rowBytes);
    if (!isPut && subRevision === 0) {
      return at;
    }
    at = writeVarint(block, at, isPut ? modRevision - createRevision : 0);
    at = writeVarint(block, at, version);
    if (subRevision > 0 || lease !== NO_LEASE) {
      at = writeVarint(block, at, subRevision);
    }
    return lease === NO_LEASE ? at : writeBigVarint(block, at, lease);
  }

  #remember(
    key: Uint8Array,
    length: number,
    shared: number,
    isSameKey: boolean,
    numbers: RunNumbers,
  ): void {
    if (!isSameKey) {
      if (length > this.#key.length) {
        const larger = new Uint8Array(Math.max(length, this.#key.length * 2));
        larger.set(this.#key.subarray(0, shared));
        this.#key = larger;
      }
      for (let i = shared; i < length; i += 1) {
        this.#key[i] = key[i] as number;
      }
      this.#keyLength = length;
      this.#rememberHash(hashKey(key, length));
    }
    this.#revision = numbers.modRevision;
    this.#subRevision = numbers.subRevision;
    this.#firstRevision = Math.min(this.#firstRevision, numbers.modRevision);
    this.#rows += 1;
    this.#rowsInBlock += 1;
  }

  #rememberHash(hash: number): void {
    if (this.#keys === this.#hashes.length) {
      const larger = new Uint32Array(this.#keys * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#keys] = hash;
    this.#keys += 1;
  }

  #endBlock(): void {
    this.#writer.endBlock();
    this.#rowsInBlock = 0;
  }

  #meta(): Uint8Array {
    const keyBytes = this.#blockKeys.reduce((sum, key) => sum + key.length, 0);
    const bloom = makeBloom(this.#hashes, this.#keys);
    const blocks = this.#blockKeys.length;
    const meta = new Uint8Array(blocks * RUN_BLOCK_META_BYTES + 4 + keyBytes + bloom.length);
    let at = 0;
    let keyEnd = 0;
    this.#blockKeys.forEach((key, block) => {
      keyEnd += key.length;
      at = writeU64(meta, at, this.#blockRevisions[block] as number);
      at = writeU32(meta, at, keyEnd);
    });
    at = writeU32(meta, at, keyBytes);
    for (const key of this.#blockKeys) {
      meta.set(key, at);
      at += key.length;
    }
    meta.set(bloom, at);
    return meta;
  }
}
