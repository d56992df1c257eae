// A file in memory, for what reads and writes bytes at offsets.

export class ByteFile {
  #bytes: Uint8Array;
  #size: number;

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.#bytes = content;
    this.#size = content.length;
  }

  /** A copy of what it holds. */
  get content(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  read(target: Uint8Array, offset: number): number {
    const part = this.#bytes.subarray(offset, Math.min(this.#size, offset + target.length));
    target.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, offset);
    this.#size = Math.max(this.#size, end);
  }

  size(): number {
    return this.#size;
  }
}
