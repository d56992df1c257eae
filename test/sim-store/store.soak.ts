// Whole nodes on one object store for many seeds: T4_TEST_SEEDS of them, at most T4_TEST_SECONDS long.
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { assertCovered } from "./coverage.js";
import { runSeeds } from "./run-seeds.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 10_000;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 100_000;
const SECONDS = Number(process.env["T4_TEST_SECONDS"] ?? "") || 3_600;
const BATCH = 100;

test("nodes on one object store keep their promises for every seed", async (t) => {
  const endMs = performance.now() + SECONDS * 1_000;
  let done = 0;
  const total: Record<string, number> = {};
  while (done < SEEDS && performance.now() < endMs) {
    const count = Math.min(BATCH, SEEDS - done);
    const counts = await runSeeds(FIRST_SEED + done, count, availableParallelism());
    for (const [name, met] of Object.entries(counts)) {
      total[name] = (total[name] ?? 0) + met;
    }
    done += count;
  }
  assertCovered(total, done >= 300 ? "all" : "common");
  t.diagnostic(`seeds ${FIRST_SEED} to ${FIRST_SEED + done - 1}`);
});
