import { availableParallelism } from "node:os";
import { test } from "node:test";
import { runSeeds } from "./run-seeds.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 1_000;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1_000;

test("the archive keeps its promises in a thousand runs", async () => {
  await runSeeds(FIRST_SEED, SEEDS, availableParallelism());
});
