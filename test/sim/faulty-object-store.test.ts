import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import { objectStoreCases } from "../../src/object/suite.js";
import { BAD_DAY, FaultyObjectStore, NO_FAULTS } from "./faulty-object-store.js";
import { SeededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

const HOUR_MS = 3_600_000;
const body = new Uint8Array([1, 2, 3]);

suite("an object store with faults", () => {
  for (const { name, run } of objectStoreCases()) {
    test(`without any: ${name}`, async () => {
      const clock = new VirtualClock(1);
      const store = FaultyObjectStore.of(memoryObjectStore(), clock, new SeededRandom(1));
      await clock.resolve(
        run(async () => Promise.resolve(store)),
        HOUR_MS,
      );
    });
  }

  test("one seed always gives the same day", async () => {
    const traceOf = async (seed: number): Promise<readonly string[]> => {
      const clock = new VirtualClock(seed);
      const random = new SeededRandom(seed);
      const store = FaultyObjectStore.of(memoryObjectStore(), clock, random, BAD_DAY);
      const work = Array.from({ length: 5 }, async (_, lane) => {
        for (let at = 0; at < 20; at += 1) {
          await store.putIf(`${lane}/${at}`, body, { kind: "absent" });
          await store.get(`${lane}/${at}`).catch(() => null);
        }
      });
      await clock.resolve(Promise.all(work), HOUR_MS);
      return store.trace;
    };
    assert.deepEqual(await traceOf(7), await traceOf(7));
    assert.notDeepEqual(await traceOf(7), await traceOf(8));
  });

  test("a call that stalls is given up by its caller, and takes effect afterwards", async () => {
    const clock = new VirtualClock(1);
    const faults = { ...NO_FAULTS, stall: 1, stallMs: 30_000, deadlineMs: 5_000 };
    const store = FaultyObjectStore.of(memoryObjectStore(), clock, new SeededRandom(1), faults);
    const outcome = await clock.resolve(store.putIf("k", body, { kind: "absent" }));
    assert.equal(outcome.kind, "unknown");
    store.setFaults(NO_FAULTS);
    assert.equal(await clock.resolve(store.get("k")), null);
    await clock.run(60_000);
    assert.deepEqual((await clock.resolve(store.get("k")))?.body, body);
  });

  test("in an outage nothing arrives, from this process alone", async () => {
    const clock = new VirtualClock(1);
    const store = FaultyObjectStore.of(memoryObjectStore(), clock, new SeededRandom(1));
    const other = store.elsewhere(new SeededRandom(2));
    store.addOutage(0, 60_000);
    const outcome = await clock.resolve(store.putIf("k", body, { kind: "absent" }));
    assert.equal(outcome.kind, "unknown");
    assert.equal(await clock.resolve(other.get("k")), null);
    await clock.run(60_000);
    assert.equal(await clock.resolve(store.get("k")), null);
  });

  test("a lost answer is of a call that had its effect", async () => {
    const clock = new VirtualClock(1);
    const faults = { ...NO_FAULTS, failAfter: 1 };
    const store = FaultyObjectStore.of(memoryObjectStore(), clock, new SeededRandom(1), faults);
    const outcome = await clock.resolve(store.putIf("k", body, { kind: "absent" }));
    assert.equal(outcome.kind, "unknown");
    store.setFaults({ ...NO_FAULTS, damage: 1 });
    await assert.rejects(clock.resolve(store.get("k")), { code: "damaged" });
    assert.deepEqual(
      store.trace.map((line) => line.replace(/^\S+ /, "")),
      ["put k absent: won, and the answer is lost", "get k: comes back short"],
    );
  });
});
