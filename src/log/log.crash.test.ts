// What a power loss does to the log. The cases are those of test/suites/log-crash-suite.ts, for a few seeds; more of them
// run in the unbounded tier.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_START, randomEntry } from "../../test/sim/entries.js";
import { LogMachine } from "../../test/sim/log-machine.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { PowerLossError, SimulatedDisk } from "../../test/sim/simulated-disk.js";
import { survivePowerLosses } from "../../test/suites/log-crash-suite.js";

for (let seed = 1; seed <= 4; seed += 1) {
  test(`no power loss loses an acknowledged entry or shows half a group (seed ${seed})`, async () => {
    await survivePowerLosses(seed);
  });
}

test("a process whose machine loses power hears nothing more", async () => {
  const disk = new SimulatedDisk();
  const machine = new LogMachine(disk, 1);
  await machine.clock.run(10);
  const entry = randomEntry(new SeededRandom(1), LOG_START, 10);
  machine.log.append(entry);
  disk.cutPowerAt = disk.changes + 1;
  await machine.clock.run(5_000);
  assert.deepEqual(machine.durable, []);
  assert.throws(() => disk.list("/"), PowerLossError);
});
