// Where the log of a directory ends that no server runs on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readDirectoryEnd } from "../../src/node/read-only.js";
import { DiskError } from "../../src/runtime/disk/disk.js";
import { propose, put } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Machine } from "./machine.js";

test("a file of the store or of the log that cannot be opened is told as one of the database's errors", async () => {
  const clock = new VirtualClock(1);
  const disk = new SimulatedDisk();
  const machine = new Machine(clock, disk, new SeededRandom(1));
  const node = await clock.resolve(machine.open());
  await clock.resolve(propose(node, put("a")));
  await clock.resolve(node.flush());
  const { committedIndex: index, revision } = node.status();
  await clock.resolve(node.close());
  const end = await readDirectoryEnd("/data", machine.runtime);
  assert.equal(end.revision, revision);
  assert.ok(end.index >= index);

  const open = disk.open.bind(disk);
  for (const part of ["/data/store/", "/data/wal/"]) {
    disk.open = (path, options) => {
      if (path.startsWith(part)) {
        throw new DiskError("permission", path, `${path}: permission denied`);
      }
      return open(path, options);
    };
    await assert.rejects(readDirectoryEnd("/data", machine.runtime), {
      name: "T4Error",
      code: "T4_DATA_DIR_UNUSABLE",
      message: new RegExp(`${part}.*permission denied`),
    });
  }
});
