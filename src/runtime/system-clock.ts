// The real clock.
import type { Clock, Timer } from "./clock.js";

/** Node fires a timer set for longer than this at once. */
const TIMER_DELAY_MS_MAX = 0x7fffffff;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs: number, run: () => void): Timer {
    const timer = setTimeout(run, Math.min(delayMs, TIMER_DELAY_MS_MAX));
    timer.unref();
    return {
      cancel() {
        clearTimeout(timer);
      },
    };
  },
  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        Math.min(delayMs, TIMER_DELAY_MS_MAX),
      );
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  },
  nextTurn(run: () => void): void {
    setImmediate(run);
  },
};
