import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { orderOf } from "./string-order.js";

/** Few letters, so that strings share starts, end within each other and are equal. */
const letters = fc.constantFrom("\0", "a", "b", "\xff");
const string = fc
  .tuple(fc.constantFrom("", "aaaaaaaaa", "\0\0\0\0\0\0\0\0"), fc.array(letters, { maxLength: 12 }))
  .map(([start, rest]) => start + rest.join(""));

test("strings come in byte order, and of equal ones the later first", () => {
  fc.assert(
    fc.property(fc.array(string, { maxLength: 200 }), (strings) => {
      const expected = strings
        .map((text, place) => ({ text, place }))
        .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : b.place - a.place));
      assert.deepEqual(
        [...orderOf(strings)],
        expected.map(({ place }) => place),
      );
    }),
  );
});
