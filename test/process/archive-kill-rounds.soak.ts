// kill -9 under load with an object store, on as many seeds as asked. A new database is begun every 20 rounds.
import { test } from "node:test";
import { seedsFromEnvironment } from "../support/seeded-random.js";
import { directoryPlaces, fakePlaces } from "./archive-harness.js";
import { runArchiveKillRounds } from "./archive-kill-rounds.js";

const ROUNDS_DEFAULT = 100;
const ROUNDS_PER_STORE = 20;
const SEED_OFFSET = 1_000;

for (const [name, make] of [
  ["a directory", directoryPlaces],
  ["a fake S3", fakePlaces],
] as const) {
  for (const mode of ["sync", "async"] as const) {
    test(`nothing acknowledged is lost by kills under load (${mode}, ${name})`, async (context) => {
      const seeds = seedsFromEnvironment(ROUNDS_DEFAULT).map((seed) => seed + SEED_OFFSET);
      for (let first = 0; first < seeds.length; first += ROUNDS_PER_STORE) {
        await using places = await make();
        const some = seeds.slice(first, first + ROUNDS_PER_STORE);
        context.diagnostic(JSON.stringify(await runArchiveKillRounds(places, mode, some)));
      }
    });
  }
}
