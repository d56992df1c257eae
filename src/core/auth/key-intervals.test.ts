import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import type { KeyRange } from "../range/key-range.js";
import { KeyIntervals } from "./key-intervals.js";

/** Every key of up to two letters out of three, and what lies just behind each: enough for intervals to meet at. */
const letters = ["a", "b", "\xff"];
const keys = letters
  .flatMap((first) => [first, ...letters.map((second) => first + second)])
  .flatMap((key) => [key, `${key}\0`])
  .concat("\0")
  .sort();

const key = fc.constantFrom(...keys);
const permission = fc.record({ key, rangeEnd: fc.oneof(fc.constantFrom("", "\0"), key) });

/** Whether one permission holds a key, as etcd's documentation says it. */
function holds(each: { readonly key: string; readonly rangeEnd: string }, wanted: string): boolean {
  if (each.rangeEnd === "") {
    return wanted === each.key;
  }
  return wanted >= each.key && (each.rangeEnd === "\0" || wanted < each.rangeEnd);
}

test("a key is in the set if it is in one of the permissions", () => {
  fc.assert(
    fc.property(fc.array(permission, { maxLength: 6 }), key, (permissions, wanted) => {
      assert.equal(
        new KeyIntervals(permissions).hasKey(wanted),
        permissions.some((each) => holds(each, wanted)),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("a range is covered if each key in it is, by whichever permissions", () => {
  fc.assert(
    fc.property(
      fc.array(permission, { maxLength: 6, size: "max" }),
      key,
      fc.option(key),
      (permissions, start, end) => {
        fc.pre(end === null || start < end);
        const range: KeyRange = { kind: "interval", start, end };
        // Between two neighbours of `keys` lie keys that both or neither has, but for those right behind the former.
        const within = keys.filter((each) => each >= start && (end === null || each < end));
        const probes = within.flatMap((each) => [each, `${each}\0`, `${each}\0\0`]);
        const inRange = probes.filter((each) => end === null || each < end);
        const endless = end !== null || permissions.some(({ rangeEnd }) => rangeEnd === "\0");
        assert.equal(
          new KeyIntervals(permissions).covers(range),
          endless && inRange.every((each) => permissions.some((one) => holds(one, each))),
        );
      },
    ),
    { numRuns: 5_000 },
  );
});

test("an empty range is covered only by what lies on both sides of it", () => {
  const middle = new KeyIntervals([{ key: "b", rangeEnd: "d" }]);
  const covers = (start: string, end: string): boolean =>
    middle.covers({ kind: "interval", start, end });
  assert.equal(covers("c", "c"), true);
  assert.equal(covers("cc", "c"), true);
  assert.equal(covers("e", "c"), false);
  assert.equal(covers("c", "a"), false);
  assert.equal(new KeyIntervals([]).covers({ kind: "interval", start: "c", end: "c" }), false);
});

test("permissions that touch or overlap are one interval", () => {
  const merged = new KeyIntervals([
    { key: "c", rangeEnd: "" },
    { key: "a", rangeEnd: "c" },
    { key: "c\0", rangeEnd: "f" },
    { key: "b", rangeEnd: "d" },
    { key: "x", rangeEnd: "\0" },
  ]);
  assert.equal(merged.size, 2);
  assert.ok(merged.covers({ kind: "interval", start: "a", end: "f" }));
  assert.ok(merged.covers({ kind: "interval", start: "x", end: null }));
  assert.ok(!merged.covers({ kind: "interval", start: "a", end: "g" }));
});
