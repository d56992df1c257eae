// Whether a node leads on a prefix right now, without taking the lock from it.
import type { ObjectStore } from "../object/object-store.js";
import type { Runtime } from "../runtime/runtime.js";
import { LOCK_TTL_MS } from "./leader-lock.js";
import type { LockRecord } from "./lock-record.js";
import { readLock } from "./take-lock.js";

/** Looks at the lock within one time to live: a renewal comes every third of it. */
const LOOKS = 10;

export interface FindRunnerOptions {
  readonly runtime: Runtime;
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly ttlMs?: number;
  /** Told once if the lock is held: only time tells whether its holder lives. */
  readonly waiting?: (holder: LockRecord) => void;
}

/**
 * The holder of a lock that is renewed; null if it is free or was not renewed for a whole time to live. Throws T4_CORRUPT,
 * T4_FORMAT_TOO_NEW, or an ObjectStoreError of a store that refuses.
 */
export async function findRunner(options: FindRunnerOptions): Promise<LockRecord | null> {
  const { runtime, signal, ttlMs = LOCK_TTL_MS } = options;
  const found = await readLock(options);
  if (found === null || found.record.state === "released") {
    return null;
  }
  options.waiting?.(found.record);
  const untilMs = runtime.clock.monotonicMs() + ttlMs;
  while (runtime.clock.monotonicMs() < untilMs) {
    await runtime.clock.sleep(ttlMs / LOOKS, signal);
    const now = await readLock(options);
    if (now === null || now.record.state === "released") {
      return null;
    }
    if (now.tag !== found.tag) {
      return now.record;
    }
  }
  return null;
}
