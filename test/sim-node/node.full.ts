import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { SeedOrder, SeedReply } from "./seeds-main.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 1_000;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1_000;
const LIVES = 6;

/** Runs seeds one after the other in a thread; throws at the first that fails. */
async function runSeeds(seeds: readonly number[]): Promise<void> {
  const orders = seeds.map((seed): SeedOrder => ({ seed, lives: LIVES }));
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

test("a node keeps its promises in a thousand runs", async () => {
  const threads = availableParallelism();
  const shares = Array.from({ length: threads }, (_, thread) =>
    Array.from({ length: SEEDS }, (_, at) => FIRST_SEED + at).filter(
      (seed) => seed % threads === thread,
    ),
  );
  await Promise.all(shares.map(runSeeds));
});
