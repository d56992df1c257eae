// Runs seeds in threads.
import { Worker } from "node:worker_threads";
import type { SeedReply, SeedsOrder } from "./seeds-main.js";

export interface SeedsResult {
  /** Of the first seed that failed; null if none did. */
  readonly failed: Pick<SeedReply, "seed" | "failure"> | null;
  readonly counts: Readonly<Record<string, number>>;
}

const SEEDS_MAIN = new URL("./seeds-main.js", import.meta.url);

/** Seeds one after the other in one thread, by the program `main`. */
export async function runInThread(order: SeedsOrder, main: URL = SEEDS_MAIN): Promise<SeedsResult> {
  const worker = new Worker(main, { workerData: order });
  const failures: Pick<SeedReply, "seed" | "failure">[] = [];
  const counts: Record<string, number> = {};
  let replies = 0;
  await new Promise<void>((resolve) => {
    worker.on("message", (reply: SeedReply) => {
      replies += 1;
      addCounts(counts, reply.counts);
      if (reply.failure !== null) {
        failures.push(reply);
      }
    });
    // An assertion in a callback ends the thread: it is about the seed that was running.
    worker.once("error", (error) => {
      failures.push({ seed: order.seeds[replies] ?? 0, failure: error.stack ?? error.message });
    });
    worker.once("exit", () => {
      resolve();
    });
  });
  const failed = failures[0] ?? null;
  if (failed === null && replies !== order.seeds.length) {
    throw new Error(`only ${replies} of ${order.seeds.length} seeds were run`);
  }
  return { failed, counts };
}

/** Seeds from `first` on, shared among `threads`; what they met, together. */
export async function runSeeds(
  first: number,
  count: number,
  threads: number,
): Promise<Readonly<Record<string, number>>> {
  const all = Array.from({ length: count }, (_, at) => first + at);
  const results = await Promise.all(
    Array.from({ length: threads }, async (_, thread) =>
      runInThread({ seeds: all.filter((seed) => seed % threads === thread) }),
    ),
  );
  const failed = results.map((result) => result.failed).find((each) => each !== null);
  if (failed !== undefined) {
    throw new Error(`replay with T4_TEST_SEED=${failed.seed} T4_TEST_SEEDS=1: ${failed.failure}`);
  }
  const counts: Record<string, number> = {};
  results.forEach((result) => {
    addCounts(counts, result.counts);
  });
  return counts;
}

function addCounts(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) {
    to[name] = (to[name] ?? 0) + count;
  }
}
