// How a node ends: once, and for one reason, with which everything is refused from then on. It is closed, or it stops by
// itself.
// Must never: end twice, or reject while ending: what fails on the way is told by `stopped`.
import { T4Error } from "../../core/errors.js";
import { assert } from "../../lib/assert.js";
import type { Logger } from "../../runtime/logger.js";

/** Ends all that a node is made of; each step that may fail goes through `Ending.attempt`. */
export type Release = (reason: T4Error) => Promise<void>;

export class Ending {
  /** Resolves when all is released, with the error if the node stopped by itself or a step failed. */
  readonly stopped: Promise<T4Error | null>;
  readonly #logger: Logger;
  readonly #release: Release;
  #reportStopped: (error: T4Error | null) => void = () => {};
  /** Why nothing is served any more; null while it is. */
  #reason: T4Error | null = null;
  #stoppedBy: T4Error | null = null;
  #error: T4Error | null = null;
  /** The releasing, once it has begun. */
  #released: Promise<void> | null = null;

  constructor(logger: Logger, release: Release) {
    this.#logger = logger;
    this.#release = release;
    this.stopped = new Promise((resolve) => {
      this.#reportStopped = resolve;
    });
  }

  /** What made the node stop by itself; null while it runs, or if it was closed. */
  get stoppedBy(): T4Error | null {
    return this.#stoppedBy;
  }

  /** The first that went wrong: what made it stop, or the first step that failed. */
  get error(): T4Error | null {
    return this.#error;
  }

  /** Throws T4_CLOSED once the node has begun to end. */
  assertOpen(): void {
    if (this.#reason !== null) {
      throw this.#reason;
    }
  }

  /** Stops by itself: a file failed, and going on could lose what is acknowledged. */
  fail(error: T4Error): void {
    if (this.#reason === null) {
      this.#logger.error("the node stops", { error });
      this.#stoppedBy = error;
      this.#error = error;
      this.#begin(
        new T4Error("T4_CLOSED", `the node has stopped: ${error.message}`, { cause: error }),
      );
    }
  }

  /** Resolves when all is released, whatever began it. */
  async close(): Promise<void> {
    if (this.#reason === null) {
      this.#begin(new T4Error("T4_CLOSED", "the store is closed"));
    }
    await this.#released;
  }

  /** One step of the releasing. What it throws is logged and kept, and the next step goes on. */
  async attempt(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (cause) {
      if (cause !== this.#stoppedBy) {
        this.#logger.error("closing failed", { what, error: cause as Error });
      }
      this.#error ??=
        cause instanceof T4Error
          ? cause
          : new T4Error("T4_IO", `${what} could not be closed`, { cause });
    }
  }

  /** The reason stands before the first step: what the steps refuse, they refuse with it. */
  #begin(reason: T4Error): void {
    assert(this.#released === null, "a node is released once");
    this.#reason = reason;
    this.#released = this.#run(reason);
  }

  async #run(reason: T4Error): Promise<void> {
    await this.#release(reason);
    this.#reportStopped(this.#error);
  }
}
