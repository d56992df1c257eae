// A clock that stands still until a test moves it.
import type { Clock, Timer } from "../../src/runtime/clock.js";

interface Pending {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Pending>();
  #turns: (() => void)[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  async sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  nextTurn(run: () => void): void {
    this.#turns.push(run);
  }

  /** Runs turns until none is asked for. */
  settle(): void {
    while (this.#turns.length > 0) {
      for (const run of this.#turns.splice(0)) {
        run();
      }
    }
  }

  /** Lets time pass, timer by timer, with all turns in between. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      this.settle();
      const next = [...this.#timers]
        .filter((timer) => timer.atMs <= untilMs)
        .sort((left, right) => left.atMs - right.atMs)[0];
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
