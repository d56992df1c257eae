import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { SlicedSort } from "./sliced-sort.js";

test("a sort in slices gives what a stable sort at once gives", () => {
  const arbitraryItem = fc.record({ rank: fc.nat(5), id: fc.nat() });
  fc.assert(
    fc.property(
      fc.array(fc.array(arbitraryItem, { maxLength: 5 }), { maxLength: 20 }),
      fc.nat(7),
      (runs, itemsMax) => {
        const compare = (left: { rank: number }, right: { rank: number }): number =>
          left.rank - right.rank;
        const sort = new SlicedSort(compare);
        for (const run of runs) {
          sort.addRun([...run]);
        }
        while (!sort.step(itemsMax)) {
          // Others would run here.
        }
        assert.deepEqual(sort.sorted, runs.flat().sort(compare));
      },
    ),
    { numRuns: 500 },
  );
});
