import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { assertGolden, readGolden } from "../../test/golden/golden.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import type { Manifest } from "../store/upkeep/manifest.js";
import {
  checkpointKey,
  dataKey,
  decodeCheckpoint,
  encodeCheckpoint,
  filesIn,
  isCheckpointKey,
  isDataKey,
  type Checkpoint,
} from "./checkpoint.js";

const manifest: Manifest = {
  index: 12 as LogIndex,
  term: 2 as Term,
  revision: 9 as Revision,
  compactRevision: -1 as Revision,
  accountedRevision: 0,
  nextFile: 4,
  system: { number: 3, bytes: 30, sha256: "c".repeat(64) },
  tables: [
    {
      number: 1,
      bytes: 1_000,
      sha256: "a".repeat(64),
      rows: 8,
      rowBytes: 700,
      firstRevision: 2,
      lastRevision: 9,
      deadRows: 0,
      deadBytes: 0,
    },
  ],
  runs: [
    {
      number: 2,
      bytes: 400,
      sha256: "b".repeat(64),
      rows: 8,
      keys: 5,
      firstRevision: 2,
      lastRevision: 9,
      deadRows: 0,
      cleanedRevision: 0,
    },
  ],
};

const checkpoint: Checkpoint = {
  clusterId: 0xfedc_ba98_7654_3210n,
  term: 3 as Term,
  index: manifest.index,
  entryTerm: manifest.term,
  revision: manifest.revision,
  compactRevision: manifest.compactRevision,
  wallMs: 1_700_000_000_000,
  next: { term: 3 as Term, firstIndex: 13 as LogIndex, previousHash: "d".repeat(64) },
  manifest,
  files: filesIn(manifest).map((file, at) => ({
    ...file,
    owner: at === 0 ? "../../" : "",
    key: dataKey(file.sha256, at),
  })),
};

test("a checkpoint has the bytes of its golden file, and is read back", () => {
  const body = encodeCheckpoint(checkpoint);
  assertGolden("checkpoint/checkpoint.json", body);
  assert.deepEqual(decodeCheckpoint(readGolden("checkpoint/checkpoint.json"), "it"), checkpoint);
});

test("a flipped bit or a cut anywhere in a checkpoint is noticed", () => {
  const body = encodeCheckpoint(checkpoint);
  const refuses = (damaged: Uint8Array): void => {
    assert.throws(
      () => decodeCheckpoint(damaged, "checkpoint/1"),
      (error: unknown) =>
        error instanceof T4Error &&
        ["T4_CORRUPT", "T4_FORMAT_TOO_NEW"].includes(error.code) &&
        error.message.includes("checkpoint/1"),
    );
  };
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(7), (at, bit) => {
      const damaged = body.slice();
      damaged[at]! ^= 1 << bit;
      refuses(damaged);
      refuses(body.subarray(0, at));
    }),
  );
});

test("a later format is refused as such", () => {
  const text = new TextDecoder().decode(encodeCheckpoint(checkpoint)).replace("1,", "2,");
  assert.throws(
    () => decodeCheckpoint(new TextEncoder().encode(text), "it"),
    (error: unknown) => error instanceof T4Error && error.code === "T4_FORMAT_TOO_NEW",
  );
});

test("only names that T4 gives are known as its own", () => {
  assert.ok(isCheckpointKey(checkpointKey(3 as Term, 12 as LogIndex, 0)));
  assert.ok(isCheckpointKey(checkpointKey(3 as Term, 12 as LogIndex, 2)));
  assert.ok(isDataKey(dataKey("a".repeat(64), 0)));
  assert.ok(isDataKey(dataKey("a".repeat(64), 12)));
  for (const key of ["data/x", `data/${"a".repeat(64)}-0`, `data/${"a".repeat(64)}/x`, "data/"]) {
    assert.ok(!isDataKey(key), key);
  }
  for (const key of ["checkpoint/1/2.json", "checkpoint/notes.txt"]) {
    assert.ok(!isCheckpointKey(key), key);
  }
});
