// Restore points against a database that goes on, is collected, and is then ruined whole, on virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { Scenario } from "../../../test/sim-checkpoint/scenario.js";
import { Truth } from "../../../test/sim-checkpoint/truth.js";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import type { Revision } from "../../core/words.js";
import { memoryObjectStore } from "../../object/memory-object-store.js";
import type { ObjectStore } from "../../object/object-store.js";
import type { HistoryTarget } from "../restore/history.js";
import { makePinnedPoint } from "./make-pinned-point.js";
import { decodePinnedPoint, encodePinnedPoint, type PinnedPoint } from "./pinned-point.js";
import { openPinned, pinnedTarget } from "./pinned-store.js";

interface Versioned {
  readonly root: ObjectStore;
  readonly scenario: Scenario;
}

function versioned(seed: number): Versioned {
  const root = memoryObjectStore({ keepVersions: true });
  const from = { store: root.at("db/"), truth: Truth.empty(), clock: new VirtualClock(seed) };
  return { root, scenario: new Scenario(seed, from) };
}

async function pin(scenario: Scenario, target: HistoryTarget): Promise<PinnedPoint> {
  const point = await scenario.run(makePinnedPoint(scenario.world.context, target));
  // As from a file.
  return decodePinnedPoint(encodePinnedPoint(point), "the restore point");
}

/** Restores from what the point names, and holds that against the truth. */
async function assertRestores(scenario: Scenario, point: PinnedPoint): Promise<void> {
  const view = openPinned(scenario.store, point);
  const restored = await scenario.restored(pinnedTarget(point), view);
  assert.equal(restored.index, point.index);
  assert.equal(restored.revision, point.revision);
  assert.deepEqual(restored.skipped, []);
  assert.ok(restored.term <= point.term);
}

/** As somebody's script would, who means another bucket. */
async function ruin({ root, scenario }: Versioned): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of root.list("")) {
    keys.push(key);
  }
  for (const key of keys) {
    const kind = scenario.random.below(3);
    if (kind > 0) {
      await root.put(key, scenario.random.bytes(scenario.random.below(50)));
    }
    if (kind < 2) {
      await root.delete([key]);
    }
  }
}

function targetOf(scenario: Scenario, points: Truth["points"]): HistoryTarget {
  const { random } = scenario;
  const point = points[random.below(points.length)]!;
  switch (random.below(3)) {
    case 0:
      return { kind: "newest" };
    case 1:
      return { kind: "time", timeMs: point.wallMs };
    default:
      return { kind: "revision", revision: point.revision as Revision };
  }
}

function hasCode(code: T4ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof T4Error, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

type Step = "write" | "checkpoint" | "lead" | "point" | "collect" | "branch";

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>("write") },
    { weight: 3, arbitrary: fc.constant<Step>("checkpoint") },
    { weight: 1, arbitrary: fc.constant<Step>("lead") },
    { weight: 3, arbitrary: fc.constant<Step>("point") },
    { weight: 1, arbitrary: fc.constant<Step>("collect") },
    { weight: 1, arbitrary: fc.constant<Step>("branch") },
  ),
  { minLength: 4, maxLength: 14 },
);

test("what a restore point names is restored, whatever was collected, deleted and overwritten since", async () => {
  let restored = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), steps, async (seed, taken) => {
      const { root, scenario } = versioned(seed);
      let database = scenario;
      let retainedFrom = 0;
      await database.lead();
      const made: [Scenario, PinnedPoint][] = [];
      for (const [at, step] of [...taken, "point" as const].entries()) {
        if (step === "write") {
          await database.write(2);
        } else if (step === "checkpoint") {
          await database.checkpoints(1);
        } else if (step === "lead") {
          await database.lead();
        } else if (step === "collect") {
          await database.collectAll();
          retainedFrom = database.truth.tip.index;
        } else if (step === "branch") {
          const branch = await database.fork(`b${at}`, { kind: "newest" });
          database = database.branch(branch);
          // It can go back to its base's checkpoint only.
          retainedFrom = branch.index;
          await database.lead();
        } else {
          const { points } = database.truth;
          const target = targetOf(
            database,
            points.slice(Math.min(retainedFrom, points.length - 1)),
          );
          made.push([database, await pin(database, target)]);
        }
      }
      await ruin({ root, scenario });
      for (const [each, point] of made) {
        await assertRestores(each, point);
        restored += 1;
      }
    }),
    { numRuns: 25 },
  );
  assert.ok(restored >= 25);
});

test("a point is exactly the state that was asked for, found by revision, time and checkpoint", async () => {
  const { root, scenario } = versioned(3);
  await scenario.lead();
  await scenario.checkpoints(2);
  await scenario.lead();
  await scenario.write(2);
  const made: PinnedPoint[] = [];
  for (const { revision, wallMs } of scenario.truth.points.slice(1)) {
    const byRevision = await pin(scenario, { kind: "revision", revision: revision as Revision });
    const { points } = scenario.truth;
    assert.equal(byRevision.index, points.findLast((each) => each.revision === revision)!.index);
    const byTime = await pin(scenario, { kind: "time", timeMs: wallMs });
    assert.equal(byTime.index, points.findLast((each) => each.wallMs <= wallMs)!.index);
    made.push(byRevision, byTime);
  }
  for (const { key, index } of (await scenario.manifest()).checkpoints) {
    const byCheckpoint = await pin(scenario, { kind: "checkpoint", key });
    assert.equal(byCheckpoint.index, index);
    assert.ok(!byCheckpoint.objects.some((object) => object.key.startsWith("wal/")));
    made.push(byCheckpoint);
  }
  await ruin({ root, scenario });
  for (const point of made) {
    await assertRestores(scenario, point);
  }
});

test("a database in which nothing was written yet has a point, too", async () => {
  const { root, scenario } = versioned(4);
  await scenario.lead();
  const point = await pin(scenario, { kind: "newest" });
  assert.deepEqual([point.index, point.revision, point.objects.length], [0, 1, 0]);
  await ruin({ root, scenario });
  await assertRestores(scenario, point);
});

test("a store that keeps no versions makes no point, and says what else can be done", async () => {
  const scenario = new Scenario(5);
  await scenario.lead();
  const refused = hasCode("T4_OBJECT_STORE_UNUSABLE", /turn versioning on.*fork a branch/);
  await assert.rejects(pin(scenario, { kind: "newest" }), refused);
  const context = { ...scenario.world.context, store: bound(scenario.store) };
  await assert.rejects(makePinnedPoint(context, { kind: "newest" }), refused);
});

test("what is not there any more makes no point", async () => {
  const { scenario } = versioned(6);
  await scenario.lead();
  await scenario.checkpoints(4);
  const future = (scenario.truth.tip.revision + 1) as Revision;
  await assert.rejects(
    pin(scenario, { kind: "revision", revision: future }),
    hasCode("T4_FUTURE_REVISION"),
  );
  await scenario.collectAll();
  await assert.rejects(
    pin(scenario, { kind: "revision", revision: 2 as Revision }),
    hasCode("T4_NOT_RETAINED"),
  );
  const [file] = await scenario.keys("data/");
  await scenario.store.delete(await scenario.keys("data/"));
  await assert.rejects(pin(scenario, { kind: "newest" }), hasCode("T4_CORRUPT", /missing/));
  await scenario.store.put(file!, new Uint8Array(3));
  await assert.rejects(pin(scenario, { kind: "newest" }), hasCode("T4_CORRUPT"));
});

test("a version that is gone is named, with what to do; one that is another is damage", async () => {
  const { root, scenario } = versioned(7);
  await scenario.lead();
  await scenario.checkpoints(2);
  await scenario.write(2);
  const point = await pin(scenario, { kind: "newest" });
  await ruin({ root, scenario });
  for (const object of point.objects) {
    const others = point.objects.filter((each) => each !== object);
    const gone = { ...point, objects: [...others, { ...object, version: "version-0" }] };
    const name = new RegExp(object.key.replaceAll(".", "\\."));
    await assert.rejects(assertRestores(scenario, gone), hasCode("T4_NOT_RETAINED", name));
    await assert.rejects(
      assertRestores(scenario, gone),
      hasCode("T4_NOT_RETAINED", /Use another restore point/),
    );
    const sha256 = "0".repeat(64);
    const changed = { ...point, objects: [...others, { ...object, sha256 }] };
    if (!object.key.startsWith("data/")) {
      await assert.rejects(assertRestores(scenario, changed), hasCode("T4_CORRUPT", name));
    }
    const short = { ...point, objects: [...others, { ...object, bytes: object.bytes - 1 }] };
    if (object.key.startsWith("data/")) {
      await assert.rejects(assertRestores(scenario, short), hasCode("T4_CORRUPT", name));
    }
    await assert.rejects(
      assertRestores(scenario, { ...point, objects: others }),
      hasCode("T4_CORRUPT"),
    );
  }
});

test("a store that gives back an object as it is now, whatever version it is asked for, is found out", async () => {
  const { scenario } = versioned(8);
  await scenario.lead();
  await scenario.checkpoints(1);
  await scenario.write(1);
  const point = await pin(scenario, { kind: "newest" });
  const slot = point.objects.find(({ key }) => key.startsWith("wal/"))!;
  await scenario.store.put(slot.key, new Uint8Array(100));
  const lying = (store: ObjectStore): ObjectStore => ({
    ...bound(store),
    at: (path) => lying(store.at(path)),
    versions: {
      areKept: async () => Promise.resolve(true),
      get: async (key) => store.get(key),
      getRange: async (key, _version, range) => store.getRange(key, range),
    },
  });
  const view = openPinned(lying(scenario.store), point);
  await assert.rejects(scenario.restored(pinnedTarget(point), view), hasCode("T4_CORRUPT"));
});

test("the view of a point is read only, and lists what is pinned", async () => {
  const { scenario } = versioned(9);
  await scenario.lead();
  await scenario.checkpoints(1);
  await scenario.write(3);
  const point = await pin(scenario, { kind: "newest" });
  const view = openPinned(scenario.store, point);
  const listed: string[] = [];
  for await (const { key } of view.list("wal/")) {
    listed.push(key);
  }
  const slots = point.objects.map(({ key }) => key).filter((key) => key.startsWith("wal/"));
  assert.deepEqual(listed, [...slots].sort());
  await assert.rejects(view.put("k", new Uint8Array(1)), { code: "unsupported" });
  await assert.rejects(view.putIf("k", new Uint8Array(1), { kind: "absent" }), {
    code: "unsupported",
  });
  await assert.rejects(view.delete(["k"]), { code: "unsupported" });
  assert.equal(await view.get("k"), null);
});

/** The methods of a store as an object's own. */
function bound(store: ObjectStore): ObjectStore {
  return {
    url: store.url,
    at: (path) => store.at(path),
    get: async (key, options) => store.get(key, options),
    getRange: async (key, range, options) => store.getRange(key, range, options),
    head: async (key, options) => store.head(key, options),
    put: async (key, body, options) => store.put(key, body, options),
    putIf: async (key, body, condition, options) => store.putIf(key, body, condition, options),
    delete: async (keys, options) => store.delete(keys, options),
    list: (prefix, options) => store.list(prefix, options),
    close: async () => store.close(),
  };
}
