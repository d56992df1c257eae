import assert from "node:assert/strict";
import { test } from "node:test";
import { openNode } from "../../src/node/open-node.js";
import { openReadOnly } from "../../src/node/read-only.js";
import type { Node } from "../../src/node/node.js";
import { propose, put, readAll, remove } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Machine } from "./machine.js";

function machineOn(disk: SimulatedDisk): { clock: VirtualClock; machine: Machine } {
  const clock = new VirtualClock(1);
  return { clock, machine: new Machine(clock, disk, new SeededRandom(1)) };
}

async function keysOf(reader: Pick<Node, "range">): Promise<string[]> {
  return (await reader.range(readAll, "linearizable")).rows.map((row) => row.key);
}

test("a node goes on where it was: revision, leases in full, ids, a greater term", async () => {
  const disk = new SimulatedDisk();
  const { clock, machine } = machineOn(disk);
  const first = await clock.resolve(machine.open());
  await clock.resolve(propose(first, { kind: "lease-grant", lease: 7n, ttlSeconds: 60 }));
  await clock.resolve(propose(first, put("a", "1", 7n)));
  await clock.resolve(first.flush());
  await clock.resolve(propose(first, put("b", "2", 7n)));
  await clock.resolve(propose(first, remove("a")));
  await clock.run(50_000);
  await clock.resolve(first.close());
  assert.equal(await first.stopped, null);
  const second = await clock.resolve(machine.open());
  assert.equal(second.clusterId, first.clusterId);
  assert.equal(second.memberId, first.memberId);
  assert.ok(second.term > first.term);
  assert.equal(second.revision, 4);
  assert.deepEqual(second.leaseKeys(7n), ["b"]);
  await clock.run(59_000);
  assert.deepEqual(await keysOf(second), ["b"]);
  await clock.run(2_000);
  assert.deepEqual(await keysOf(second), []);
  await clock.resolve(second.close());
});

test("rows become files long before their segment is full or old, and a power loss loses none", async () => {
  const disk = new SimulatedDisk();
  const { clock, machine } = machineOn(disk);
  const config = { dataDirectory: "/data", nodeId: null };
  const node = await clock.resolve(openNode(config, machine.runtime));
  const value = "x".repeat(1024 * 1024);
  for (let at = 0; at < 17; at += 1) {
    await clock.resolve(propose(node, put(`k${at}`, value)));
  }
  await clock.run(1_000);
  const tables = disk.list("/data/store").filter((name) => name.endsWith(".table"));
  assert.equal(tables.length, 1);
  assert.equal(disk.list("/data/wal").filter((name) => name.endsWith(".wal")).length, 1);
  machine.die();
  const after = machineOn(disk.afterPowerLoss(1));
  const again = await after.clock.resolve(openNode(config, after.machine.runtime));
  assert.equal(again.revision, 18);
  assert.equal((await after.clock.resolve(keysOf(again))).length, 17);
  await after.clock.resolve(again.close());
});

test("a directory is held by one node at a time, and can be looked into meanwhile", async () => {
  const disk = new SimulatedDisk();
  const { clock, machine } = machineOn(disk);
  await assert.rejects(openReadOnly("/data", machine.runtime), { code: "T4_DATA_DIR_UNUSABLE" });
  const node = await clock.resolve(machine.open());
  await assert.rejects(clock.resolve(machine.open()), { code: "T4_DATA_DIR_IN_USE" });
  await clock.resolve(propose(node, { kind: "lease-grant", lease: 7n, ttlSeconds: 60 }));
  for (let at = 0; at < 40; at += 1) {
    await clock.resolve(propose(node, put(`k${at % 7}`, "x".repeat(500), at % 2 === 0 ? 7n : 0n)));
    if (at % 15 === 9) {
      await clock.resolve(node.flush());
    }
    const { changes } = disk;
    const look = await clock.resolve(openReadOnly("/data", machine.runtime));
    assert.equal(look.status().revision, node.revision);
    assert.deepEqual(await keysOf(look), await keysOf(node));
    assert.deepEqual(look.leases(), [{ lease: 7n, grantedSeconds: 60, keys: node.leaseKeys(7n) }]);
    assert.equal(look.status().keys, Math.min(at + 1, 7));
    await clock.resolve(look.close());
    assert.equal(disk.changes, changes, "looking changes nothing");
  }
  await clock.resolve(node.close());
});

test("a node opens on a full disk, reads, refuses writes, and takes them when there is room", async () => {
  const disk = new SimulatedDisk();
  const { clock, machine } = machineOn(disk);
  const first = await clock.resolve(machine.open());
  await clock.resolve(propose(first, put("a")));
  await clock.resolve(first.close());
  disk.capacityBytes = disk.usedBytes;
  const second = await clock.resolve(machine.open());
  assert.deepEqual(await keysOf(second), ["a"]);
  await assert.rejects(clock.resolve(propose(second, put("b"))), { code: "T4_NO_SPACE" });
  assert.equal(second.status().hasSpace, false);
  disk.capacityBytes = Infinity;
  await clock.run(3_000);
  await clock.resolve(propose(second, put("b")));
  assert.deepEqual(await keysOf(second), ["a", "b"]);
  await clock.resolve(second.close());
});

test("a node in memory serves, and is gone when it is closed", async () => {
  const { clock, machine } = machineOn(new SimulatedDisk());
  const config = { dataDirectory: null, nodeId: "n" };
  const node = await clock.resolve(openNode(config, machine.runtime));
  await clock.resolve(propose(node, put("a")));
  await clock.resolve(propose(node, put("a")));
  await clock.resolve(propose(node, { kind: "compact", revision: 3 }));
  await clock.resolve(Promise.all([node.flush(), node.compactionDone()]));
  assert.deepEqual(
    node.history("a").map((row) => row.modRevision),
    [3],
  );
  await clock.resolve(node.close());
  const next = await clock.resolve(openNode(config, machine.runtime));
  assert.equal(next.revision, 1);
  await clock.resolve(next.close());
});
