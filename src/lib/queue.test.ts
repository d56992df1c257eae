import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Queue } from "./queue.js";

test("a queue gives back what an array gives back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.nat(), { nil: null }), { maxLength: 200, size: "max" }),
      (steps) => {
        const queue = new Queue<number>();
        const model: number[] = [];
        for (const value of steps) {
          if (value === null) {
            assert.equal(queue.first(), model[0]);
            assert.equal(queue.shift(), model.shift());
          } else {
            queue.push(value);
            model.push(value);
          }
          assert.equal(queue.size, model.length);
        }
      },
    ),
  );
});
