// A log whose groups become durable when the test says so, or fail.
import type { Entry } from "../../src/core/entry.js";
import type { T4Error } from "../../src/core/errors.js";
import type { LogIndex, Term } from "../../src/core/words.js";
import type { Log, LogListener, SealedSegment } from "../../src/log/log.js";

export class PlainLog implements Log {
  readonly entries: Entry[] = [];
  readonly sealedSegments: readonly SealedSegment[] = [];
  durableIndex = 0 as LogIndex;
  hasSpace = true;
  pendingBytes = 0;
  committedNoted = 0;
  error: T4Error | null = null;
  listener: Pick<LogListener, "durable" | "failed"> | null = null;
  /** Each turn's entries become durable by themselves at its end. */
  isAutomatic: boolean;
  #isAsked = false;

  constructor(isAutomatic: boolean) {
    this.isAutomatic = isAutomatic;
  }

  get tipIndex(): LogIndex {
    return this.entries.length as LogIndex;
  }

  get tipTerm(): Term {
    return this.entries.at(-1)?.term ?? (0 as Term);
  }

  append(entry: Entry): void {
    this.entries.push(entry);
    if (this.isAutomatic && !this.#isAsked) {
      this.#isAsked = true;
      queueMicrotask(() => {
        this.#isAsked = false;
        this.makeDurable();
      });
    }
  }

  /** What is appended survives, up to `index`. */
  makeDurable(index: number = this.tipIndex): void {
    if (index > this.durableIndex && this.error === null) {
      this.durableIndex = index as LogIndex;
      this.listener?.durable(this.durableIndex);
    }
  }

  fail(error: T4Error): void {
    this.error = error;
    this.listener?.failed(error);
  }

  noteCommitted(index: LogIndex): void {
    this.committedNoted = index;
  }

  seal(): void {}

  deleteThrough(): void {}

  async flush(): Promise<void> {
    if (this.error !== null) {
      throw this.error;
    }
    this.makeDurable();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.flush();
  }
}
