// The row cache against the newest row of each key: what it keeps, and that it never gives anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { makeRow, type Row } from "../../core/row.js";
import { NO_LEASE, type Key, type Revision } from "../../core/words.js";
import { SearchKey } from "../run/search-key.js";
import { RowCache } from "./row-cache.js";

const search = new SearchKey();

function hashOf(key: Key): number {
  search.set(key);
  return search.hash;
}

function rowOf(key: Key, revision: number, valueBytes: number): Row {
  const value = new Uint8Array(valueBytes).fill(revision);
  return makeRow(key, value, revision as Revision, 0, 1 as Revision, 1, NO_LEASE);
}

test("a row is kept once it is read for the second time", () => {
  const cache = new RowCache(1024 * 1024);
  const row = rowOf("k", 2, 100);
  assert.equal(cache.add(row, hashOf("k")), undefined);
  assert.equal(cache.get("k", hashOf("k")), undefined);
  const kept = cache.add(row, hashOf("k"));
  assert.equal(cache.get("k", hashOf("k")), kept);
  assert.deepEqual(kept?.wire, row.wire);
  cache.remove("k", hashOf("k"));
  assert.equal(cache.get("k", hashOf("k")), undefined);
});

test("a cached row is always its key's newest, and a copy that later rows leave alone", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    isWrite: fc.boolean(),
    valueBytes: fc.nat(600),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const cache = new RowCache(16 * 1024);
      const newest = new Map<Key, Row>();
      steps.forEach(({ key, isWrite, valueBytes }, i) => {
        const row = newest.get(key);
        if (isWrite || row === undefined) {
          newest.set(key, rowOf(key, i + 2, valueBytes));
          cache.remove(key, hashOf(key));
          assert.equal(cache.get(key, hashOf(key)), undefined);
          return;
        }
        const read = cache.get(key, hashOf(key)) ?? cache.add(row, hashOf(key)) ?? cache.copy(row);
        assert.equal(read.modRevision, row.modRevision);
        assert.deepEqual(read.value, row.value);
      });
    }),
  );
});
