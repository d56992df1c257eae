import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { makeRow, makeTombstone } from "../core/row.js";
import type { Revision } from "../core/words.js";
import { jsonRow, keyArgument, printable } from "./render.js";

const revision = (value: number): Revision => value as Revision;

test("text is printed as it is, control characters and broken UTF-8 are escaped", () => {
  assert.equal(printable(Buffer.from("größe")), "größe");
  assert.equal(printable(Buffer.from("a\u001b[31m")), '"a\\x1b[31m"');
  assert.equal(printable(Uint8Array.of(0xff, 0x22)), '"\\xff\\x22"');
});

test("nothing printable can move the cursor", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      // eslint-disable-next-line no-control-regex -- it is what is looked for.
      assert.doesNotMatch(printable(bytes), /[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});

test("a row as JSON keeps any bytes", () => {
  const row = makeRow("k\u00ff", Uint8Array.of(0xff), revision(3), 0, revision(2), 2, -5n);
  assert.deepEqual(jsonRow(row, { keysOnly: false }), {
    keyBase64: "a/8=",
    valueBase64: "/w==",
    createRevision: 2,
    modRevision: 3,
    version: 2,
    lease: "-5",
  });
  assert.deepEqual(jsonRow(makeTombstone("k", revision(4), 0), { keysOnly: false }), {
    key: "k",
    deleted: true,
    modRevision: 4,
  });
});

test("a key typed in UTF-8 becomes its bytes", () => {
  assert.equal(keyArgument("ä"), "\u00c3\u00a4");
});
