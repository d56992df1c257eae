// Time that moves only when a test moves it.
import type { Clock, Timer } from "../../src/runtime/clock.js";

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #timers: Set<Entry> = new Set<Entry>();
  #turn: (() => void)[] = [];

  get timers(): number {
    return this.#timers.size;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#timers.add(entry);
    return {
      cancel: () => {
        this.#timers.delete(entry);
      },
    };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.after(delayMs, resolve);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason as Error);
      });
    });
  }

  nextTurn(run: () => void): void {
    this.#turn.push(run);
  }

  /** Runs what waits for the next turn, until nothing does. */
  settle(): void {
    for (let round = 0; this.#turn.length > 0; round += 1) {
      if (round > 100_000) {
        throw new Error("the turns never end");
      }
      const turn = this.#turn;
      this.#turn = [];
      for (const run of turn) {
        run();
      }
    }
  }

  /** Lets time pass, running timers in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      this.settle();
      let next: Entry | undefined;
      for (const entry of this.#timers) {
        if (
          entry.atMs <= untilMs &&
          (next === undefined ||
            entry.atMs < next.atMs ||
            (entry.atMs === next.atMs && entry.order < next.order))
        ) {
          next = entry;
        }
      }
      if (next === undefined) {
        break;
      }
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = untilMs;
    this.settle();
  }
}
