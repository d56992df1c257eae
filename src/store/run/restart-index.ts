// What a search needs to know of each block of an index run, in memory that lies together: where its records end, and of
// up to fourteen restarts where they are and the four bytes in which their keys mostly differ. It is two lines of memory
// for a block. Halving the restarts in the block itself waits for memory at every step: a sixth of a first get. The entry of
// a block is made when it is searched for the first time, and holds for as long as its file does.
// Must never: rule out a restart because of bytes that are not all of its key.
import { readVarint } from "../../lib/varint.js";
import { readU32 } from "../file/fixed.js";
import { marksOf, restartsOf } from "./run-block.js";
import type { SearchKey } from "./search-key.js";

/** An entry: heads, offsets of the restarts they are of, and then these. */
const HEADS = 14;
const MARKS = 2 * HEADS;
const RESTARTS = MARKS + 1;
/** One more than the bytes that all keys of the block are known to share; 0 if the entry is not made yet. */
const PREFIX = RESTARTS + 1;
const ENTRY_LENGTH = 32;

const cursor = { at: 0 };

export class RestartIndex {
  /** What `seek` found. The records of the block end at `marks`. */
  marks = 0;
  /** Restarts before `low` lie before the key's place, those from `high` on behind it. */
  low = 0;
  high = 0;
  /** Where the last restart before `low` is; if there is none, the first. */
  at = 0;
  readonly #entries: Uint32Array;

  constructor(blocks: number) {
    this.#entries = new Uint32Array(blocks * ENTRY_LENGTH);
  }

  has(number: number): boolean {
    return this.#entries[number * ENTRY_LENGTH + PREFIX] !== 0;
  }

  /** Makes the entry of a block. All its keys begin with the same `prefix` bytes. */
  make(number: number, block: Uint8Array, prefix: number): void {
    const entries = this.#entries;
    const entry = number * ENTRY_LENGTH;
    const marks = marksOf(block);
    const restarts = restartsOf(block);
    const every = Math.ceil(restarts / HEADS);
    for (let i = 0, restart = 0; restart < restarts; i += 1, restart += every) {
      const offset = readU32(block, marks + restart * 4);
      // The row begins with how much it shares with the one before it: nothing here, in one byte.
      cursor.at = offset + 1;
      const rest = readVarint(block, cursor, marks);
      const start = cursor.at + 1;
      entries[entry + i] = headAt(block, start + prefix, start + rest);
      entries[entry + HEADS + i] = offset;
    }
    entries[entry + MARKS] = marks;
    entries[entry + RESTARTS] = restarts;
    entries[entry + PREFIX] = prefix + 1;
  }

  /** Looks where a key belongs that begins as all keys of the block do. Returns with how many bytes they begin. */
  seek(number: number, { keyBytes, keyLength }: SearchKey): number {
    const entries = this.#entries;
    const entry = number * ENTRY_LENGTH;
    const restarts = entries[entry + RESTARTS] as number;
    const prefix = (entries[entry + PREFIX] as number) - 1;
    const every = Math.ceil(restarts / HEADS);
    const end = entry + Math.ceil(restarts / every);
    const head = headAt(keyBytes, prefix, keyLength);
    let at = entry;
    while (at < end && (entries[at] as number) < head) {
      at += 1;
    }
    this.low = at === entry ? 0 : (at - 1 - entry) * every + 1;
    this.at = entries[at === entry ? at + HEADS : at - 1 + HEADS] as number;
    while (at < end && entries[at] === head) {
      at += 1;
    }
    this.high = at === end ? restarts : (at - entry) * every;
    this.marks = entries[entry + MARKS] as number;
    return prefix;
  }
}

/** Four bytes of the key `source[…, end)` as a number, zeros behind its end: their order is that of keys unless equal. */
function headAt(source: Uint8Array, start: number, end: number): number {
  let head = 0;
  for (let at = start; at < start + 4; at += 1) {
    head = (head << 8) | (at < end ? (source[at] as number) : 0);
  }
  return head >>> 0;
}
