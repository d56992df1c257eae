// Our server against etcd 3.4.23, on as many seeds as asked: `--seeds N`, from T4_TEST_SEED_FIRST on.
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { seedsFromEnvironment } from "../support/seeded-random.js";
import { startEtcd, startSubject } from "../support/process/server-process.js";
import { runSeeds } from "./run-seeds.js";

const SCRIPTS_DEFAULT = 50;
const OPERATIONS_EACH = 200;
/** Where seeds begin that the fixed tier does not run. */
const SEED_OFFSET = 1_000;

test(
  "random operations are answered as etcd answers them",
  { skip: skipWithout("etcd") },
  async (t) => {
    const seeds = seedsFromEnvironment(SCRIPTS_DEFAULT).map((seed) => seed + SEED_OFFSET);
    const { operations, known } = await runSeeds(seeds, OPERATIONS_EACH, {
      startReference: startEtcd,
      startSubject,
    });
    t.diagnostic(`${operations} operations; known differences met: ${JSON.stringify([...known])}`);
  },
);
