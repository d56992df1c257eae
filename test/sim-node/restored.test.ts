import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8Bytes } from "../../src/lib/bytes.js";
import { writeWholeFile } from "../../src/runtime/disk/whole-file.js";
import { propose, put } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Machine } from "./machine.js";

const RAISE_BY = 1_000;

/** A directory as a restore leaves it that was asked to raise the revision: at revision 2. */
async function restoredDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const clock = new VirtualClock(1);
  const machine = new Machine(clock, disk, new SeededRandom(1));
  const node = await clock.resolve(machine.open());
  await clock.resolve(propose(node, put("a", "1")));
  const index = node.status().committedIndex;
  await clock.resolve(node.close());
  const restored = { format: 1, index, revision: 2, raiseRevisionBy: RAISE_BY };
  writeWholeFile(disk, "/data", "restored.json", utf8Bytes(JSON.stringify(restored)));
  return disk;
}

async function revisionOn(disk: SimulatedDisk): Promise<number> {
  const clock = new VirtualClock(1);
  const machine = new Machine(clock, disk, new SeededRandom(2));
  const node = await clock.resolve(machine.open());
  const { revision } = node;
  await clock.resolve(node.close());
  return revision;
}

test("a restore's raise of the revision happens once, wherever the first start is cut off", async () => {
  const rehearsal = await restoredDisk();
  const first = rehearsal.changes;
  assert.equal(await revisionOn(rehearsal), 2 + RAISE_BY);
  assert.equal(await revisionOn(rehearsal), 2 + RAISE_BY);
  const last = rehearsal.changes;
  for (let cut = first + 1; cut <= last; cut += 1) {
    const disk = await restoredDisk();
    disk.cutPowerAt = cut;
    const clock = new VirtualClock(1);
    const machine = new Machine(clock, disk, new SeededRandom(2));
    // Whatever it was doing ends in the middle.
    machine.open().then(
      () => {},
      () => {},
    );
    await clock.run(5_000);
    machine.die();
    const left = disk.afterPowerLoss(cut);
    assert.equal(await revisionOn(left), 2 + RAISE_BY, `power cut at change ${cut}`);
  }
});
