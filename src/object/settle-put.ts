// A conditional put until its outcome is known. A lost response, a timeout or a store that is busy leaves a put that may
// have been written: it is read back, and the same bytes are sent again under the same condition, until it won or lost.
// Must never: take a "lost" that follows an unknown outcome for the truth, since it may be about our own first try.
import { compareBytes } from "../lib/bytes.js";
import { ObjectStoreError } from "./object-store.js";
import type { ObjectStore, ObjectTag, PutCondition, PutOutcome } from "./object-store.js";
import { pause, type RetryWorld } from "./retry.js";

export type SettledPut =
  | { readonly kind: "won"; readonly tag: ObjectTag }
  /**
   * The object is not what was put. After an unknown outcome it may have been, for a moment, before another swapped it or
   * removed it.
   */
  | { readonly kind: "lost" };

/**
 * Puts `body`, which no other writer ever puts (it carries a nonce), and returns what became of it. Waits 50 ms to 5 s, at
 * random, between tries, until `signal` is aborted: then throws an ObjectStoreError "cancelled", and the outcome is
 * unknown. Throws what the store does ("denied", "not-found", "full", "unsupported") only if surely nothing was written.
 */
export async function settlePut(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  condition: PutCondition,
  world: RetryWorld,
  signal: AbortSignal,
): Promise<SettledPut> {
  /** Whether a try of ours may have been written, or may still be. */
  let mayBeWritten = false;
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryPut(store, key, body, condition, mayBeWritten, signal);
    if (outcome.kind === "won" || (outcome.kind === "lost" && !mayBeWritten)) {
      return outcome;
    }
    if (outcome.kind === "lost") {
      return (await readBack(store, key, body, condition, world, signal)) ?? outcome;
    }
    mayBeWritten ||= outcome.kind === "unknown";
    const settled = mayBeWritten
      ? await readBack(store, key, body, condition, world, signal)
      : null;
    if (settled !== null) {
      return settled;
    }
    await pause(tries, world, signal, outcome.cause);
  }
}

/** One try. "failed": it wrote nothing, and may work later. */
async function tryPut(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  condition: PutCondition,
  mayBeWritten: boolean,
  signal: AbortSignal,
): Promise<PutOutcome | { readonly kind: "failed"; readonly cause: Error }> {
  try {
    return await store.putIf(key, body, condition, { signal });
  } catch (error) {
    // That this try wrote nothing says nothing of those before it, whose outcome must be known.
    if (
      error instanceof ObjectStoreError &&
      error.code !== "cancelled" &&
      (error.code === "unavailable" || mayBeWritten)
    ) {
      return { kind: "failed", cause: error };
    }
    throw error;
  }
}

/** What the object shows of a put whose outcome is unknown; null if its condition still holds. */
async function readBack(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  condition: PutCondition,
  world: RetryWorld,
  signal: AbortSignal,
): Promise<SettledPut | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      const found = await store.get(key, { signal });
      if (found !== null && compareBytes(found.body, body) === 0) {
        return { kind: "won", tag: found.tag };
      }
      const holds = condition.kind === "absent" ? found === null : found?.tag === condition.tag;
      return holds ? null : { kind: "lost" };
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.code === "cancelled") {
        throw error;
      }
      await pause(tries, world, signal, error);
    }
  }
}
