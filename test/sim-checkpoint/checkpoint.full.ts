import assert from "node:assert/strict";
import { test } from "node:test";
import { PLANTED_BUGS, type PlantedBug } from "./planted-bugs.js";
import { runSeeds, STEPS } from "./run-seeds.js";
import { CheckpointSimulation } from "./simulation.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 100;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 10_000;
/** Within so many seeds each planted bug must show. */
const SEARCH_SEEDS = 1_000;

test("restores give back what was acknowledged, in a hundred runs", async () => {
  await runSeeds(FIRST_SEED, SEEDS);
});

for (const bug of PLANTED_BUGS) {
  test(`the simulation finds a planted bug: ${bug}`, async (t) => {
    const found = await firstSeedThatFails(bug);
    assert.ok(found !== null, `no seed of ${SEARCH_SEEDS} finds it`);
    t.diagnostic(`found by seed ${found}`);
  });
}

async function firstSeedThatFails(bug: PlantedBug): Promise<number | null> {
  for (let seed = 1; seed <= SEARCH_SEEDS; seed += 1) {
    try {
      await new CheckpointSimulation(seed, bug).run(STEPS);
    } catch {
      return seed;
    }
  }
  return null;
}
