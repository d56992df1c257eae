// Callers who wait until the store's files are what they asked for: flushed, compacted, defragmented. Each brings a condition,
// which is asked whenever the files have changed; a store that has failed or is closed keeps nobody waiting.
// Must never: leave a caller without an answer, or keep the process alive when nobody waits.
import type { StoreFiles } from "./store-files.js";

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FileWaiters {
  readonly #files: Pick<StoreFiles, "isAwaited">;
  #waiters: Waiter[] = [];
  #failure: Error | null = null;

  constructor(files: Pick<StoreFiles, "isAwaited">) {
    this.#files = files;
  }

  /** Rejects with what `fail` was told first, be it earlier or later. */
  async wait(isDone: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ isDone, resolve, reject });
      this.settle();
    });
  }

  /** The files have changed. */
  settle(): void {
    if (this.#failure !== null) {
      this.fail(this.#failure);
      return;
    }
    const done = this.#waiters.filter((waiter) => waiter.isDone());
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    this.#files.isAwaited = this.#waiters.length > 0;
    for (const waiter of done) {
      waiter.resolve();
    }
  }

  /** The files will not change any more. */
  fail(error: Error): void {
    this.#failure ??= error;
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#files.isAwaited = false;
    for (const waiter of waiters) {
      waiter.reject(error);
    }
  }
}
