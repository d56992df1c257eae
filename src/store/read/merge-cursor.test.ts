// A scan over memtables whose order is not made yet: it is made in pieces between which others can run, and what is
// shown does not depend on who asked for it in which way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAll } from "../../../test/node/plain-node.js";
import { RangePages } from "../../core/range/range-pages.js";
import { RangeRead, readRange } from "../../core/range/range-read.js";
import { makeRow } from "../../core/row.js";
import type { ReadView } from "../../core/view.js";
import { NEVER_COMPACTED, NO_LEASE, type Revision } from "../../core/words.js";
import { MemtableSource } from "../memory/memtable-source.js";
import { PackedMemtable } from "../memory/packed-memtable.js";
import { SearchKey } from "../run/search-key.js";
import { MergeCursor } from "./merge-cursor.js";

const KEYS = 20_000;
const revision = (KEYS + 1) as Revision;

/** Two memtables with the keys 0 to KEYS - 1 between them, in an order far from theirs. */
function unorderedView(): ReadView {
  const memtables = [new PackedMemtable(), new PackedMemtable()];
  const search = new SearchKey();
  for (let at = 0; at < KEYS; at += 1) {
    const name = String((at * 7_919) % KEYS).padStart(5, "0");
    search.set(name);
    const own = (at + 2) as Revision;
    memtables[at < KEYS / 2 ? 1 : 0]?.append(
      makeRow(name, new Uint8Array(1), own, 0, own, 1, NO_LEASE),
      search,
    );
  }
  return {
    compactRevision: NEVER_COMPACTED,
    get: () => undefined,
    scan(range, at, descending) {
      assert.ok(range.kind === "interval");
      return new MergeCursor(
        memtables.map((memtable) => new MemtableSource(memtable, range, at, descending)),
        descending,
        () => {},
      );
    },
  };
}

const names = Array.from({ length: KEYS }, (_, at) => String(at).padStart(5, "0"));

test("a read in slices makes the order in pieces before its first row", () => {
  const read = new RangeRead(readAll, unorderedView(), revision, revision);
  let slices = 1;
  while (!read.step(KEYS + 1, Infinity)) {
    slices += 1;
  }
  assert.ok(slices > 8, `${slices} slices`);
  assert.deepEqual(
    read.outcome.rows.map(({ key }) => key),
    names,
  );
  read.close();
});

test("pages do so too, and a read that is not sliced has it all at once", () => {
  const view = unorderedView();
  const pages = new RangePages(readAll, view, revision);
  pages.begin(KEYS, Infinity);
  assert.equal(pages.step(KEYS + 1, Infinity), false);
  const descending = { ...readAll, sort: { target: "key", descending: true } } as const;
  assert.deepEqual(
    readRange(descending, view, revision, revision).rows.map(({ key }) => key),
    names.toReversed(),
  );
  while (!pages.step(KEYS + 1, Infinity)) {
    // Others run.
  }
  assert.deepEqual(
    pages.page.rows.map(({ key }) => key),
    names,
  );
  pages.close();
});
