// Time that a test moves. Everything due at the same moment runs in an order that the seed chooses, and between two
// events every promise that can settle does, so that one seed always gives the same run.
import type { Clock, Timer } from "../../src/runtime/clock.js";
import { SeededRandom } from "./seeded-random.js";

interface Event {
  readonly atMs: number;
  readonly tie: number;
  readonly run: () => void;
  cancelled: boolean;
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs === b.atMs ? a.tie < b.tie : a.atMs < b.atMs;
}

/** Lets every promise callback that is due run. */
async function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class VirtualClock implements Clock {
  readonly #random: SeededRandom;
  /** A binary heap, soonest first. */
  readonly #events: Event[] = [];
  #nowMs = 0;
  #wallOffsetMs = 1_700_000_000_000;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  /** The machine's wall clock is set forward or back. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The process stands still while time passes: what was due runs late. */
  freeze(durationMs: number): void {
    this.#nowMs += durationMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const event: Event = { atMs, tie: this.#random.fraction(), run, cancelled: false };
    this.#push(event);
    return {
      cancel() {
        event.cancelled = true;
      },
    };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  nextTurn(run: () => void): void {
    this.after(0, run);
  }

  /** Runs everything due within the next `durationMs`, which then have passed. */
  async run(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await this.#runWhile((event) => event.atMs <= endMs);
    this.#nowMs = endMs;
  }

  /** Runs until `done` holds, and returns the time that took. Throws if it does not within `limitMs`. */
  async runUntil(done: () => boolean, limitMs = 60_000): Promise<number> {
    const startMs = this.#nowMs;
    await settle();
    await this.#runWhile((event) => !done() && event.atMs <= startMs + limitMs);
    if (!done()) {
      throw new Error(`nothing within ${limitMs} ms of virtual time made the condition true`);
    }
    return this.#nowMs - startMs;
  }

  /** Waits for a promise while time passes. Throws if it does not settle within `limitMs`. */
  async resolve<Result>(promise: Promise<Result>, limitMs = 60_000): Promise<Result> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.runUntil(() => settled, limitMs);
    return promise;
  }

  async #runWhile(wanted: (next: Event) => boolean): Promise<void> {
    await settle();
    for (let next = this.#events[0]; next !== undefined && wanted(next); next = this.#events[0]) {
      this.#pop();
      if (next.cancelled) {
        continue;
      }
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settle();
    }
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent]!;
      if (!isBefore(event, above)) {
        break;
      }
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) {
      return;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) {
        child += 1;
      }
      if (!isBefore(heap[child]!, last)) {
        break;
      }
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
