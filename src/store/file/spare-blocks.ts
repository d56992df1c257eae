// Memory of blocks that nobody can look at any more, for the blocks that are read next. While keys are written at random, an
// index run lives for a second, and nearly all its blocks are read by then: thrown away, a few megabytes of them a second
// made V8 collect the whole heap twice as often, with helper threads that keep this thread from its core.
// Must never: hand out memory that is still in use.

/** As long as nearly every block of a run: 4 KiB, the row that goes past it, and the marks. */
const SPARE_BYTES: number = 4_096 + 512;
/** 4.5 MiB at most, beside what the cache may have. */
const SPARES_MAX = 1_024;

/** Memory that is about to be filled, not cleared: clearing a block costs as much as reading it. */
export function uninitialized(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

export class SpareBlocks {
  readonly #spares: ArrayBufferLike[] = [];

  /** Memory for a block of so many bytes, with anything in it. */
  take(bytes: number): Uint8Array {
    if (bytes > SPARE_BYTES) {
      return uninitialized(bytes);
    }
    const spare = this.#spares.pop() ?? uninitialized(SPARE_BYTES).buffer;
    return new Uint8Array(spare, 0, bytes);
  }

  /** Gives back what `take` handed out: the caller knows that nobody uses it again. */
  give({ buffer }: Uint8Array): void {
    if (buffer.byteLength === SPARE_BYTES && this.#spares.length < SPARES_MAX) {
      this.#spares.push(buffer);
    }
  }
}
