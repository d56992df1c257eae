import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { BAD_DAY, FaultyObjectStore, NO_FAULTS } from "../../test/sim/faulty-object-store.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { VirtualClock } from "../../test/sim/virtual-clock.js";
import { memoryObjectStore } from "./memory-object-store.js";
import { ObjectStoreError, type ObjectStore, type PutOutcome } from "./object-store.js";
import { backoffMs, retryingObjectStore } from "./retry.js";
import { settlePut, type SettledPut } from "./settle-put.js";

const HOUR_MS = 3_600_000;
const forever = new AbortController().signal;
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A store whose conditional puts answer from a script: whether it writes, and what it says. */
function scripted(
  inner: ObjectStore,
  script: readonly { readonly writes: boolean; readonly says: "real" | "unknown" | Error }[],
): ObjectStore {
  let calls = 0;
  return {
    ...retryingObjectStore(inner, { clock: new VirtualClock(1), random: new SeededRandom(1) }),
    async putIf(key, body, condition): Promise<PutOutcome> {
      const { writes, says } = script[calls] ?? { writes: true, says: "real" as const };
      calls += 1;
      const outcome = writes ? await inner.putIf(key, body, condition) : null;
      if (says instanceof Error) {
        throw says;
      }
      return says === "real" && outcome !== null
        ? outcome
        : { kind: "unknown", cause: new Error("lost") };
    },
  };
}

suite("a conditional put until its outcome is known", () => {
  const clock = new VirtualClock(1);
  const world = { clock, random: new SeededRandom(1) };
  const settle = async (
    store: ObjectStore,
    text: string,
    signal: AbortSignal = forever,
  ): Promise<SettledPut> =>
    clock.resolve(settlePut(store, "k", bytesOf(text), { kind: "absent" }, world, signal), HOUR_MS);

  test("won, though the answer was lost", async () => {
    const inner = memoryObjectStore();
    const settled = await settle(scripted(inner, [{ writes: true, says: "unknown" }]), "ours");
    assert.deepEqual(settled, { kind: "won", tag: (await inner.get("k"))?.tag });
  });

  test("won by the second try, when the first was never written", async () => {
    const inner = memoryObjectStore();
    const settled = await settle(scripted(inner, [{ writes: false, says: "unknown" }]), "ours");
    assert.equal(settled.kind, "won");
  });

  test("won, when the first try arrives late and the second loses to it", async () => {
    const inner = memoryObjectStore();
    let calls = 0;
    const store: ObjectStore = {
      ...scripted(inner, []),
      async putIf(key, body, condition): Promise<PutOutcome> {
        calls += 1;
        if (calls === 1) {
          return { kind: "unknown", cause: new Error("no answer in time") };
        }
        await inner.putIf(key, body, condition);
        return inner.putIf(key, body, condition);
      },
    };
    const settled = await settle(store, "ours");
    assert.deepEqual(settled, { kind: "won", tag: (await inner.get("k"))?.tag });
  });

  test("lost, when another was first", async () => {
    const inner = memoryObjectStore();
    await inner.put("k", bytesOf("theirs"));
    const script = [{ writes: true, says: "unknown" }] as const;
    assert.equal((await settle(scripted(inner, script), "ours")).kind, "lost");
    assert.equal((await settle(inner, "ours")).kind, "lost");
  });

  test("a failure that says nothing of the try before it ends nothing", async () => {
    const inner = memoryObjectStore();
    const denied = new ObjectStoreError("denied", "the credentials have expired");
    const script = [
      { writes: false, says: "unknown" },
      { writes: false, says: denied },
      { writes: false, says: denied },
    ] as const;
    assert.equal((await settle(scripted(inner, script), "ours")).kind, "won");
    await assert.rejects(settle(scripted(memoryObjectStore(), script.slice(1)), "ours"), denied);
  });

  test("goes on until it is told to stop", async () => {
    const controller = new AbortController();
    const store = FaultyObjectStore.of(memoryObjectStore(), clock, new SeededRandom(1));
    store.addOutage(0, Number.POSITIVE_INFINITY);
    clock.after(600_000, () => {
      controller.abort();
    });
    await assert.rejects(settle(store, "ours", controller.signal), { code: "cancelled" });
    assert.ok(store.trace.length > 50, `${store.trace.length} tries in ten minutes`);
  });

  test("waits longer each time, up to 5 s, and never as long as another", () => {
    const whole = { fraction: () => 1, bytes: () => new Uint8Array(0) };
    assert.deepEqual(
      [1, 2, 3, 7, 8, 100, 100_000].map((failures) => backoffMs(failures, whole)),
      [50, 100, 200, 3_200, 5_000, 5_000, 5_000],
    );
    const random = new SeededRandom(3);
    assert.notEqual(backoffMs(5, random), backoffMs(5, random));
  });

  test("of a chain of slots every entry is in it once, however bad the day", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      await appendOnABadDay(seed);
    }
  });

  test("on a bad day no swap is said to have won that was not done", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      await countOnABadDay(seed);
    }
  });
});

/** Writers append entries to slots: a slot that is lost belongs to another, and the entry goes to the next. */
async function appendOnABadDay(seed: number): Promise<void> {
  const clock = new VirtualClock(seed);
  const random = new SeededRandom(seed);
  const inner = memoryObjectStore();
  const first = FaultyObjectStore.of(inner, clock, random.fork(), BAD_DAY);
  const stores = [first, first.elsewhere(random.fork(), BAD_DAY)];
  stores[seed % 2]?.addOutage(2_000, 30_000);
  const won: string[] = [];
  const writers = stores.map(async (store, writer) => {
    let slot = 0;
    for (let entry = 0; entry < 5; entry += 1) {
      for (let isIn = false; !isIn; slot += 1) {
        const body = bytesOf(`${writer}/${entry}`);
        const world = { clock, random };
        const condition = { kind: "absent" } as const;
        const settled = await settlePut(store, `${slot}`, body, condition, world, forever);
        isIn = settled.kind === "won";
        if (isIn) {
          won.push(`${slot}: ${writer}/${entry}`);
        }
      }
    }
  });
  await clock.resolve(Promise.all(writers), 10 * HOUR_MS);
  await clock.run(HOUR_MS);
  const found: string[] = [];
  for await (const { key } of inner.list("")) {
    found.push(`${key}: ${Buffer.from((await inner.get(key))?.body ?? "").toString()}`);
  }
  assert.deepEqual(found.sort(), won.sort(), `seed ${seed}`);
}

async function countOnABadDay(seed: number): Promise<void> {
  const clock = new VirtualClock(seed);
  const random = new SeededRandom(seed);
  const inner = memoryObjectStore();
  await inner.put("k", bytesOf("0"));
  const first = FaultyObjectStore.of(inner, clock, random.fork(), BAD_DAY);
  let known = 0;
  const writers = [first, first.elsewhere(random.fork(), BAD_DAY)].map(async (store, writer) => {
    for (let at = 0; at < 8; at += 1) {
      const world = { clock, random };
      const found = await retryingObjectStore(store, world)
        .get("k")
        .catch(() => null);
      if (found !== null) {
        const value = Number.parseInt(Buffer.from(found.body).toString(), 10) + 1;
        const body = bytesOf(`${value} by ${writer} at ${at}`);
        const condition = { kind: "match", tag: found.tag } as const;
        const settled = await settlePut(store, "k", body, condition, world, forever);
        known += settled.kind === "won" ? 1 : 0;
      }
    }
  });
  await clock.resolve(Promise.all(writers), 10 * HOUR_MS);
  await clock.run(HOUR_MS);
  const value = Number.parseInt(Buffer.from((await inner.get("k"))?.body ?? "").toString(), 10);
  // A swap that won and was swapped before its writer could look counts as lost to its writer.
  assert.ok(known <= value && value <= 16, `seed ${seed}: ${known} known, ${value} done`);
}

suite("a store whose calls are tried again", () => {
  const clock = new VirtualClock(1);
  const world = { clock, random: new SeededRandom(1) };

  test("works through failures, and a list goes on where it was", async () => {
    const inner = memoryObjectStore();
    const faults = { ...NO_FAULTS, failBefore: 0.3, failAfter: 0.2 };
    const faulty = FaultyObjectStore.of(inner, clock, new SeededRandom(5), faults);
    const store = retryingObjectStore(faulty, world).at("in/");
    const keys = Array.from({ length: 2_500 }, (_, at) => String(at).padStart(4, "0"));
    for (const key of keys) {
      await inner.put(`in/${key}`, bytesOf(key));
    }
    const seen: string[] = [];
    const listing = async (): Promise<void> => {
      for await (const { key } of store.list("")) {
        seen.push(key);
      }
    };
    await clock.resolve(listing(), HOUR_MS);
    assert.deepEqual(seen, keys);
    await clock.resolve(store.put("k", bytesOf("x")), HOUR_MS);
    assert.deepEqual((await clock.resolve(store.get("k"), HOUR_MS))?.body, bytesOf("x"));
    await clock.resolve(store.delete(["k"]), HOUR_MS);
    assert.equal(await clock.resolve(store.head("k"), HOUR_MS), null);
  });

  test("gives up in the end, and at once what waiting cannot help", async () => {
    const faulty = FaultyObjectStore.of(memoryObjectStore(), clock, new SeededRandom(1));
    faulty.addOutage(0, Number.POSITIVE_INFINITY);
    const store = retryingObjectStore(faulty, world);
    await assert.rejects(clock.resolve(store.get("k"), HOUR_MS), { code: "unavailable" });
    assert.equal(faulty.trace.length, 10);
    faulty.setFaults({ ...NO_FAULTS, damage: 1 });
    const signal = AbortSignal.abort();
    await assert.rejects(clock.resolve(store.get("k", { signal }), HOUR_MS), { code: "cancelled" });
  });
});
