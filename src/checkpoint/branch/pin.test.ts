import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGolden } from "../../../test/golden/golden.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { memoryObjectStore } from "../../object/memory-object-store.js";
import {
  assertBranchId,
  branchKey,
  decodePin,
  encodePin,
  holdKey,
  isBranchKey,
  isPinKey,
  readPins,
  type Pin,
} from "./pin.js";

const pin: Pin = {
  branchId: "test-1",
  target: "branch/test-1/",
  checkpoint: "checkpoint/0000000000000003/0000000000000012.json",
  files: [`data/${"a".repeat(64)}`],
  slots: [{ from: { term: 3 as Term, firstIndex: 13 as LogIndex }, throughIndex: 20 as LogIndex }],
  index: 20 as LogIndex,
  revision: 17 as Revision,
  createdMs: 1_700_000_000_000,
  writeId: "0123456789abcdef",
};

test("a pin has the bytes of its golden file, and is read back", () => {
  const body = encodePin(pin);
  assertGolden("checkpoint/pin.json", body);
  assert.deepEqual(decodePin(body, "it"), pin);
});

test("a pin that cannot be read fails the reading of all", async () => {
  const store = memoryObjectStore();
  await store.put(branchKey("a"), encodePin(pin));
  await store.put("branches/.notes", new Uint8Array(1));
  assert.equal((await readPins(store)).length, 1);
  await store.put(holdKey("b", pin.writeId), encodePin(pin).subarray(1));
  await assert.rejects(
    readPins(store),
    (error: unknown) => error instanceof T4Error && error.code === "T4_CORRUPT",
  );
});

test("names of branches are parts of keys", () => {
  for (const branchId of ["a", "PR-123", "v1.2_x", "0", "a".repeat(64)]) {
    assertBranchId(branchId);
    assert.ok(isBranchKey(branchKey(branchId)));
    assert.ok(isPinKey(holdKey(branchId, pin.writeId)));
    assert.ok(!isBranchKey(holdKey(branchId, pin.writeId)));
  }
  for (const branchId of ["", ".", "..", "-a", "a/b", "a~b", "ä", "a b", "a".repeat(65)]) {
    assert.throws(
      () => {
        assertBranchId(branchId);
      },
      (error: unknown) => error instanceof T4Error && error.code === "T4_INVALID_ARGUMENT",
    );
  }
});
