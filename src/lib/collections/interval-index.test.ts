import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { IntervalIndex } from "./interval-index.js";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "\u00ff"), maxLength: 3 });
const end = fc.option(word, { nil: null });

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), start: word, end }),
  fc.record({ kind: fc.constant("delete" as const), start: word, end }),
  fc.record({ kind: fc.constant("visit" as const), key: word }),
);

test("an index finds what a walk over all intervals finds, whatever was added and deleted", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const index = new IntervalIndex<string>();
      const model = new Map<string, { start: string; end: string | null }>();
      for (const each of steps) {
        if (each.kind === "visit") {
          const found: string[] = [];
          index.visit(each.key, (value) => found.push(value));
          const expected = [...model]
            .filter(
              ([, interval]) =>
                each.key >= interval.start && (interval.end === null || each.key < interval.end),
            )
            .map(([name]) => name);
          assert.deepEqual(found.sort(), expected.sort());
          continue;
        }
        const name = JSON.stringify([each.start, each.end]);
        const value = model.has(name) ? name : undefined;
        assert.equal(index.get(each.start, each.end), value);
        if (each.kind === "delete") {
          assert.equal(index.delete(each.start, each.end), model.delete(name));
        } else if (value === undefined) {
          index.add(each.start, each.end, name);
          model.set(name, each);
        }
        assert.equal(index.size, model.size);
        const all: string[] = [];
        index.forEach((each) => all.push(each));
        assert.deepEqual(all.sort(), [...model.keys()].sort());
      }
    }),
  );
});

test("a question among 10,000 ordered intervals visits only what contains the key", () => {
  const index = new IntervalIndex<number>();
  const name = (at: number): string => String(at).padStart(5, "0");
  for (let at = 0; at < 10_000; at += 1) {
    index.add(name(at), name(at + 1), at);
  }
  let visits = 0;
  index.visit(name(7_000), (value) => {
    visits += 1;
    assert.equal(value, 7_000);
  });
  assert.equal(visits, 1);
});
