// Copies of bytes. `slice` is not used for them anywhere: a Buffer's `slice` is a view.

export const NO_BYTES: Uint8Array = new Uint8Array(0);

export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(source.subarray(start, end));
}

export function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  // A Buffer, like the chunks of a socket: the frame reader then sees one kind of array only.
  const joined = Buffer.allocUnsafeSlow(a.length + b.length);
  joined.set(a, 0);
  joined.set(b, a.length);
  return joined;
}

/** Puts together bytes that come in pieces, in a buffer that grows with them. */
export class ByteCollector {
  #buffer: Uint8Array = NO_BYTES;
  #length = 0;

  /** The bytes so far; valid until more are appended. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that the buffer will have when `more` are appended. */
  capacityWith(more: number): number {
    const needed = this.#length + more;
    return needed <= this.#buffer.length
      ? this.#buffer.length
      : Math.max(needed, this.#buffer.length * 2);
  }

  append(source: Uint8Array, start: number, end: number): void {
    const capacity = this.capacityWith(end - start);
    if (capacity > this.#buffer.length) {
      const buffer = Buffer.allocUnsafeSlow(capacity);
      buffer.set(this.#buffer.subarray(0, this.#length), 0);
      this.#buffer = buffer;
    }
    this.#buffer.set(source.subarray(start, end), this.#length);
    this.#length += end - start;
  }
}
