// Revokes leases that have run out: one timer for all of them, in batches, so that a million leases that end together
// neither stop the node nor fill its queue.
// Must never revoke a lease before its time on the monotonic clock, however early a timer fires.
import type { Clock, Timer } from "../../runtime/clock.js";
import type { LeaseId } from "../../core/words.js";
import type { T4Error } from "../../core/errors.js";
import { LEASE_EXPIRY_BATCH, LEASE_EXPIRY_INTERVAL_MS } from "../../core/limits.js";
import type { LeaseTable } from "./lease-table.js";

/** Proposes the revoke of one lease; `done` is called with null once it is committed. */
export type RevokeLease = (lease: LeaseId, done: (error: T4Error | null) => void) => void;

export class LeaseExpiry {
  readonly #leases: LeaseTable;
  readonly #clock: Clock;
  readonly #revoke: RevokeLease;
  #timer: Timer | null = null;
  #timerAtMs = Infinity;
  /** No batch begins before: this is what bounds the rate. */
  #restUntilMs = -Infinity;
  #stopped = false;
  #expired = 0;

  constructor(leases: LeaseTable, clock: Clock, revoke: RevokeLease) {
    this.#leases = leases;
    this.#clock = clock;
    this.#revoke = revoke;
  }

  /** Leases revoked because their time was over. */
  get expired(): number {
    return this.#expired;
  }

  /** To be called whenever a lease may have become the soonest to expire. */
  schedule(): void {
    const soonest = this.#leases.soonest();
    if (soonest === undefined || this.#stopped) {
      return;
    }
    const atMs = Math.max(soonest.expiresAtMs, this.#restUntilMs);
    if (atMs >= this.#timerAtMs) {
      return;
    }
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.after(
      Math.max(0, Math.ceil(atMs - this.#clock.monotonicMs())),
      () => {
        this.#timer = null;
        this.#timerAtMs = Infinity;
        this.#expire();
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (let count = 0; count < LEASE_EXPIRY_BATCH && !this.#stopped; count += 1) {
      const lease = this.#leases.soonest();
      if (lease === undefined || lease.expiresAtMs > nowMs) {
        break;
      }
      this.#restUntilMs = nowMs + LEASE_EXPIRY_INTERVAL_MS;
      this.#leases.takeOut(lease);
      this.#revoke(lease.id, (error) => {
        if (error === null) {
          this.#expired += 1;
          return;
        }
        // Refused for want of space, say. A lease that somebody else has revoked meanwhile is not put back.
        this.#leases.putBack(lease);
        this.schedule();
      });
    }
    this.schedule();
  }
}
