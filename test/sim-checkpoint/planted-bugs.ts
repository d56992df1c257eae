// Bugs of the kinds that lose data, planted by what a part sees of its object store: the simulation has to find each.
import { LATEST_MANIFEST_KEY, readLatestManifest } from "../../src/archive/latest-manifest.js";
import type { StoreContext } from "../../src/archive/store-context.js";
import { BRANCHES_PREFIX, decodePin, encodePin } from "../../src/checkpoint/branch/pin.js";
import { isCheckpointKey, isDataKey } from "../../src/checkpoint/checkpoint.js";
import {
  ObjectStoreError,
  type ObjectStore,
  type StoredObject,
} from "../../src/object/object-store.js";

export type PlantedBug =
  /** The collector takes a pin or a checkpoint that it cannot read for one that names nothing. */
  | "collector-fails-open"
  /** A fork trusts the manifest that it read before it put its pins. */
  | "fork-does-not-look-again"
  /** The collector leaves the slots of pins out of the floor and of what it keeps. */
  | "floor-passes-pins"
  /** What is condemned is deleted without another look at the pins. */
  | "condemned-not-looked-at-again";

export const PLANTED_BUGS: readonly PlantedBug[] = [
  "collector-fails-open",
  "fork-does-not-look-again",
  "floor-passes-pins",
  "condemned-not-looked-at-again",
];

type Overrides = Partial<Pick<ObjectStore, "get" | "list" | "at">>;

function wrap(inner: ObjectStore, make: (inner: ObjectStore) => Overrides): ObjectStore {
  return {
    url: inner.url,
    at: (path) => wrap(inner.at(path), make),
    get: async (...call) => inner.get(...call),
    getRange: async (...call) => inner.getRange(...call),
    head: async (...call) => inner.head(...call),
    put: async (...call) => inner.put(...call),
    putIf: async (...call) => inner.putIf(...call),
    delete: async (...call) => inner.delete(...call),
    list: (...call) => inner.list(...call),
    close: async () => inner.close(),
    ...make(inner),
  };
}

/** What a fork sees with a bug. */
export function forkStore(inner: ObjectStore, bug: PlantedBug | null): ObjectStore {
  if (bug !== "fork-does-not-look-again") {
    return inner;
  }
  const seen = new Map<string, StoredObject>();
  return wrap(inner, (store) => ({
    get: async (key, options) => {
      const name = store.url + key;
      const before = seen.get(name);
      if (before !== undefined) {
        return before;
      }
      const object = await store.get(key, options);
      if (key === LATEST_MANIFEST_KEY && object !== null) {
        seen.set(name, object);
      }
      return object;
    },
  }));
}

/** What a collector sees, with a bug or without. `isUnreadable`: pins cannot be read now. */
export function collectStore(
  inner: ObjectStore,
  bug: PlantedBug | null,
  isUnreadable: () => boolean,
): ObjectStore {
  return wrap(inner, (store) => ({
    get: async (key, options) => {
      if (!key.startsWith(BRANCHES_PREFIX)) {
        return store.get(key, options);
      }
      if (isUnreadable()) {
        if (bug === "collector-fails-open") {
          return null;
        }
        throw new ObjectStoreError("unavailable", `${key} cannot be read`);
      }
      const object = await store.get(key, options);
      return bug === "floor-passes-pins" && object !== null ? withoutSlots(object) : object;
    },
  }));
}

function withoutSlots(object: StoredObject): StoredObject {
  const pin = decodePin(object.body, "pin");
  return { ...object, body: encodePin({ ...pin, slots: [] }) };
}

/** Deletes what has been condemned for the grace. */
export async function deleteRipe({ store, clock }: StoreContext, graceMs: number): Promise<void> {
  const read = await readLatestManifest(store);
  const keys = (read?.manifest.condemned ?? [])
    .filter(({ sinceMs }) => sinceMs + graceMs <= clock.wallMs())
    .map(({ key }) => key);
  await store.delete(keys.filter((key) => isDataKey(key) || isCheckpointKey(key)));
}
