import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OrderedKeys } from "./ordered-keys.js";

const key = fc.string({
  minLength: 1,
  maxLength: 6,
  unit: fc.constantFrom("a", "b", "\0", "\u00ff"),
});

function walk(keys: OrderedKeys<string>, from: string): string[] {
  const seen: string[] = [];
  for (const place = keys.seek(from); place.key !== undefined;) {
    assert.equal(place.value, place.key);
    seen.push(place.key);
    place.next();
  }
  return seen;
}

function walkBack(keys: OrderedKeys<string>, before: string | null): string[] {
  const seen: string[] = [];
  for (const place = keys.seekBefore(before); place.key !== undefined;) {
    seen.push(place.key);
    place.previous();
  }
  return seen;
}

test("keys come in order from anywhere in both directions, after any insertions and removals", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 400 }),
      fc.array(fc.boolean(), { minLength: 400, maxLength: 400 }),
      key,
      fc.nat(400),
      (inserted, removed, from, walked) => {
        const keys = new OrderedKeys<string>((one) => one);
        inserted.forEach((one, at) => {
          if (at === walked) {
            walk(keys, from);
          }
          keys.insert(one);
        });
        const gone = new Set(inserted.filter((_, i) => removed[i] === true));
        gone.forEach((one) => {
          keys.remove(one);
        });
        const left = inserted.filter((one) => !gone.has(one)).sort();
        assert.equal(keys.size, left.length);
        assert.deepEqual(walk(keys, ""), left);
        assert.deepEqual(
          walk(keys, from),
          left.filter((one) => one >= from),
        );
        assert.deepEqual(walkBack(keys, null), left.toReversed());
        assert.deepEqual(walkBack(keys, from), left.filter((one) => one < from).reverse());
      },
    ),
    { numRuns: 60 },
  );
});

test("thousands of keys in ascending, descending and mixed order are all found", () => {
  const names = Array.from({ length: 80_000 }, (_, i) => String(i).padStart(5, "0"));
  const mixed = names.map((_, i) => names[(i * 7919) % names.length]!);
  for (const order of [names, names.toReversed(), mixed]) {
    for (const isWalked of [false, true]) {
      const keys = new OrderedKeys<string>((one) => one, isWalked);
      order.forEach((one) => {
        keys.insert(one);
      });
      assert.deepEqual(walk(keys, ""), names);
      assert.deepEqual(walkBack(keys, null), names.toReversed());
    }
  }
});
