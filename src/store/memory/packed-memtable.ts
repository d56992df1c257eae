// Rows on their way into files: as `memtable.ts` holds them, but in columns of numbers beside the rows' own bytes. Nothing
// here is an object per row or per key, since the garbage collector would copy each twice and follow it until it is in a
// file: that was an eighth of all the CPU time of a put. Rows leave together, when the memtable is dropped, and the next
// one takes over its memory: thrown away, 25 MB a second of it made V8 collect the whole heap two or three times a
// second, with helper threads that kept this thread from its core for up to 20 ms.
// Must never: change a row, or take back any but the newest; give away memory in which somebody may still read.
import { assert } from "../../lib/assert.js";
import { latin1 } from "../../lib/bytes.js";
import { Row } from "../../core/row.js";
import { NO_LEASE, type Key, type LeaseId, type Revision } from "../../core/words.js";
import type { RunHead } from "../run/run.js";
import type { SearchKey } from "../run/search-key.js";
import { OrderedKeys, WAITING_KEYS_MAX } from "./ordered-keys.js";

/** Numbers of a row that may need more than 32 bits: revision, create revision, version. */
const WIDE = 3;
/** The others: slab, start, end, start and end of the value, sub-revision, key, the key's version before. */
const NARROW = 8;
/** Of a key: hash, slab, start and length of its bytes, its newest row. */
const KEY_COLUMNS = 5;
const NONE = -1;

const ROWS_MIN = 1_024;
/** What a row costs beside its bytes, about: its numbers, its key's, the place in the table, and room to grow. */
const ROW_OVERHEAD_BYTES = 120;

/**
 * How far from its place a key may be put. Hashes that differ stay within some tens; keys that were chosen to have equal
 * ones would make every look-up a walk, and go into a Map, whose hashes nobody can foretell.
 */
const PROBES_MAX = 256;

/** Rows are copied into chunks of this size. */
const CHUNK_BYTES: number = 256 * 1024;
/** Larger rows have memory of their own, and stay there. */
const COPIED_BYTES_MAX: number = 16 * 1024;
/** Of a memtable's memory so much is kept for the next: what one takes that is frozen when it is full, and some more. */
const KEPT_BYTES_MAX: number = 32 * 1024 * 1024;

/** What a memtable leaves to the next one. */
export interface MemtableMemory {
  readonly wide: Float64Array;
  readonly narrow: Int32Array;
  readonly keyColumns: Int32Array;
  readonly table: Int32Array;
  readonly chunks: Uint8Array[];
}

function newMemory(rowsExpected: number): MemtableMemory {
  let rows = ROWS_MIN;
  while (rows < rowsExpected) {
    rows *= 2;
  }
  return {
    wide: new Float64Array(rows * WIDE),
    narrow: new Int32Array(rows * NARROW),
    keyColumns: new Int32Array(rows * KEY_COLUMNS),
    table: new Int32Array(2 * rows),
    chunks: [],
  };
}

export class PackedMemtable {
  /** Bytes of the rows' messages. */
  rowBytes = 0;
  /** Rows in order of revision and sub-revision: a row's place is its number. */
  rowCount = 0;
  #wide: Float64Array;
  #narrow: Int32Array;
  /** Few rows have one. */
  readonly #leases = new Map<number, LeaseId>();
  /** The memory that rows lie in: chunks, and the large rows' own. */
  readonly #slabs: Uint8Array[] = [];
  readonly #chunks: Uint8Array[];
  /** How many of the chunks hold rows; the last of those takes more, and is this slab, filled so far. */
  #chunksUsed = 0;
  #chunkSlab = NONE;
  #chunkFilled: number = CHUNK_BYTES;
  /** Whether somebody else may have rows of it, or walk over it. */
  #isLent = false;
  #keyCount = 0;
  #keyColumns: Int32Array;
  /** Numbers of keys plus 1, each at its hash or behind; at most half of it is used. */
  #table: Int32Array;
  #crowded: Map<Key, number> | null = null;
  /** Null until it is asked for. */
  #order: OrderedKeys<number> | null = null;

  /**
   * `isWalked`: whether its order is likely to be asked for. `rowsExpected`: that many rows need no growth. `memory`: of
   * a memtable that is gone, used instead of new one.
   */
  constructor(
    isWalked = false,
    rowsExpected: number = ROWS_MIN,
    memory: MemtableMemory = newMemory(rowsExpected),
  ) {
    this.#wide = memory.wide;
    this.#narrow = memory.narrow;
    this.#keyColumns = memory.keyColumns;
    this.#table = memory.table.fill(0);
    this.#chunks = memory.chunks;
    this.#order = isWalked ? this.#makeOrder(true) : null;
  }

  /** All keys in order, by their numbers here. */
  get keys(): OrderedKeys<number> {
    this.#order ??= this.#makeOrder(false);
    return this.#order;
  }

  #makeOrder(isWalked: boolean): OrderedKeys<number> {
    const order = new OrderedKeys<number>((number) => this.#keyOf(number), isWalked);
    for (let number = 0; number < this.#keyCount; number += 1) {
      if (this.#keyColumns[number * KEY_COLUMNS + 4] !== NONE) {
        order.insert(number);
      }
    }
    return order;
  }

  /** Whether the order was asked for, or was expected to be. */
  get isWalked(): boolean {
    return this.#order?.isWalked === true;
  }

  /** About what the memtable holds of the memory. */
  get heapBytes(): number {
    return this.rowBytes + this.rowCount * ROW_OVERHEAD_BYTES;
  }

  /** `search` stands for the row's key. */
  append(row: Row, search: SearchKey): void {
    const place = this.rowCount;
    this.#reserveRow();
    const bytes = row.end - row.start;
    const isCopied = bytes <= COPIED_BYTES_MAX;
    const slab = isCopied ? this.#chunkFor(bytes) : this.#slabs.push(row.buffer) - 1;
    const start = isCopied ? this.#copy(row) : row.start;
    const shift = start - row.start;
    const known = this.#find(search);
    const key = known === NONE ? this.#addKey(slab, keyStartOf(row) + shift, search) : known;
    const columns = this.#keyColumns;
    const newestAt = key * KEY_COLUMNS + 4;
    const older = columns[newestAt] as number;
    assert(
      older === NONE || (this.#wide[older * WIDE] as number) <= row.modRevision,
      "rows enter in order",
    );
    columns[newestAt] = place;
    const wide = place * WIDE;
    this.#wide[wide] = row.modRevision;
    this.#wide[wide + 1] = row.createRevision;
    this.#wide[wide + 2] = row.version;
    const narrow = this.#narrow;
    const at = place * NARROW;
    narrow[at] = slab;
    narrow[at + 1] = start;
    narrow[at + 2] = start + bytes;
    narrow[at + 3] = row.valueStart + shift;
    narrow[at + 4] = row.valueEnd + shift;
    narrow[at + 5] = row.subRevision;
    narrow[at + 6] = key;
    narrow[at + 7] = older;
    if (row.lease !== NO_LEASE) {
      this.#leases.set(place, row.lease);
    }
    this.rowCount = place + 1;
    this.rowBytes += bytes;
    if (older === NONE) {
      this.#enterOrder(key);
    }
  }

  /** Enters a key that has its first row. The order is made when it is asked for; of more keys that would take too long. */
  #enterOrder(key: number): void {
    if (this.#order !== null) {
      this.#order.insert(key);
    } else if (this.#keyCount > WAITING_KEYS_MAX) {
      this.#order = this.#makeOrder(false);
    }
  }

  /** Takes back the row appended last. */
  removeLast(row: Row): void {
    const place = this.rowCount - 1;
    const at = place * NARROW;
    assert(
      place >= 0 &&
        this.#wide[place * WIDE] === row.modRevision &&
        this.#narrow[at + 5] === row.subRevision,
      "rows are taken back in reverse order",
    );
    const key = this.#narrow[at + 6] as number;
    const older = this.#narrow[at + 7] as number;
    assert(
      this.#keyColumns[key * KEY_COLUMNS + 4] === place,
      "a row taken back is its key's newest",
    );
    if (older === NONE) {
      // The key keeps its number and its bytes: it is written again, or goes with the memtable.
      this.#order?.remove(row.key);
    }
    this.#keyColumns[key * KEY_COLUMNS + 4] = older;
    this.#leases.delete(place);
    this.rowCount = place;
    this.rowBytes -= row.end - row.start;
  }

  /** The newest version at `revision`, a tombstone too. */
  at(search: SearchKey, revision: Revision): Row | undefined {
    const key = this.#find(search);
    return key === NONE ? undefined : this.rowOf(key, revision, search.key);
  }

  /** As `at`, where the row's bytes are not needed: false if there is none. */
  headAt(search: SearchKey, revision: Revision, head: RunHead): boolean {
    const key = this.#find(search);
    const place = key === NONE ? NONE : this.#placeAt(key, revision);
    if (place === NONE) {
      return false;
    }
    head.key = search.key;
    head.modRevision = this.#wide[place * WIDE] as Revision;
    head.createRevision = this.#wide[place * WIDE + 1] as Revision;
    head.version = this.#wide[place * WIDE + 2] as number;
    head.subRevision = this.#narrow[place * NARROW + 5] as number;
    head.lease = this.#leaseOf(place);
    return true;
  }

  has(search: SearchKey): boolean {
    const key = this.#find(search);
    return key !== NONE && this.#keyColumns[key * KEY_COLUMNS + 4] !== NONE;
  }

  /** As `at`, of a key given by its number and its text. */
  rowOf(number: number, revision: Revision, key: Key): Row | undefined {
    const place = this.#placeAt(number, revision);
    return place === NONE ? undefined : this.#row(place, key);
  }

  #placeAt(key: number, revision: Revision): number {
    let place = this.#keyColumns[key * KEY_COLUMNS + 4] as number;
    while (place !== NONE && (this.#wide[place * WIDE] as number) > revision) {
      place = this.#narrow[place * NARROW + 7] as number;
    }
    return place;
  }

  /** Versions of a key with revisions from `from` on, newest first. */
  versions(search: SearchKey, from: Revision): Row[] {
    const rows: Row[] = [];
    const key = this.#find(search);
    let place = key === NONE ? NONE : (this.#keyColumns[key * KEY_COLUMNS + 4] as number);
    while (place !== NONE && (this.#wide[place * WIDE] as number) >= from) {
      rows.push(this.#row(place, search.key));
      place = this.#narrow[place * NARROW + 7] as number;
    }
    return rows;
  }

  /** Place of the first row with a revision at or above `revision`. */
  firstPlaceFrom(revision: Revision): number {
    let low = 0;
    let high = this.rowCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#wide[middle * WIDE] as number) < revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** A row by its place; undefined behind the end. */
  row(place: number): Row | undefined {
    return place < this.rowCount
      ? this.#row(place, this.#keyOf(this.#narrow[place * NARROW + 6] as number))
      : undefined;
  }

  #leaseOf(place: number): LeaseId {
    return this.#leases.size === 0 ? NO_LEASE : (this.#leases.get(place) ?? NO_LEASE);
  }

  /** The memtable is about to be kept by a reader: nobody uses its memory again. */
  lend(): this {
    this.#isLent = true;
    return this;
  }

  /** Gives the memtable up: what the next one can use of it, or null if somebody may still look at its rows. */
  takeMemory(): MemtableMemory | null {
    const wide = this.#wide;
    const narrow = this.#narrow;
    const keyColumns = this.#keyColumns;
    const table = this.#table;
    const columnBytes =
      wide.byteLength + narrow.byteLength + keyColumns.byteLength + table.byteLength;
    const chunksMax = Math.floor((KEPT_BYTES_MAX - columnBytes) / CHUNK_BYTES);
    return this.#isLent || chunksMax < 0
      ? null
      : { wide, narrow, keyColumns, table, chunks: this.#chunks.slice(0, chunksMax) };
  }

  #row(place: number, key: Key): Row {
    // It points into the memory here.
    this.#isLent = true;
    const wide = this.#wide;
    const narrow = this.#narrow;
    const at = place * NARROW;
    return new Row(
      key,
      wide[place * WIDE] as Revision,
      narrow[at + 5] as number,
      wide[place * WIDE + 1] as Revision,
      wide[place * WIDE + 2] as number,
      this.#leaseOf(place),
      this.#slabs[narrow[at] as number] as Uint8Array,
      narrow[at + 1] as number,
      narrow[at + 2] as number,
      narrow[at + 3] as number,
      narrow[at + 4] as number,
    );
  }

  #keyOf(number: number): Key {
    const columns = this.#keyColumns;
    const at = number * KEY_COLUMNS;
    const start = columns[at + 2] as number;
    const slab = this.#slabs[columns[at + 1] as number] as Uint8Array;
    return latin1(slab, start, start + (columns[at + 3] as number));
  }

  /** The slab with room for so many bytes of a row that is copied. */
  #chunkFor(bytes: number): number {
    if (this.#chunkFilled + bytes > CHUNK_BYTES) {
      const chunk = this.#chunks[this.#chunksUsed] ?? new Uint8Array(CHUNK_BYTES);
      this.#chunks[this.#chunksUsed] = chunk;
      this.#chunksUsed += 1;
      this.#chunkSlab = this.#slabs.push(chunk) - 1;
      this.#chunkFilled = 0;
    }
    return this.#chunkSlab;
  }

  /** Copies a row into the chunk that has room for it; returns where it begins. */
  #copy({ buffer, start, end }: Row): number {
    const at = this.#chunkFilled;
    (this.#slabs[this.#chunkSlab] as Uint8Array).set(buffer.subarray(start, end), at);
    this.#chunkFilled = at + end - start;
    return at;
  }

  #reserveRow(): void {
    if (this.rowCount * NARROW === this.#narrow.length) {
      const wide = new Float64Array(2 * this.#wide.length);
      wide.set(this.#wide);
      this.#wide = wide;
      const narrow = new Int32Array(2 * this.#narrow.length);
      narrow.set(this.#narrow);
      this.#narrow = narrow;
    }
  }

  // ---- keys ----

  /** A key's number, also if all its rows were taken back. */
  #find(search: SearchKey): number {
    if (this.#crowded !== null) {
      return this.#crowded.get(search.key) ?? NONE;
    }
    const table = this.#table;
    const last = table.length - 1;
    for (let slot = search.hash & last; ; slot = (slot + 1) & last) {
      const key = (table[slot] as number) - 1;
      if (key === NONE || this.#isKey(key, search)) {
        return key;
      }
    }
  }

  #isKey(number: number, { hash, keyBytes, keyLength }: SearchKey): boolean {
    const columns = this.#keyColumns;
    const at = number * KEY_COLUMNS;
    if (columns[at] !== (hash | 0) || columns[at + 3] !== keyLength) {
      return false;
    }
    const slab = this.#slabs[columns[at + 1] as number] as Uint8Array;
    const start = columns[at + 2] as number;
    for (let i = 0; i < keyLength; i += 1) {
      if (slab[start + i] !== keyBytes[i]) {
        return false;
      }
    }
    return true;
  }

  #addKey(slab: number, start: number, { hash, key, keyLength }: SearchKey): number {
    const number = this.#keyCount;
    const at = number * KEY_COLUMNS;
    if (at === this.#keyColumns.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#keyColumns);
      this.#keyColumns = larger;
    }
    const columns = this.#keyColumns;
    columns[at] = hash | 0;
    columns[at + 1] = slab;
    columns[at + 2] = start;
    columns[at + 3] = keyLength;
    columns[at + 4] = NONE;
    this.#keyCount += 1;
    if (this.#crowded !== null) {
      this.#crowded.set(key, number);
    } else if (2 * this.#keyCount > this.#table.length) {
      this.#table = new Int32Array(2 * this.#table.length);
      for (let each = 0; each < this.#keyCount; each += 1) {
        this.#enter(each);
      }
    } else {
      this.#enter(number);
    }
    return number;
  }

  #enter(number: number): void {
    const table = this.#table;
    const last = table.length - 1;
    let slot = (this.#keyColumns[number * KEY_COLUMNS] as number) & last;
    for (let probes = 0; table[slot] !== 0; probes += 1) {
      if (probes === PROBES_MAX) {
        this.#crowd();
        return;
      }
      slot = (slot + 1) & last;
    }
    table[slot] = number + 1;
  }

  #crowd(): void {
    this.#crowded ??= new Map();
    for (let number = 0; number < this.#keyCount; number += 1) {
      this.#crowded.set(this.#keyOf(number), number);
    }
  }
}

/** Where a row's key begins: behind its tag and its length, a varint. */
function keyStartOf({ buffer, start }: Row): number {
  let at = start + 1;
  while ((buffer[at] as number) > 0x7f) {
    at += 1;
  }
  return at + 1;
}
