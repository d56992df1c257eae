// Taking the lock: at once where nobody can hold it any more, else only after it has not changed for its whole time to live on
// our own monotonic clock. No two machines' clocks are compared.
import { hexOf } from "../lib/hex.js";
import { T4Error } from "../core/errors.js";
import type { Term } from "../core/words.js";
import { makeWriteId } from "../object/json-object.js";
import { ObjectStoreError, type ObjectStore, type PutCondition } from "../object/object-store.js";
import { pause } from "../object/retry.js";
import { settlePut } from "../object/settle-put.js";
import type { Runtime } from "../runtime/runtime.js";
import { addLockNonce, readLockNonces } from "./lock-nonces.js";
import {
  decodeLockRecord,
  encodeLockRecord,
  LEADER_LOCK_KEY,
  type AcknowledgeRule,
  type LockRecord,
  type ReadLock,
} from "./lock-record.js";

/** Looks at the lock within one time to live while it is watched. */
const LOOKS = 5;

export interface LockIdentity {
  readonly clusterId: bigint;
  readonly nodeId: string;
  readonly logId: string;
  readonly address: string;
}

export interface TakeLockOptions {
  readonly runtime: Runtime;
  readonly store: ObjectStore;
  /** The data directory, which this process has locked. */
  readonly directory: string;
  readonly identity: LockIdentity;
  /** The rule that is wanted. Over a record that says "local" that stays: the backlog has to be archived before another is true. */
  readonly rule: AcknowledgeRule;
  /** The highest term seen anywhere else: in the manifest and in the own log. The lock's own term counts as well. */
  readonly seenTerm: Term;
  readonly ttlMs: number;
  readonly signal: AbortSignal;
  /** Told once if the lock must be watched for a whole time to live first. */
  readonly waiting?: (holder: LockRecord) => void;
}

export interface TakenLock extends ReadLock {
  /** On the monotonic clock: when the put that won was begun. */
  readonly sinceMs: number;
  /** What was there before; null: nothing. */
  readonly replaced: LockRecord | null;
}

/**
 * Takes the lock, with a term above all seen. Throws T4_LOCKED if somebody else is alive and holds it, T4_CORRUPT,
 * T4_FORMAT_TOO_NEW, a DiskError, or an ObjectStoreError of a store that refuses; goes on through one that does not answer.
 */
export async function takeLock(options: TakeLockOptions): Promise<TakenLock> {
  for (;;) {
    const found = await readLock(options);
    if (found !== null && !isFree(options, found.record)) {
      await watch(options, found);
    }
    const taken = await swap(options, found);
    if (taken !== null) {
      return taken;
    }
  }
}

/** Null if there is no lock yet. */
export async function readLock(
  options: Pick<TakeLockOptions, "store" | "runtime" | "signal">,
): Promise<ReadLock | null> {
  const { store, runtime, signal } = options;
  for (let tries = 1; ; tries += 1) {
    let cause: ObjectStoreError;
    try {
      const object = await store.get(LEADER_LOCK_KEY, { signal });
      return object === null
        ? null
        : {
            record: decodeLockRecord(object.body, store.url + LEADER_LOCK_KEY),
            tag: object.tag,
          };
    } catch (error) {
      const isPassing =
        error instanceof ObjectStoreError &&
        (error.code === "unavailable" || error.code === "damaged");
      if (!isPassing) {
        throw error;
      }
      cause = error;
    }
    await pause(tries, runtime, signal, cause);
  }
}

/** Whether nobody can be at work under this record. */
function isFree({ runtime, directory, identity }: TakeLockOptions, record: LockRecord): boolean {
  if (record.state === "released") {
    return true;
  }
  // Ours: this process has the directory for itself, so the one that wrote the nonce is dead.
  return (
    record.logId === identity.logId &&
    readLockNonces(runtime.disk, directory).includes(record.nonce)
  );
}

/** Returns when the lock has not changed for one time to live, or was released. Throws T4_LOCKED if it was renewed. */
async function watch(options: TakeLockOptions, found: ReadLock): Promise<void> {
  const { runtime, ttlMs, signal, store } = options;
  const { clock } = runtime;
  // From the end of the read: whatever renewal it shows was begun before.
  const untilMs = clock.monotonicMs() + ttlMs;
  options.waiting?.(found.record);
  for (;;) {
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) {
      return;
    }
    await clock.sleep(Math.min(leftMs, ttlMs / LOOKS), signal);
    const now = await readLock(options);
    if (now === null || now.tag !== found.tag) {
      if (now?.record.state === "released") {
        return;
      }
      throw lockedError(store, now?.record ?? found.record);
    }
  }
}

function lockedError(store: ObjectStore, { nodeId, address, term }: LockRecord): T4Error {
  return new T4Error(
    "T4_LOCKED",
    `node ${nodeId} at ${address} leads on ${store.url} in term ${term}: stop it first, or use another prefix`,
  );
}

/** The lock, if what was found is still there; null if somebody was faster. */
async function swap(options: TakeLockOptions, found: ReadLock | null): Promise<TakenLock | null> {
  const { runtime, store, identity, signal } = options;
  const nonce = hexOf(runtime.random.bytes(8));
  // Durable before it can be in the object: a crash in between, or after, costs no waiting.
  addLockNonce(runtime.disk, options.directory, nonce);
  const record: LockRecord = {
    ...identity,
    term: (Math.max(found?.record.term ?? 0, options.seenTerm) + 1) as Term,
    nonce,
    rule: found?.record.rule === "local" ? "local" : options.rule,
    state: "held",
    loss: found !== null && mayLose(found.record, identity) ? "possible" : "none",
    renewals: 0,
    writeId: makeWriteId(runtime.random),
  };
  const condition: PutCondition =
    found === null ? { kind: "absent" } : { kind: "match", tag: found.tag };
  const sinceMs = runtime.clock.monotonicMs();
  const body = encodeLockRecord(record);
  const settled = await settlePut(store, LEADER_LOCK_KEY, body, condition, runtime, signal);
  return settled.kind === "won"
    ? { record, tag: settled.tag, sinceMs, replaced: found?.record ?? null }
    : null;
}

/** Whether what the last leader acknowledged may be only on its own disk, which is not this one. */
function mayLose(last: LockRecord, { logId }: LockIdentity): boolean {
  const isOnlyThere = last.rule === "local" && last.state === "held" && last.logId !== logId;
  return isOnlyThere || last.loss === "possible";
}
