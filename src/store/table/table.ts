// A log table that is open for reading (format: table-writer.ts): one row by revision and sub-revision, or all in order.
import { readRow, type Row } from "../../core/row.js";
import type { Key } from "../../core/words.js";
import { readVarint } from "../../lib/varint.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { BlockCache } from "../file/block-cache.js";
import { BlockFile } from "../file/block-file.js";
import { corrupt } from "../file/file-errors.js";
import { readU32, readU64 } from "../file/fixed.js";
import { TABLE_BLOCK_META_BYTES } from "./table-writer.js";

/** Where `readFrame` reads: reused, since a get reads several frames' heads. */
const frame = { at: 0, end: 0, revision: 0, subRevision: 0 };

export class Table {
  readonly file: BlockFile;
  readonly #firstRevisions: Float64Array;
  readonly #firstSubRevisions: Uint32Array;

  constructor(disk: Disk, path: string, cache: BlockCache) {
    const file = BlockFile.open(disk, path, "table", cache);
    this.file = file;
    const { blocks } = file.footer;
    const meta = file.kindMeta;
    if (meta.length !== blocks * TABLE_BLOCK_META_BYTES) {
      file.close();
      throw corrupt(path, file.kindMetaOffset, "the metadata's length does not match its blocks");
    }
    this.#firstRevisions = new Float64Array(blocks);
    this.#firstSubRevisions = new Uint32Array(blocks);
    for (let block = 0; block < blocks; block += 1) {
      this.#firstRevisions[block] = readU64(meta, block * TABLE_BLOCK_META_BYTES);
      this.#firstSubRevisions[block] = readU32(meta, block * TABLE_BLOCK_META_BYTES + 8);
    }
  }

  get firstRevision(): number {
    return this.file.footer.firstRevision;
  }

  get lastRevision(): number {
    return this.file.footer.lastRevision;
  }

  /** The row with this revision and sub-revision, which an index run says is here. */
  row(revision: number, subRevision: number, key: Key): Row {
    const number = this.#blockOf(revision, subRevision);
    const block = number < 0 ? undefined : this.file.block(number);
    return this.#rowIn(number, block, revision, subRevision, key);
  }

  /** As `row`, but the row's bytes are good only until the next call: see `BlockFile.peek`. */
  peek(revision: number, subRevision: number, key: Key): Row {
    const number = this.#blockOf(revision, subRevision);
    const block = number < 0 ? undefined : this.file.peek(number);
    return this.#rowIn(number, block, revision, subRevision, key);
  }

  #rowIn(
    number: number,
    block: Uint8Array | undefined,
    revision: number,
    subRevision: number,
    key: Key,
  ): Row {
    if (block !== undefined) {
      const place = this.#placeIn(number, block, revision, subRevision);
      this.#readFrame(number, block, place);
      if (frame.revision === revision && frame.subRevision === subRevision) {
        return this.#decode(number, block, key);
      }
    }
    throw corrupt(
      this.file.path,
      this.file.start(Math.max(number, 0)),
      `revision ${revision}.${subRevision} is in an index run but not here`,
    );
  }

  /** A walk over all rows from `revision` on. `cached` is for reads; whole-file jobs pass by the cache. */
  rowsFrom(revision: number, cached: boolean): TableRows {
    const number = Math.max(this.#blockOf(revision, 0), 0);
    return new TableRows(this, number, revision, cached);
  }

  /** The row at `place` of a block. */
  rowAt(number: number, block: Uint8Array, place: number): Row {
    this.#readFrame(number, block, place);
    return this.#decode(number, block);
  }

  /** The first place of a block with a revision and sub-revision at or above the one given; the last if none. */
  #placeIn(number: number, block: Uint8Array, revision: number, subRevision: number): number {
    const rows = readU32(block, block.length - 8);
    // Where each revision has one row this is the place.
    const guess = Math.min(revision - (this.#firstRevisions[number] as number), rows - 1);
    this.#readFrame(number, block, guess);
    if (frame.revision === revision && frame.subRevision === subRevision) {
      return guess;
    }
    let low = 0;
    let high = rows - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      this.#readFrame(number, block, middle);
      const isBelow =
        frame.revision < revision ||
        (frame.revision === revision && frame.subRevision < subRevision);
      if (isBelow) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * The last block that starts at or before a row; −1 if none does. Revisions are dense and blocks hold about as many as
   * each other, so the search begins where a straight line puts the row and widens from there: one or two looks next to
   * each other, where halving takes a dozen all over the array, most of which wait for memory.
   */
  #blockOf(revision: number, subRevision: number): number {
    const { blocks, firstRevision, lastRevision } = this.file.footer;
    const share = (revision - firstRevision) / (lastRevision - firstRevision + 1);
    let low = Math.min(Math.max(Math.floor(share * blocks) + 1, 0), blocks);
    let high = low;
    for (let step = 1; low > 0 && this.#startsAfter(low - 1, revision, subRevision); step *= 2) {
      high = low - 1;
      low = Math.max(high - step, 0);
    }
    for (
      let step = 1;
      high < blocks && !this.#startsAfter(high, revision, subRevision);
      step *= 2
    ) {
      low = high + 1;
      high = Math.min(low + step, blocks);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#startsAfter(middle, revision, subRevision)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low - 1;
  }

  #startsAfter(block: number, revision: number, subRevision: number): boolean {
    const first = this.#firstRevisions[block] as number;
    return (
      first > revision ||
      (first === revision && (this.#firstSubRevisions[block] as number) > subRevision)
    );
  }

  /** Reads the head of a frame into `frame`. */
  #readFrame(number: number, block: Uint8Array, place: number): void {
    const rows = readU32(block, block.length - 8);
    const marks = block.length - 8 - rows * 4;
    const end = place + 1 < rows ? readU32(block, marks + place * 4 + 4) : marks;
    frame.at = readU32(block, marks + place * 4);
    if (frame.at >= end || end > marks) {
      throw corrupt(
        this.file.path,
        this.file.start(number),
        "a frame's offset is not in its block",
      );
    }
    frame.end = end;
    frame.revision = (this.#firstRevisions[number] as number) + readVarint(block, frame, end);
    frame.subRevision = readVarint(block, frame, end);
  }

  #decode(number: number, block: Uint8Array, key?: Key): Row {
    const { revision } = frame;
    let row: Row;
    try {
      row = readRow(block, frame.at, frame.end, frame.subRevision, key);
    } catch (error) {
      throw corrupt(this.file.path, this.file.start(number), "a frame holds no row", error);
    }
    if (row.modRevision !== revision) {
      throw corrupt(this.file.path, this.file.start(number), "a row's revision is not its frame's");
    }
    return row;
  }
}

/** A walk over a table's rows in order. */
export class TableRows {
  readonly #table: Table;
  readonly #cached: boolean;
  readonly #from: number;
  #number: number;
  #block: Uint8Array | null = null;
  #rows = 0;
  #place = 0;

  constructor(table: Table, number: number, from: number, cached: boolean) {
    this.#table = table;
    this.#number = number;
    this.#from = from;
    this.#cached = cached;
  }

  next(): Row | null {
    for (;;) {
      if (this.#block === null || this.#place >= this.#rows) {
        if (this.#block !== null) {
          this.#number += 1;
        }
        const { file } = this.#table;
        if (this.#number >= file.footer.blocks) {
          return null;
        }
        const block = this.#cached ? file.block(this.#number) : file.read(this.#number);
        this.#block = block;
        this.#rows = readU32(block, block.length - 8);
        this.#place = 0;
      }
      const row = this.#table.rowAt(this.#number, this.#block, this.#place);
      this.#place += 1;
      if (row.modRevision >= this.#from) {
        return row;
      }
    }
  }
}
