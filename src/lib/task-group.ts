// Owns background work: whoever starts some keeps a group, and closing the group aborts the work and waits for it.

export class TaskGroup {
  readonly #controller = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** Aborted when the group closes. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts `task`; its result goes to the caller, its end is waited for by `close`. */
  async run<Result>(task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    const promise = task(this.signal);
    this.#running.add(promise);
    try {
      return await promise;
    } finally {
      this.#running.delete(promise);
    }
  }

  /** Aborts what runs, with `reason`, and waits until it has ended. New tasks are refused with the same reason. */
  async close(reason: Error): Promise<void> {
    this.#controller.abort(reason);
    await Promise.allSettled(this.#running);
  }
}
