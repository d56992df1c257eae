import { test } from "node:test";
import { NodeSimulation } from "./simulation.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 1_000;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1_000;

test("a node keeps its promises in a thousand runs", async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    try {
      await new NodeSimulation(seed).run(5);
    } catch (error) {
      throw new Error(`replay with T4_TEST_SEED=${seed} T4_TEST_SEEDS=1`, { cause: error });
    }
  }
});
