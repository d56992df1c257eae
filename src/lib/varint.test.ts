import assert from "node:assert/strict";
import { test } from "node:test";
import protobuf from "protobufjs";
import fc from "../../test/support/fast-check.js";
import { bigVarintSize, readVarint, varintSize, writeBigVarint, writeVarint } from "./varint.js";

const arbitraryNumber = fc
  .tuple(fc.nat(53), fc.maxSafeNat())
  .map(([bits, value]) => Math.floor(value / 2 ** (53 - bits)));

function reference(value: number | bigint): Buffer {
  return Buffer.from(protobuf.Writer.create().int64(value.toString()).finish());
}

test("safe integers are written as protobuf does, in the size foretold, and read back", () => {
  fc.assert(
    fc.property(arbitraryNumber, (value) => {
      const bytes = new Uint8Array(12);
      const end = writeVarint(bytes, 1, value);
      assert.equal(end - 1, varintSize(value));
      assert.deepEqual(Buffer.from(bytes.subarray(1, end)), reference(value));
      const cursor = { at: 1 };
      assert.equal(readVarint(bytes, cursor, end), value);
      assert.equal(cursor.at, end);
    }),
    { numRuns: 1_000, examples: [[0], [127], [128], [2 ** 31], [2 ** 49], [2 ** 53 - 1]] },
  );
});

test("64-bit integers are written as protobuf does, in the size foretold", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const bytes = new Uint8Array(12);
      const end = writeBigVarint(bytes, 1, value);
      assert.equal(end - 1, bigVarintSize(value));
      assert.deepEqual(Buffer.from(bytes.subarray(1, end)), reference(value));
    }),
  );
});

test("a varint that ends early or is above 2^53 − 1 is refused", () => {
  for (const bytes of [[], [0x80], [0xff, 0xff], Array<number>(8).fill(0xff).concat(1)]) {
    assert.throws(() => readVarint(Uint8Array.from(bytes), { at: 0 }, bytes.length), RangeError);
  }
  assert.throws(() => readVarint(Uint8Array.of(0x80, 1), { at: 0 }, 1), RangeError);
  const tooLarge = reference(2n ** 53n);
  assert.throws(() => readVarint(tooLarge, { at: 0 }, tooLarge.length), RangeError);
});
