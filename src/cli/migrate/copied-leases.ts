// The leases of a copy into a running server. Whoever will renew them there has not come yet: until the copy is over it
// renews them itself, or keys that are copied would go with a lease that is over.
// Must never: call a copy whole from which a lease has taken keys.
import { hexOfId } from "../../lib/hex.js";
import { forEachParallel } from "../../lib/permits.js";
import type { Clock, Timer } from "../../runtime/clock.js";

/** How often it is looked which are due. A server grants no lease for less than a few of these. */
const LOOK_INTERVAL_MS = 250;
/** Renewals on their way at one time. */
const RENEWALS_AT_ONCE = 16;

interface HeldLease {
  readonly ttlMs: number;
  /** When the last renewal was sent. */
  readonly renewedMs: number;
}

/** Resolves to the time to live in seconds that the lease now has again; 0 if there is none. */
export type RenewLease = (lease: bigint) => Promise<number>;

/** As etcdctl shows it. */
export function hexOfLease(lease: bigint): string {
  return hexOfId(BigInt.asUintN(64, lease));
}

export function leaseOfHex(digits: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${digits}`));
}

/** Close it when the copy is over. */
export class CopiedLeases implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #renew: RenewLease;
  readonly #held = new Map<bigint, HeldLease>();
  #timer: Timer | null = null;
  #round: Promise<void> = Promise.resolve();
  #ended: bigint | null = null;
  /** Why leases are not renewed any more. */
  #failure: { readonly error: unknown } | null = null;
  #isClosed = false;

  constructor(clock: Clock, renew: RenewLease) {
    this.#clock = clock;
    this.#renew = renew;
    this.#lookLater();
  }

  get ids(): bigint[] {
    return [...this.#held.keys()];
  }

  /** One that has ended while it was held; null: none has. Throws if they could not be renewed. */
  get ended(): bigint | null {
    if (this.#failure !== null) {
      throw this.#failure.error;
    }
    return this.#ended;
  }

  /** Holds one that was granted just now. */
  hold(lease: bigint, ttlSeconds: number): void {
    this.#held.set(lease, { ttlMs: ttlSeconds * 1_000, renewedMs: this.#clock.monotonicMs() });
  }

  /** Holds what was granted before, with its full time from now on. Resolves to whether all of them are there. */
  async adopt(leases: readonly bigint[]): Promise<boolean> {
    let areThere = true;
    await forEachParallel(leases, RENEWALS_AT_ONCE, async (lease) => {
      areThere = (await this.#renewOne(lease)) && areThere;
    });
    return areThere;
  }

  /** Gives each its full time again, for whoever renews it from now on. */
  async renewAll(): Promise<void> {
    await this.#renewEach(this.ids);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#round;
  }

  #lookLater(): void {
    this.#timer = this.#clock.after(LOOK_INTERVAL_MS, () => {
      this.#round = this.#look();
    });
  }

  async #look(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const due = this.ids.filter((lease) => {
      const held = this.#held.get(lease);
      return held !== undefined && held.renewedMs + held.ttlMs / 3 <= nowMs;
    });
    try {
      await this.#renewEach(due);
    } catch (error) {
      this.#failure = { error };
    }
    if (!this.#isClosed && this.#failure === null && this.#ended === null) {
      this.#lookLater();
    }
  }

  async #renewEach(leases: readonly bigint[]): Promise<void> {
    await forEachParallel(leases, RENEWALS_AT_ONCE, async (lease) => {
      if (!(await this.#renewOne(lease))) {
        this.#ended ??= lease;
      }
    });
  }

  async #renewOne(lease: bigint): Promise<boolean> {
    const renewedMs = this.#clock.monotonicMs();
    const ttlSeconds = await this.#renew(lease);
    if (ttlSeconds <= 0) {
      this.#held.delete(lease);
      return false;
    }
    this.#held.set(lease, { ttlMs: ttlSeconds * 1_000, renewedMs });
    return true;
  }
}
