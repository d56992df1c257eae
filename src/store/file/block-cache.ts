// Blocks of tables and runs in memory, within one budget of bytes. CLOCK: a block that was used since the hand last
// passed is spared once. Blocks are found through arrays of their file, by number: a hit costs no hashing and no list
// surgery.
// Must never: reuse the memory of a block that it pushes out. Rows are views on it, and walks go on in it.
import { SpareBlocks } from "./spare-blocks.js";

/** What a block takes beside its bytes, about: the objects of its buffer and the allocator's share. */
const BLOCK_OVERHEAD_BYTES = 256;

/** A file's blocks as the cache sees them. */
export interface CachedBlocks {
  /** By block number; undefined where the block is not in memory. */
  blocks: (Uint8Array | undefined)[];
  /** Of a block in memory: 1 if it was used since the hand last passed, else 0. Of others: the file's own. */
  readonly used: Uint8Array;
}

export class BlockCache {
  /** Memory of files that were closed. */
  readonly spares: SpareBlocks = new SpareBlocks();
  readonly #bytesMax: number;
  #bytes = 0;
  /** What the hand walks over: the block `numbers[i]` of `files[i]`. */
  readonly #files: CachedBlocks[] = [];
  readonly #numbers: number[] = [];
  #hand = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(file: CachedBlocks, number: number, block: Uint8Array): void {
    file.blocks[number] = block;
    // Not marked as used: what is read once, as by a long scan, goes first.
    file.used[number] = 0;
    this.#files.push(file);
    this.#numbers.push(number);
    this.#bytes += block.length + BLOCK_OVERHEAD_BYTES;
    while (this.#bytes > this.#bytesMax && this.#files.length > 1) {
      this.#turn();
    }
  }

  /** Forgets all blocks of a file that is closed; the hand clears their places when it comes by. */
  remove(file: CachedBlocks): void {
    for (const block of file.blocks) {
      this.#bytes -= block === undefined ? 0 : block.length + BLOCK_OVERHEAD_BYTES;
    }
    file.blocks = [];
  }

  #turn(): void {
    if (this.#hand >= this.#files.length) {
      this.#hand = 0;
    }
    const file = this.#files[this.#hand] as CachedBlocks;
    const number = this.#numbers[this.#hand] as number;
    const block = file.blocks[number];
    if (block !== undefined && file.used[number] === 1) {
      file.used[number] = 0;
      this.#hand += 1;
      return;
    }
    if (block !== undefined) {
      file.blocks[number] = undefined;
      this.#bytes -= block.length + BLOCK_OVERHEAD_BYTES;
    }
    // The last place moves into the one set free.
    const lastFile = this.#files.pop() as CachedBlocks;
    const lastNumber = this.#numbers.pop() as number;
    if (this.#hand < this.#files.length) {
      this.#files[this.#hand] = lastFile;
      this.#numbers[this.#hand] = lastNumber;
    }
  }
}
