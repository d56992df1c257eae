// What a node answers of leases, and who renews them: the committed ones, as long as their time lasts, and the end of
// those whose time is over.
// Must never: renew a lease whose time is over or whose revoke is planned, since it ends all the same.
import type { Key, LeaseId } from "../../core/words.js";
import type { Clock } from "../../runtime/clock.js";
import type { LeaseStatus } from "../node.js";
import { LeaseExpiry, type RevokeLease } from "./lease-expiry.js";
import type { LeaseTable } from "./lease-table.js";

export interface LessorParts {
  readonly leases: LeaseTable;
  readonly clock: Clock;
  /** False: no lease runs out in this life of the node. */
  readonly leasesExpire: boolean;
  /** Whether a lease exists at the tip: one whose revoke is planned does not. */
  readonly existsAtTip: (lease: LeaseId) => boolean;
  readonly revoke: RevokeLease;
}

export class Lessor {
  readonly #leases: LeaseTable;
  readonly #clock: Clock;
  readonly #existsAtTip: (lease: LeaseId) => boolean;
  readonly #expiry: LeaseExpiry;
  #renewed = 0;

  constructor({ leases, clock, leasesExpire, existsAtTip, revoke }: LessorParts) {
    this.#leases = leases;
    this.#clock = clock;
    this.#existsAtTip = existsAtTip;
    this.#expiry = new LeaseExpiry(leases, clock, revoke);
    if (!leasesExpire) {
      this.#expiry.stop();
    }
  }

  /** Renewals that callers asked for. */
  get renewed(): number {
    return this.#renewed;
  }

  /** Leases revoked because their time was over. */
  get expired(): number {
    return this.#expiry.expired;
  }

  /** To be called when the node begins to lead. */
  start(): void {
    // Nobody knows when the leases were last renewed before this start: each gets its full time.
    this.#leases.renewAll(this.#clock.monotonicMs());
    this.#expiry.schedule();
  }

  /** To be called after each group: it may have granted the lease that is the soonest to expire. */
  committed(): void {
    this.#expiry.schedule();
  }

  stop(): void {
    this.#expiry.stop();
  }

  /** As `Node.keepAlive`. */
  keepAlive(id: LeaseId): number | null {
    const lease = this.#leases.get(id);
    const nowMs = this.#clock.monotonicMs();
    if (lease === undefined || lease.expiresAtMs <= nowMs || !this.#existsAtTip(id)) {
      return null;
    }
    this.#leases.renew(lease, nowMs);
    this.#renewed += 1;
    return lease.ttlSeconds;
  }

  timeToLive(id: LeaseId): LeaseStatus | null {
    const lease = this.#leases.get(id);
    return lease === undefined
      ? null
      : {
          lease: id,
          grantedSeconds: lease.ttlSeconds,
          remainingMs: Math.max(0, lease.expiresAtMs - this.#clock.monotonicMs()),
        };
  }

  keys(id: LeaseId): Key[] {
    return [...(this.#leases.get(id)?.keys ?? [])];
  }

  /** All leases, soonest expiry first. */
  sorted(): LeaseId[] {
    return this.#leases.sorted();
  }
}
