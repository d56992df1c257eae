// Buckets that make abuse cost the abuser: each unproductive act takes from one, time and useful work fill it again.
import type { Clock } from "../../runtime/clock.js";

export class Budget {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #perMs: number;
  #level: number;
  #filledAtMs: number;

  constructor(clock: Clock, capacity: number, perSecond: number) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#perMs = perSecond / 1000;
    this.#level = capacity;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** Takes `cost`; false if there is not so much, even after what time has added. The clock is read only when empty. */
  take(cost: number): boolean {
    this.#level -= cost;
    if (this.#level >= 0) {
      return true;
    }
    const now = this.#clock.monotonicMs();
    const refill = (now - this.#filledAtMs) * this.#perMs;
    this.#filledAtMs = now;
    this.#level = Math.min(this.#capacity, this.#level + refill);
    return this.#level >= 0;
  }

  /** One unit for useful work. */
  credit(): void {
    if (this.#level < this.#capacity) {
      this.#level += 1;
    }
  }
}

/**
 * Keepalive enforcement as grpc-go does it: a PING sooner than the interval after the one before is a strike, unless
 * this side has sent HEADERS or DATA in between (clients measure bandwidth with such PINGs).
 */
export class PingPolice {
  readonly #clock: Clock;
  readonly #intervalMsMin: number;
  readonly #strikesMax: number;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #strikes = 0;
  /** Set whenever HEADERS or DATA are sent. */
  workDone = false;

  constructor(clock: Clock, intervalMsMin: number, strikesMax: number) {
    this.#clock = clock;
    this.#intervalMsMin = intervalMsMin;
    this.#strikesMax = strikesMax;
  }

  /** Counts a PING; false if there were too many. */
  ping(): boolean {
    const now = this.#clock.monotonicMs();
    const tooEarly = now - this.#lastPingMs < this.#intervalMsMin;
    this.#lastPingMs = now;
    if (this.workDone) {
      this.workDone = false;
      this.#strikes = 0;
    } else if (tooEarly) {
      this.#strikes += 1;
    }
    return this.#strikes <= this.#strikesMax;
  }
}
