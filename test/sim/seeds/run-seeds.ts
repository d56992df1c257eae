// Runs seeds of a simulation in threads.
import { Worker } from "node:worker_threads";
import type { SeedReply, SeedsOrder } from "./seeds-main.js";
import { addCounts } from "./simulation.js";

export interface SeedsResult {
  readonly seeds: number;
  /** Of the first seed that failed; null if none did. */
  readonly failed: { readonly seed: number; readonly failure: string } | null;
  readonly counts: Readonly<Record<string, number>>;
}

export const SEEDS_MAIN: URL = new URL("./seeds-main.js", import.meta.url);

/** Seeds one after the other in one thread, by the program `main`. */
export async function runInThread(order: SeedsOrder, main: URL = SEEDS_MAIN): Promise<SeedsResult> {
  const worker = new Worker(main, { workerData: order });
  const counts: Record<string, number> = {};
  let seeds = 0;
  const failures: { readonly seed: number; readonly failure: string }[] = [];
  worker.on("message", ({ seed, failure, counts: met }: SeedReply) => {
    seeds += 1;
    addCounts(counts, met);
    if (failure !== null) {
      failures.push({ seed, failure });
    }
  });
  // An assertion in a callback is about the seed that was running.
  worker.once("error", (error) => {
    const seed = order.first + seeds * order.step;
    failures.push({ seed, failure: error.stack ?? error.message });
  });
  await new Promise((resolve) => worker.once("exit", resolve));
  const failed = failures[0] ?? null;
  if (failed === null && order.secondsMax === Infinity && seeds !== order.count) {
    throw new Error(`only ${seeds} of ${order.count} seeds were run`);
  }
  return { seeds, failed, counts };
}

export interface SeedsWanted {
  readonly simulation: URL;
  readonly first: number;
  readonly count: number;
  readonly threads: number;
  readonly secondsMax: number;
}

/** Shares seeds among threads. Throws what replays the first that failed. */
export async function runSeeds(wanted: SeedsWanted): Promise<SeedsResult> {
  const { simulation, first, count, threads, secondsMax } = wanted;
  const results = await Promise.all(
    Array.from({ length: Math.min(threads, count) }, async (_, thread) =>
      runInThread({
        simulation: simulation.href,
        first: first + thread,
        count: Math.ceil((count - thread) / threads),
        step: threads,
        secondsMax,
      }),
    ),
  );
  const failed = results.find((result) => result.failed !== null)?.failed ?? null;
  if (failed !== null) {
    throw new Error(`replay with T4_TEST_SEED=${failed.seed} T4_TEST_SEEDS=1: ${failed.failure}`);
  }
  const counts: Record<string, number> = {};
  let seeds = 0;
  for (const result of results) {
    addCounts(counts, result.counts);
    seeds += result.seeds;
  }
  return { seeds, failed, counts };
}
