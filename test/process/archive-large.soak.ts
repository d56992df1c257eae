// 1_000_000 keys, uploaded and restored. What it took is told, not asserted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildVersitygw } from "../support/process/versitygw.js";
import { directoryPlaces, versitygwPlaces } from "./archive-harness.js";
import { runLarge, runLargeOnFake } from "./archive-large.js";

/** Each entry is a transaction of 100 puts: ten checkpoints. */
const OFTEN = { keys: 1_000_000, checkpointEntries: 1_000 };
const NEVER = { keys: 1_000_000, checkpointEntries: 0 };
/** A put is uploaded in the log and once in files, and a little around both. */
const UPLOADED_PER_LOGGED_MAX = 2.2;

test("all keys survive the disk, and each is uploaded at most twice (a fake S3)", async (context) => {
  const result = await runLargeOnFake(OFTEN);
  context.diagnostic(JSON.stringify(result));
  assert.ok(Number(result.uploadedBytes) <= UPLOADED_PER_LOGGED_MAX * result.loggedBytes);
});

test("all keys are restored from the log alone (a fake S3)", async (context) => {
  context.diagnostic(JSON.stringify(await runLargeOnFake(NEVER)));
});

for (const [name, options] of [
  ["with checkpoints", OFTEN],
  ["from the log alone", NEVER],
] as const) {
  test(
    `all keys survive the disk, ${name} (versitygw)`,
    { skip: buildVersitygw() },
    async (context) => {
      await using places = await versitygwPlaces();
      const result = await runLarge(places, options);
      context.diagnostic(JSON.stringify(result));
      assert.ok(Number(result.sentBytes) <= UPLOADED_PER_LOGGED_MAX * result.loggedBytes);
    },
  );
}

test("all keys survive the disk (a directory)", async (context) => {
  await using places = await directoryPlaces();
  context.diagnostic(JSON.stringify(await runLarge(places, OFTEN)));
});
