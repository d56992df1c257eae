import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { IndexedHeap, type HeapItem } from "./indexed-heap.js";

interface Numbered extends HeapItem {
  rank: number;
}

const step = fc.record({
  kind: fc.constantFrom("add", "update", "delete"),
  which: fc.nat(30),
  rank: fc.nat(100),
});

test("the first item is the smallest, whatever was added, moved and removed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const heap = new IndexedHeap<Numbered>((a, b) => a.rank < b.rank);
      const model: Numbered[] = [];
      for (const { kind, which, rank } of steps) {
        const item = model[which];
        if (kind === "add") {
          const added = { rank, heapPosition: -1 };
          heap.add(added);
          model.push(added);
        } else if (item !== undefined && kind === "update") {
          item.rank = rank;
          heap.update(item);
        } else if (item !== undefined) {
          heap.delete(item);
          heap.delete(item);
          model.splice(which, 1);
        }
        assert.equal(heap.size, model.length);
        assert.equal(
          heap.first()?.rank,
          model.length === 0 ? undefined : Math.min(...model.map((each) => each.rank)),
        );
      }
      const drained: number[] = [];
      for (let first = heap.first(); first !== undefined; first = heap.first()) {
        drained.push(first.rank);
        heap.delete(first);
      }
      assert.deepEqual(
        drained,
        model.map((each) => each.rank).sort((a, b) => a - b),
      );
    }),
  );
});
