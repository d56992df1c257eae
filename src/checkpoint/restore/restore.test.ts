import assert from "node:assert/strict";
import { test } from "node:test";
import { DATA_DIRECTORY, openRestored } from "../../../test/sim-checkpoint/database.js";
import { Scenario } from "../../../test/sim-checkpoint/scenario.js";
import { PowerLossError, SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import type { Revision } from "../../core/words.js";
import { silentLogger } from "../../runtime/logger.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { writeWholeFile } from "../../runtime/disk/whole-file.js";
import { decodeCheckpoint } from "../checkpoint.js";
import { restoreInto, type RestoreProgress, type Restored } from "./restore.js";
import { finishRestore, isFreshlyRestored, RESTORING_NAME } from "./restoring-directory.js";

const IDENTITY = "identity.json";

async function someHistory(seed: number): Promise<Scenario> {
  const scenario = new Scenario(seed);
  await scenario.lead();
  await scenario.checkpoints(3);
  await scenario.write(2);
  await scenario.lead();
  await scenario.checkpoints(2);
  await scenario.write(2);
  return scenario;
}

function hasCode(code: T4ErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof T4Error, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

/** Without a clock: nothing in peace waits. */
async function restoreOn(scenario: Scenario, disk: Disk): Promise<Restored> {
  const { store } = scenario;
  const target = { kind: "newest" } as const;
  if (!disk.exists(DATA_DIRECTORY)) {
    disk.makeDirectory(DATA_DIRECTORY);
  }
  return restoreInto({
    store,
    target,
    directory: DATA_DIRECTORY,
    disk,
    logger: silentLogger,
    complete: () => {
      writeWholeFile(disk, DATA_DIRECTORY, IDENTITY, new Uint8Array(5));
    },
  });
}

test("every revision and every time of an archive can be restored", async () => {
  const scenario = await someHistory(1);
  const { points } = scenario.truth;
  for (const point of points.slice(1)) {
    const revision = point.revision as Revision;
    const byRevision = await scenario.restored({ kind: "revision", revision });
    const last = points.findLast((each) => each.revision === revision)!;
    assert.equal(byRevision.index, last.index, `revision ${revision}`);
    const byTime = await scenario.restored({ kind: "time", timeMs: point.wallMs });
    assert.equal(byTime.index, points.findLast((each) => each.wallMs <= point.wallMs)!.index);
    assert.equal(byTime.next, null);
  }
  const newest = await scenario.restored({ kind: "newest" });
  assert.equal(newest.index, scenario.truth.tip.index);
  assert.ok(newest.next !== null);
});

test("a checkpoint is restored exactly", async () => {
  const scenario = await someHistory(2);
  for (const { key, index } of (await scenario.manifest()).checkpoints) {
    const restored = await scenario.restored({ kind: "checkpoint", key });
    assert.equal(restored.index, index);
    assert.equal(restored.progress.slots, 0);
  }
});

test("a point that is not there is refused", async () => {
  const scenario = await someHistory(3);
  const disk = new SimulatedDisk();
  disk.makeDirectory(DATA_DIRECTORY);
  const restore = async (target: Parameters<typeof restoreInto>[0]["target"]): Promise<Restored> =>
    restoreInto({
      store: scenario.store,
      target,
      directory: DATA_DIRECTORY,
      disk,
      logger: silentLogger,
    });
  const future = (scenario.truth.tip.revision + 1) as Revision;
  await assert.rejects(
    restore({ kind: "revision", revision: future }),
    hasCode("T4_FUTURE_REVISION"),
  );
  const key = "checkpoint/0000000000000009/0000000000000001.json";
  await assert.rejects(restore({ kind: "checkpoint", key }), hasCode("T4_NOT_RETAINED"));
  await scenario.collectAll();
  await assert.rejects(
    restore({ kind: "revision", revision: 2 as Revision }),
    hasCode("T4_NOT_RETAINED"),
  );
  assert.ok(!disk.exists(`${DATA_DIRECTORY}/${IDENTITY}`));
});

test("a missing or damaged checkpoint is told, and an older one used", async () => {
  const scenario = await someHistory(4);
  const { checkpoints } = await scenario.manifest();
  const [oldest, ...others] = checkpoints.map(({ key }) => key);
  const damages = ["object", "missing", "file", "file"];
  for (const [at, key] of others.entries()) {
    const damage = damages[at];
    const object = await scenario.store.get(key);
    const body = object!.body;
    if (damage === "missing") {
      await scenario.store.delete([key]);
    } else if (damage === "object") {
      await scenario.store.put(key, body.subarray(0, body.length - 5));
    } else {
      const table = decodeCheckpoint(body, key).files.at(-2)!;
      const bytes = (await scenario.store.get(table.key))!.body;
      bytes[bytes.length >> 1]! ^= 4;
      await scenario.store.put(table.key, bytes);
    }
  }
  const restored = await scenario.restored({ kind: "newest" });
  assert.equal(restored.index, scenario.truth.tip.index);
  assert.deepEqual(
    restored.skipped.map(({ key }) => key),
    others.toReversed(),
  );
  assert.equal(restored.checkpoint, oldest);
});

test("a slot that is missing in the middle is no end", async () => {
  const scenario = await someHistory(5);
  const slots = await scenario.keys("wal/");
  await scenario.store.delete([slots.at(-2)!]);
  let revision = 0;
  await assert.rejects(scenario.restored({ kind: "newest" }), (error) => {
    assert.ok(error instanceof T4Error && error.code === "T4_CORRUPT", String(error));
    revision = Number(/t4 restore to --revision (\d+)$/.exec(error.message)?.[1]);
    return true;
  });
  // What it says can be had.
  await scenario.restored({ kind: "revision", revision: revision as Revision });
});

test("progress ends with what the restore has done", async () => {
  const scenario = await someHistory(8);
  let last: RestoreProgress | null = null;
  const disk = new SimulatedDisk();
  disk.makeDirectory(DATA_DIRECTORY);
  const restored = await restoreInto({
    store: scenario.store,
    target: { kind: "newest" },
    directory: DATA_DIRECTORY,
    disk,
    logger: silentLogger,
    progress: (progress) => {
      last = progress;
    },
  });
  assert.deepEqual(last, restored.progress);
  assert.equal(restored.progress.files, restored.progress.filesTotal);
  assert.equal(restored.progress.bytes, restored.progress.bytesTotal);
  assert.ok(restored.progress.entries > 0 && restored.progress.slots > 0);
});

test("a power loss in the middle of any operation leaves a directory that does not count, or a whole one", async () => {
  const scenario = await someHistory(9);
  const rehearsal = new SimulatedDisk();
  rehearsal.makeDirectory(DATA_DIRECTORY);
  const first = rehearsal.changes;
  const { index } = await restoreOn(scenario, rehearsal);
  let whole = 0;
  for (let cut = first + 1; cut <= rehearsal.changes; cut += 1) {
    for (let seed = 0; seed < 3; seed += 1) {
      const disk = new SimulatedDisk();
      disk.makeDirectory(DATA_DIRECTORY);
      disk.cutPowerAt = cut;
      await assert.rejects(restoreOn(scenario, disk), isPowerLoss);
      const left = disk.afterPowerLoss(cut * 10 + seed);
      const isWhole = left.exists(`${DATA_DIRECTORY}/${IDENTITY}`);
      finishRestore(DATA_DIRECTORY, isWhole, left);
      if (isWhole) {
        whole += 1;
      } else {
        for (const name of ["wal", "store"]) {
          const path = `${DATA_DIRECTORY}/${name}`;
          assert.deepEqual(left.exists(path) ? left.list(path) : [], []);
        }
        await restoreOn(scenario, left);
      }
      assert.ok(isFreshlyRestored(DATA_DIRECTORY, left));
      assert.ok(!left.exists(`${DATA_DIRECTORY}/${RESTORING_NAME}`));
      const opened = openRestored({ ...scenario.world, clock: new VirtualClock(1) }, left);
      scenario.truth.check(index, opened.store);
    }
  }
  assert.ok(whole > 0);
});

/** What the process that was cut off saw, whatever was made of it. */
function isPowerLoss(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof PowerLossError) {
      return true;
    }
  }
  return false;
}
