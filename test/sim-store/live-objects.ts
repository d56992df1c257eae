// Nothing live is ever collected: every call that deletes is looked at as it takes effect, and held against what the manifests
// of all databases need at that moment.
import assert from "node:assert/strict";
import { addressOfKey, compareAddresses } from "../../src/archive/chain.js";
import { readLatestManifest } from "../../src/archive/latest-manifest.js";
import { SLOT_OVERHEAD_BYTES } from "../../src/archive/slot.js";
import { isRemoved } from "../../src/checkpoint/branch/removed.js";
import { readCheckpoint } from "../../src/checkpoint/restore/history.js";
import type { ObjectStore } from "../../src/object/object-store.js";

/** `bucket`, which tells `fail` of a deletion of what a database in one of `prefixes` needs. */
export function guardLiveObjects(
  bucket: ObjectStore,
  prefixes: readonly string[],
  fail: (error: unknown) => void,
): ObjectStore {
  const guard = (inner: ObjectStore): ObjectStore => ({
    url: inner.url,
    at: (path) => guard(inner.at(path)),
    get: async (...call) => inner.get(...call),
    getRange: async (...call) => inner.getRange(...call),
    head: async (...call) => inner.head(...call),
    put: async (...call) => inner.put(...call),
    putIf: async (...call) => inner.putIf(...call),
    delete: async (keys) => {
      try {
        await assertNeedless(inner, keys);
      } catch (error) {
        fail(error);
      }
      return inner.delete(keys);
    },
    list: (...call) => inner.list(...call),
    close: async () => inner.close(),
  });

  const assertNeedless = async (inner: ObjectStore, keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      const bytes = addressOfKey(key) === null ? null : ((await inner.head(key))?.bytes ?? null);
      assert.notEqual(bytes, SLOT_OVERHEAD_BYTES, `the seal ${inner.url}${key} is deleted`);
    }
    const needed = new Set<string>();
    for (const prefix of prefixes) {
      await addNeeded(bucket.at(prefix), needed, inner, keys);
    }
    for (const key of keys) {
      assert.ok(!needed.has(inner.url + key), `${inner.url}${key} is needed, and deleted`);
    }
  };
  return guard(bucket);
}

/** Adds the URLs of what a database's restores read: of the slots those among `keys`, which are to be deleted from `from`. */
async function addNeeded(
  store: ObjectStore,
  needed: Set<string>,
  from: ObjectStore,
  keys: readonly string[],
): Promise<void> {
  const read = await readLatestManifest(store);
  if (read === null || isRemoved(read.manifest)) {
    return;
  }
  const { checkpoints, base, floor } = read.manifest;
  const own = checkpoints.map(({ key }) => ({ owner: "", key }));
  for (const named of base?.checkpoint ? [...own, base.checkpoint] : own) {
    const holder = store.at(named.owner);
    needed.add(holder.url + named.key);
    const { files } = await readCheckpoint(store, named);
    files.forEach(({ owner, key }) => needed.add(holder.at(owner).url + key));
  }
  for (const key of keys) {
    const address = addressOfKey(key);
    if (address === null) {
      continue;
    }
    const isAbove = from.url === store.url && compareAddresses(address, floor) >= 0;
    const isInLeg = (base?.legs ?? []).some(
      ({ owner, from: first, throughIndex }) =>
        from.url === store.at(owner).url &&
        compareAddresses(address, first) >= 0 &&
        address.firstIndex <= throughIndex,
    );
    if (isAbove || isInLeg) {
      needed.add(from.url + key);
    }
  }
}
