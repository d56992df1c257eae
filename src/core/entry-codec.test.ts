import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import type { AuthChange } from "./auth/auth-change.js";
import type { Entry, SystemEffect } from "./entry.js";
import { entrySize, readEntry, writeEntry, type GroupBase } from "./entry-codec.js";
import { T4Error } from "./errors.js";
import { makeRow, makeTombstone, type Row } from "./row.js";
import type { LogIndex, Revision, Term } from "./words.js";

const key = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const lease = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const rowMaker = fc.oneof(
  fc.record({ key, value: fc.uint8Array({ maxLength: 300 }), lease, version: fc.nat() }).map(
    ({ key: name, value, lease: id, version }) =>
      (revision: Revision, sub: number): Row =>
        makeRow(name, value, revision, sub, revision, version + 1, id),
  ),
  key.map(
    (name) =>
      (revision: Revision, sub: number): Row =>
        makeTombstone(name, revision, sub),
  ),
);
const effect: fc.Arbitrary<SystemEffect | null> = fc.oneof(
  fc.constant(null),
  fc.record({
    kind: fc.constant("lease-grant" as const),
    lease,
    ttlSeconds: fc.integer({ min: 1, max: 9_000_000_000 }),
  }),
  fc.record({ kind: fc.constant("lease-revoke" as const), lease }),
  fc.record({
    kind: fc.constant("compact" as const),
    revision: fc.maxSafeNat().map((revision) => revision as Revision),
  }),
  fc.record({ kind: fc.constant("raise-revision" as const), by: fc.maxSafeNat() }),
  fc.record({
    kind: fc.constant("auth" as const),
    change: fc.constantFrom<AuthChange>(
      { kind: "enable" },
      { kind: "user-grant", user: "a".repeat(200), role: "\u00e9" },
      { kind: "role-revoke", role: "r", key: "\xff", rangeEnd: "\0" },
    ),
  }),
  fc.record({ kind: fc.constant("term-start" as const), node: fc.string({ unit: "grapheme" }) }),
  fc.record({
    kind: fc.constant("alarm" as const),
    isRaised: fc.boolean(),
    member: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    alarm: fc.nat(),
    byQuota: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("downgrade" as const), target: fc.string({ unit: "grapheme" }) }),
);
const grouped = fc
  .record({
    firstIndex: fc.integer({ min: 1, max: 2 ** 50 }),
    firstRevision: fc.integer({ min: 1, max: 2 ** 50 }),
    term: fc.integer({ min: 1, max: 2 ** 50 }),
    indexStep: fc.integer({ min: 0, max: 100_000 }),
    revisionStep: fc.integer({ min: 0, max: 100_000 }),
    rows: fc.array(rowMaker, { maxLength: 20 }),
    system: effect,
  })
  .map((drawn) => {
    const base: GroupBase = {
      term: drawn.term as Term,
      firstIndex: drawn.firstIndex as LogIndex,
      firstRevision: drawn.firstRevision as Revision,
    };
    const revision = (drawn.firstRevision + drawn.revisionStep) as Revision;
    const entry: Entry = {
      index: (drawn.firstIndex + drawn.indexStep) as LogIndex,
      term: base.term,
      revision,
      rows: drawn.rows.map((make, sub) => make(revision, sub)),
      system: drawn.system,
    };
    return { base, entry };
  });

function encoded(entry: Entry, base: GroupBase): Uint8Array {
  const size = entrySize(entry, base);
  const bytes = new Uint8Array(size);
  assert.equal(writeEntry(bytes, 0, entry, base, size), size);
  return bytes;
}

/** An entry as plain data: where its rows' bytes lie does not count. */
function plain(entry: Entry): unknown {
  return {
    ...entry,
    system: entry.system === null ? null : { ...entry.system },
    rows: entry.rows.map(({ key: name, modRevision, subRevision, version, ...row }) => ({
      name,
      modRevision,
      subRevision,
      version,
      createRevision: row.createRevision,
      lease: row.lease,
      wire: Buffer.from(row.buffer.subarray(row.start, row.end)).toString("hex"),
    })),
  };
}

test("an entry is read as it was written, wherever it lies in its buffer", () => {
  fc.assert(
    fc.property(grouped, fc.nat(20), ({ base, entry }, offset) => {
      const bytes = encoded(entry, base);
      const buffer = new Uint8Array(offset + bytes.length + 5).fill(0xff);
      buffer.set(bytes, offset);
      const cursor = { at: offset };
      const read = readEntry(buffer, cursor, offset + bytes.length, base);
      assert.equal(cursor.at, offset + bytes.length);
      assert.deepEqual(plain(read), plain(entry));
    }),
  );
});

test("an entry cut short is refused with a RangeError at every length", () => {
  fc.assert(
    fc.property(grouped, ({ base, entry }) => {
      const bytes = encoded(entry, base);
      for (let end = 0; end < bytes.length; end += 1) {
        assert.throws(() => readEntry(bytes, { at: 0 }, end, base), RangeError);
      }
    }),
    { numRuns: 30 },
  );
});

test("arbitrary bytes are an entry or an error, never anything else", () => {
  const base: GroupBase = {
    term: 1 as Term,
    firstIndex: 1 as LogIndex,
    firstRevision: 1 as Revision,
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readEntry(bytes, { at: 0 }, bytes.length, base);
      } catch (error) {
        assert.ok(error instanceof RangeError || error instanceof T4Error, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("an effect of a newer version is refused as such", () => {
  const base: GroupBase = {
    term: 1 as Term,
    firstIndex: 1 as LogIndex,
    firstRevision: 1 as Revision,
  };
  assert.throws(
    () => readEntry(Uint8Array.of(4, 0, 0, 0, 200), { at: 0 }, 5, base),
    (error: unknown) => error instanceof T4Error && error.code === "T4_FORMAT_TOO_NEW",
  );
});

test("an entry that holds a large value keeps its length to the byte", () => {
  const base: GroupBase = {
    term: 1 as Term,
    firstIndex: 1 as LogIndex,
    firstRevision: 2 as Revision,
  };
  for (const valueBytes of [100, 101, 102, 103, 104, 105, 106, 107, 108, 16_360, 16_365, 16_370]) {
    const row = makeRow("k", new Uint8Array(valueBytes), 2 as Revision, 0, 2 as Revision, 1, 0n);
    const entry: Entry = {
      index: base.firstIndex,
      term: base.term,
      revision: base.firstRevision,
      rows: [row],
      system: null,
    };
    const bytes = encoded(entry, base);
    assert.deepEqual(plain(readEntry(bytes, { at: 0 }, bytes.length, base)), plain(entry));
  }
});
