import assert from "node:assert/strict";
import { test } from "node:test";
import { archivedGroups, entriesSlotOf, sealSlotOf } from "../../test/support/archive-slots.js";
import type { LogIndex, Term } from "../core/words.js";
import { memoryObjectStore } from "../object/memory-object-store.js";
import { ObjectStoreError, type ObjectStore } from "../object/object-store.js";
import { ChainReader } from "./chain-reader.js";
import { NO_HASH, slotKey, type ChainPosition } from "./chain.js";
import { decodeSlot, positionAfterSlot } from "./slot.js";

const CLUSTER = 3n;
const START: ChainPosition = { term: 1 as Term, firstIndex: 1 as LogIndex, previousHash: NO_HASH };

/** A chain of one slot a group, sealed after every seventh; the keys of all its slots. */
async function makeChain(store: ObjectStore, groups: number): Promise<string[]> {
  const keys: string[] = [];
  let position = START;
  for (const [at, group] of (await archivedGroups(1, groups)).entries()) {
    const encoded = [entriesSlotOf(position, CLUSTER, [group], {}).body];
    const slot = decodeSlot(encoded[0]!, position, CLUSTER, "slot");
    keys.push(slotKey(position));
    await store.put(slotKey(position), encoded[0]!);
    position = positionAfterSlot(slot);
    if (at % 7 === 6) {
      const term = (position.term + 1) as Term;
      const seal = sealSlotOf(position, CLUSTER, term, slot.revision);
      keys.push(slotKey(position));
      await store.put(slotKey(position), seal.body);
      position = { ...position, term, previousHash: seal.hash };
    }
  }
  return keys;
}

async function readAll(reader: ChainReader): Promise<string[]> {
  const keys: string[] = [];
  for (let slot = await reader.next(); slot !== "end"; slot = await reader.next()) {
    keys.push(slotKey(slot));
  }
  return keys;
}

test("a reader follows the chain through its seals to the end, and goes on when it grows", async () => {
  const store = memoryObjectStore();
  const keys = await makeChain(store, 50);
  const late = keys.slice(40);
  const bodies = await Promise.all(late.map(async (key) => (await store.get(key))!.body));
  await store.delete(late);
  const reader = new ChainReader(store, CLUSTER, START);
  assert.deepEqual(await readAll(reader), keys.slice(0, 40));
  for (const [at, key] of late.entries()) {
    await store.put(key, bodies[at]!);
  }
  assert.deepEqual(await readAll(reader), late);
});

test("slots are fetched ahead, and a list that fails or tells of others changes nothing", async () => {
  const inner = memoryObjectStore();
  const keys = await makeChain(inner, 60);
  await inner.put("wal/0000000000000001/0000000000000000", Uint8Array.of(1));
  await inner.put("wal/0000000000000001/0000000000000009x", Uint8Array.of(1));
  await inner.put("wal/0000000000000009/0000000000000009", Uint8Array.of(1));
  for (const listFails of [false, true]) {
    let inFlight = 0;
    let most = 0;
    const store: ObjectStore = {
      ...bound(inner),
      get: async (key) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight -= 1;
        return inner.get(key);
      },
      list: (prefix, options) => {
        if (listFails) {
          throw new ObjectStoreError("unavailable", "no list");
        }
        return inner.list(prefix, options);
      },
    };
    assert.deepEqual(await readAll(new ChainReader(store, CLUSTER, START)), keys);
    assert.equal(listFails ? most === 1 : most >= 5 && most <= 17, true, `${most}`);
  }
});

test("a failure to read is thrown, and reading again goes on with the same slot", async () => {
  const inner = memoryObjectStore();
  const keys = await makeChain(inner, 20);
  let calls = 0;
  const store: ObjectStore = {
    ...bound(inner),
    get: async (key) => {
      calls += 1;
      if (calls % 3 === 0) {
        throw new ObjectStoreError("unavailable", "not now");
      }
      return inner.get(key);
    },
  };
  const reader = new ChainReader(store, CLUSTER, START);
  const read: string[] = [];
  for (let tries = 0; tries < 200; tries += 1) {
    const slot = await reader.next().catch(() => null);
    if (slot === "end") {
      break;
    }
    if (slot !== null) {
      read.push(slotKey(slot));
    }
  }
  assert.deepEqual(read, keys);
});

test("a damaged or foreign slot is refused by its name, never taken for the end", async () => {
  const store = memoryObjectStore();
  const keys = await makeChain(store, 5);
  const { body } = (await store.get(keys[3]!))!;
  await store.put(keys[3]!, body.slice(0, body.length - 1));
  const reader = new ChainReader(store, CLUSTER, START);
  await assert.rejects(readAll(reader), {
    code: "T4_CORRUPT",
    message: new RegExp(keys[3]!),
  });
});

/** The methods of a store as members of a plain object. */
function bound(store: ObjectStore): ObjectStore {
  return {
    url: store.url,
    at: (path) => store.at(path),
    get: async (key) => store.get(key),
    getRange: async (key, range) => store.getRange(key, range),
    head: async (key) => store.head(key),
    put: async (key, body) => store.put(key, body),
    putIf: async (key, body, condition) => store.putIf(key, body, condition),
    delete: async (keys) => store.delete(keys),
    list: (prefix, options) => store.list(prefix, options),
    close: async () => store.close(),
  };
}
