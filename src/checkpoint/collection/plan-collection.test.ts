import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { compareAddresses, NO_HASH, slotKey, type SlotAddress } from "../../archive/chain.js";
import type { LatestManifest } from "../../archive/latest-manifest.js";
import { SLOT_OVERHEAD_BYTES } from "../../archive/slot.js";
import type { LogIndex, Term } from "../../core/words.js";
import { dataKey } from "../checkpoint.js";
import {
  changesManifest,
  planCollection,
  type CollectionPlan,
  type Listing,
} from "./plan-collection.js";
import type { Roots } from "./roots.js";

const GRACE_MS = 100;

const address = fc.record({
  term: fc.integer({ min: 1, max: 3 }),
  firstIndex: fc.nat(40),
}) as fc.Arbitrary<SlotAddress>;
const data = fc.nat(12).map((n) => dataKey(n.toString(16).padStart(64, "0"), 0));

const situation = fc.record({
  objects: fc.uniqueArray(data),
  live: fc.uniqueArray(data),
  slots: fc.uniqueArray(address, { selector: slotKey }),
  seals: fc.uniqueArray(address, { selector: slotKey }),
  pinned: fc.array(fc.record({ from: address, throughIndex: fc.nat(40) }), { maxLength: 2 }),
  floor: address,
  condemned: fc.uniqueArray(
    fc.record({ key: fc.oneof(data, address.map(slotKey)), sinceMs: fc.nat(1_200) }),
    { selector: ({ key }) => key },
  ),
  nowMs: fc.nat(1_000),
});

type Situation = typeof situation extends fc.Arbitrary<infer Value> ? Value : never;

function manifestOf({ floor, condemned }: Situation): LatestManifest {
  const first = { term: 0 as Term, firstIndex: 0 as LogIndex };
  return {
    clusterId: 1n,
    term: 9 as Term,
    writeId: "0".repeat(16),
    chain: { ...first, previousHash: NO_HASH },
    base: null,
    floor,
    checkpoints: [],
    condemned,
  };
}

function rootsOf({ live, pinned, floor }: Situation): Roots {
  const slots = pinned.map(({ from, throughIndex }) => ({
    from,
    throughIndex: throughIndex as LogIndex,
  }));
  return { retained: [], live: new Set(live), pinned: slots, floor };
}

function listingOf({ objects, slots, seals, floor }: Situation): Listing {
  const sealKeys = new Set(seals.map(slotKey));
  return {
    objects: objects.map((key) => ({ key, bytes: 7 })),
    slots: [...new Set([...slots, ...seals].map(slotKey))]
      .filter((key) => key < slotKey(floor))
      .sort()
      .map((key) => ({ key, bytes: sealKeys.has(key) ? SLOT_OVERHEAD_BYTES : 500 })),
  };
}

function plan(each: Situation, listing = listingOf(each)): CollectionPlan {
  return planCollection(manifestOf(each), rootsOf(each), listing, GRACE_MS, each.nowMs);
}

test("nothing is deleted that is needed, or that was not condemned for the grace", () => {
  fc.assert(
    fc.property(situation, (each) => {
      const { live, pinned, seals, condemned, nowMs, floor } = each;
      const ripe = condemned.filter(({ sinceMs }) => sinceMs + GRACE_MS <= nowMs);
      for (const { key, bytes } of plan(each).delete) {
        assert.ok(!live.includes(key));
        if (key.startsWith("wal/")) {
          assert.ok(key < slotKey(floor) && ripe.some((entry) => key < entry.key));
          assert.notEqual(bytes, SLOT_OVERHEAD_BYTES);
          assert.ok(!seals.some((seal) => slotKey(seal) === key));
          const at = each.slots.find((slot) => slotKey(slot) === key)!;
          const holds = pinned.some(
            ({ from, throughIndex }) =>
              compareAddresses(at, from) >= 0 && at.firstIndex <= throughIndex,
          );
          assert.ok(!holds);
        } else {
          assert.ok(ripe.some((entry) => entry.key === key));
        }
      }
    }),
  );
});

test("what is condemned is not live, and what is needed after all is condemned no longer", () => {
  fc.assert(
    fc.property(situation, (each) => {
      const { condemned, revived } = plan(each);
      const keys = condemned.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length);
      assert.ok(each.live.every((key) => !keys.includes(key)));
      assert.ok(revived.every((key) => each.live.includes(key)));
    }),
  );
});

test("a key stays condemned for a grace after it was deleted", () => {
  fc.assert(
    fc.property(situation, (each) => {
      const { delete: deleted, condemned } = plan(each);
      // A slot has a name that no other will ever have: its chain has gone on.
      for (const { key } of deleted.filter((object) => !object.key.startsWith("wal/"))) {
        const entry = each.condemned.find((one) => one.key === key);
        if (entry !== undefined && each.nowMs < entry.sinceMs + 2 * GRACE_MS) {
          assert.ok(condemned.some((one) => one.key === key));
        }
      }
    }),
  );
});

test("what nobody needs is gone after some graces, and then nothing changes any more", () => {
  fc.assert(
    fc.property(situation, (start) => {
      let each = start;
      let listing = listingOf(each);
      for (let run = 0; run < 14; run += 1) {
        const done = plan(each, listing);
        const deleted = new Set(done.delete.map(({ key }) => key));
        listing = {
          objects: listing.objects.filter(({ key }) => !deleted.has(key)),
          slots: listing.slots.filter(({ key }) => !deleted.has(key)),
        };
        each = { ...each, condemned: [...done.condemned], nowMs: each.nowMs + GRACE_MS };
      }
      assert.ok(listing.objects.every(({ key }) => start.live.includes(key)));
      const end = plan(each, listing);
      assert.deepEqual([end.condemn, end.delete], [[], []]);
      assert.ok(!changesManifest(manifestOf(each), end));
    }),
  );
});
