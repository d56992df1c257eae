// An index run that is open for reading (format: run-format.ts): the newest version of a key at a revision.
// First keys of blocks and the bloom filter stay in memory; a key that is not there costs about 100 ns.
import { NO_LEASE, type Key, type LeaseId, type Revision } from "../../core/words.js";
import { readVarint } from "../../lib/varint.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { BlockCache } from "../file/block-cache.js";
import { BlockFile } from "../file/block-file.js";
import { corrupt } from "../file/file-errors.js";
import { readU32, readU64 } from "../file/fixed.js";
import type { StoredHead } from "../read/source.js";
import { bloomMayContain } from "./bloom.js";
import { RestartIndex } from "./restart-index.js";
import { marksOf } from "./run-block.js";
import { NUMBERS_LENGTH, RUN_BLOCK_META_BYTES } from "./run-format.js";
import type { SearchKey } from "./search-key.js";

/** A row of a run as it was found. */
export class RunHead implements StoredHead {
  key: Key = "";
  modRevision: Revision = 0 as Revision;
  subRevision = 0;
  createRevision: Revision = 0 as Revision;
  version = 0;
  lease: LeaseId = NO_LEASE;
  rowBytes = 0;

  /** Reads a row's numbers, `block[start, end)`. */
  readNumbers(block: Uint8Array, start: number, end: number, lastRevision: number): void {
    cursor.at = start;
    this.modRevision = (lastRevision - readVarint(block, cursor, end)) as Revision;
    this.rowBytes = readVarint(block, cursor, end);
    this.createRevision = 0 as Revision;
    this.version = 0;
    this.subRevision = 0;
    this.lease = NO_LEASE;
    if (cursor.at >= end) {
      return;
    }
    const age = readVarint(block, cursor, end);
    this.version = readVarint(block, cursor, end);
    if (this.version > 0) {
      this.createRevision = (this.modRevision - age) as Revision;
    }
    if (cursor.at < end) {
      this.subRevision = readVarint(block, cursor, end);
    }
    if (cursor.at < end) {
      this.lease = readLease(block, cursor.at, end);
    }
  }
}

/** Where varints are read: reused by all reads. */
const cursor = { at: 0 };

function readLease(block: Uint8Array, start: number, end: number): LeaseId {
  let lease = 0n;
  for (let at = start; at < end; at += 1) {
    lease |= BigInt((block[at] as number) & 0x7f) << BigInt((at - start) * 7);
  }
  return BigInt.asIntN(64, lease);
}

export class Run {
  readonly file: BlockFile;
  readonly #blockRevisions: Float64Array;
  /** First keys of the blocks, one after the other; #keyEnds[i + 1] is where that of block i ends. */
  readonly #keys: Uint8Array;
  readonly #keyEnds: Uint32Array;
  /** Bytes that all first keys have in common, and of each the HEAD_BYTES after them: what a search mostly looks at. */
  readonly #prefixLength: number;
  readonly #heads: Float64Array;
  readonly #bloom: Uint8Array;
  readonly #restarts: RestartIndex;

  constructor(disk: Disk, path: string, cache: BlockCache) {
    const file = BlockFile.open(disk, path, "run", cache);
    this.file = file;
    const { blocks } = file.footer;
    const meta = file.kindMeta;
    const keysAt = blocks * RUN_BLOCK_META_BYTES + 4;
    const keyBytes = meta.length >= keysAt ? readU32(meta, keysAt - 4) : 0;
    if (meta.length < keysAt + keyBytes + 8) {
      file.close();
      throw corrupt(path, file.kindMetaOffset, "the metadata is shorter than it says");
    }
    this.#blockRevisions = new Float64Array(blocks);
    this.#keyEnds = new Uint32Array(blocks + 1);
    for (let block = 0; block < blocks; block += 1) {
      this.#blockRevisions[block] = readU64(meta, block * RUN_BLOCK_META_BYTES);
      this.#keyEnds[block + 1] = readU32(meta, block * RUN_BLOCK_META_BYTES + 8);
    }
    this.#keys = meta.subarray(keysAt, keysAt + keyBytes);
    this.#bloom = meta.subarray(keysAt + keyBytes);
    this.#restarts = new RestartIndex(blocks);
    this.#prefixLength = blocks === 0 ? 0 : this.#commonPrefix(0, blocks - 1);
    this.#heads = new Float64Array(blocks);
    for (let block = 0; block < blocks; block += 1) {
      const start = (this.#keyEnds[block] as number) + this.#prefixLength;
      this.#heads[block] = headAt(this.#keys, start, this.#keyEnds[block + 1] as number);
    }
  }

  get firstRevision(): number {
    return this.file.footer.firstRevision;
  }

  get lastRevision(): number {
    return this.file.footer.lastRevision;
  }

  /** Whether any version of a key may be here; false is certain. */
  mayContain(search: SearchKey): boolean {
    return bloomMayContain(this.#bloom, search.hash);
  }

  /** Finds the newest version of a key at `revision`, a tombstone too. */
  find(search: SearchKey, revision: number, head: RunHead): boolean {
    if (revision < this.firstRevision || !this.mayContain(search)) {
      return false;
    }
    const before = this.blockBefore(search, revision);
    let matched = 0;
    for (let number = Math.max(before, 0); number < this.file.footer.blocks; number += 1) {
      const block = this.file.block(number);
      const isFirst = number === before;
      // It notes where the block's records end, too: the end of the block is a line of memory that need not be fetched.
      let at = isFirst ? this.offsetBefore(number, block, search, revision) : 0;
      const marks = isFirst ? this.#restarts.marks : marksOf(block);
      while (at < marks) {
        // The head of the row: two varints, nearly always of one byte, and the flags.
        let shared = block[at] as number;
        let rest = block[at + 1] as number;
        if ((shared | rest) > 0x7f) {
          cursor.at = at;
          shared = readVarint(block, cursor, marks);
          rest = readVarint(block, cursor, marks);
          at = cursor.at;
        } else {
          at += 2;
        }
        const keyEnd = at + 1 + rest;
        at = keyEnd + ((block[at] as number) & NUMBERS_LENGTH);
        if (shared === 0) {
          // A restart, which repeats what it shares: compare it whole.
          matched = 0;
        }
        if (shared < matched) {
          // It leaves the key before it upwards, at a place where that one still equals the key wanted.
          return false;
        }
        if (shared > matched) {
          // It differs from the key wanted where the key before it did.
          continue;
        }
        const order = compareRest(block, keyEnd - rest, keyEnd, search, shared);
        matched = lastMatched;
        if (order > 0) {
          return false;
        }
        if (order === 0) {
          head.readNumbers(block, keyEnd, at, this.lastRevision);
          if (head.modRevision <= revision) {
            head.key = search.key;
            return true;
          }
        }
      }
    }
    return false;
  }

  /** The last block whose first row lies before the place of (key, revision); −1 if none does. */
  blockBefore(search: SearchKey, revision: number): number {
    const { blocks } = this.file.footer;
    const prefix = this.#prefixLength;
    const order = compareRest(this.#keys, 0, prefix, search, 0);
    if (lastMatched < prefix) {
      return order < 0 ? blocks - 1 : -1;
    }
    const head = headAt(search.keyBytes, prefix, search.keyLength);
    const heads = this.#heads;
    let low = 0;
    let high = blocks;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = heads[middle] as number;
      if (other < head || (other === head && this.#startsBefore(middle, search, revision))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** Whether the first row of a block, of which the head is the search key's, lies before the place of (key, revision). */
  #startsBefore(block: number, search: SearchKey, revision: number): boolean {
    const prefix = this.#prefixLength;
    const start = (this.#keyEnds[block] as number) + prefix;
    const order = compareRest(
      this.#keys,
      start,
      this.#keyEnds[block + 1] as number,
      search,
      prefix,
    );
    return order < 0 || (order === 0 && (this.#blockRevisions[block] as number) > revision);
  }

  /** What the first keys of two blocks have in common, in bytes: as keys ascend, so have all keys between them. */
  #commonPrefix(one: number, other: number): number {
    const keys = this.#keys;
    const oneStart = this.#keyEnds[one] as number;
    const otherStart = this.#keyEnds[other] as number;
    const most = Math.min(
      (this.#keyEnds[one + 1] as number) - oneStart,
      (this.#keyEnds[other + 1] as number) - otherStart,
    );
    let length = 0;
    while (length < most && keys[oneStart + length] === keys[otherStart + length]) {
      length += 1;
    }
    return length;
  }

  /** Where in block `number`, which `blockBefore` has named, the last restart before the place of (key, revision) is. */
  offsetBefore(number: number, block: Uint8Array, search: SearchKey, revision: number): number {
    const restart = this.restartBefore(number, block, search, revision);
    const { low, high, at, marks } = this.#restarts;
    return low === high ? at : readU32(block, marks + restart * 4);
  }

  /** The last restart before the place of (key, revision) in block `number`, which `blockBefore` has named. */
  restartBefore(number: number, block: Uint8Array, search: SearchKey, revision: number): number {
    const restarts = this.#restarts;
    if (!restarts.has(number)) {
      const isLast = number + 1 === this.file.footer.blocks;
      restarts.make(number, block, isLast ? 0 : this.#commonPrefix(number, number + 1));
    }
    // What the keys on either side of those still in question have in common with the one wanted, those share too.
    let matchedLow = restarts.seek(number, search);
    let matchedHigh = matchedLow;
    const { marks } = restarts;
    let { low, high } = restarts;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // A restart shares nothing with the row before it.
      cursor.at = readU32(block, marks + middle * 4) + 1;
      const rest = readVarint(block, cursor, marks);
      const keyStart = cursor.at + 1;
      const keyEnd = keyStart + rest;
      const shared = matchedLow < matchedHigh ? matchedLow : matchedHigh;
      const order = compareRest(block, keyStart + shared, keyEnd, search, shared);
      let isBefore = order < 0;
      if (order === 0) {
        cursor.at = keyEnd;
        isBefore = this.lastRevision - readVarint(block, cursor, marks) > revision;
      }
      if (isBefore) {
        low = middle + 1;
        matchedLow = lastMatched;
      } else {
        high = middle;
        matchedHigh = lastMatched;
      }
    }
    return Math.max(low - 1, 0);
  }
}

/** 48 bits of a key as a number: the order of heads is that of the keys they are from, unless they are equal. */
const HEAD_BYTES = 6;

/** The head of `source[start, end)`; a shorter one is filled up with zeros. */
function headAt(source: Uint8Array, start: number, end: number): number {
  let head = 0;
  for (let i = 0; i < HEAD_BYTES; i += 1) {
    head = head * 256 + (start + i < end ? (source[start + i] as number) : 0);
  }
  return head;
}

/** How many bytes of the key wanted the last `compareRest` found equal. */
let lastMatched = 0;

/**
 * Compares `source[start, end)`, the rest of a key that has its first `shared` bytes in common with the key wanted,
 * with that key: below 0 if it comes before, 0 if it is the same. Sets `lastMatched`.
 */
function compareRest(
  source: Uint8Array,
  start: number,
  end: number,
  search: SearchKey,
  shared: number,
): number {
  const { keyBytes, keyLength } = search;
  let at = start;
  let matched = shared;
  while (at < end && matched < keyLength && source[at] === keyBytes[matched]) {
    at += 1;
    matched += 1;
  }
  lastMatched = matched;
  if (at < end) {
    return matched < keyLength ? (source[at] as number) - (keyBytes[matched] as number) : 1;
  }
  return matched < keyLength ? -1 : 0;
}
