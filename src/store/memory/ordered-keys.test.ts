import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
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

test("prepared in pieces, with keys added, removed and looked for meanwhile, the order is the same", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.array(fc.constantFrom("prepare", "insert", "remove", "seek"), { maxLength: 12 }),
      fc.integer(),
      (count, steps, seed) => {
        const random = new SeededRandom(seed);
        const left = new Set<string>();
        const keys = new OrderedKeys<string>((one) => one);
        const insert = (many: number): void => {
          for (let i = 0; i < many; i += 1) {
            const one = random.below(1_000_000).toString(36);
            if (!left.has(one)) {
              left.add(one);
              keys.insert(one);
            }
          }
        };
        insert(count);
        for (const step of steps) {
          switch (step) {
            case "prepare":
              keys.prepare();
              break;
            case "insert":
              insert(random.below(300));
              break;
            case "remove": {
              const [one] = left;
              if (one !== undefined && left.delete(one)) {
                keys.remove(one);
              }
              break;
            }
            case "seek": {
              const place = keys.seek("m");
              assert.equal(place.key, [...left].filter((one) => one >= "m").sort()[0]);
              break;
            }
          }
        }
        const sorted = [...left].sort();
        assert.equal(keys.size, sorted.length);
        assert.deepEqual(walk(keys, ""), sorted);
        assert.deepEqual(walkBack(keys, null), sorted.reverse());
        assert.ok(keys.prepare());
      },
    ),
    { numRuns: 60 },
  );
});

test("a piece is short, and the last one says so", () => {
  const keys = new OrderedKeys<string>((one) => one);
  for (let i = 0; i < 60_000; i += 1) {
    keys.insert(String((i * 7919) % 60_000).padStart(5, "0"));
  }
  let pieces = 1;
  for (; !keys.prepare(); pieces += 1) {
    if (pieces === 1) {
      // They come too late for the tree that is being made, and are more than go in at once behind it.
      for (let i = 60_000; i < 63_000; i += 1) {
        keys.insert(String(i));
      }
    }
  }
  assert.ok(pieces > 20, `${pieces} pieces`);
  assert.equal(walk(keys, "").length, 63_000);
});
