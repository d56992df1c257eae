import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR_MS, Scenario } from "../../../test/sim-checkpoint/scenario.js";
import { T4Error } from "../../core/errors.js";
import { ObjectStoreError, type ObjectStore } from "../../object/object-store.js";
import { silentLogger } from "../../runtime/logger.js";
import { verify } from "../verify/verify.js";
import { collect } from "./collect.js";

async function started(seed: number, checkpoints: number): Promise<Scenario> {
  const scenario = new Scenario(seed);
  await scenario.lead();
  await scenario.checkpoints(checkpoints);
  return scenario;
}

test("what nobody needs is condemned first, and deleted after the grace", async () => {
  const scenario = await started(1, 6);
  const before = await scenario.keys();
  await scenario.collect();
  assert.deepEqual((await scenario.keys()).length, before.length);
  const { condemned, checkpoints, floor } = await scenario.manifest();
  assert.equal(checkpoints.length, 2);
  assert.ok(condemned.length > 4);
  assert.ok(floor.firstIndex > 1);
  await scenario.clock.run(HOUR_MS / 2);
  await scenario.collect();
  assert.deepEqual((await scenario.keys()).length, before.length);
  await scenario.clock.run(HOUR_MS / 2);
  await scenario.collect();
  assert.ok((await scenario.keys()).length < before.length);
  await scenario.restored({ kind: "newest" });
  await scenario.clock.run(HOUR_MS);
  await scenario.collect();
  assert.deepEqual((await scenario.manifest()).condemned, []);
  const { findings } = await scenario.run(
    verify({ store: scenario.store, signal: new AbortController().signal }),
  );
  assert.deepEqual(findings, []);
});

test("objects with names that are not T4's are never touched, and seals stay", async () => {
  const scenario = await started(2, 3);
  await scenario.lead();
  await scenario.checkpoints(3);
  const foreign = ["data/readme", "wal/x", "checkpoint/old.json", "branches/.hidden", "other/a"];
  for (const key of foreign) {
    await scenario.store.put(key, new Uint8Array(3));
  }
  await scenario.collectAll({ keep: 1 });
  const keys = await scenario.keys();
  assert.deepEqual(
    foreign.filter((key) => !keys.includes(key)),
    [],
  );
  const seals: string[] = [];
  for await (const { key, bytes } of scenario.store.list("wal/")) {
    if (bytes === 160) {
      seals.push(key);
    }
  }
  assert.equal(seals.length, 2);
});

test("every point of the window can be restored", async () => {
  const scenario = await started(3, 5);
  await scenario.clock.run(HOUR_MS);
  const fromMs = scenario.clock.wallMs();
  await scenario.checkpoints(5);
  const restoreWindowMs = scenario.clock.wallMs() - fromMs;
  await scenario.collectAll({ keep: 1, restoreWindowMs: restoreWindowMs + 4 * HOUR_MS + 10 });
  for (const point of scenario.truth.points.filter(({ wallMs }) => wallMs >= fromMs)) {
    const restored = await scenario.restored({ kind: "time", timeMs: point.wallMs });
    assert.ok(restored.index >= point.index);
  }
  assert.ok((await scenario.manifest()).floor.firstIndex > 1);
});

test("a dry run changes nothing, and says what a run would do", async () => {
  const scenario = await started(4, 6);
  const before = await scenario.manifest();
  const result = await scenario.collect({ dryRun: true });
  assert.ok(result.kind === "planned");
  assert.equal(result.plan.dropped.length, 4);
  assert.ok(result.plan.condemn.length > 0);
  assert.deepEqual(await scenario.manifest(), before);
});

test("a read that fails ends the run before anything is deleted", async () => {
  const scenario = await started(5, 6);
  await scenario.fork("a", { kind: "newest" });
  await scenario.collect();
  await scenario.clock.run(2 * HOUR_MS);
  const before = await scenario.keys();
  const { context } = scenario.world;
  const term = (await scenario.manifest()).term;
  for (let fails = 0; ; fails += 1) {
    const failing = failingRead(context.store, fails);
    const options = { term, keep: 2, restoreWindowMs: 0, graceMs: HOUR_MS, dryRun: false };
    const run = collect({
      ...options,
      context: { ...context, store: failing.store },
      isLeading: async () => Promise.resolve(true),
      logger: silentLogger,
    });
    const error = await scenario.run(
      run.then(
        () => null,
        (reason: unknown) => reason,
      ),
    );
    if (!failing.isMet()) {
      assert.equal(error, null);
      assert.ok(fails > 8, `${fails} reads`);
      break;
    }
    assert.ok(error instanceof ObjectStoreError, `read ${fails}`);
    if (!failing.wasAfterDelete()) {
      assert.deepEqual(await scenario.keys(), before, `read ${fails}`);
    }
  }
  await scenario.restored({ kind: "newest" });
});

/** A store whose read with this number fails. */
function failingRead(
  inner: ObjectStore,
  number: number,
): { store: ObjectStore; isMet: () => boolean; wasAfterDelete: () => boolean } {
  let reads = 0;
  let deletes = 0;
  let failedAfterDelete = false;
  const count = (): void => {
    reads += 1;
    if (reads === number + 1) {
      failedAfterDelete = deletes > 0;
      throw new ObjectStoreError("unavailable", "planted");
    }
  };
  const store: ObjectStore = {
    url: inner.url,
    at: (path) => inner.at(path),
    get: async (...call) => {
      count();
      return inner.get(...call);
    },
    getRange: async (...call) => inner.getRange(...call),
    head: async (...call) => inner.head(...call),
    put: async (...call) => inner.put(...call),
    putIf: async (...call) => inner.putIf(...call),
    delete: async (...call) => {
      deletes += 1;
      return inner.delete(...call);
    },
    list: async function* (...call) {
      count();
      yield* inner.list(...call);
    },
    close: async () => inner.close(),
  };
  return { store, isMet: () => reads > number, wasAfterDelete: () => failedAfterDelete };
}

test("a checkpoint that is kept and cannot be read stops collection", async () => {
  const scenario = await started(6, 4);
  const { checkpoints } = await scenario.manifest();
  await scenario.store.delete([checkpoints.at(-2)!.key]);
  await assert.rejects(
    scenario.collect(),
    (error: unknown) => error instanceof T4Error && error.code === "T4_CORRUPT",
  );
  assert.equal((await scenario.manifest()).condemned.length, 0);
});

test("who does not lead any more deletes nothing", async () => {
  const scenario = await started(7, 6);
  await scenario.collect();
  await scenario.clock.run(2 * HOUR_MS);
  const before = await scenario.keys();
  const result = await scenario.collect({ isLeading: async () => Promise.resolve(false) });
  assert.equal(result.kind, "fenced");
  const old = (await scenario.manifest()).term;
  await scenario.lead();
  assert.equal((await scenario.collect({ term: old })).kind, "fenced");
  assert.ok(before.every(async (key) => (await scenario.store.head(key)) !== null));
});
