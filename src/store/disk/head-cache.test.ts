import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { makeRow, makeTombstone, type Row } from "../../core/row.js";
import { NO_LEASE, type Revision } from "../../core/words.js";
import { RunHead } from "../run/run.js";
import { SearchKey } from "../run/search-key.js";
import { HeadCache } from "./head-cache.js";

const noValue = new Uint8Array(0);

/** Few keys in few sets, some of them too long to be kept. */
const keys = Array.from({ length: 40 }, (_, i) => `${"k".repeat(i % 8 === 0 ? 46 : i % 5)}${i}`);

const step = fc.record({
  key: fc.constantFrom(...keys),
  what: fc.constantFrom("put", "put", "put", "lease", "second", "delete", "forget"),
});

test("a head that is found is its key's newest, whatever was written, deleted and taken back", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const cache = new HeadCache();
      const newest = new Map<string, Row>();
      const search = new SearchKey();
      const head = new RunHead();
      steps.forEach(({ key, what }, at) => {
        const revision = (at + 2) as Revision;
        search.set(key);
        if (what === "forget") {
          cache.forget(search);
          newest.delete(key);
        } else {
          const before = newest.get(key)?.version ?? 0;
          const row =
            what === "delete"
              ? makeTombstone(key, revision, 0)
              : makeRow(
                  key,
                  noValue,
                  revision,
                  what === "second" ? 1 : 0,
                  revision,
                  before + 1,
                  what === "lease" ? 7n : NO_LEASE,
                );
          cache.note(search, row);
          newest.set(key, row);
        }
        for (const other of keys) {
          search.set(other);
          if (cache.find(search, revision, head)) {
            const row = newest.get(other);
            assert.equal(head.key, other);
            assert.equal(head.modRevision, row?.modRevision);
            assert.equal(head.createRevision, row?.createRevision);
            assert.equal(head.version, row?.version);
            assert.equal(head.lease, row?.lease);
            assert.equal(cache.find(search, head.modRevision - 1, head), false);
          }
        }
      });
    }),
  );
});

test("many more keys than there is room for: those written last are mostly there", () => {
  const cache = new HeadCache();
  const search = new SearchKey();
  const head = new RunHead();
  const count = 500_000;
  for (let i = 0; i < count; i += 1) {
    search.set(`key/${i}`);
    cache.note(
      search,
      makeRow(`key/${i}`, noValue, (i + 2) as Revision, 0, 2 as Revision, 1, NO_LEASE),
    );
  }
  let found = 0;
  for (let i = count - 50_000; i < count; i += 1) {
    search.set(`key/${i}`);
    if (cache.find(search, count + 2, head)) {
      assert.equal(head.modRevision, i + 2);
      found += 1;
    }
  }
  assert.ok(found > 45_000, `${found} of the last 50,000 keys are found`);
});
