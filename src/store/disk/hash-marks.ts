// A set of hashes in a fixed number of bits: what it says is not there is not, and what it says is there may be another
// with the same bits. A look takes one line of memory, which a Map would take several of, and compare keys.

/** How many hashes it can take and still be right about seven of eight that are not there. */
export const HASH_MARKS_MAX: number = 128 * 1024;

/** A power of two. */
const BITS: number = 8 * HASH_MARKS_MAX;

export class HashMarks {
  readonly #bits = new Uint8Array(BITS / 8);

  has(hash: number): boolean {
    const bit = hash & (BITS - 1);
    return ((this.#bits[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
  }

  add(hash: number): void {
    const bit = hash & (BITS - 1);
    this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] as number) | (1 << (bit & 7));
  }

  clear(): void {
    this.#bits.fill(0);
  }
}
