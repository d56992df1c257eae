// Writes a log table: whole rows in the order of revision and sub-revision.
//
// Format: a block file (file/block-format.ts) of kind "table".
//   frame   varint revision − the block's first revision | varint sub-revision | KeyValue message; marks: every frame
//   meta    of each block: u64 first revision | u32 first sub-revision
// A block ends with the frame that takes it past 2 KiB, so a large row has a block of its own or shares one with smaller
// rows before it.
import { assert } from "../../lib/assert.js";
import { writeVarint } from "../../lib/varint.js";
import type { Row } from "../../core/row.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { BlockFileWriter, type WrittenFile } from "../file/block-file-writer.js";
import { writeU32, writeU64 } from "../file/fixed.js";

/** Reading a block and its checksum are most of the first get of a row: docs/decisions/0004-table-blocks-of-2-kib.md. */
const BLOCK_BYTES: number = 2 * 1024;

/** The most that the two varints of a frame take. */
const FRAME_HEAD_BYTES_MAX = 13;

export const TABLE_BLOCK_META_BYTES = 12;

export interface WrittenTable extends WrittenFile {
  readonly rows: number;
  /** Bytes of the rows' messages. */
  readonly rowBytes: number;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

export class TableWriter {
  readonly #writer: BlockFileWriter;
  readonly #firstRevisions: number[] = [];
  readonly #firstSubRevisions: number[] = [];
  #rows = 0;
  #rowBytes = 0;
  #blockRevision = 0;
  #lastRevision = 0;
  #lastSubRevision = 0;

  constructor(disk: Disk, path: string) {
    this.#writer = new BlockFileWriter(disk, path);
  }

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    const writer = this.#writer;
    assert(
      row.modRevision > this.#lastRevision ||
        (row.modRevision === this.#lastRevision && row.subRevision > this.#lastSubRevision),
      "rows of a table ascend",
    );
    this.#lastRevision = row.modRevision;
    this.#lastSubRevision = row.subRevision;
    if (writer.marks.length === 0) {
      this.#blockRevision = row.modRevision;
      this.#firstRevisions.push(row.modRevision);
      this.#firstSubRevisions.push(row.subRevision);
    }
    const rowBytes = row.end - row.start;
    writer.reserve(FRAME_HEAD_BYTES_MAX + rowBytes);
    writer.marks.push(writer.blockBytes);
    let at = writeVarint(writer.block, writer.blockBytes, row.modRevision - this.#blockRevision);
    at = writeVarint(writer.block, at, row.subRevision);
    writer.block.set(row.wire, at);
    writer.blockBytes = at + rowBytes;
    this.#rows += 1;
    this.#rowBytes += rowBytes;
    if (writer.blockBytes >= BLOCK_BYTES) {
      writer.endBlock();
    }
  }

  finish(): WrittenTable {
    const writer = this.#writer;
    if (writer.marks.length > 0) {
      writer.endBlock();
    }
    const meta = new Uint8Array(this.#firstRevisions.length * TABLE_BLOCK_META_BYTES);
    let at = 0;
    this.#firstRevisions.forEach((revision, block) => {
      at = writeU64(meta, at, revision);
      at = writeU32(meta, at, this.#firstSubRevisions[block] as number);
    });
    const firstRevision = this.#firstRevisions[0] ?? 0;
    const summary = {
      rows: this.#rows,
      firstRevision,
      lastRevision: this.#lastRevision,
      detail: this.#rowBytes,
    };
    const { bytes, sha256 } = writer.finish("table", meta, summary);
    const { rows, lastRevision } = summary;
    return { bytes, sha256, rows, rowBytes: this.#rowBytes, firstRevision, lastRevision };
  }

  abandon(): void {
    this.#writer.abandon();
  }
}
