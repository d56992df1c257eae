// Lists in byte order, whole, from any place on; and views under other prefixes.
import type { ObjectStore } from "../object-store.js";
import {
  body,
  check,
  keysOf,
  onStore,
  same,
  textOf,
  throwsCode,
  type ObjectStoreCase,
} from "./checks.js";

/** More than one page of S3 (1,000). */
const MANY = 1_500;
/** Puts at once. */
const LANES = 16;

const ORDERED: readonly string[] = [
  "-",
  ".x",
  "0",
  "A",
  "B/a",
  "_",
  "a-b",
  "a.b",
  "a/0",
  "a/b/c",
  "a0",
  "aa",
  "~",
];

export const listCases: readonly ObjectStoreCase[] = [
  onStore("a list is in byte order of whole keys, also across slashes", async (store) => {
    for (const key of [...ORDERED].reverse()) {
      await store.put(key, body("x"));
    }
    same(await keysOf(store, ""), ORDERED, "all keys");
    for (const prefix of ["a", "a/", "a/b", "B", "B/a", "none", "a/b/c/d"]) {
      const expected = ORDERED.filter((key) => key.startsWith(prefix));
      same(await keysOf(store, prefix), expected, `keys that start with "${prefix}"`);
    }
    for (const after of [...ORDERED, "a/", "a/bb", "", "zzz"]) {
      const expected = ORDERED.filter((key) => key > after);
      same(await keysOf(store, "", after), expected, `keys after "${after}"`);
      const below = expected.filter((key) => key.startsWith("a/"));
      same(await keysOf(store, "a/", after), below, `keys that start with "a/" after "${after}"`);
    }
  }),
  onStore(`a list of ${MANY} objects is whole, from any place on`, async (store) => {
    const keys = Array.from({ length: MANY }, (_, at) => `m/${String(at).padStart(5, "0")}`);
    await putAll(store, keys);
    same(await keysOf(store, "m/"), keys, "all keys");
    same(await keysOf(store, "m/", keys[998]), keys.slice(999), "keys after the 999th");
    same(await keysOf(store, "m/000"), keys.slice(0, 100), "the first hundred");
    same(await keysOf(store, "m/000", keys[99]), [], "those after them");
  }),
  onStore("a list that is left early can be taken up again", async (store) => {
    const keys = Array.from({ length: 20 }, (_, at) => `k/${String(at).padStart(2, "0")}`);
    await putAll(store, keys);
    const seen: string[] = [];
    while (seen.length < keys.length) {
      const after = seen.at(-1);
      let taken = 0;
      for await (const { key } of store.list("k/", after === undefined ? {} : { after })) {
        seen.push(key);
        taken += 1;
        if (taken === 3) {
          break;
        }
      }
      check(taken > 0, `a list ended after ${seen.length} of ${keys.length} keys`);
    }
    same(seen, keys, "all keys");
  }),
  onStore("a list tells each object's length and sees what was just written", async (store) => {
    await store.put("a", body("12345"));
    await store.putIf("b", body("123"), { kind: "absent" });
    await store.put("c", body("x"));
    await store.delete(["c"]);
    const infos = [];
    for await (const info of store.list("")) {
      infos.push({ key: info.key, bytes: info.bytes });
    }
    const expected = [
      { key: "a", bytes: 5 },
      { key: "b", bytes: 3 },
    ];
    same(infos, expected, "the list");
  }),
  onStore("an empty store has an empty list", async (store) => {
    same(await keysOf(store, ""), [], "all keys");
    same(await keysOf(store, "x/y/"), [], "keys below a prefix");
  }),
  onStore("a view under another prefix sees the same objects by other names", async (store) => {
    const inner = store.at("in/ner/");
    await inner.put("k", body("deep"));
    await store.put("in/k", body("half"));
    await store.put("k", body("top"));
    same(await textOf(store, "in/ner/k"), "deep", "seen from above");
    same(await textOf(inner.at("../"), "k"), "half", "seen from one up");
    same(await textOf(inner.at("../../"), "k"), "top", "seen from two up");
    same(await textOf(inner.at("../ner"), "k"), "deep", "seen by a way around");
    same(await keysOf(inner, ""), ["k"], "keys of the inner view");
    same(await keysOf(inner.at("../"), ""), ["k", "ner/k"], "keys of the view above");
    await inner.at("../").delete(["ner/k"]);
    same(await inner.get("k"), null, "after it was deleted from above");
  }),
  onStore("a view's URL says where it is", async (store) => {
    check(store.url.endsWith("/"), `${store.url} does not end in "/"`);
    same(store.at("a/b/").url, `${store.url}a/b/`, "below");
    same(store.at("a/b").url, `${store.url}a/b/`, "below, named without the slash");
    same(store.at("a/b/").at("../c/").url, `${store.url}a/c/`, "beside");
    same(store.at("").url, store.url, "itself");
    await throwsCode("unsupported", "above the root", async () => {
      store.at("../".repeat(100));
      return Promise.resolve();
    });
  }),
];

async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const rest = keys.values();
  const lane = async (): Promise<void> => {
    for (const key of rest) {
      await store.put(key, body("x"));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
