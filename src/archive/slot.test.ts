// The bytes of slots are a promise to every later version.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGolden, readGolden } from "../../test/golden/golden.js";
import { archivedGroups, entriesSlotOf, sealSlotOf } from "../../test/support/archive-slots.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex, Term } from "../core/words.js";
import { NO_HASH, type ChainPosition } from "./chain.js";
import { decodeSlot, positionAfterSlot, SLOT_OVERHEAD_BYTES } from "./slot.js";

const CLUSTER = 0x0123_4567_89ab_cdefn;
const START: ChainPosition = {
  term: 7 as Term,
  firstIndex: 1 as LogIndex,
  previousHash: NO_HASH,
};

test("slots are written as the format promises, to the byte, and read back", async () => {
  const groups = await archivedGroups(1, 3);
  const entries = entriesSlotOf(START, CLUSTER, groups, { endsSegment: true });
  assertGolden("archive/entries.slot", entries.body);
  const slot = decodeSlot(readGolden("archive/entries.slot"), START, CLUSTER, "golden");
  assert.equal(slot.kind, "entries");
  assert.equal(slot.hash, entries.hash);
  assert.deepEqual(
    slot.groups.map(({ frame }) => Buffer.from(frame).toString("hex")),
    groups.map(({ frame }) => Buffer.from(frame).toString("hex")),
  );
  const behind = positionAfterSlot(slot);
  const seal = sealSlotOf(behind, CLUSTER, 9 as Term, slot.revision);
  assertGolden("archive/seal.slot", seal.body);
  const sealed = decodeSlot(readGolden("archive/seal.slot"), behind, CLUSTER, "golden");
  assert.equal(sealed.kind, "seal");
  assert.deepEqual(positionAfterSlot(sealed), {
    term: 9,
    firstIndex: slot.lastIndex + 1,
    previousHash: seal.hash,
  });
});

test("a slot with any byte changed, or cut anywhere, is refused", async () => {
  const groups = await archivedGroups(2, 2);
  const { body } = entriesSlotOf(START, CLUSTER, groups, {});
  const refused = (bytes: Uint8Array): void => {
    assert.throws(
      () => decodeSlot(bytes, START, CLUSTER, "slot"),
      (error) =>
        error instanceof T4Error &&
        (error.code === "T4_CORRUPT" || error.code === "T4_FORMAT_TOO_NEW"),
    );
  };
  for (let at = 0; at < body.length; at += 1) {
    const changed = body.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    refused(changed);
    refused(body.slice(0, at));
  }
});

test("a slot is refused where the chain does not lead to it", async () => {
  const groups = await archivedGroups(3, 1);
  const { body } = entriesSlotOf(START, CLUSTER, groups, {});
  const elsewhere: ChainPosition[] = [
    { ...START, term: 8 as Term },
    { ...START, firstIndex: 2 as LogIndex },
    { ...START, previousHash: "1".repeat(64) },
  ];
  for (const position of elsewhere) {
    assert.throws(() => decodeSlot(body, position, CLUSTER, "slot"), { code: "T4_CORRUPT" });
  }
  assert.throws(() => decodeSlot(body, START, 5n, "slot"), { code: "T4_CORRUPT" });
  assert.equal(decodeSlot(body, START, null, "slot").kind, "entries");
  assert.ok(body.length > SLOT_OVERHEAD_BYTES);
});
