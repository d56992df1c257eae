import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { FaultyObjectStore, NO_FAULTS } from "../../test/sim/faulty-object-store.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { VirtualClock } from "../../test/sim/virtual-clock.js";
import { memoryObjectStore } from "./memory-object-store.js";
import {
  ObjectStoreError,
  type ObjectInfo,
  type ObjectStore,
  type PutCondition,
  type PutOutcome,
} from "./object-store.js";
import { assertFit, probeObjectStore, type Finding } from "./probe.js";

const HOUR_MS = 3_600_000;
const forever = new AbortController().signal;

/** A store that does some things otherwise than `inner`; so do its views. */
function lying(
  inner: ObjectStore,
  lies: (inner: ObjectStore) => Partial<ObjectStore>,
): ObjectStore {
  const honest: ObjectStore = {
    url: inner.url,
    at: (path) => lying(inner.at(path), lies),
    get: async (...args) => inner.get(...args),
    getRange: async (...args) => inner.getRange(...args),
    head: async (...args) => inner.head(...args),
    put: async (...args) => inner.put(...args),
    putIf: async (...args) => inner.putIf(...args),
    delete: async (...args) => inner.delete(...args),
    list: (...args) => inner.list(...args),
    close: async () => inner.close(),
  };
  return { ...honest, ...lies(inner) };
}

async function probe(
  store: ObjectStore,
  clock: VirtualClock = new VirtualClock(1),
): Promise<readonly Finding[]> {
  const world = { clock, random: new SeededRandom(1) };
  return clock.resolve(probeObjectStore(store, world, forever), HOUR_MS);
}

async function badNames(store: ObjectStore): Promise<string[]> {
  const findings = await probe(store);
  const bad = findings.filter(({ ok }) => !ok);
  if (bad.length > 0) {
    assert.throws(
      () => {
        assertFit(findings, store.url);
      },
      (error: Error & { code?: string }) =>
        error.code === "T4_OBJECT_STORE_UNFIT" &&
        bad.every(({ name, detail }) => error.message.includes(`${name}: ${detail}`)) &&
        error.message.includes("Use one that"),
    );
  } else {
    assertFit(findings, store.url);
  }
  return bad.map(({ name }) => name);
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) {
    keys.push(key);
  }
  return keys;
}

async function write(store: ObjectStore, key: string, body: Uint8Array): Promise<PutOutcome> {
  await store.put(key, body);
  return { kind: "won", tag: (await store.get(key))?.tag ?? "" };
}

async function holds(store: ObjectStore, key: string, condition: PutCondition): Promise<boolean> {
  const found = await store.get(key);
  return condition.kind === "absent" ? found === null : found?.tag === condition.tag;
}

suite("the probe of an object store", () => {
  test("finds a good store fit, and leaves nothing in it but what others have", async () => {
    const store = memoryObjectStore();
    await store.put("mine", new Uint8Array(1));
    await store.put("probe/unknown", new Uint8Array(1));
    assert.deepEqual(await badNames(store), []);
    assert.equal((await probe(store)).length, 10);
    assert.deepEqual(await keysOf(store), ["mine", "probe/unknown"]);
  });

  test("removes what killed probes left long ago, and nothing of one that may run", async () => {
    const store = memoryObjectStore();
    const clock = new VirtualClock(1);
    const name = (ageMs: number): string =>
      `probe/${String(clock.wallMs() - ageMs).padStart(15, "0")}-0123456789abcdef/object`;
    await store.put(name(2 * HOUR_MS), new Uint8Array(1));
    await store.put(name(60_000), new Uint8Array(1));
    await store.put(name(-60_000), new Uint8Array(1));
    const young = [name(60_000), name(-60_000)].sort();
    await probe(store, clock);
    assert.deepEqual(await keysOf(store), young);
  });

  test("finds a good store fit through lost answers", async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const clock = new VirtualClock(seed);
      const faults = { ...NO_FAULTS, failAfter: 0.2 };
      // Only conditional puts go wrong here: the others are tried again by the store itself.
      const inner = memoryObjectStore();
      const faulty = FaultyObjectStore.of(inner, clock, new SeededRandom(seed), faults);
      const store = lying(inner, () => ({}));
      const withFaults = (good: ObjectStore, bad: ObjectStore): ObjectStore => ({
        ...lying(good, () => ({})),
        at: (path) => withFaults(good.at(path), bad.at(path)),
        putIf: async (...args) => bad.putIf(...args),
      });
      const findings = await probe(withFaults(store, faulty), clock);
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [],
      );
    }
  });

  const liars: readonly {
    readonly name: string;
    readonly lies: (inner: ObjectStore) => Partial<ObjectStore>;
    readonly found: readonly string[];
  }[] = [
    {
      name: "ignores conditions",
      lies: (inner) => ({ putIf: async (key, body) => write(inner, key, body) }),
      found: [
        "reject-create",
        "reject-stale",
        "reject-swap-of-absent",
        "race-of-creates",
        "race-of-swaps",
      ],
    },
    {
      name: "checks and writes in two steps",
      lies: (inner) => ({
        async putIf(key, body, condition) {
          return (await holds(inner, key, condition)) ? write(inner, key, body) : { kind: "lost" };
        },
      }),
      found: ["race-of-creates", "race-of-swaps"],
    },
    {
      name: "takes a swap of an absent object for a create",
      lies: (inner) => ({
        async putIf(key, body, condition) {
          const isAbsent = (await inner.get(key)) === null;
          return inner.putIf(key, body, isAbsent ? { kind: "absent" } : condition);
        },
      }),
      found: ["reject-swap-of-absent"],
    },
    {
      name: "says won for what it rejected",
      lies: (inner) => ({
        async putIf(key, body, condition) {
          const outcome = await inner.putIf(key, body, condition);
          return outcome.kind === "lost" ? { kind: "won", tag: "made-up" } : outcome;
        },
      }),
      found: [
        "reject-create",
        "reject-stale",
        "reject-swap-of-absent",
        "race-of-creates",
        "race-of-swaps",
      ],
    },
    {
      name: "says lost for what it wrote",
      lies: (inner) => ({
        async putIf(key, body, condition) {
          await inner.putIf(key, body, condition);
          return { kind: "lost" };
        },
      }),
      found: ["create", "swap", "race-of-creates", "race-of-swaps", "delete"],
    },
    {
      name: "says won and writes nothing",
      lies: () => ({
        putIf: async () => Promise.resolve({ kind: "won", tag: "made-up" } as const),
      }),
      found: [
        "create",
        "reject-create",
        "swap",
        "reject-stale",
        "reject-swap-of-absent",
        "race-of-creates",
        "race-of-swaps",
      ],
    },
    {
      name: "rejects every swap, as some do in buckets with versioning",
      lies: (inner) => ({
        putIf: async (key, body, condition) =>
          condition.kind === "match" ? { kind: "lost" } : inner.putIf(key, body, condition),
      }),
      found: ["swap", "race-of-swaps"],
    },
    {
      name: "does not know conditions",
      lies: () => ({
        putIf: async () =>
          Promise.reject(new ObjectStoreError("unsupported", "501 Not Implemented")),
      }),
      found: [
        "create",
        "reject-create",
        "swap",
        "reject-stale",
        "reject-swap-of-absent",
        "race-of-creates",
        "race-of-swaps",
        "delete",
      ],
    },
    {
      name: "lists in another order",
      lies: (inner) => ({
        async *list(prefix, options) {
          const infos: ObjectInfo[] = [];
          for await (const info of inner.list(prefix, options)) {
            infos.push(info);
          }
          yield* infos.sort((left, right) => left.key.localeCompare(right.key));
        },
      }),
      found: ["list-order"],
    },
    {
      name: "ignores where a list begins",
      lies: (inner) => ({ list: (prefix) => inner.list(prefix) }),
      found: ["list-order"],
    },
    {
      name: "reads what was there before",
      lies: (inner) => {
        let last: Awaited<ReturnType<ObjectStore["get"]>> = null;
        return {
          async get(key) {
            if (key !== "read") {
              return inner.get(key);
            }
            const stale = last;
            last = await inner.get(key);
            return stale;
          },
        };
      },
      found: ["read-after-write"],
    },
    {
      name: "keeps what is deleted",
      lies: () => ({ delete: async () => Promise.resolve() }),
      found: ["delete"],
    },
  ];
  for (const { name, lies, found } of liars) {
    test(`finds out a store that ${name}`, async () => {
      assert.deepEqual(await badNames(lying(memoryObjectStore(), lies)), found);
    });
  }

  test("passes on what kept it from asking at all", async () => {
    const denied = new ObjectStoreError("denied", "403");
    const store = lying(memoryObjectStore(), () => ({ putIf: async () => Promise.reject(denied) }));
    await assert.rejects(probe(store), denied);
  });
});
