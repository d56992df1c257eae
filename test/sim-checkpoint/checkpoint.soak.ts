import { test } from "node:test";
import { runSeeds } from "./run-seeds.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 10_000;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1_000_000;

test("restores give back what was acknowledged, in as many runs as asked for", async () => {
  await runSeeds(FIRST_SEED, SEEDS);
});
