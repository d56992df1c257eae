// The same on as many seeds as asked: `--seeds N`, from T4_TEST_SEED_FIRST on.
import { test } from "node:test";
import { skipWithout } from "../../support/process/foreign-tool.js";
import { seedsFromEnvironment } from "../../support/seeded-random.js";
import { runConcurrencySeeds } from "./concurrency-contest.js";

const SCRIPTS_DEFAULT = 40;
const OPERATIONS_EACH = 120;
/** Where seeds begin that the fixed tier does not run. */
const SEED_OFFSET = 1_000;

test(
  "locks and elections are answered as etcd answers them",
  { skip: skipWithout("etcd") },
  async (t) => {
    const seeds = seedsFromEnvironment(SCRIPTS_DEFAULT).map((seed) => seed + SEED_OFFSET);
    t.diagnostic(`${await runConcurrencySeeds(seeds, OPERATIONS_EACH)} operations`);
  },
);
