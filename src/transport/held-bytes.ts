// The memory that unfinished requests take, counted for one connection and for all together, so that a thousand
// half-sent messages are refused before they fill the process.
import type { TransportContext } from "./context.js";

export class HeldBytes {
  readonly #context: TransportContext;
  #bytes = 0;

  constructor(context: TransportContext) {
    this.#context = context;
  }

  /** Counts `bytes` more; false, and nothing counted, if that is too much. */
  hold(bytes: number): boolean {
    const { counters, limits } = this.#context;
    if (
      this.#bytes + bytes > limits.partialBytesPerConnectionMax ||
      counters.partialBytes + bytes > limits.partialBytesMax
    ) {
      return false;
    }
    this.#bytes += bytes;
    counters.partialBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#context.counters.partialBytes -= bytes;
  }
}
