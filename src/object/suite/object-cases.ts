// Whole objects: what is put is what is read, whatever its size, until it is overwritten or deleted.
import type { ObjectStore } from "../object-store.js";
import { OBJECT_KEY_BYTES_MAX, OBJECT_SEGMENT_BYTES_MAX } from "../object-store.js";
import {
  body,
  check,
  keysOf,
  mixedBytes,
  onStore,
  same,
  sameBytes,
  sourceOf,
  textOf,
  throwsCode,
  type ObjectStoreCase,
} from "./checks.js";

/** Above what S3 stores send in one request without asking first, and no multiple of a part. */
const LARGE_BYTES = 20 * 1024 * 1024 + 12_345;

const ODD_KEYS: readonly string[] = [
  "a/b/c",
  "a-b",
  "a.b",
  "a_b",
  "a~b",
  "~",
  "-",
  "_",
  "...",
  ".hidden",
  "trailing.",
  "x~1/y",
  "0000000001/00000000000000000001",
  "deep/".repeat(40) + "end",
  "s".repeat(OBJECT_SEGMENT_BYTES_MAX),
  `${"t".repeat(OBJECT_SEGMENT_BYTES_MAX)}/${"u".repeat(OBJECT_SEGMENT_BYTES_MAX)}/${"v".repeat(OBJECT_KEY_BYTES_MAX - 2 * OBJECT_SEGMENT_BYTES_MAX - 2)}`,
];

export const objectCases: readonly ObjectStoreCase[] = [
  onStore("an object is read as it was put, by every view of the store", async (store) => {
    await store.put("a/b", body("hello"));
    same(await textOf(store, "a/b"), "hello", "the object");
    same(await textOf(store.at(""), "a/b"), "hello", "the object seen by another view");
    same(await infoOf(store, "a/b"), { key: "a/b", bytes: 5 }, "what is known of the object");
  }),
  onStore("an object that is not there is null", async (store) => {
    same(await store.get("none"), null, "get");
    same(await store.head("none"), null, "head");
    same(await store.getRange("none", { offset: 0, length: 1 }), null, "getRange");
    await store.put("a/b", body("x"));
    same(await store.get("a"), null, "what only has objects below it");
    same(await store.get("a/b/c"), null, "what is below an object");
  }),
  onStore("a put overwrites, and every read after it sees that", async (store) => {
    const other = store.at("");
    for (let round = 0; round < 10; round += 1) {
      await store.put("k", body(`round ${round}`));
      same(await textOf(other, "k"), `round ${round}`, "the object");
      same((await other.head("k"))?.bytes, `round ${round}`.length, "its length");
    }
    same(await keysOf(other, ""), ["k"], "all keys");
  }),
  onStore("an empty object is an object", async (store) => {
    await store.put("empty", new Uint8Array(0));
    same((await store.get("empty"))?.body.length, 0, "its length");
    same(await infoOf(store, "empty"), { key: "empty", bytes: 0 }, "what is known of it");
    const outcome = await store.putIf("empty", body("x"), { kind: "absent" });
    same(outcome.kind, "lost", "a create where it is");
  }),
  onStore("bodies are copied on their way in and out", async (store) => {
    const bytes = body("before");
    const putting = store.put("k", bytes);
    await putting;
    bytes.fill(0);
    const first = await store.get("k");
    first?.body.fill(0);
    same(await textOf(store, "k"), "before", "the object");
  }),
  onStore("a part of a larger buffer is put without its surroundings", async (store) => {
    const whole = mixedBytes(300);
    await store.put("k", whole.subarray(100, 200));
    sameBytes((await store.get("k"))?.body ?? null, whole.slice(100, 200), "the object");
  }),
  onStore("a large body is read from its source and stored whole", async (store) => {
    const bytes = mixedBytes(LARGE_BYTES);
    await store.put("large", sourceOf(bytes));
    same((await store.head("large"))?.bytes, LARGE_BYTES, "its length");
    sameBytes((await store.get("large"))?.body ?? null, bytes, "the object");
    await checkRange(store, "large", bytes, LARGE_BYTES - 777, 777);
    await store.put("large", sourceOf(bytes.subarray(1, 1_000)));
    sameBytes((await store.get("large"))?.body ?? null, bytes.slice(1, 1_000), "the next object");
  }),
  onStore("a range is exactly what was asked for", async (store) => {
    const bytes = mixedBytes(100_000);
    await store.put("k", bytes);
    await checkRange(store, "k", bytes, 0, 1);
    await checkRange(store, "k", bytes, 0, 100_000);
    await checkRange(store, "k", bytes, 50_000, 4_096);
    await checkRange(store, "k", bytes, 99_999, 1);
  }),
  onStore("a range past the object's end is damage, not fewer bytes", async (store) => {
    await store.put("k", body("short"));
    for (const range of [
      { offset: 3, length: 3 },
      { offset: 5, length: 1 },
      { offset: 100, length: 10 },
    ]) {
      await throwsCode("damaged", JSON.stringify(range), async () => store.getRange("k", range));
    }
  }),
  onStore("every key that is allowed works, beside all others", async (store) => {
    for (const key of ODD_KEYS) {
      await store.put(key, body(key));
    }
    for (const key of ODD_KEYS) {
      same(await textOf(store, key), key, "the object");
    }
    same(await keysOf(store, ""), [...ODD_KEYS].sort(), "all keys");
    await store.delete(ODD_KEYS.slice(0, 3));
    same(await keysOf(store, ""), ODD_KEYS.slice(3).sort(), "all other keys");
    for (const key of ODD_KEYS.slice(3)) {
      same(await textOf(store, key), key, "an object beside deleted ones");
    }
  }),
  // Nothing of T4 needs this one: a store that has its objects in a file system may fail it.
  onStore("an object may have the name of a folder of others", async (store) => {
    const keys = ["a", "a-", "a/b", "a/b/c", "aa"];
    for (const key of [...keys].reverse()) {
      await store.put(key, body(key));
    }
    same(await keysOf(store, ""), keys, "all keys");
    same(await keysOf(store, "a", "a"), keys.slice(1), "all keys but the first");
    same(await keysOf(store, "a/"), ["a/b", "a/b/c"], "keys below the first");
    await store.delete(["a/b"]);
    for (const key of ["a", "a/b/c"]) {
      same(await textOf(store, key), key, "an object above or below a deleted one");
    }
    same(await store.get("a/b"), null, "the deleted one");
  }),
  onStore("what is deleted is gone, and can be put again", async (store) => {
    await store.put("a/k", body("first"));
    await store.delete(["a/k"]);
    same(await store.get("a/k"), null, "the object");
    same(await store.head("a/k"), null, "what is known of it");
    same(await keysOf(store, ""), [], "all keys");
    await store.put("a/k", body("second"));
    same(await textOf(store, "a/k"), "second", "the object");
  }),
  onStore("a thousand and more objects are deleted by one call, there or not", async (store) => {
    const keys = Array.from({ length: 1_100 }, (_, at) => `many/${at}`);
    await Promise.all(
      keys.filter((_, at) => at % 10 === 0).map(async (key) => store.put(key, body("x"))),
    );
    await store.put("more", body("stays"));
    await store.delete(keys);
    await store.delete(keys);
    await store.delete([]);
    same(await keysOf(store, ""), ["more"], "all keys");
  }),
  onStore("puts of one object at once leave one of them, whole", async (store) => {
    const bodies = Array.from({ length: 8 }, (_, at) => mixedBytes(10_000 + at));
    await Promise.all(bodies.map(async (bytes) => store.put("k", bytes)));
    const found = (await store.get("k"))?.body ?? new Uint8Array(0);
    sameBytes(found, mixedBytes(found.length), "the object");
    check(found.length >= 10_000, "the object is none of those that were put");
  }),
  onStore("a call that was given up says so", async (store) => {
    const signal = AbortSignal.abort(new Error("no longer wanted"));
    await throwsCode("cancelled", "get", async () => store.get("k", { signal }));
    await throwsCode("cancelled", "put", async () => store.put("k", body("x"), { signal }));
    await throwsCode("cancelled", "delete", async () => store.delete(["k"], { signal }));
  }),
];

/** Without the version, which only some stores have. */
async function infoOf(store: ObjectStore, key: string): Promise<unknown> {
  const info = await store.head(key);
  return info === null ? null : { key: info.key, bytes: info.bytes };
}

async function checkRange(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  offset: number,
  length: number,
): Promise<void> {
  const part = await store.getRange(key, { offset, length });
  sameBytes(part, bytes.slice(offset, offset + length), `bytes ${offset} + ${length} of ${key}`);
}
