import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../test/sim/virtual-clock.js";
import { AnswerWatch } from "./answer-watch.js";
import { memoryObjectStore } from "./memory-object-store.js";
import { ObjectStoreError, type ObjectStore } from "./object-store.js";
import { objectStoreCases } from "./suite.js";

for (const { name, run } of objectStoreCases()) {
  test(`watched: ${name}`, async () => {
    await run(async () => Promise.resolve(new AnswerWatch(new VirtualClock(1)).over(memory())));
  });
}

const memory = (): ObjectStore => memoryObjectStore();
const silent = async (): Promise<never> => new Promise(() => {});
const fails = (code: "unavailable" | "denied") => async (): Promise<never> =>
  Promise.reject(new ObjectStoreError(code, code));

const shown = ({ silence }: AnswerWatch): unknown =>
  silence && { sinceMs: silence.sinceMs, failure: silence.failure?.message };

test("a call without an answer is silence, and so is one that says unavailable; a refusal is not", async () => {
  const clock = new VirtualClock(1);
  const store = memory();
  const watch = new AnswerWatch(clock);
  const watched = watch.over(store);
  assert.equal(shown(watch), null);
  await watched.get("a");
  assert.equal(shown(watch), null);
  store.get = fails("unavailable");
  const sinceMs = clock.monotonicMs();
  await assert.rejects(watched.get("a"));
  await clock.run(1_000);
  await assert.rejects(watched.get("a"));
  assert.deepEqual(shown(watch), { sinceMs, failure: "unavailable" });
  store.get = fails("denied");
  await assert.rejects(watched.get("a"));
  assert.equal(shown(watch), null);
});

test("giving up ends what is under way, and all that comes", async () => {
  const store = memory();
  const watch = new AnswerWatch(new VirtualClock(1));
  const watched = watch.over(store);
  store.get = silent;
  const pending = watched.get("a");
  assert.notEqual(shown(watch), null);
  watch.giveUp(new Error("enough"));
  await assert.rejects(pending, { name: "ObjectStoreError", code: "cancelled" });
  await assert.rejects(watched.head("a"), { code: "cancelled" });
  await assert.rejects(watched.list("")[Symbol.asyncIterator]().next(), { code: "cancelled" });
});
