import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGolden, readGolden } from "../../test/golden/golden.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import {
  assertFollows,
  decodeLatestManifest,
  encodeLatestManifest,
  type LatestManifest,
} from "./latest-manifest.js";

const manifest: LatestManifest = {
  clusterId: 0xfedc_ba98_7654_3210n,
  term: 4 as Term,
  writeId: "00112233aabbccdd",
  chain: { term: 3 as Term, firstIndex: 101 as LogIndex, previousHash: "ab".repeat(32) },
  base: {
    checkpoint: { owner: "../../", key: "checkpoint/0000000000000002/0000000000000050.json" },
    legs: [
      {
        owner: "../../",
        from: { term: 2 as Term, firstIndex: 51 as LogIndex, previousHash: "cd".repeat(32) },
        throughIndex: 100 as LogIndex,
      },
    ],
    index: 100 as LogIndex,
    revision: 90 as Revision,
    term: 2 as Term,
  },
  floor: { term: 3 as Term, firstIndex: 101 as LogIndex },
  checkpoints: [
    {
      key: "checkpoint/0000000000000004/0000000000000200.json",
      term: 4 as Term,
      index: 200 as LogIndex,
      revision: 180 as Revision,
      wallMs: 1_700_000_000_000,
      bytes: 12_345,
    },
  ],
  condemned: [{ key: `data/${"ef".repeat(32)}`, sinceMs: 1_700_000_000_001 }],
};

test("the manifest is written as the format promises, to the byte, and read back", () => {
  assertGolden("archive/latest.json", encodeLatestManifest(manifest));
  assert.deepEqual(decodeLatestManifest(readGolden("archive/latest.json"), "golden"), manifest);
});

test("a manifest that lacks a member, or has one of another kind, is refused by its name", () => {
  const text = new TextDecoder().decode(encodeLatestManifest(manifest));
  const members = JSON.parse(text) as Record<string, unknown>;
  for (const member of Object.keys(members)) {
    for (const value of [undefined, true, -1, "x", [1]]) {
      const body = new TextEncoder().encode(JSON.stringify({ ...members, [member]: value }));
      assert.throws(() => decodeLatestManifest(body, "s3://b/manifest/latest"), {
        code: "T4_CORRUPT",
        message: new RegExp(`s3://b/manifest/latest.*${member}`),
      });
    }
  }
  const newer = new TextEncoder().encode(text.replace('"format": 1', '"format": 2'));
  assert.throws(() => decodeLatestManifest(newer, "x"), { code: "T4_FORMAT_TOO_NEW" });
  const cut = new TextEncoder().encode(text.slice(0, 100));
  assert.throws(() => decodeLatestManifest(cut, "x"), { code: "T4_CORRUPT" });
});

test("a change that would take something back is a bug", () => {
  const { base, chain } = manifest;
  assert.ok(base !== null);
  const wrong: Partial<LatestManifest>[] = [
    { clusterId: 1n },
    { term: 3 as Term },
    { chain: { ...chain, firstIndex: 1 as LogIndex } },
    { base: null },
    { base: { ...base, index: 99 as LogIndex } },
    { floor: { term: 2 as Term, firstIndex: 500 as LogIndex } },
    { checkpoints: [] },
    { checkpoints: manifest.checkpoints.map((one) => ({ ...one, index: 199 as LogIndex })) },
  ];
  for (const change of wrong) {
    assert.throws(() => {
      assertFollows(manifest, { ...manifest, ...change });
    }, /does not go back|stays/);
  }
  assertFollows(manifest, { ...manifest, term: 9 as Term, condemned: [] });
});
