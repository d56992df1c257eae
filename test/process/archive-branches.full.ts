// Branches of processes. What collection deletes after its grace of a minute is in the soak test, with every kind of store.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { directoryPlaces, fakePlaces } from "./archive-harness.js";
import { runForkAndCollect, runNested } from "./archive-branches.js";

describe("branches", { concurrency: true }, () => {
  test("both sides of a fork are exact after a collection and lost disks (a fake S3)", async (context) => {
    await using places = await fakePlaces();
    const result = await runForkAndCollect(places, 0);
    context.diagnostic(JSON.stringify(result));
    assert.ok(result.condemned > 0);
  });

  test("ten branches, each of the one before, are exact after all disks are lost (a directory)", async () => {
    await using places = await directoryPlaces();
    await runNested(places);
  });
});
