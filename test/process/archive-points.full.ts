// 20 points of a history of 20,000 revisions.
import { test } from "node:test";
import { directoryPlaces, fakePlaces } from "./archive-harness.js";
import { runPoints } from "./archive-points.js";

for (const [name, make] of [
  ["a directory", directoryPlaces],
  ["a fake S3", fakePlaces],
] as const) {
  test(`every restore to a point is equal to the model (${name})`, async (context) => {
    await using places = await make();
    context.diagnostic(JSON.stringify(await runPoints(places, 1, 20_000, 20)));
  });
}
