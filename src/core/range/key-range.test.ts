import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import {
  ALL_KEYS,
  keyRangeFromWire,
  prefixRange,
  rangeContains,
  rangeIsEmpty,
} from "./key-range.js";

const arbitraryKey = fc
  .array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { minLength: 1, maxLength: 4 })
  .map((codes) => String.fromCharCode(...codes));

test("a prefix's range holds the keys that start with it, and no other", () => {
  fc.assert(
    fc.property(fc.oneof(arbitraryKey, fc.constant("")), arbitraryKey, (prefix, key) => {
      assert.equal(rangeContains(prefixRange(prefix), key), key.startsWith(prefix));
    }),
    { numRuns: 1_000 },
  );
});

test("an empty range contains no key", () => {
  fc.assert(
    fc.property(arbitraryKey, arbitraryKey, arbitraryKey, (start, end, key) => {
      const range = keyRangeFromWire(start, end);
      assert.ok(!(rangeIsEmpty(range) && rangeContains(range, key)));
    }),
  );
});

test("etcd's ways to write a range", () => {
  assert.deepEqual(keyRangeFromWire("a", ""), { kind: "key", key: "a" });
  assert.deepEqual(keyRangeFromWire("a", "b"), { kind: "interval", start: "a", end: "b" });
  assert.deepEqual(keyRangeFromWire("a", "\0"), { kind: "interval", start: "a", end: null });
  assert.ok(rangeIsEmpty(keyRangeFromWire("b", "a")));
  assert.ok(rangeIsEmpty(keyRangeFromWire("b", "b")));
  assert.ok(!rangeIsEmpty(ALL_KEYS));
  assert.ok(!rangeIsEmpty(keyRangeFromWire("a", "")));
});
