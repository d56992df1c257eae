import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk, PowerLossError } from "../../../test/sim/simulated-disk.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { openDataDirectory, readIdentity } from "./data-directory.js";
import { decodeIdentity, encodeIdentity, makeIdentity } from "./identity.js";

function fileOf(disk: Disk, path: string, text: string): void {
  const file = disk.open(path, { mode: "create" });
  file.write(new TextEncoder().encode(text), 0);
  file.sync();
  file.close();
}

test("an identity is random at the first start and the same ever after", async () => {
  const disk = new SimulatedDisk();
  const first = await openDataDirectory("/data", null, disk, new SeededRandom(1));
  await first.lock.release();
  const second = await openDataDirectory("/data", null, disk, new SeededRandom(2));
  assert.deepEqual(second.identity, first.identity);
  assert.deepEqual(readIdentity("/data", disk), first.identity);
  const other = await openDataDirectory("/other", "chosen", disk, new SeededRandom(2));
  assert.notEqual(other.identity.clusterId, first.identity.clusterId);
  assert.equal(other.identity.nodeId, "chosen");
});

test("whenever the power is cut in the first start, the next one works", async () => {
  for (let cut = 1; ; cut += 1) {
    const disk = new SimulatedDisk();
    disk.cutPowerAt = cut;
    const isWhole = await openDataDirectory("/data", null, disk, new SeededRandom(cut)).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof PowerLossError);
        return false;
      },
    );
    for (let seed = 0; seed < 20; seed += 1) {
      const left = disk.afterPowerLoss(seed);
      const { identity } = await openDataDirectory("/data", null, left, new SeededRandom(seed));
      assert.deepEqual(readIdentity("/data", left), identity);
    }
    if (isWhole) {
      assert.ok(cut > 5);
      return;
    }
  }
});

test("a directory in use, a file, and a directory of somebody else are refused and left alone", async () => {
  const disk = new SimulatedDisk();
  await openDataDirectory("/data", null, disk, new SeededRandom(1));
  const open = async (path: string, nodeId: string | null = null): Promise<unknown> =>
    openDataDirectory(path, nodeId, disk, new SeededRandom(2));
  await assert.rejects(open("/data"), { code: "T4_DATA_DIR_IN_USE" });
  disk.makeDirectory("/home");
  fileOf(disk, "/home/thesis.tex", "...");
  const { changes } = disk;
  await assert.rejects(open("/home"), { code: "T4_DATA_DIR_UNUSABLE", message: /thesis\.tex/ });
  await assert.rejects(open("/home/thesis.tex"), { code: "T4_DATA_DIR_UNUSABLE" });
  assert.equal(disk.changes, changes, "nothing was touched");
  disk.makeDirectory("/mount/lost+found");
  await open("/mount");
  disk.readOnly = true;
  await assert.rejects(open("/new"), { code: "T4_DATA_DIR_UNUSABLE" });
});

test("a directory that belongs to another node id is refused, and given back", async () => {
  const disk = new SimulatedDisk();
  const { lock } = await openDataDirectory("/data", "a", disk, new SeededRandom(1));
  await lock.release();
  const random = new SeededRandom(2);
  await assert.rejects(openDataDirectory("/data", "b", disk, random), {
    code: "T4_INVALID_ARGUMENT",
  });
  await openDataDirectory("/data", "a", disk, random);
});

test("an identity of a newer format is refused, and a damaged one named so", () => {
  const text = encodeIdentity(makeIdentity(new SeededRandom(1), null));
  assert.deepEqual(decodeIdentity(text, "f"), makeIdentity(new SeededRandom(1), null));
  const newer = text.replace('"formatVersion": 1', '"formatVersion": 2');
  assert.throws(() => decodeIdentity(newer, "f"), { code: "T4_FORMAT_TOO_NEW" });
  for (const damaged of [
    "",
    "[]",
    "null",
    "{}",
    text.slice(0, 40),
    text.replace(/[0-9a-f]{16}/, "x"),
  ]) {
    assert.throws(() => decodeIdentity(damaged, "f"), { code: "T4_CORRUPT" });
  }
});
