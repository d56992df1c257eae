import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { bytesOfHex, hexOf, hexOfId } from "./hex.js";

test("bytes come back from their digits, also as a part of a larger buffer", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(8), (bytes, offset) => {
      const larger = new Uint8Array(bytes.length + offset);
      larger.set(bytes, offset);
      const text = hexOf(larger.subarray(offset));
      assert.equal(text.length, 2 * bytes.length);
      assert.deepEqual(bytesOfHex(text), bytes);
    }),
  );
});

test("an id has 16 digits", () => {
  assert.equal(hexOfId(0xabcn), "0000000000000abc");
  assert.equal(hexOfId(2n ** 64n - 1n), "f".repeat(16));
});
