// Runs seeds of the simulation in threads of their own, one for each core.
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SeedOrder, SeedReply } from "./seeds-main.js";

export const STEPS = 120;

export async function runSeeds(first: number, count: number): Promise<void> {
  const threads = availableParallelism();
  const seeds = Array.from({ length: count }, (_, at) => first + at);
  const shares = Array.from({ length: threads }, (_, thread) =>
    seeds.filter((seed) => seed % threads === thread),
  );
  await Promise.all(shares.map(runShare));
}

async function runShare(seeds: readonly number[]): Promise<void> {
  const orders = seeds.map((seed): SeedOrder => ({ seed, steps: STEPS }));
  const worker = new Worker(new URL("./seeds-main.js", import.meta.url), { workerData: orders });
  let kept = 0;
  await new Promise<void>((resolve, reject) => {
    worker.on("message", ({ seed, failure }: SeedReply) => {
      kept += 1;
      if (failure !== null) {
        reject(new Error(`replay with T4_TEST_SEED=${seed} T4_TEST_SEEDS=1: ${failure}`));
      }
    });
    worker.once("error", reject);
    worker.once("exit", () => {
      resolve();
    });
  });
  assert.equal(kept, seeds.length, "every seed was run");
}
