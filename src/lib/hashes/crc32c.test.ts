import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { crc32c } from "./crc32c.js";

const ascii = (text: string): Uint8Array => Buffer.from(text);

test("the checksums of RFC 3720 come out", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e);
  assert.equal(crc32c(ascii("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test("bytes in pieces have the checksum of the whole", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      const first = crc32c(bytes.subarray(0, cut));
      assert.equal(crc32c(bytes.subarray(cut), first), crc32c(bytes));
    }),
  );
});
