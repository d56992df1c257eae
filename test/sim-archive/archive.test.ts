import assert from "node:assert/strict";
import { test } from "node:test";
import { ArchiveSimulation } from "./simulation.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 20;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1;

test("leaders that stall, freeze, crash and take over lose nothing that was acknowledged", async (t) => {
  const totals: Record<string, number> = {};
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const simulation = new ArchiveSimulation(seed);
    try {
      await simulation.run();
    } catch (error) {
      throw new Error(`replay with T4_TEST_SEED=${seed} T4_TEST_SEEDS=1`, { cause: error });
    }
    for (const [name, count] of Object.entries(simulation.truth.counts)) {
      totals[name] = (totals[name] ?? 0) + count;
    }
  }
  t.diagnostic(JSON.stringify(totals));
  if (SEEDS >= 20) {
    for (const [name, count] of Object.entries(totals)) {
      assert.ok(count > 0 || name === "collected", `no ${name} in ${SEEDS} runs`);
    }
  }
});
