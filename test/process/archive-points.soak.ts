// 20 points of a history of 200,000 revisions; `--seeds N` for more histories.
import { test } from "node:test";
import { buildVersitygw } from "../support/process/versitygw.js";
import { seedsFromEnvironment } from "../support/seeded-random.js";
import { directoryPlaces, fakePlaces, versitygwPlaces } from "./archive-harness.js";
import { runPoints } from "./archive-points.js";

for (const [name, make, skip] of [
  ["a directory", directoryPlaces, false],
  ["a fake S3", fakePlaces, false],
  ["versitygw", versitygwPlaces, buildVersitygw()],
] as const) {
  test(`every restore to a point is equal to the model (${name})`, { skip }, async (context) => {
    for (const seed of seedsFromEnvironment(1)) {
      await using places = await make();
      context.diagnostic(JSON.stringify(await runPoints(places, seed, 200_000, 20)));
    }
  });
}
