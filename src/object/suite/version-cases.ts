// Versions: what was told of an object when it was there is read for ever, whatever becomes of the object. A store that keeps
// none says so.
import type { ObjectStore, ObjectVersions } from "../object-store.js";
import {
  body,
  check,
  mixedBytes,
  mustPut,
  onStore,
  same,
  sameBytes,
  sourceOf,
  textOf,
  type ObjectStoreCase,
} from "./checks.js";

/** In parts, where a store has them. */
const LARGE_BYTES = 9 * 1024 * 1024 + 17;

export const versionCases: readonly ObjectStoreCase[] = [
  onStore("a store that keeps no versions says so, and one that does tells them", async (store) => {
    const isKept = (await store.versions?.areKept()) ?? false;
    await store.put("k", body("one"));
    if (isKept) {
      await versionOf(store, "k");
    }
  }),
  onVersions("a version is read after its object was overwritten", async (store, versions) => {
    const told: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      await store.put("d/k", body(`round ${round}`));
      told.push(await versionOf(store, "d/k"));
    }
    const tag = (await store.get("d/k"))?.tag ?? "";
    await mustPut(store, "d/k", "swapped", { kind: "match", tag });
    told.push(await versionOf(store, "d/k"));
    same(new Set(told).size, 6, "versions that differ");
    for (const [round, version] of told.slice(0, 5).entries()) {
      const found = await versions.get("d/k", version);
      sameBytes(found?.body ?? null, body(`round ${round}`), `version ${round}`);
      const range = { offset: 6, length: 1 };
      const part = await versions.getRange("d/k", version, range);
      sameBytes(part, body(`${round}`), `a part of version ${round}`);
    }
    same(await textOf(store, "d/k"), "swapped", "the object");
  }),
  onVersions("a version is read after its object was deleted", async (store, versions) => {
    await mustPut(store, "d/k", "one", { kind: "absent" });
    const version = await versionOf(store, "d/k");
    await store.put("other", body("x"));
    await store.delete(["d/k", "other"]);
    same(await store.get("d/k"), null, "the object");
    same(await store.head("d/k"), null, "what is known of it");
    sameBytes((await versions.get("d/k", version))?.body ?? null, body("one"), "the version");
    await store.put("d/k", body("two"));
    sameBytes((await versions.get("d/k", version))?.body ?? null, body("one"), "the version");
  }),
  onVersions("a version is of one object, under one prefix", async (store, versions) => {
    await store.put("a/k", body("one"));
    await store.put("k", body("two"));
    const version = await versionOf(store.at("a/"), "k");
    const below = store.at("a/").versions;
    check(below !== undefined, "the store under another prefix has no versions");
    sameBytes((await below.get("k", version))?.body ?? null, body("one"), "the version");
    same(await versions.get("none", version), null, "a version of an object that never was");
    same(await versions.getRange("none", version, { offset: 0, length: 1 }), null, "a part of it");
  }),
  onVersions("a large version is read in parts after it was deleted", async (store, versions) => {
    const bytes = mixedBytes(LARGE_BYTES);
    await store.put("large", sourceOf(bytes));
    const version = await versionOf(store, "large");
    await store.delete(["large"]);
    const range = { offset: LARGE_BYTES - 777, length: 777 };
    const part = await versions.getRange("large", version, range);
    sameBytes(part, bytes.slice(range.offset), "the last part");
  }),
];

/** A case for stores that keep versions; nothing is asked of others. */
function onVersions(
  name: string,
  run: (store: ObjectStore, versions: ObjectVersions) => Promise<void>,
): ObjectStoreCase {
  return onStore(name, async (store) => {
    const { versions } = store;
    if (versions !== undefined && (await versions.areKept())) {
      await run(store, versions);
    }
  });
}

/** As both ways tell it. */
async function versionOf(store: ObjectStore, key: string): Promise<string> {
  const version = (await store.head(key))?.version;
  check(version !== undefined, `head tells no version of ${key}`);
  same((await store.get(key))?.version, version, `the version of ${key} that get tells`);
  return version;
}
