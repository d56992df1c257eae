// A watch as an async iterable. Batches wait here until they are read; when too many do, the node is told to stop and the
// watch catches up from history later, so that a slow reader costs a bounded buffer and loses nothing.
// Must never: give part of a revision, or a revision twice.
import { T4Error } from "../core/errors.js";
import type { KeyRange } from "../core/range/key-range.js";
import { WATCH_BUFFER_BYTES_MAX, WATCH_BUFFER_EVENTS_MAX } from "../core/limits.js";
import type { Node, WatchBatch as NodeBatch, Watcher } from "../node/node.js";
import type { Clock, Timer } from "../runtime/clock.js";
import { wholeNumber } from "./arguments.js";
import type { ValueCodec } from "./encoding.js";
import { change, type Change } from "./key-value.js";

export interface WatchOptions {
  /**
   * The first revision wanted: in the past (not below the compact revision), or in the future. Without it the watch
   * starts with the first change after this call.
   */
  readonly startRevision?: number;
  /** Give each change the row before it as `previous`. */
  readonly prevKv?: boolean;
  /** Leave out puts or deletes. */
  readonly filters?: { readonly puts?: boolean; readonly deletes?: boolean };
  /**
   * After so long without a batch, give an empty one if the store has moved on: its revision says that nothing was
   * missed up to there.
   */
  readonly progressIntervalMs?: number;
  /** Ends the watch with T4_CANCELLED. */
  readonly signal?: AbortSignal;
}

/** Whole revisions, in order. */
export interface WatchBatch<Value> {
  /**
   * Everything up to this revision has been given, with this batch or before it. A watch that starts at the next
   * revision goes on exactly here.
   */
  readonly revision: number;
  /** Empty if this batch only tells of progress. */
  readonly events: readonly Change<Value>[];
}

export class Watch<Value> implements AsyncIterable<WatchBatch<Value>>, AsyncDisposable {
  /** The store's revision when the watch began. */
  readonly createdRevision: number;
  readonly #codec: ValueCodec<Value, never>;
  readonly #clock: Clock;
  readonly #prevKv: boolean;
  readonly #startRevision: number;
  readonly #progressIntervalMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #ended: (watch: Watch<Value>) => void;
  readonly #watcher: Watcher;
  #batches: NodeBatch[] = [];
  #events = 0;
  #bytes = 0;
  /** The node was told that nothing more fits. */
  #isFull = false;
  /** The revision of the last batch given, or what stands before the first. */
  #toldRevision = 0;
  #isProgressDue = false;
  #wake: (() => void) | null = null;
  #isRead = false;
  /** Why there will be no more batches, beside those that wait. */
  #end: { readonly error: T4Error | null } | null = null;

  /**
   * Registers at once. `ended` is called when the node feeds this no more.
   *
   * @internal
   */
  constructor(
    node: Node,
    clock: Clock,
    codec: ValueCodec<Value, never>,
    range: KeyRange,
    options: WatchOptions,
    ended: (watch: Watch<Value>) => void,
  ) {
    const { startRevision, prevKv = false, filters = {}, progressIntervalMs, signal } = options;
    this.#codec = codec;
    this.#clock = clock;
    this.#prevKv = prevKv;
    this.#startRevision = wholeNumber("startRevision", startRevision, 1, 0);
    this.#progressIntervalMs = wholeNumber("progressIntervalMs", progressIntervalMs, 1, 0);
    this.#signal = signal;
    this.#ended = ended;
    if (signal?.aborted === true) {
      throw cancelled(signal);
    }
    this.#watcher = node.watch(
      {
        range,
        startRevision: this.#startRevision,
        puts: filters.puts ?? true,
        deletes: filters.deletes ?? true,
      },
      {
        deliver: (batch) => this.#take(batch),
        compacted: (compactRevision) => {
          this.#finish(
            new T4Error(
              "T4_COMPACTED",
              `the watch fell behind a compaction at revision ${compactRevision}`,
            ),
          );
        },
      },
    );
    this.createdRevision = this.#watcher.createdRevision;
    this.#toldRevision = this.#startRevision === 0 ? this.createdRevision : this.#startRevision - 1;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /**
   * The batches as they come. A watch is read once. Leaving the loop ends it.
   *
   * @throws T4Error T4_COMPACTED (the watch fell behind a compaction: read the state anew), T4_CANCELLED (its signal),
   *   T4_CLOSED or what stopped the store.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch<Value>, void, undefined> {
    if (this.#isRead) {
      throw new T4Error("T4_INVALID_ARGUMENT", "a watch is read once");
    }
    this.#isRead = true;
    try {
      for (;;) {
        const batch = this.#next();
        if (batch !== null) {
          yield batch;
        } else if (this.#end !== null) {
          if (this.#end.error !== null) {
            throw this.#end.error;
          }
          return;
        } else {
          await this.#changed();
        }
      }
    } finally {
      this.cancel();
    }
  }

  /** Ends the watch and its loop. What was not read yet is dropped. */
  cancel(): void {
    this.#stop(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    this.cancel();
  }

  /**
   * The store is gone: nothing can be read from it any more.
   *
   * @internal
   */
  fail(error: T4Error): void {
    this.#stop(error);
  }

  #stop(error: T4Error | null): void {
    if (this.#end === null) {
      this.#watcher.cancel();
    }
    this.#drop();
    this.#finish(error);
  }

  readonly #onAbort = (): void => {
    if (this.#signal !== undefined) {
      this.fail(cancelled(this.#signal));
    }
  };

  /** Called by the node: must not call back. */
  #take(batch: NodeBatch): boolean {
    this.#batches.push(batch);
    this.#account(batch, 1);
    this.#isFull = this.#events >= WATCH_BUFFER_EVENTS_MAX || this.#bytes >= WATCH_BUFFER_BYTES_MAX;
    this.#wake?.();
    return !this.#isFull;
  }

  #account(batch: NodeBatch, sign: 1 | -1): void {
    this.#events += sign * batch.events.length;
    for (const { row } of batch.events) {
      this.#bytes += sign * (row.end - row.start);
    }
  }

  #next(): WatchBatch<Value> | null {
    const batch = this.#batches.shift();
    if (batch === undefined) {
      return this.#progress();
    }
    this.#account(batch, -1);
    if (
      this.#isFull &&
      this.#events <= WATCH_BUFFER_EVENTS_MAX / 2 &&
      this.#bytes <= WATCH_BUFFER_BYTES_MAX / 2
    ) {
      this.#isFull = false;
      this.#watcher.resume();
    }
    this.#toldRevision = batch.revision;
    return {
      revision: batch.revision,
      events: batch.events.map((event) =>
        change(event.row, this.#prevKv ? event.previous() : undefined, this.#codec),
      ),
    };
  }

  /** An empty batch, if one is due and says something new. Only when nothing waits: batches tell of progress, too. */
  #progress(): WatchBatch<Value> | null {
    if (!this.#isProgressDue || this.#end !== null) {
      return null;
    }
    this.#isProgressDue = false;
    const { isSynced, deliveredRevision } = this.#watcher;
    if (!isSynced || deliveredRevision <= this.#toldRevision) {
      return null;
    }
    this.#toldRevision = deliveredRevision;
    return { revision: deliveredRevision, events: [] };
  }

  /** Resolves when there may be something to give. */
  async #changed(): Promise<void> {
    let timer: Timer | null = null;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#progressIntervalMs > 0) {
        timer = this.#clock.after(this.#progressIntervalMs, () => {
          this.#isProgressDue = true;
          resolve();
        });
      }
    });
    this.#wake = null;
    (timer as Timer | null)?.cancel();
  }

  #drop(): void {
    this.#batches = [];
    this.#events = 0;
    this.#bytes = 0;
  }

  #finish(error: T4Error | null): void {
    if (this.#end === null) {
      this.#end = { error };
      this.#signal?.removeEventListener("abort", this.#onAbort);
      this.#ended(this);
      this.#wake?.();
    }
  }
}

function cancelled(signal: AbortSignal): T4Error {
  return new T4Error("T4_CANCELLED", "the watch was cancelled by its signal", {
    cause: signal.reason,
  });
}
