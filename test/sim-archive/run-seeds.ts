// Runs seeds in threads.
import { Worker } from "node:worker_threads";
import type { SeedReply, SeedsOrder } from "./seeds-main.js";

/** The reply of the first seed that failed; null if none did. */
export async function firstFailure(order: SeedsOrder): Promise<SeedReply | null> {
  const worker = new Worker(new URL("./seeds-main.js", import.meta.url), { workerData: order });
  const failures: SeedReply[] = [];
  let replies = 0;
  await new Promise<void>((resolve, reject) => {
    worker.on("message", (reply: SeedReply) => {
      replies += 1;
      if (reply.failure !== null) {
        failures.push(reply);
      }
    });
    // An assertion in a callback ends the thread: it is about the seed that was running.
    worker.once("error", (error) => {
      const seed = order.seeds[replies] ?? 0;
      failures.push({ seed, failure: error.stack ?? error.message });
      if (replies === 0 && error.message.includes("plant the bug elsewhere")) {
        reject(error);
      }
    });
    worker.once("exit", () => {
      resolve();
    });
  });
  const failed = failures[0];
  if (failed === undefined && replies !== order.seeds.length) {
    throw new Error(`only ${replies} of ${order.seeds.length} seeds were run`);
  }
  return failed ?? null;
}

/** Seeds from `first` on, shared among `threads`. */
export async function runSeeds(first: number, count: number, threads: number): Promise<void> {
  const all = Array.from({ length: count }, (_, at) => first + at);
  const failures = await Promise.all(
    Array.from({ length: threads }, async (_, thread) =>
      firstFailure({
        seeds: all.filter((seed) => seed % threads === thread),
        bug: null,
        collectsSeals: false,
      }),
    ),
  );
  const failed = failures.find((reply) => reply !== null);
  if (failed !== undefined) {
    throw new Error(`replay with T4_TEST_SEED=${failed.seed} T4_TEST_SEEDS=1: ${failed.failure}`);
  }
}
