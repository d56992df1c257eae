// The same on as many seeds as asked: `--seeds N`, from T4_TEST_SEED_FIRST on.
import { test } from "node:test";
import { skipWithout } from "../../support/process/foreign-tool.js";
import { seedsFromEnvironment } from "../../support/seeded-random.js";
import { startEtcd, startSubject } from "../../support/process/server-process.js";
import { runAuthSeeds } from "./run-auth-seeds.js";

const SCRIPTS_DEFAULT = 20;
const OPERATIONS_EACH = 300;
/** Where seeds begin that the fixed tier does not run. */
const SEED_OFFSET = 1_000;

test(
  "random operations of several users are answered as etcd answers them",
  { skip: skipWithout("etcd") },
  async (t) => {
    const seeds = seedsFromEnvironment(SCRIPTS_DEFAULT).map((seed) => seed + SEED_OFFSET);
    const met = await runAuthSeeds(seeds, OPERATIONS_EACH, { startEtcd, startSubject });
    t.diagnostic(`known differences met: ${JSON.stringify([...met])}`);
  },
);
