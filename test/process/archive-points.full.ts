// 8 points of a history of 5,000 revisions; the soak test has a longer one, and a directory and another S3 beside this one.
import { test } from "node:test";
import { fakePlaces } from "./archive-harness.js";
import { runPoints } from "./archive-points.js";

test("every restore to a point is equal to the model (a fake S3)", async (context) => {
  await using places = await fakePlaces();
  context.diagnostic(JSON.stringify(await runPoints(places, 1, 5_000, 8)));
});
