import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { STEPS } from "./run-seeds.js";
import { CheckpointSimulation } from "./simulation.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 8;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1;

test("restores give back what was acknowledged, whatever is collected, forked and removed meanwhile", async () => {
  const total = new Map<string, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const simulation = new CheckpointSimulation(seed);
    try {
      await simulation.run(STEPS);
    } catch (error) {
      throw new Error(`replay with T4_TEST_SEED=${seed} T4_TEST_SEEDS=1: ${inspect(error)}`, {
        cause: error,
      });
    }
    for (const [what, count] of simulation.counts) {
      total.set(what, (total.get(what) ?? 0) + count);
    }
  }
  // A run that did nothing would keep every promise.
  for (const what of SEEDS < 8
    ? []
    : ["checkpoint", "deleted", "fork", "restore", "unfork", "lead"]) {
    assert.ok((total.get(what) ?? 0) > 1, `${what} happens`);
  }
});
