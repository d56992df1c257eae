import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { MemoryView } from "../../../test/model/memory-view.js";
import type { RangeOperation } from "../command.js";
import { plan } from "../plan/plan.js";
import { RangePages } from "./range-pages.js";
import { readRange } from "./range-read.js";
import { NO_LEASE } from "../words.js";

const operation = fc.record({
  kind: fc.constant("range" as const),
  range: fc.oneof(
    fc.record({ kind: fc.constant("key" as const), key: fc.constantFrom("k3", "none") }),
    fc.record({
      kind: fc.constant("interval" as const),
      start: fc.constantFrom("a", "k2", "k5", "z"),
      end: fc.constantFrom(null, "k4", "k9", "a"),
    }),
  ),
  revision: fc.constant(0),
  limit: fc.integer({ min: -1, max: 12 }),
  sort: fc.constant(null),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: fc.constant(0),
  maxModRevision: fc.constant(0),
  minCreateRevision: fc.constant(0),
  maxCreateRevision: fc.constant(0),
});

const view = new MemoryView();
for (const at of [5, 1, 3, 9, 7, 2, 8, 0, 4, 6]) {
  const put = { kind: "put" as const, key: `k${at}`, value: new Uint8Array(at), lease: NO_LEASE };
  view.apply(plan({ ...put, prevKv: false, ignoreValue: false, ignoreLease: false }, view));
}

function merged(
  wanted: RangeOperation,
  pageRows: readonly number[],
  stepRows: number,
  bytes: number,
): { keys: string[]; count: number; more: boolean; sizes: number[] } {
  const pages = new RangePages(wanted, view, view.revision);
  const keys: string[] = [];
  const sizes: number[] = [];
  for (let at = 0; ; at += 1) {
    pages.begin(pageRows[at % pageRows.length] ?? 1, bytes);
    while (!pages.step(stepRows, Infinity)) {
      // Others run.
    }
    const { rows, end } = pages.page;
    keys.push(...rows.map((row) => `${row.key} ${row.value.length}`));
    sizes.push(rows.length);
    if (end !== null) {
      pages.close();
      return { keys, sizes, ...end };
    }
  }
}

test("pages put together are the range, whatever their sizes and the steps", () => {
  fc.assert(
    fc.property(
      operation,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(1, 40, Infinity),
      (wanted, pageRows, stepRows, bytes) => {
        const expected = readRange(wanted, view, view.revision, view.revision);
        const { keys, count, more, sizes } = merged(wanted, pageRows, stepRows, bytes);
        assert.deepEqual(
          keys,
          expected.rows.map((row) => `${row.key} ${row.value.length}`),
        );
        assert.deepEqual([count, more], [expected.count, expected.more]);
        for (const [at, size] of sizes.entries()) {
          assert.ok(size <= (bytes === 1 ? 1 : (pageRows[at % pageRows.length] ?? 1)));
          assert.ok(size > 0 || sizes.length === 1, "a page that is not the only one has rows");
        }
      },
    ),
  );
});
