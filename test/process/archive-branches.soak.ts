// As the full test, with collections that delete: their grace is a minute at least.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildVersitygw } from "../support/process/versitygw.js";
import { directoryPlaces, fakePlaces, versitygwPlaces } from "./archive-harness.js";
import { runForkAndCollect, runNested } from "./archive-branches.js";

const GRACE_MS = 61_000;

describe("branches, and objects that are deleted", { concurrency: true }, () => {
  for (const [name, make, skip] of [
    ["a directory", directoryPlaces, false],
    ["a fake S3", fakePlaces, false],
    ["versitygw", versitygwPlaces, buildVersitygw()],
  ] as const) {
    test(`both sides of a fork are exact (${name})`, { skip }, async (context) => {
      await using places = await make();
      const result = await runForkAndCollect(places, GRACE_MS);
      context.diagnostic(JSON.stringify(result));
      assert.ok(result.deleted > 0);
    });
  }

  for (const [name, make, skip] of [
    ["a fake S3", fakePlaces, false],
    ["versitygw", versitygwPlaces, buildVersitygw()],
  ] as const) {
    test(`ten branches, each of the one before (${name})`, { skip }, async () => {
      await using places = await make();
      await runNested(places);
    });
  }
});
