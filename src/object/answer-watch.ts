// Watches whether an object store answers: since when it has been asked in vain, and what the last call said. A refusal is an
// answer. Everything else passes through, until whoever watches has seen enough.
import { orAborted } from "../lib/abort-listeners.js";
import type { Clock } from "../runtime/clock.js";
import {
  ObjectStoreError,
  type ByteRange,
  type CallOptions,
  type ObjectInfo,
  type ObjectSource,
  type ObjectStore,
  type ObjectVersions,
  type PutCondition,
  type PutOutcome,
  type StoredObject,
} from "./object-store.js";

export interface Silence {
  readonly sinceMs: number;
  /** What the last call failed with; null: none has come back. */
  readonly failure: Error | null;
}

export class AnswerWatch {
  readonly #clock: Clock;
  #pending = 0;
  #sinceMs: number | null = null;
  #failure: Error | null = null;
  readonly #enough = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Since when, on the monotonic clock, something has been asked and nothing answered; null: all is well, as far as is known. */
  get silence(): Silence | null {
    return this.#sinceMs === null ? null : { sinceMs: this.#sinceMs, failure: this.#failure };
  }

  /** All calls end at once, those under way too; what they did is then unknown. */
  giveUp(reason: Error): void {
    this.#enough.abort(
      new ObjectStoreError("cancelled", "the object store is not asked any more", {
        cause: reason,
      }),
    );
  }

  over(store: ObjectStore): ObjectStore {
    const { versions } = store;
    return {
      url: store.url,
      ...(versions === undefined ? {} : { versions: this.#overVersions(versions) }),
      at: (path: string): ObjectStore => this.over(store.at(path)),
      get: async (key: string, options?: CallOptions): Promise<StoredObject | null> =>
        this.#call(async () => store.get(key, options)),
      getRange: async (
        key: string,
        range: ByteRange,
        options?: CallOptions,
      ): Promise<Uint8Array | null> => this.#call(async () => store.getRange(key, range, options)),
      head: async (key: string, options?: CallOptions): Promise<ObjectInfo | null> =>
        this.#call(async () => store.head(key, options)),
      put: async (
        key: string,
        body: Uint8Array | ObjectSource,
        options?: CallOptions,
      ): Promise<void> => this.#call(async () => store.put(key, body, options)),
      putIf: async (
        key: string,
        body: Uint8Array,
        condition: PutCondition,
        options?: CallOptions,
      ): Promise<PutOutcome> => this.#call(async () => store.putIf(key, body, condition, options)),
      delete: async (keys: readonly string[], options?: CallOptions): Promise<void> =>
        this.#call(async () => store.delete(keys, options)),
      list: (prefix, options) => this.#list(store.list(prefix, options)),
      close: async (): Promise<void> => store.close(),
    };
  }

  #overVersions(versions: ObjectVersions): ObjectVersions {
    return {
      areKept: async (options) => this.#call(async () => versions.areKept(options)),
      get: async (key, version, options) =>
        this.#call(async () => versions.get(key, version, options)),
      getRange: async (key, version, range, options) =>
        this.#call(async () => versions.getRange(key, version, range, options)),
    };
  }

  async #call<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#begun();
    try {
      const result = await orAborted(run(), this.#enough.signal);
      this.#ended(isUnknown(result) ? result.cause : null);
      return result;
    } catch (error) {
      this.#ended(error as Error);
      throw error;
    }
  }

  /** The first object, or the end, is the answer: how long the rest takes is up to who reads. */
  async *#list(objects: AsyncIterable<ObjectInfo>): AsyncGenerator<ObjectInfo> {
    let isPending = true;
    const ended = (failure: Error | null): void => {
      if (isPending) {
        isPending = false;
        this.#ended(failure);
      }
    };
    this.#begun();
    const iterator = objects[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await orAborted(iterator.next(), this.#enough.signal);
        ended(null);
        if (step.done === true) {
          return;
        }
        yield step.value;
      }
    } catch (error) {
      ended(error as Error);
      throw error;
    } finally {
      if (!this.#enough.signal.aborted) {
        await iterator.return?.();
      }
    }
  }

  #begun(): void {
    this.#pending += 1;
    this.#sinceMs ??= this.#clock.monotonicMs();
  }

  #ended(failure: Error | null): void {
    this.#pending -= 1;
    const isCancelled = failure instanceof ObjectStoreError && failure.code === "cancelled";
    if (isSilence(failure)) {
      this.#failure = failure;
    } else if (!isCancelled) {
      this.#sinceMs = this.#pending > 0 ? this.#clock.monotonicMs() : null;
      this.#failure = null;
    } else if (this.#pending === 0 && this.#failure === null) {
      // Nobody waits any more, and nothing is known.
      this.#sinceMs = null;
    }
  }
}

function isUnknown(result: unknown): result is { readonly kind: "unknown"; readonly cause: Error } {
  return (
    typeof result === "object" && result !== null && "kind" in result && result.kind === "unknown"
  );
}

function isSilence(failure: Error | null): boolean {
  return (
    failure !== null && !(failure instanceof ObjectStoreError && failure.code !== "unavailable")
  );
}
