import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { makeRow, makeTombstone, type Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";
import { latin1 } from "../../lib/bytes.js";
import { HeadColumns } from "./head-columns.js";

const keyArbitrary = fc
  .tuple(
    fc.constantFrom("", "a", "registry/pods/"),
    fc.array(fc.constantFrom(0, 1, 97, 98, 255), { minLength: 1, maxLength: 9 }),
  )
  .map(([prefix, bytes]) => prefix + String.fromCharCode(...bytes));

const rowsArbitrary = fc
  .array(fc.record({ key: keyArbitrary, lease: fc.constantFrom(0n, -1n, 7n), put: fc.boolean() }), {
    maxLength: 40,
  })
  .map((specs) =>
    specs.map(({ key, lease, put }, i): Row => {
      const revision = (2 + (i >>> 1)) as Revision;
      return put
        ? makeRow(key, new Uint8Array(i), revision, i & 1, revision, i + 1, lease)
        : makeTombstone(key, revision, i & 1);
    }),
  );

test("heads come by key in byte order, each key's newest first, with all their numbers", () => {
  fc.assert(
    fc.property(rowsArbitrary, (rows) => {
      const columns = new HeadColumns();
      for (const row of rows) {
        columns.add(row);
      }
      const seen: unknown[] = [];
      columns.visitInOrder((key, length, head) =>
        seen.push({ key: latin1(key, 0, length), ...head }),
      );
      const expected = rows.toSorted((a, b) =>
        a.key === b.key
          ? b.modRevision - a.modRevision || b.subRevision - a.subRevision
          : a.key < b.key
            ? -1
            : 1,
      );
      assert.deepEqual(
        seen,
        expected.map(
          ({ key, modRevision, subRevision, createRevision, version, lease, start, end }) => ({
            ...{ key, modRevision, subRevision, createRevision, version, lease },
            rowBytes: end - start,
          }),
        ),
      );
      assert.equal(columns.count, rows.length);
    }),
  );
});

test("columns grow", () => {
  const columns = new HeadColumns();
  for (let i = 0; i < 5_000; i += 1) {
    columns.add(makeTombstone(`k${i}`, (i + 2) as Revision, 0));
  }
  let last = "";
  let count = 0;
  columns.visitInOrder((bytes, length) => {
    const key = latin1(bytes, 0, length);
    assert.ok(key > last);
    last = key;
    count += 1;
  });
  assert.equal(count, 5_000);
});
