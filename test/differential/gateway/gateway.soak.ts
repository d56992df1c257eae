// The same on as many seeds as asked: `--seeds N`, from T4_TEST_SEED_FIRST on.
import { test } from "node:test";
import { skipWithout } from "../../support/process/foreign-tool.js";
import { seedsFromEnvironment } from "../../support/seeded-random.js";
import { runGatewaySeeds } from "./gateway-contest.js";

const SCRIPTS_DEFAULT = 30;
const OPERATIONS_EACH = 220;
/** Where seeds begin that the fixed tier does not run. */
const SEED_OFFSET = 1_000;

test(
  "random operations in JSON are answered as etcd answers them",
  { skip: skipWithout("etcd") },
  async (t) => {
    const seeds = seedsFromEnvironment(SCRIPTS_DEFAULT).map((seed) => seed + SEED_OFFSET);
    const { operations, events, met } = await runGatewaySeeds(seeds, OPERATIONS_EACH);
    t.diagnostic(
      `${operations} operations, ${events} events; known differences: ${JSON.stringify([...met])}`,
    );
  },
);
