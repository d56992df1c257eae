// Writes a block file (format: block-format.ts), front to back with a bounded buffer, counting its SHA-256 on the way.
// Runs in the table worker only: every call may block on the disk.
import { assert } from "../../lib/assert.js";
import { writeLatin1 } from "../../lib/bytes.js";
import { crc32 } from "../../lib/hashes/crc32.js";
import { sha256 } from "../../lib/hashes/sha256.js";
import type { Disk, DiskFile } from "../../runtime/disk/disk.js";
import { BLOCK_FILE_KINDS, FOOTER_BYTES, type BlockFileKind } from "./block-format.js";
import { writeU32, writeU64 } from "./fixed.js";

/** Bytes gathered for one write: past 1 MiB a larger write is no faster. */
const CHUNK_BYTES = 1024 * 1024;
/** What it begins with: most files are small, and clearing a whole chunk took longer than writing them. */
const FIRST_CHUNK_BYTES = 32 * 1024;

/** A finished file as a manifest names it. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

export interface FileSummary {
  readonly rows: number;
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly detail: number;
}

export class BlockFileWriter {
  /** Where the records of the open block are written; `reserve` before writing. */
  block: Uint8Array = new Uint8Array(16 * 1024);
  /** Bytes of records in the open block. */
  blockBytes = 0;
  /** The open block's marks. */
  readonly marks: number[] = [];
  readonly #file: DiskFile;
  readonly #hash = sha256();
  #chunk = new Uint8Array(FIRST_CHUNK_BYTES);
  #chunkUsed = 0;
  #written = 0;
  readonly #blockEnds: number[] = [];

  constructor(disk: Disk, path: string) {
    this.#file = disk.open(path, { mode: "create" });
  }

  get blocks(): number {
    return this.#blockEnds.length;
  }

  /** Makes room for `bytes` more in the open block. */
  reserve(bytes: number): void {
    const needed = this.blockBytes + bytes;
    if (needed > this.block.length) {
      const larger = new Uint8Array(Math.max(needed, this.block.length * 2));
      larger.set(this.block.subarray(0, this.blockBytes));
      this.block = larger;
    }
  }

  endBlock(): void {
    assert(this.marks.length > 0, "a block has records");
    this.reserve(this.marks.length * 4 + 8);
    let at = this.blockBytes;
    for (const mark of this.marks) {
      at = writeU32(this.block, at, mark);
    }
    at = writeU32(this.block, at, this.marks.length);
    at = writeU32(this.block, at, crc32(this.block.subarray(0, at)));
    this.#append(this.block.subarray(0, at));
    this.#blockEnds.push(this.#written + this.#chunkUsed);
    this.marks.length = 0;
    this.blockBytes = 0;
  }

  /** Writes meta and footer and makes the file durable; its name is durable once the directory is synced. */
  finish(kind: BlockFileKind, kindMeta: Uint8Array, summary: FileSummary): WrittenFile {
    assert(this.marks.length === 0, "the last block is ended");
    const dataBytes = this.#written + this.#chunkUsed;
    const meta = new Uint8Array(this.#blockEnds.length * 8 + kindMeta.length);
    let at = 0;
    for (const end of this.#blockEnds) {
      at = writeU64(meta, at, end);
    }
    meta.set(kindMeta, at);
    this.#append(meta);
    const footer = new Uint8Array(FOOTER_BYTES);
    at = writeU64(footer, 0, dataBytes);
    at = writeU64(footer, at, meta.length);
    at = writeU32(footer, at, this.#blockEnds.length);
    at = writeU32(footer, at, crc32(meta));
    at = writeU64(footer, at, summary.rows);
    at = writeU64(footer, at, summary.firstRevision);
    at = writeU64(footer, at, summary.lastRevision);
    at = writeU64(footer, at, summary.detail);
    at = writeU32(footer, at, 0);
    at = writeU32(footer, at, BLOCK_FILE_KINDS[kind].version);
    at = writeU32(footer, at, crc32(footer.subarray(0, at)));
    writeLatin1(footer, at, BLOCK_FILE_KINDS[kind].magic);
    this.#append(footer);
    this.#flush();
    this.#file.sync();
    this.#file.close();
    return { bytes: this.#written, sha256: this.#hash.hex() };
  }

  /** Gives up: the file stays unfinished, to be removed by the caller. */
  abandon(): void {
    this.#file.close();
  }

  #append(bytes: Uint8Array): void {
    if (this.#chunkUsed + bytes.length > CHUNK_BYTES) {
      this.#flush();
    }
    if (bytes.length > CHUNK_BYTES) {
      this.#write(bytes);
      return;
    }
    const needed = this.#chunkUsed + bytes.length;
    if (needed > this.#chunk.length) {
      const larger = new Uint8Array(
        Math.min(Math.max(needed, this.#chunk.length * 4), CHUNK_BYTES),
      );
      larger.set(this.#chunk.subarray(0, this.#chunkUsed));
      this.#chunk = larger;
    }
    this.#chunk.set(bytes, this.#chunkUsed);
    this.#chunkUsed += bytes.length;
  }

  #flush(): void {
    if (this.#chunkUsed > 0) {
      this.#write(this.#chunk.subarray(0, this.#chunkUsed));
      this.#chunkUsed = 0;
    }
  }

  #write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#file.write(bytes, this.#written);
    this.#written += bytes.length;
  }
}
