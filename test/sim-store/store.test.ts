import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreSimulation } from "./simulation.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 4;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1;

test("nodes on one object store keep their promises through all that happens to them", async (t) => {
  const totals: Record<string, number> = {};
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const simulation = new StoreSimulation(seed);
    try {
      await simulation.run();
    } catch (error) {
      const replay = `replay with T4_TEST_SEED=${seed} T4_TEST_SEEDS=1`;
      throw new Error(`${replay}\n${simulation.trace.slice(-60).join("\n")}`, { cause: error });
    }
    for (const [name, count] of Object.entries(simulation.counts)) {
      totals[name] = (totals[name] ?? 0) + count;
    }
  }
  t.diagnostic(JSON.stringify(totals, null, 1));
  assert.ok((totals["opened"] ?? 0) > SEEDS);
});
