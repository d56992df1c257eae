// kill -9 under load with an object store, on fixed seeds. Both modes on both kinds of store are in the soak test.
import { test } from "node:test";
import { directoryPlaces, fakePlaces } from "./archive-harness.js";
import { runArchiveKillRounds } from "./archive-kill-rounds.js";

const ROUNDS = 20;
const seeds = Array.from({ length: ROUNDS }, (_, at) => at + 1);

for (const [name, make, mode] of [
  ["a directory", directoryPlaces, "async"],
  ["a fake S3", fakePlaces, "sync"],
] as const) {
  test(`nothing acknowledged is lost by 20 kills under load (${mode}, ${name})`, async (context) => {
    await using places = await make();
    context.diagnostic(JSON.stringify(await runArchiveKillRounds(places, mode, seeds)));
  });
}
