import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { DiskError } from "../../runtime/disk/disk.js";
import { openScratch, removeScratch } from "./scratch-file.js";

test("a scratch file holds what is written until it is closed, and is gone then", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("/data");
  const [one, two] = [openScratch("/data", disk), openScratch("/data", disk)];
  one.write(Uint8Array.of(1, 2, 3), 0);
  const read = new Uint8Array(4);
  assert.equal(one.read(read, 1), 2);
  assert.deepEqual([...read], [2, 3, 0, 0]);
  assert.deepEqual([one.size(), two.size()], [3, 0]);
  one.close();
  assert.equal(disk.list("/data").length, 1);
  two.close();
  assert.deepEqual(disk.list("/data"), []);
});

test("a scratch file that was removed with its directory's take is closed all the same", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("/data");
  const scratch = openScratch("/data", disk);
  removeScratch("/data", disk);
  scratch.close();
  assert.deepEqual(disk.list("/data"), []);
});

test("what the disk refuses is told as one of the database's errors", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("/data");
  const scratch = openScratch("/data", disk);
  disk.remove = (path) => {
    throw new DiskError("io", path, "broken");
  };
  assert.throws(
    () => {
      scratch.close();
    },
    { name: "T4Error", code: "T4_IO" },
  );
});
