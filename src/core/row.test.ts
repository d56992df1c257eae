import assert from "node:assert/strict";
import { test } from "node:test";
import protobuf from "protobufjs";
import fc from "../../test/support/fast-check.js";
import { latin1Bytes } from "../lib/bytes.js";
import { makeRow, makeTombstone, readRow } from "./row.js";
import type { Revision } from "./words.js";

const { root } = protobuf.parse(`
  syntax = "proto3";
  message KeyValue {
    bytes key = 1;
    int64 create_revision = 2;
    int64 mod_revision = 3;
    int64 version = 4;
    bytes value = 5;
    int64 lease = 6;
  }
`);
const KeyValue = root.lookupType("KeyValue");

/** Zero fields are left out, as proto3 does and protobufjs does only when they are not set. */
function encode(fields: Record<string, unknown>): Buffer {
  const set = Object.entries(fields).filter(
    ([, value]) =>
      value !== 0 && value !== 0n && !(value instanceof Uint8Array && value.length === 0),
  );
  const message = Object.fromEntries(
    set.map(([name, value]) => [
      name,
      typeof value === "number" || typeof value === "bigint" ? value.toString() : value,
    ]),
  );
  return Buffer.from(KeyValue.encode(KeyValue.create(message)).finish());
}

const arbitraryKey = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const arbitraryRevision = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
) as fc.Arbitrary<Revision>;
const arbitraryLease = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

test("a row's bytes are etcd's KeyValue message, and can be read back", () => {
  fc.assert(
    fc.property(
      arbitraryKey,
      fc.uint8Array({ maxLength: 300 }),
      arbitraryRevision,
      arbitraryRevision,
      fc.integer({ min: 1, max: 2 ** 40 }),
      arbitraryLease,
      fc.nat(5),
      (key, value, mod, create, version, lease, subRevision) => {
        const row = makeRow(key, value, mod, subRevision, create, version, lease);
        assert.deepEqual(
          Buffer.from(row.wire),
          encode({
            key: latin1Bytes(key),
            createRevision: create,
            modRevision: mod,
            version,
            value,
            lease,
          }),
        );
        const copy = Uint8Array.from([9, ...row.wire, 9]);
        const read = readRow(copy, 1, copy.length - 1, subRevision);
        for (const it of [row, read]) {
          assert.deepEqual(
            [it.key, it.modRevision, it.subRevision, it.createRevision, it.version, it.lease],
            [key, mod, subRevision, create, version, lease],
          );
          assert.deepEqual(Buffer.from(it.value), Buffer.from(value));
          assert.equal(it.isTombstone, false);
        }
      },
    ),
  );
});

test("a tombstone's bytes are a KeyValue with key and mod_revision only", () => {
  fc.assert(
    fc.property(arbitraryKey, arbitraryRevision, fc.nat(5), (key, mod, subRevision) => {
      const row = makeTombstone(key, mod, subRevision);
      assert.deepEqual(Buffer.from(row.wire), encode({ key: latin1Bytes(key), modRevision: mod }));
      const read = readRow(row.buffer, row.start, row.end, subRevision);
      assert.ok(read.isTombstone);
      assert.deepEqual([read.key, read.modRevision, read.lease], [key, mod, 0n]);
      assert.equal(read.value.length, 0);
    }),
  );
});

test("the golden bytes of one row", () => {
  const row = makeRow("\xffk", Uint8Array.of(1, 2), 300 as Revision, 0, 2 as Revision, 3, -1n);
  assert.equal(
    Buffer.from(row.wire).toString("hex"),
    "0a02ff6b" + "1002" + "18ac02" + "2003" + "2a020102" + "30ffffffffffffffffff01",
  );
});

test("a value is copied when its row is made", () => {
  const value = Uint8Array.of(1);
  const row = makeRow("k", value, 2 as Revision, 0, 2 as Revision, 1, 0n);
  value[0] = 2;
  assert.deepEqual([...row.value], [1]);
});

test("bytes cut short or with unknown fields are no row", () => {
  const row = makeRow("key", Uint8Array.of(1, 2), 300 as Revision, 0, 2 as Revision, 3, 77n);
  const bytes = Uint8Array.from(row.wire);
  // Cut between fields behind the revision, what is left is a row again: checksums see to that.
  const wholeAt = new Set([10, 12, 16]);
  for (let end = 0; end < bytes.length; end += 1) {
    if (!wholeAt.has(end)) {
      assert.throws(() => readRow(bytes, 0, end, 0), RangeError, `cut at ${end}`);
    }
  }
  assert.throws(
    () => readRow(Uint8Array.of(...bytes, 0x38, 1), 0, bytes.length + 2, 0),
    RangeError,
  );
});
