import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { assertCovered } from "./coverage.js";
import { runSeeds } from "./run-seeds.js";

/** What is done within a minute on two cores. */
const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 60;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1_000;

test("nodes on one object store keep their promises in many runs", async (t) => {
  const counts = await runSeeds(FIRST_SEED, SEEDS, availableParallelism());
  t.diagnostic(JSON.stringify(counts));
  assert.ok((counts["opened"] ?? 0) > SEEDS);
  assertCovered(counts, "common");
});
