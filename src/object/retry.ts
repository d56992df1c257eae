// Trying again: how long to wait, and calls that may be repeated, for stores that do not repeat them by themselves.
import type { Clock } from "../runtime/clock.js";
import type { Random } from "../runtime/random.js";
import { ObjectStoreError } from "./object-store.js";
import type {
  ByteRange,
  CallOptions,
  ObjectInfo,
  ObjectSource,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "./object-store.js";

/** First and longest wait between two tries. Of each a random part is waited, so that many clients do not meet again. */
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 5_000;
/** Tries of one call: together some 25 s of waiting at most. */
const TRIES_MAX = 10;

export interface RetryWorld {
  readonly clock: Clock;
  readonly random: Random;
}

/** What to wait before trying again after `failures` failed tries (at least 1), in milliseconds. */
export function backoffMs(failures: number, random: Random): number {
  // The exponent is bounded so that a very long outage does not make it infinite.
  const limitMs = BACKOFF_MS_MIN * 2 ** Math.min(failures - 1, 20);
  return random.fraction() * Math.min(limitMs, BACKOFF_MS_MAX);
}

/** Waits; an aborted signal ends it with an ObjectStoreError "cancelled", whose cause is why there was anything to wait for. */
export async function pause(
  failures: number,
  { clock, random }: RetryWorld,
  signal: AbortSignal | undefined,
  cause: Error,
): Promise<void> {
  try {
    await clock.sleep(backoffMs(failures, random), signal);
  } catch {
    throw new ObjectStoreError("cancelled", `given up after ${failures} tries: ${cause.message}`, {
      cause,
    });
  }
}

function isUnavailable(error: unknown): error is ObjectStoreError {
  return error instanceof ObjectStoreError && error.code === "unavailable";
}

/** Calls `run` until it does anything but throw "unavailable", or too often. */
export async function retryUnavailable<Result>(
  world: RetryWorld,
  signal: AbortSignal | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isUnavailable(error) || tries === TRIES_MAX) {
        throw error;
      }
      await pause(tries, world, signal, error);
    }
  }
}

/** `store` with all calls but conditional puts tried again while it is unavailable. */
export function retryingObjectStore(store: ObjectStore, world: RetryWorld): ObjectStore {
  const retry = async <Result>(
    options: CallOptions | undefined,
    run: () => Promise<Result>,
  ): Promise<Result> => retryUnavailable(world, options?.signal, run);
  return {
    url: store.url,
    at: (path: string): ObjectStore => retryingObjectStore(store.at(path), world),
    get: async (key: string, options?: CallOptions): Promise<StoredObject | null> =>
      retry(options, async () => store.get(key, options)),
    getRange: async (
      key: string,
      range: ByteRange,
      options?: CallOptions,
    ): Promise<Uint8Array | null> =>
      retry(options, async () => store.getRange(key, range, options)),
    head: async (key: string, options?: CallOptions): Promise<ObjectInfo | null> =>
      retry(options, async () => store.head(key, options)),
    put: async (
      key: string,
      body: Uint8Array | ObjectSource,
      options?: CallOptions,
    ): Promise<void> => retry(options, async () => store.put(key, body, options)),
    // Its outcome may be unknown, which is no failure to repeat: see settle-put.ts.
    putIf: async (
      key: string,
      body: Uint8Array,
      condition: PutCondition,
      options?: CallOptions,
    ): Promise<PutOutcome> => store.putIf(key, body, condition, options),
    delete: async (keys: readonly string[], options?: CallOptions): Promise<void> =>
      retry(options, async () => store.delete(keys, options)),
    list: (prefix, options) => retryingList(store, prefix, options, world),
    close: async (): Promise<void> => store.close(),
  };
}

async function* retryingList(
  store: ObjectStore,
  prefix: string,
  options: (CallOptions & { readonly after?: string }) | undefined,
  world: RetryWorld,
): AsyncGenerator<ObjectInfo> {
  let from = options;
  for (let failures = 0; ;) {
    try {
      for await (const info of store.list(prefix, from)) {
        // It goes on after what was given out.
        from = { ...options, after: info.key };
        failures = 0;
        yield info;
      }
      return;
    } catch (error) {
      failures += 1;
      if (!isUnavailable(error) || failures === TRIES_MAX) {
        throw error;
      }
      await pause(failures, world, options?.signal, error);
    }
  }
}
