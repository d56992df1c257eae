// Deadlines of calls that are waiting: a wheel of slots, because nearly every call is answered long before its
// deadline, and a timer of its own would cost more than the call (measured: 1 µs against 0.1 µs).
import type { Clock, Timer } from "../runtime/clock.js";

export interface Timed {
  /** Monotonic time; not changed while in the wheel. */
  readonly deadlineMs: number;
  expired(): void;
}

/** Deadlines are met to this precision, never early. */
const SLOT_MS = 10;
const SLOTS = 512;

export class Deadlines {
  readonly #clock: Clock;
  readonly #slots: Set<Timed>[] = Array.from({ length: SLOTS }, () => new Set<Timed>());
  #count = 0;
  /** The first slot, counted from the clock's zero, that has not been looked at. */
  #nextTick = 0;
  #timer: Timer | undefined = undefined;
  #timerTick = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  add(entry: Timed): void {
    const now = this.#clock.monotonicMs();
    if (this.#count === 0) {
      this.#nextTick = Math.floor(now / SLOT_MS);
    }
    // The tick after the deadline's own, so that it is over when looked at.
    const tick = Math.max(Math.floor(entry.deadlineMs / SLOT_MS) + 1, this.#nextTick);
    (this.#slots[tick % SLOTS] as Set<Timed>).add(entry);
    this.#count += 1;
    // Deadlines further away than one turn of the wheel are met on the way and stay in their slot.
    const visit = Math.min(tick, this.#nextTick + SLOTS);
    if (this.#timer === undefined || visit < this.#timerTick) {
      this.#arm(visit, now);
    }
  }

  remove(entry: Timed): void {
    const tick = Math.floor(entry.deadlineMs / SLOT_MS) + 1;
    if ((this.#slots[tick % SLOTS] as Set<Timed>).delete(entry)) {
      this.#count -= 1;
      return;
    }
    // It was over already when it was added, and was put into a later slot.
    for (const slot of this.#slots) {
      if (slot.delete(entry)) {
        this.#count -= 1;
        return;
      }
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const slot of this.#slots) {
      slot.clear();
    }
    this.#count = 0;
  }

  #arm(tick: number, now: number): void {
    this.#timer?.cancel();
    this.#timerTick = tick;
    this.#timer = this.#clock.after(Math.max(0, tick * SLOT_MS - now), () => {
      this.#timer = undefined;
      this.#advance();
    });
  }

  #advance(): void {
    const now = this.#clock.monotonicMs();
    const lastTick = Math.floor(now / SLOT_MS);
    const expired: Timed[] = [];
    const from = Math.max(this.#nextTick, lastTick - SLOTS + 1);
    for (let tick = from; tick <= lastTick; tick += 1) {
      const slot = this.#slots[tick % SLOTS] as Set<Timed>;
      for (const entry of slot) {
        if (entry.deadlineMs <= now) {
          slot.delete(entry);
          this.#count -= 1;
          expired.push(entry);
        }
      }
    }
    this.#nextTick = lastTick + 1;
    this.#armNext(now);
    for (const entry of expired) {
      entry.expired();
    }
  }

  /** Sleeps until the next slot that holds anything. */
  #armNext(now: number): void {
    if (this.#count === 0) {
      return;
    }
    for (let ahead = 0; ahead < SLOTS; ahead += 1) {
      const tick = this.#nextTick + ahead;
      if ((this.#slots[tick % SLOTS] as Set<Timed>).size > 0) {
        this.#arm(tick, now);
        return;
      }
    }
  }
}
