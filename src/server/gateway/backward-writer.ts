// Writes a protobuf message from its end to its beginning, so that a nested message's length is known when it is written:
// one pass and no copies, however deep the nesting.
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";

const FIRST_BUFFER_BYTES = 256;

export class BackwardWriter {
  #buffer: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES);
  /** Where the written bytes begin: they reach to the end of the buffer. */
  #at = FIRST_BUFFER_BYTES;

  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** What was written. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#at);
  }

  #reserve(bytes: number): number {
    if (bytes > this.#at) {
      const { length } = this;
      const buffer = new Uint8Array(Math.max(this.#buffer.length * 2, length + bytes));
      buffer.set(this.bytes, buffer.length - length);
      this.#buffer = buffer;
      this.#at = buffer.length - length;
    }
    this.#at -= bytes;
    return this.#at;
  }

  varint(value: number): void {
    const at = this.#reserve(varintSize(value));
    writeVarint(this.#buffer, at, value);
  }

  bigVarint(value: bigint): void {
    const at = this.#reserve(bigVarintSize(value));
    writeBigVarint(this.#buffer, at, value);
  }

  raw(bytes: Uint8Array): void {
    // The buffer may be another after this.
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  tag(field: number, wireType: 0 | 2): void {
    this.varint(field * 8 + wireType);
  }
}
