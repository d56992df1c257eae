// kill -9 of our server under load, on as many seeds as asked: `--seeds 200` is the run that counts. A new store is
// begun every 20 rounds, so that no round has to account for a history of hours.
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { seedsFromEnvironment } from "../support/seeded-random.js";
import { subjectName } from "../support/process/server-process.js";
import { runKillRounds } from "./kill-rounds.js";

const ROUNDS_DEFAULT = 200;
const ROUNDS_PER_STORE = 20;
const SEED_OFFSET = 1_000;
const skip = subjectName === "etcd" ? skipWithout("etcd") : false;

test("nothing acknowledged is lost by kills under load", { skip }, async (t) => {
  const seeds = seedsFromEnvironment(ROUNDS_DEFAULT).map((seed) => seed + SEED_OFFSET);
  for (let first = 0; first < seeds.length; first += ROUNDS_PER_STORE) {
    const result = await runKillRounds(seeds.slice(first, first + ROUNDS_PER_STORE));
    t.diagnostic(JSON.stringify(result));
  }
});
