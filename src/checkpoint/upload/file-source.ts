// A file of the store as the body of an upload. It is read through the disk in small pieces with turns of the event loop in
// between: reads are synchronous, and nobody else may wait for them for long.
import { sha256 } from "../../lib/hashes/sha256.js";
import { T4Error } from "../../core/errors.js";
import type { ObjectSource } from "../../object/object-store.js";
import type { Clock } from "../../runtime/clock.js";
import type { Disk, DiskFile } from "../../runtime/disk/disk.js";

/** Read and hashed at once: about a millisecond of both. */
const SLICE_BYTES_MAX: number = 1024 * 1024;

export class FileSource implements ObjectSource {
  readonly bytes: number;
  readonly #file: DiskFile;
  readonly #clock: Clock;

  /** Throws a DiskError. */
  constructor(disk: Disk, clock: Clock, path: string) {
    this.#clock = clock;
    this.#file = disk.open(path, { mode: "read" });
    this.bytes = this.#file.size();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const target = new Uint8Array(length);
    await this.#inSlices(length, (slice, at) => {
      this.#readExactly(target.subarray(at, at + slice), offset + at);
    });
    return target;
  }

  /**
   * Throws T4_CORRUPT unless the file is what its record says. What is uploaded is checked first: under the name of a hash
   * that it does not have, it would be found out only when it is needed.
   */
  async verify(record: { readonly bytes: number; readonly sha256: string }): Promise<void> {
    const { path } = this.#file;
    const hash = sha256();
    if (this.bytes === record.bytes) {
      const slice = new Uint8Array(Math.min(SLICE_BYTES_MAX, this.bytes));
      await this.#inSlices(this.bytes, (length, at) => {
        const piece = slice.subarray(0, length);
        this.#readExactly(piece, at);
        hash.update(piece);
      });
    }
    if (this.bytes !== record.bytes || hash.hex() !== record.sha256) {
      throw new T4Error(
        "T4_CORRUPT",
        `${path} does not hold what the store's manifest says (length or SHA-256 differ): it is not uploaded`,
      );
    }
  }

  close(): void {
    this.#file.close();
  }

  async #inSlices(length: number, read: (length: number, at: number) => void): Promise<void> {
    for (let at = 0; at < length; at += SLICE_BYTES_MAX) {
      if (at > 0) {
        await new Promise<void>((resolve) => {
          this.#clock.nextTurn(resolve);
        });
      }
      read(Math.min(SLICE_BYTES_MAX, length - at), at);
    }
  }

  #readExactly(target: Uint8Array, offset: number): void {
    if (this.#file.read(target, offset) !== target.length) {
      throw new T4Error(
        "T4_CORRUPT",
        `${this.#file.path} ends before byte ${offset + target.length}`,
      );
    }
  }
}
