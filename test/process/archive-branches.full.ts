// Branches of processes, with a directory and S3. What collection deletes after its grace of a minute is in the soak test.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { directoryPlaces, fakePlaces } from "./archive-harness.js";
import { runForkAndCollect, runNested } from "./archive-branches.js";

describe("branches", { concurrency: true }, () => {
  for (const [name, make] of [
    ["a directory", directoryPlaces],
    ["a fake S3", fakePlaces],
  ] as const) {
    test(`both sides of a fork are exact after a collection and lost disks (${name})`, async (context) => {
      await using places = await make();
      const result = await runForkAndCollect(places, 0);
      context.diagnostic(JSON.stringify(result));
      assert.ok(result.condemned > 0);
    });

    test(`ten branches, each of the one before, are exact after all disks are lost (${name})`, async () => {
      await using places = await make();
      await runNested(places);
    });
  }
});
