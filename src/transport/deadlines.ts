// Deadlines of calls that are waiting: a wheel of slots, because nearly every call is answered long before its
// deadline, and a timer of its own would cost more than the call. The entries of a slot are linked through themselves:
// in sets, the garbage collector had to carry every call along with their outdated tables (measured: 3 µs a call).
import type { Clock, Timer } from "../runtime/clock.js";

export interface Timed {
  /** Monotonic time; not changed while in the wheel. */
  readonly deadlineMs: number;
  expired(): void;
  /** Kept by the wheel; −1 while not in it. */
  wheelSlot: number;
  nextInSlot: Timed | undefined;
  previousInSlot: Timed | undefined;
}

/** Deadlines are met to this precision, never early. */
const SLOT_MS = 10;
const SLOTS = 512;

export class Deadlines {
  readonly #clock: Clock;
  readonly #slots: (Timed | undefined)[] = new Array<Timed | undefined>(SLOTS).fill(undefined);
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

  /** Adds an entry; `nowMs` is the clock's present time. */
  add(entry: Timed, nowMs: number): void {
    if (this.#count === 0) {
      this.#nextTick = Math.floor(nowMs / SLOT_MS);
    }
    // The tick after the deadline's own, so that it is over when looked at.
    const tick = Math.max(Math.floor(entry.deadlineMs / SLOT_MS) + 1, this.#nextTick);
    const slot = tick % SLOTS;
    const first = this.#slots[slot];
    entry.wheelSlot = slot;
    entry.nextInSlot = first;
    if (first !== undefined) {
      first.previousInSlot = entry;
    }
    this.#slots[slot] = entry;
    this.#count += 1;
    // Deadlines further away than one turn of the wheel are met on the way and stay in their slot.
    const visit = Math.min(tick, this.#nextTick + SLOTS);
    if (this.#timer === undefined || visit < this.#timerTick) {
      this.#arm(visit, nowMs);
    }
  }

  /** Takes an entry out, if it is in. */
  remove(entry: Timed): void {
    if (entry.wheelSlot < 0) {
      return;
    }
    const { nextInSlot: next, previousInSlot: previous } = entry;
    if (previous === undefined) {
      this.#slots[entry.wheelSlot] = next;
    } else {
      previous.nextInSlot = next;
    }
    if (next !== undefined) {
      next.previousInSlot = previous;
    }
    entry.wheelSlot = -1;
    entry.nextInSlot = undefined;
    entry.previousInSlot = undefined;
    this.#count -= 1;
  }

  /** Forgets all entries. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let entry of this.#slots) {
      while (entry !== undefined) {
        const next: Timed | undefined = entry.nextInSlot;
        this.remove(entry);
        entry = next;
      }
    }
  }

  #arm(tick: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#timerTick = tick;
    this.#timer = this.#clock.after(Math.max(0, tick * SLOT_MS - nowMs), () => {
      this.#timer = undefined;
      this.#advance();
    });
  }

  #advance(): void {
    const nowMs = this.#clock.monotonicMs();
    const lastTick = Math.floor(nowMs / SLOT_MS);
    const expired: Timed[] = [];
    const from = Math.max(this.#nextTick, lastTick - SLOTS + 1);
    for (let tick = from; tick <= lastTick; tick += 1) {
      let entry = this.#slots[tick % SLOTS];
      while (entry !== undefined) {
        const next: Timed | undefined = entry.nextInSlot;
        if (entry.deadlineMs <= nowMs) {
          this.remove(entry);
          expired.push(entry);
        }
        entry = next;
      }
    }
    this.#nextTick = lastTick + 1;
    this.#armNext(nowMs);
    for (const entry of expired) {
      entry.expired();
    }
  }

  /** Sleeps until the next slot that holds anything. */
  #armNext(nowMs: number): void {
    if (this.#count === 0) {
      return;
    }
    for (let ahead = 0; ahead < SLOTS; ahead += 1) {
      const tick = this.#nextTick + ahead;
      if (this.#slots[tick % SLOTS] !== undefined) {
        this.#arm(tick, nowMs);
        return;
      }
    }
  }
}
