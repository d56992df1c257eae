// 100_000 keys, uploaded and restored. What it took is told, not asserted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { directoryPlaces } from "./archive-harness.js";
import { runLarge, runLargeOnFake } from "./archive-large.js";

const OPTIONS = { keys: 100_000, checkpointEntries: 250 };
/** A put is uploaded in the log and once in files, and a little around both. */
const UPLOADED_PER_LOGGED_MAX = 2.2;

test("all keys survive the disk, and each is uploaded at most twice (S3)", async (context) => {
  const result = await runLargeOnFake(OPTIONS);
  context.diagnostic(JSON.stringify(result));
  assert.ok(result.checkpoints > 0);
  assert.ok(Number(result.uploadedBytes) <= UPLOADED_PER_LOGGED_MAX * result.loggedBytes);
});

test("all keys survive the disk (a directory)", async (context) => {
  await using places = await directoryPlaces();
  context.diagnostic(JSON.stringify(await runLarge(places, OPTIONS)));
});
