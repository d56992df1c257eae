import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGolden, readGolden } from "../../../test/golden/golden.js";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { utf8Bytes } from "../../lib/bytes.js";
import { dataKey } from "../checkpoint.js";
import { decodePinnedPoint, encodePinnedPoint, type PinnedPoint } from "./pinned-point.js";

const GOLDEN = "checkpoint/restore-point.json";

const point: PinnedPoint = {
  url: "s3://bucket/prod/",
  clusterId: 0xfedc_ba98_7654_3210n,
  index: 14 as LogIndex,
  revision: 11 as Revision,
  term: 3 as Term,
  wallMs: 1_700_000_000_000,
  createdMs: 1_700_000_100_000,
  manifest: {
    clusterId: 0xfedc_ba98_7654_3210n,
    term: 3 as Term,
    writeId: "0123456789abcdef",
    chain: { term: 1 as Term, firstIndex: 1 as LogIndex, previousHash: "0".repeat(64) },
    base: null,
    floor: { term: 3 as Term, firstIndex: 13 as LogIndex },
    checkpoints: [
      {
        key: "checkpoint/0000000000000003/0000000000000012.json",
        term: 3 as Term,
        index: 12 as LogIndex,
        revision: 9 as Revision,
        wallMs: 1_699_999_990_000,
        bytes: 1_000,
      },
    ],
    condemned: [],
  },
  objects: [
    {
      owner: "",
      key: "wal/0000000000000003/0000000000000013",
      version: "3HL4kqtJvjVBH40Nrjfkd",
      bytes: 300,
      sha256: "a".repeat(64),
    },
    {
      owner: "../../",
      key: dataKey("b".repeat(64), 0),
      version: "null",
      bytes: 1_000,
      sha256: "b".repeat(64),
    },
  ],
};

function refuses(body: Uint8Array, code: T4ErrorCode): void {
  assert.throws(
    () => decodePinnedPoint(body, "point.json"),
    (error: unknown) => {
      assert.ok(error instanceof T4Error, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, /point\.json/);
      return true;
    },
  );
}

test("a restore point has the bytes of its golden file, and is read back", () => {
  assertGolden(GOLDEN, encodePinnedPoint(point));
  assert.deepEqual(decodePinnedPoint(readGolden(GOLDEN), "golden"), point);
});

test("a restore point in which one byte was changed is refused", () => {
  const body = encodePinnedPoint(point);
  for (let at = 0; at < body.length; at += 1) {
    const damaged = Uint8Array.from(body);
    damaged[at]! ^= 1;
    assert.throws(() => decodePinnedPoint(damaged, "point.json"), T4Error, `byte ${at}`);
  }
});

test("what is no restore point, or one of a later version, is told as such", () => {
  for (const text of ["", "not JSON", "[]", "{}", `{ "format": 1, "clusterId": "00" }`]) {
    refuses(utf8Bytes(text), "T4_INVALID_ARGUMENT");
  }
  refuses(utf8Bytes(`{ "format": 2, "kind": "t4-restore-point" }`), "T4_FORMAT_TOO_NEW");
  const text = new TextDecoder().decode(encodePinnedPoint(point));
  refuses(utf8Bytes(text.replace(`"revision": 11`, `"revision": 10`)), "T4_CORRUPT");
  refuses(utf8Bytes(text.trimEnd()), "T4_CORRUPT");
});

test("an object that no store could have is refused where it is read", () => {
  const [first] = point.objects;
  for (const bad of [{ owner: "a b/" }, { owner: "a" }, { key: "a//b" }, { version: "" }]) {
    refuses(encodePinnedPoint({ ...point, objects: [{ ...first!, ...bad }] }), "T4_CORRUPT");
  }
});
