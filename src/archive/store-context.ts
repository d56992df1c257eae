// What calls of the object store need beside their arguments, and calls that go on until they succeed.
import { ObjectStoreError, type ObjectStore, type PutCondition } from "../object/object-store.js";
import { pause, type RetryWorld } from "../object/retry.js";
import { settlePut, type SettledPut } from "../object/settle-put.js";

export interface StoreContext extends RetryWorld {
  readonly store: ObjectStore;
  /** Ends every wait: then calls reject with its reason or an ObjectStoreError "cancelled". */
  readonly signal: AbortSignal;
}

/** `settlePut` in this context. */
export async function settle(
  context: StoreContext,
  key: string,
  body: Uint8Array,
  condition: PutCondition,
): Promise<SettledPut> {
  return settlePut(context.store, key, body, condition, context, context.signal);
}

/**
 * Repeats `call` while the store cannot answer, or answers with too few bytes; `triesMax` times at most. Rejects with all else
 * that it throws.
 */
export async function persistently<Result>(
  context: StoreContext,
  call: () => Promise<Result>,
  triesMax: number = Number.POSITIVE_INFINITY,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    context.signal.throwIfAborted();
    let cause: ObjectStoreError;
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || tries >= triesMax) {
        throw error;
      }
      cause = error;
    }
    await pause(tries, context, context.signal, cause);
  }
}

function isPassing(error: unknown): error is ObjectStoreError {
  return (
    error instanceof ObjectStoreError && (error.code === "unavailable" || error.code === "damaged")
  );
}
