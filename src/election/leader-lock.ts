// The lock while it is held: renewed every third of its time to live, and believed only for a time that is counted from the
// start of the last renewal that succeeded, less a margin.
// Must never: believe itself longer than a challenger waits, or write over another's record.
import { assert } from "../lib/assert.js";
import { TaskGroup } from "../lib/task-group.js";
import { T4Error } from "../core/errors.js";
import type { Term } from "../core/words.js";
import { makeWriteId } from "../object/json-object.js";
import { withDeadline } from "../object/deadline.js";
import { ObjectStoreError, type ObjectTag, type PutOutcome } from "../object/object-store.js";
import { backoffMs } from "../object/retry.js";
import {
  decodeLockRecord,
  encodeLockRecord,
  LEADER_LOCK_KEY,
  type AcknowledgeRule,
  type LockRecord,
} from "./lock-record.js";
import { takeLock, type TakeLockOptions, type TakenLock } from "./take-lock.js";

export const LOCK_TTL_MS: number = 10_000;
/** What clocks may differ in speed over one time to live, and what a holder needs to stop. */
export const LOCK_MARGIN_MS: number = 2_000;
/** Renewals within one time to live: two may fail. */
const RENEWALS_PER_TTL = 3;
/**
 * What a put or a read of the record may take, as a part of the time to live: a renewal that is lost on its way, and the read
 * that finds that out, leave time for another one.
 */
const CALLS_PER_TTL = 6;
/** Renewals whose outcome is not known; the store answers each in bounded time, so there are never so many. */
const OPEN_RENEWALS_MAX = 16;

export interface LeaderLockOptions extends Omit<TakeLockOptions, "ttlMs"> {
  readonly ttlMs?: number;
  readonly marginMs?: number;
  /** Another owner was seen, or (null) the record is gone: called once; the lock is not held any more. */
  readonly lost: (by: LockRecord | null) => void;
}

/** Whose the lock is, by the object itself. */
export type LockOwner =
  | { readonly kind: "ours" }
  | { readonly kind: "other"; readonly record: LockRecord | null }
  | { readonly kind: "unreachable"; readonly cause: Error };

type State = "held" | "lost" | "released";

export class LeaderLock {
  /** The record that was there when this one was taken; null: none. */
  readonly replaced: LockRecord | null;
  readonly #options: LeaderLockOptions;
  readonly #ttlMs: number;
  readonly #marginMs: number;
  readonly #tasks: TaskGroup = new TaskGroup();
  readonly #running: Promise<void>;
  /** Our newest record that is known to be in the object. */
  #record: LockRecord;
  #tag: ObjectTag;
  /** When the put of `#record` was begun. */
  #sinceMs: number;
  /** Renewals that may have been written, or may still be: by write id, when each was begun. */
  readonly #open = new Map<string, { readonly record: LockRecord; readonly sinceMs: number }>();
  #rule: AcknowledgeRule;
  #loss: LockRecord["loss"];
  #ruleWaiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #wake: (() => void) | null = null;
  #state: State = "held";

  private constructor(options: LeaderLockOptions, taken: TakenLock) {
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? LOCK_TTL_MS;
    this.#marginMs = options.marginMs ?? LOCK_MARGIN_MS;
    this.#record = taken.record;
    this.#tag = taken.tag;
    this.#sinceMs = taken.sinceMs;
    this.#rule = taken.record.rule;
    this.#loss = taken.record.loss;
    this.replaced = taken.replaced;
    this.#running = this.#tasks.run(async (signal) => this.#run(signal));
  }

  /** Throws as `takeLock`: T4_LOCKED if another node is alive and holds it. */
  static async acquire(options: LeaderLockOptions): Promise<LeaderLock> {
    const ttlMs = options.ttlMs ?? LOCK_TTL_MS;
    assert(
      (options.marginMs ?? LOCK_MARGIN_MS) < ttlMs,
      "the margin is a part of the time to live",
    );
    return new LeaderLock(options, await takeLock({ ...options, ttlMs }));
  }

  /** Above every term that was seen: the term of this leadership. */
  get term(): Term {
    return this.#record.term;
  }

  get record(): LockRecord {
    return this.#record;
  }

  /** Whether nobody else can have taken it yet. Asked right before each use: a stalled process may be late for anything. */
  isValid(): boolean {
    return this.validForMs > 0;
  }

  /** How long it stays valid without another renewal; 0 if it is not. */
  get validForMs(): number {
    const endMs = this.#sinceMs + this.#ttlMs - this.#marginMs;
    const leftMs = endMs - this.#options.runtime.clock.monotonicMs();
    return this.#state === "held" ? Math.max(0, leftMs) : 0;
  }

  /** Reads the object now. What it shows of another owner counts as seen. */
  async confirm(): Promise<LockOwner> {
    if (this.#state !== "held") {
      return { kind: "other", record: null };
    }
    try {
      const found = await this.#read();
      return this.#judge(found)
        ? { kind: "ours" }
        : { kind: "other", record: found?.record ?? null };
    } catch (error) {
      if (error instanceof ObjectStoreError) {
        return { kind: "unreachable", cause: error };
      }
      this.#unread(error);
      return { kind: "other", record: null };
    }
  }

  /** Resolves when the record says `rule`: before that nothing may be acknowledged under it. Rejects if the lock ends first. */
  async changeRule(rule: AcknowledgeRule): Promise<void> {
    if (this.#state !== "held") {
      throw this.#endedError();
    }
    this.#rule = rule;
    if (this.#saysAll(this.#record) && this.#open.size === 0) {
      return;
    }
    await new Promise<void>((resolve, reject) => {
      this.#ruleWaiters.push({ resolve, reject });
      this.#wakeUp();
    });
  }

  /** The raised revision is in the archive. Resolves when the record does not speak of a loss any more; rejects as `changeRule`. */
  async settleLoss(): Promise<void> {
    this.#loss = "none";
    await this.changeRule(this.#rule);
  }

  /**
   * Says in the object that nobody holds it, so that the next one need not wait; never removes it, since it keeps the term.
   * True if it is known to say so; the lock is not held any more in any case.
   */
  async release(): Promise<boolean> {
    const wasHeld = this.#state === "held";
    await this.close();
    if (!wasHeld) {
      return false;
    }
    for (let tries = 1; tries <= RENEWALS_PER_TTL; tries += 1) {
      const record = this.#nextRecord("released");
      const outcome = await this.#attempt(record, undefined);
      if (outcome.kind === "won") {
        return true;
      }
      // An earlier renewal, or this very put, may have been written without an answer.
      const found = await this.#read().catch(() => null);
      if (found !== null && this.#judge(found) && found.record.state === "released") {
        return true;
      }
    }
    return false;
  }

  /** Stops renewing: the lock is not held any more, and others take it after its time to live. */
  async close(): Promise<void> {
    if (this.#state === "held") {
      this.#state = "released";
    }
    this.#rejectRules();
    await this.#tasks.close(this.#endedError());
    await this.#running;
  }

  /** Ends with the signal, or when the lock is lost. */
  async #run(signal: AbortSignal): Promise<void> {
    try {
      for (let failures = 0; this.#state === "held";) {
        await this.#waitForRenewal(failures, signal);
        failures = (await this.#renew(signal)) ? 0 : failures + 1;
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  async #waitForRenewal(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options.runtime;
    const dueMs = this.#sinceMs + this.#ttlMs / RENEWALS_PER_TTL - clock.monotonicMs();
    const waitMs = failures > 0 ? Math.min(backoffMs(failures, random), this.#ttlMs / 10) : dueMs;
    if (waitMs > 0 && (failures > 0 || this.#ruleWaiters.length === 0)) {
      await this.#sleep(waitMs, signal);
    }
    signal.throwIfAborted();
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const timer = this.#options.runtime.clock.after(ms, () => {
      this.#wakeUp();
    });
    const onAbort = (): void => {
      this.#wakeUp();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    signal.throwIfAborted();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** One renewal, and what is learnt of those before it. True if the object is known to hold our newest. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const record = this.#nextRecord("held");
    const outcome = await this.#attempt(record, signal);
    if (outcome.kind === "won") {
      return true;
    }
    // Unknown, or lost: perhaps to an earlier renewal of ours whose answer never came.
    try {
      const found = await this.#read(signal);
      return this.#judge(found) && this.#record.writeId === record.writeId;
    } catch (error) {
      signal.throwIfAborted();
      return this.#unread(error);
    }
  }

  /** Nothing was learnt if the store did not answer; a record that cannot be read is none of ours. */
  #unread(error: unknown): false {
    if (error instanceof T4Error) {
      this.#lose(null);
    } else if (!(error instanceof ObjectStoreError)) {
      throw error;
    }
    return false;
  }

  #nextRecord(state: LockRecord["state"]): LockRecord {
    const { random } = this.#options.runtime;
    const renewals = this.#record.renewals + 1;
    const writeId = makeWriteId(random);
    return { ...this.#record, rule: this.#rule, loss: this.#loss, state, renewals, writeId };
  }

  /** Puts a record over the newest known one. */
  async #attempt(record: LockRecord, signal: AbortSignal | undefined): Promise<PutOutcome> {
    const { store, runtime } = this.#options;
    const sinceMs = runtime.clock.monotonicMs();
    const body = encodeLockRecord(record);
    const condition = { kind: "match", tag: this.#tag } as const;
    // Remembered before it leaves: it may be found in the object whatever the answer.
    this.#open.set(record.writeId, { record, sinceMs });
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_RENEWALS_MAX && oldest !== undefined) {
      this.#open.delete(oldest);
    }
    try {
      const outcome = await this.#bounded("a renewal", signal, async (bounded) =>
        store.putIf(LEADER_LOCK_KEY, body, condition, { signal: bounded }),
      );
      if (outcome.kind === "won") {
        this.#adopt(record, outcome.tag, sinceMs);
      }
      return outcome;
    } catch (error) {
      if (error instanceof ObjectStoreError) {
        return { kind: "unknown", cause: error };
      }
      throw error;
    }
  }

  #adopt(record: LockRecord, tag: ObjectTag, sinceMs: number): void {
    this.#record = record;
    this.#tag = tag;
    this.#sinceMs = sinceMs;
    // Whatever else is under way was sent against an older tag: it cannot win any more.
    this.#open.clear();
    if (this.#saysAll(record)) {
      for (const { resolve } of this.#ruleWaiters.splice(0)) {
        resolve();
      }
    }
  }

  /** The store's own limits are for large objects, and longer than the lock lives. */
  async #bounded<Result>(
    call: string,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { store, runtime } = this.#options;
    const what = `${call} of ${store.url}${LEADER_LOCK_KEY}`;
    const limitMs = this.#ttlMs / CALLS_PER_TTL;
    return withDeadline({ clock: runtime.clock, limitMs, signals: [signal], what }, run);
  }

  #saysAll(record: LockRecord): boolean {
    return record.rule === this.#rule && record.loss === this.#loss;
  }

  async #read(signal?: AbortSignal): Promise<{ record: LockRecord; tag: ObjectTag } | null> {
    const { store } = this.#options;
    const object = await this.#bounded("a read", signal, async (bounded) =>
      store.get(LEADER_LOCK_KEY, { signal: bounded }),
    );
    return object === null
      ? null
      : { record: decodeLockRecord(object.body, store.url + LEADER_LOCK_KEY), tag: object.tag };
  }

  /** Whether what was read is ours; takes over what it tells of our own renewals, or tells that the lock is lost. */
  #judge(found: { readonly record: LockRecord; readonly tag: ObjectTag } | null): boolean {
    if (found?.record.writeId === this.#record.writeId) {
      return true;
    }
    const own = found === null ? undefined : this.#open.get(found.record.writeId);
    if (found !== null && own !== undefined) {
      this.#adopt(own.record, found.tag, own.sinceMs);
      return true;
    }
    const isOurs =
      found !== null &&
      found.record.nonce === this.#record.nonce &&
      found.record.logId === this.#record.logId;
    if (isOurs) {
      // Either it was read before a renewal that has been confirmed since, or it is one of so many without an answer that it is
      // not remembered. Then the next renewal goes on from it; since when it holds is not known, so it is believed no longer.
      if (found.record.renewals > this.#record.renewals) {
        this.#adopt(found.record, found.tag, this.#sinceMs);
      }
      return true;
    }
    this.#lose(found?.record ?? null);
    return false;
  }

  #lose(by: LockRecord | null): void {
    if (this.#state === "held") {
      this.#state = "lost";
      this.#rejectRules();
      this.#wakeUp();
      this.#options.lost(by);
    }
  }

  #rejectRules(): void {
    for (const { reject } of this.#ruleWaiters.splice(0)) {
      reject(this.#endedError());
    }
  }

  #endedError(): T4Error {
    return new T4Error("T4_FENCED", `the lock of term ${this.#record.term} is not held any more`);
  }
}
