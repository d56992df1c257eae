// The log of a store that keeps nothing: entries are as durable as they will ever be at the end of the turn, and are
// forgotten at once.
import { assert } from "../lib/assert.js";
import type { Entry } from "../core/entry.js";
import type { LogIndex, Term } from "../core/words.js";
import type { Log, LogListener, SealedSegment } from "./log.js";

export class MemoryLog implements Log {
  readonly hasSpace = true;
  readonly sealedSegments: readonly SealedSegment[] = [];
  readonly #listener: LogListener;
  #tipIndex: LogIndex = 0 as LogIndex;
  #tipTerm: Term = 0 as Term;
  #durableIndex: LogIndex = 0 as LogIndex;
  #pendingBytes = 0;
  #segmentBytes = 0;
  #isClosed = false;

  constructor(listener: LogListener) {
    this.#listener = listener;
  }

  get tipIndex(): LogIndex {
    return this.#tipIndex;
  }

  get tipTerm(): Term {
    return this.#tipTerm;
  }

  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  append(entry: Entry): void {
    assert(!this.#isClosed, "nothing is appended to a closed log");
    assert(entry.index === this.#tipIndex + 1, "entries are appended in order");
    if (this.#durableIndex === this.#tipIndex) {
      queueMicrotask(() => {
        this.#settle();
      });
    }
    let bytes = 0;
    for (const row of entry.rows) {
      bytes += row.end - row.start;
    }
    this.#pendingBytes += bytes;
    this.#segmentBytes += bytes;
    this.#tipIndex = entry.index;
    this.#tipTerm = entry.term;
  }

  noteCommitted(): void {}

  seal(): void {
    if (this.#segmentBytes > 0) {
      const bytes = this.#segmentBytes;
      this.#segmentBytes = 0;
      this.#listener.sealed({ index: this.#tipIndex, bytes });
    }
  }

  deleteThrough(): void {}

  async flush(): Promise<void> {
    this.#settle();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
  }

  #settle(): void {
    if (this.#durableIndex !== this.#tipIndex) {
      this.#durableIndex = this.#tipIndex;
      this.#pendingBytes = 0;
      this.#listener.durable(this.#tipIndex);
    }
  }
}
