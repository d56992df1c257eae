import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { PowerLossError, SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import type { Disk } from "../../runtime/disk/disk.js";
import {
  claimDirectory,
  openDataDirectory,
  readIdentity,
  takeDataDirectory,
} from "./data-directory.js";
import { makeIdentity } from "./identity.js";
import {
  forgetRestore,
  isFreshlyRestored,
  RESTORED_NAME,
  RestoringDirectory,
} from "../../checkpoint/restore/restoring-directory.js";
import { utf8Bytes } from "../../lib/bytes.js";
import { writeWholeFile } from "../../runtime/disk/whole-file.js";
import { setAside } from "./replaced-data.js";

const write = (disk: Disk, directory: string, name: string, text: string): void => {
  writeWholeFile(disk, directory, name, utf8Bytes(text));
};

const before = makeIdentity(new SeededRandom(1), "old");
const after = makeIdentity(new SeededRandom(2), "new");

async function directoryWithData(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const { lock } = claimDirectory(await takeDataDirectory("/data", null, disk), before, disk);
  write(disk, "/data/wal", "1", "old entries");
  write(disk, "/data/wal", "2", "old entries");
  write(disk, "/data/store", "MANIFEST", "old state");
  await lock.release();
  return disk;
}

async function replace(disk: SimulatedDisk): Promise<void> {
  const taken = await takeDataDirectory("/data", null, disk);
  if (taken.identity?.nodeId === "old") {
    setAside(taken, disk);
  }
  const { path, lock, walDirectory, storeDirectory } = taken;
  const empty = { path, lock, walDirectory, storeDirectory, identity: null };
  const restoring = new RestoringDirectory(path, disk);
  restoring.clear();
  write(disk, storeDirectory, "MANIFEST", "new state");
  restoring.write(RESTORED_NAME, utf8Bytes("{}"));
  claimDirectory(empty, after, disk);
  restoring.finish();
  forgetRestore(path, disk);
  await lock.release();
}

const files = (disk: Disk, directory: string): string[] =>
  disk.exists(directory) ? disk.list(directory).filter((name) => !name.endsWith(".tmp")) : [];

test("whenever the power is cut while data is replaced, a start finds the old, nothing, or the new", async () => {
  const seen = new Set<string>();
  for (let cut = 1; ; cut += 1) {
    const disk = await directoryWithData();
    disk.cutPowerAt = disk.changes + cut;
    const isWhole = await replace(disk).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof PowerLossError, String(error));
        return false;
      },
    );
    for (let seed = 0; seed < 10; seed += 1) {
      const left = disk.afterPowerLoss(seed);
      const { identity } = await takeDataDirectory("/data", null, left);
      const names = [...files(left, "/data/wal"), ...files(left, "/data/store")];
      if (identity?.nodeId === "old") {
        assert.deepEqual(names, ["1", "2", "MANIFEST"]);
      } else {
        assert.equal(readIdentity("/data/aside-1", left).nodeId, "old");
        assert.deepEqual(files(left, "/data/aside-1/wal"), ["1", "2"]);
        assert.deepEqual(files(left, "/data/aside-1/store"), ["MANIFEST"]);
        assert.deepEqual(names, identity === null ? [] : ["MANIFEST"]);
      }
      seen.add(identity?.nodeId ?? "nothing");
    }
    if (isWhole) {
      assert.deepEqual([...seen].sort(), ["new", "nothing", "old"]);
      return;
    }
  }
});

test("what is set aside twice is kept twice, and a restored directory is known until it has a log", async () => {
  const disk = await directoryWithData();
  await replace(disk);
  const taken = await takeDataDirectory("/data", null, disk);
  assert.equal(setAside(taken, disk), "/data/aside-2");
  await taken.lock.release();
  const empty = await takeDataDirectory("/data", null, disk);
  assert.equal(empty.identity, null);
  const restoring = new RestoringDirectory(empty.path, disk);
  restoring.clear();
  restoring.write(RESTORED_NAME, utf8Bytes("{}"));
  assert.ok(isFreshlyRestored("/data", disk));
  claimDirectory(empty, after, disk);
  await empty.lock.release();
  const { lock } = await openDataDirectory("/data", null, disk, new SeededRandom(3));
  assert.ok(isFreshlyRestored("/data", disk), "only a durable entry ends it");
  forgetRestore("/data", disk);
  assert.ok(!isFreshlyRestored("/data", disk));
  await lock.release();
});

test("a directory whose restore was interrupted is taken again and again, before anything else is restored", async () => {
  const disk = new SimulatedDisk();
  const restoring = new RestoringDirectory("/data", disk);
  await (await takeDataDirectory("/data", null, disk)).lock.release();
  restoring.clear();
  write(disk, "/data/wal", "1", "half of it");
  for (let start = 0; start < 3; start += 1) {
    const { lock, identity } = await takeDataDirectory("/data", null, disk);
    assert.equal(identity, null);
    await lock.release();
    // Without an object store to go on with, an empty database would take the place of what was to be restored.
    await assert.rejects(openDataDirectory("/data", null, disk, new SeededRandom(start)), {
      code: "T4_DATA_DIR_UNUSABLE",
    });
  }
});
