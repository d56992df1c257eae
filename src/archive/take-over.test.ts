import assert from "node:assert/strict";
import { test } from "node:test";
import { archivedGroups, entriesSlotOf, sealSlotOf } from "../../test/support/archive-slots.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { VirtualClock } from "../../test/sim/virtual-clock.js";
import { FIRST_REVISION, type LogIndex, type Term } from "../core/words.js";
import { memoryObjectStore } from "../object/memory-object-store.js";
import type { ObjectStore } from "../object/object-store.js";
import { ChainReader } from "./chain-reader.js";
import { NO_HASH, slotKey, type ChainPosition } from "./chain.js";
import {
  foundLatestManifest,
  mustReadLatestManifest,
  updateLatestManifest,
} from "./latest-manifest.js";
import { decodeSlot, positionAfterSlot } from "./slot.js";
import type { StoreContext } from "./store-context.js";
import { takeOver, type TakenOver } from "./take-over.js";

const CLUSTER = 3n;
const START: ChainPosition = { term: 1 as Term, firstIndex: 1 as LogIndex, previousHash: NO_HASH };

function contextOf(store: ObjectStore): StoreContext {
  const signal = new AbortController().signal;
  return { store, clock: new VirtualClock(1), random: new SeededRandom(1), signal };
}

/** An archive of one term with `count` slots; where the next one would go. */
async function makeArchive(store: ObjectStore, count: number): Promise<ChainPosition> {
  await foundLatestManifest(contextOf(store), {
    clusterId: CLUSTER,
    term: 1 as Term,
    chain: START,
    base: null,
  });
  let position = START;
  for (const group of await archivedGroups(2, count)) {
    const { body } = entriesSlotOf(position, CLUSTER, [group], {});
    await store.put(slotKey(position), body);
    position = positionAfterSlot(decodeSlot(body, position, CLUSTER, "slot"));
  }
  return position;
}

async function takeOverAs(store: ObjectStore, term: number): Promise<TakenOver> {
  const manifest = await mustReadLatestManifest(store);
  return takeOver(contextOf(store), {
    manifest,
    term: term as Term,
    from: { position: START, revision: FIRST_REVISION },
  });
}

test("a take-over seals the chain's end, claims the manifest and goes on behind the seal", async () => {
  const store = memoryObjectStore();
  const end = await makeArchive(store, 4);
  const taken = await takeOverAs(store, 7);
  assert.equal(taken.kind, "leading");
  assert.equal(taken.position.term, 7);
  assert.equal(taken.position.firstIndex, end.firstIndex);
  assert.equal(taken.lastEntryTerm, 1);
  assert.equal((await mustReadLatestManifest(store)).manifest.term, 7);
  const reader = new ChainReader(store, CLUSTER, START);
  for (let slot = await reader.next(); slot !== "end";) {
    slot = await reader.next();
  }
  assert.deepEqual(reader.position, taken.position);
});

test("an archive in which nobody has written yet is taken over at its beginning, again and again", async () => {
  const store = memoryObjectStore();
  await makeArchive(store, 0);
  for (const term of [2, 5, 6]) {
    const taken = await takeOverAs(store, term);
    assert.equal(taken.kind, "leading");
    assert.equal(taken.position.firstIndex, 1);
    assert.equal(taken.lastEntryTerm, null);
  }
});

test("whoever meets a later term, in the manifest or in a seal, steps down and leaves nothing", async () => {
  const store = memoryObjectStore();
  const end = await makeArchive(store, 2);
  const old = await mustReadLatestManifest(store);
  await takeOverAs(store, 9);
  assert.deepEqual(await takeOverAs(store, 8), { kind: "fenced", byTerm: 9 });
  const late = await takeOver(contextOf(store), {
    manifest: old,
    term: 9 as Term,
    from: { position: START, revision: FIRST_REVISION },
  });
  assert.deepEqual(late, { kind: "fenced", byTerm: 9 }, "a term is one leader's, also his own");
  assert.notEqual(await store.get(slotKey(end)), null);
  const update = await updateLatestManifest(contextOf(store), 8 as Term, old, () => ({}));
  assert.deepEqual(update, { kind: "fenced", byTerm: 9 });
});

test("a seal that is put at the same moment by another decides by being first", async () => {
  const store = memoryObjectStore();
  const end = await makeArchive(store, 2);
  const other = sealSlotOf(end, CLUSTER, 5 as Term, 9 as never);
  let raced = false;
  const racing: ObjectStore = {
    url: store.url,
    at: (path) => store.at(path),
    get: async (key) => store.get(key),
    getRange: async (key, range) => store.getRange(key, range),
    head: async (key) => store.head(key),
    put: async (key, body) => store.put(key, body),
    putIf: async (key, body, condition) => {
      if (!raced && key === slotKey(end)) {
        raced = true;
        const revision = decodeSlot(body, end, CLUSTER, "seal").revision;
        await store.put(key, sealSlotOf(end, CLUSTER, 5 as Term, revision).body);
      }
      return store.putIf(key, body, condition);
    },
    delete: async (keys) => store.delete(keys),
    list: (prefix, options) => store.list(prefix, options),
    close: async () => store.close(),
  };
  const manifest = await mustReadLatestManifest(store);
  const from = { position: START, revision: FIRST_REVISION };
  const lower = await takeOver(contextOf(racing), { manifest, term: 4 as Term, from });
  assert.deepEqual(lower, { kind: "fenced", byTerm: 5 });
  raced = false;
  const higher = await takeOver(contextOf(racing), { manifest, term: 6 as Term, from });
  assert.equal(higher.kind, "leading");
  assert.equal(higher.position.term, 6);
  assert.ok(other.bytes > 0);
});

test("an empty slot below the floor is no end of the chain, looked at before and after the seal", async () => {
  const store = memoryObjectStore();
  const end = await makeArchive(store, 6);
  const keys: string[] = [];
  for await (const { key } of store.list("wal/")) {
    keys.push(key);
  }
  await updateLatestManifest(contextOf(store), 1 as Term, null, () => ({ floor: end }));
  await store.delete(keys);
  const taken = await takeOverAs(store, 3);
  assert.equal(taken.kind, "collected");
  assert.equal(await store.get(slotKey(START)), null, "no seal is left behind");

  // The same, but the floor passes the slot while its seal is on the way.
  const late = memoryObjectStore();
  const lateEnd = await makeArchive(late, 1);
  const beyond = { term: 1 as Term, firstIndex: (lateEnd.firstIndex + 5) as LogIndex };
  const slow: ObjectStore = {
    url: late.url,
    at: (path) => late.at(path),
    get: async (key) => late.get(key),
    getRange: async (key, range) => late.getRange(key, range),
    head: async (key) => late.head(key),
    put: async (key, body) => late.put(key, body),
    putIf: async (key, body, condition) => {
      if (key === slotKey(lateEnd)) {
        await updateLatestManifest(contextOf(late), 1 as Term, null, () => ({ floor: beyond }));
      }
      return late.putIf(key, body, condition);
    },
    delete: async (deleted) => late.delete(deleted),
    list: (prefix, options) => late.list(prefix, options),
    close: async () => late.close(),
  };
  assert.equal((await takeOverAs(slow, 3)).kind, "collected");
});

test("an update of the manifest is tried again on what another wrote, and given up if not wanted", async () => {
  const store = memoryObjectStore();
  await makeArchive(store, 0);
  const context = contextOf(store);
  const stale = await mustReadLatestManifest(store);
  const condemned = [{ key: "data/a", sinceMs: 1 }];
  await updateLatestManifest(context, 1 as Term, stale, () => ({ condemned }));
  const update = await updateLatestManifest(context, 1 as Term, stale, (manifest) => ({
    condemned: [...manifest.condemned, { key: "data/b", sinceMs: 2 }],
  }));
  assert.equal(update.kind, "won");
  assert.equal(update.read.manifest.condemned.length, 2);
  const unwanted = await updateLatestManifest(context, 1 as Term, null, () => null);
  assert.equal(unwanted.kind, "unchanged");
  assert.equal(unwanted.read.tag, update.read.tag);
});
