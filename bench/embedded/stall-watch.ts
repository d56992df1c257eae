// The longest time in which this thread's event loop did not come round, and how much of that the thread was ready to run
// but another one had the core: that is the machine's part, since a store with a thread for its log and one for its files
// has more of them than two cores.
import { readFileSync } from "node:fs";

/** Time that this process's first thread has waited for a core, where Linux tells. */
function coreWaitMs(): number {
  try {
    const [, waitedNs = "0"] = readFileSync(
      `/proc/self/task/${process.pid}/schedstat`,
      "latin1",
    ).split(" ");
    return Number(waitedNs) / 1e6;
  } catch {
    return Number.NaN;
  }
}

export interface Stall {
  readonly ms: number;
  /** NaN where it is not known. */
  readonly coreWaitMs: number;
}

/** Looks every millisecond, until `end` is called: that returns the longest stall. */
export function watchStalls(): { end(): Stall } {
  let longest: Stall = { ms: 0, coreWaitMs: 0 };
  let lastMs = performance.now();
  let lastWaitMs = coreWaitMs();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const waitMs = coreWaitMs();
    if (nowMs - lastMs > longest.ms) {
      longest = { ms: nowMs - lastMs, coreWaitMs: Math.min(waitMs - lastWaitMs, nowMs - lastMs) };
    }
    lastMs = nowMs;
    lastWaitMs = waitMs;
  }, 1);
  return {
    end: () => {
      clearInterval(timer);
      return longest;
    },
  };
}
