// A clock that moves only when told to.
import type { Clock, Timer } from "../../src/runtime/clock.js";

interface Due {
  readonly atMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

export class ManualClock implements Clock {
  nowMs = 1_000;
  #timers: Due[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const due: Due = { atMs: this.nowMs + delayMs, run, isCancelled: false };
    this.#timers.push(due);
    return {
      cancel: () => {
        due.isCancelled = true;
      },
    };
  }

  async sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  /** Lets everything that is ready run, without moving time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Moves time, stopping at each timer on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.settle();
    for (;;) {
      this.#timers = this.#timers.filter((each) => !each.isCancelled);
      this.#timers.sort((a, b) => a.atMs - b.atMs);
      const first = this.#timers[0];
      if (first === undefined || first.atMs > endMs) {
        break;
      }
      this.#timers.shift();
      this.nowMs = Math.max(this.nowMs, first.atMs);
      first.run();
      await this.settle();
    }
    this.nowMs = endMs;
  }
}
