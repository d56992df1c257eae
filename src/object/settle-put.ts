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
    let outcome: PutOutcome | null;
    try {
      outcome = await store.putIf(key, body, condition, { signal });
    } catch (error) {
      // That this try wrote nothing says nothing of those before it.
      if (!isWorthWaiting(error, mayBeWritten)) {
        throw error;
      }
      outcome = null;
    }
    if (outcome?.kind === "won" || (outcome?.kind === "lost" && !mayBeWritten)) {
      return outcome;
    }
    mayBeWritten ||= outcome?.kind === "unknown";
    if (mayBeWritten) {
      const settled = await readBack(store, key, body, condition, world, signal);
      // A store that answered "lost" found the condition unmet, so there is nothing to send again.
      if (settled !== null || outcome?.kind === "lost") {
        return settled ?? { kind: "lost" };
      }
    }
    await pause(tries, world, signal);
  }
}

function isWorthWaiting(error: unknown, mayBeWritten: boolean): boolean {
  return (
    error instanceof ObjectStoreError &&
    error.code !== "cancelled" &&
    (error.code === "unavailable" || mayBeWritten)
  );
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
    }
    await pause(tries, world, signal);
  }
}
