import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { Queue } from "./queue.js";

test("a queue gives back what an array gives back", () => {
  const step = fc.oneof(fc.nat(), fc.constantFrom("shift", "pop"));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const queue = new Queue<number>();
      const model: number[] = [];
      for (const value of steps) {
        if (value === "pop") {
          assert.equal(queue.pop(), model.pop());
        } else if (value === "shift") {
          assert.equal(queue.first(), model[0]);
          assert.equal(queue.shift(), model.shift());
        } else if (typeof value === "number") {
          queue.push(value);
          model.push(value);
        }
        assert.equal(queue.size, model.length);
      }
    }),
  );
});
