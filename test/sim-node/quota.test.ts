// A store with a quota: what would exceed it is refused and an alarm raised, deletes and compactions go on, and the
// alarm is lowered by itself once there is room, also after a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALARM } from "../../src/core/alarm.js";
import type { AuthChange } from "../../src/core/auth/auth-change.js";
import type { Command, Outcome } from "../../src/core/command.js";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import type { Node } from "../../src/node/node.js";
import { propose, put, remove, startPlainNode } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Machine } from "./machine.js";

const QUOTA_BYTES = 100_000;
const value = "v".repeat(1_000);
const corrupt = { member: 0n, alarm: ALARM.corrupt, byQuota: false };

class Life {
  readonly clock = new VirtualClock(1);
  readonly disk = new SimulatedDisk();
  node!: Node;

  async open(quotaBytes: number): Promise<Node> {
    const machine = new Machine(this.clock, this.disk, new SeededRandom(1), { quotaBytes });
    this.node = await this.clock.resolve(machine.open());
    return this.node;
  }

  async run(command: Command): Promise<Outcome> {
    return this.clock.resolve(propose(this.node, command));
  }

  async refused(command: Command): Promise<void> {
    await assert.rejects(this.run(command), { code: "T4_NO_SPACE" });
  }

  /** Writes until the quota is reached; returns how many keys there are. */
  async fill(): Promise<number> {
    for (let count = 0; count < 1_000; count += 1) {
      try {
        await this.run(put(`k${count}`, value));
      } catch {
        return count;
      }
    }
    assert.fail("the quota is reached");
  }

  get alarms(): unknown[] {
    return this.node.maintenance.alarms().map(({ member, alarm }) => [member, alarm]);
  }
}

const txnOf = (...success: Command[]): Command =>
  ({ kind: "txn", compares: [], success: [], failure: success }) as Command;

test("at the quota what adds is refused, and what gives back goes on until there is room", async () => {
  const life = new Life();
  const node = await life.open(QUOTA_BYTES);
  const count = await life.fill();
  assert.ok(count > 50 && count < 100, `${count} keys of a good kilobyte fit in`);
  await life.clock.run(10);
  assert.deepEqual(life.alarms, [[node.memberId, ALARM.noSpace]]);
  await life.refused(put("small", ""));
  await life.refused(txnOf(put("small", "")));
  await life.refused(txnOf(txnOf(put("small", ""))));
  await life.refused({ kind: "lease-grant", lease: 7n, ttlSeconds: 60 });
  await life.run(remove("k0"));
  await life.run(txnOf(remove("k1")));
  await life.run({ kind: "delete-range", range: ALL_KEYS, prevKv: false });
  await life.clock.run(5_000);
  assert.equal(life.alarms.length, 1, "deletes alone give nothing back");
  await life.run({ kind: "compact", revision: node.revision });
  await life.clock.resolve(node.maintenance.defragment());
  await life.clock.run(5_000);
  assert.deepEqual(life.alarms, []);
  await life.run(put("again", value));
  await life.clock.resolve(node.close());
});

test("the alarm outlives a restart, and a larger quota lowers it", async () => {
  const life = new Life();
  await life.open(QUOTA_BYTES);
  await life.fill();
  await life.clock.run(10);
  await life.clock.resolve(life.node.close());
  await life.open(QUOTA_BYTES);
  await life.clock.run(5_000);
  assert.equal(life.alarms.length, 1);
  await life.refused(put("small", ""));
  await life.clock.resolve(life.node.flush());
  await life.clock.resolve(life.node.close());
  await life.open(QUOTA_BYTES * 2);
  await life.clock.run(1_000);
  assert.deepEqual(life.alarms, []);
  await life.run(put("small", ""));
  await life.clock.resolve(life.node.close());
});

test("an alarm that an operator raised stays until it is lowered, with or without a quota", async () => {
  for (const quotaBytes of [0, QUOTA_BYTES]) {
    const life = new Life();
    await life.open(quotaBytes);
    const alarm = { member: 0n, alarm: ALARM.noSpace, byQuota: false };
    await life.run({ kind: "alarm", isRaised: true, ...alarm });
    await life.clock.run(5_000);
    await life.refused(put("small", ""));
    await life.run({ kind: "alarm", isRaised: false, ...alarm });
    await life.run(put("small", ""));
    await life.clock.resolve(life.node.close());
  }
});

test("the quota's alarm of a member that is gone is lowered too", async () => {
  const life = new Life();
  await life.open(QUOTA_BYTES);
  const alarm = { member: 12_345n, alarm: ALARM.noSpace, byQuota: true };
  await life.run({ kind: "alarm", isRaised: true, ...alarm });
  await life.clock.resolve(life.node.close());
  await life.open(QUOTA_BYTES);
  await life.clock.run(1_000);
  assert.deepEqual(life.alarms, []);
  await life.clock.resolve(life.node.close());
});

test("a write larger than the whole quota is refused alone", async () => {
  const life = new Life();
  await life.open(QUOTA_BYTES);
  const large = put("large", "v".repeat(QUOTA_BYTES));
  await assert.rejects(life.run(large), {
    code: "T4_NO_SPACE",
    message: /alone.*quota is 100000: write less/,
  });
  await life.clock.run(1_000);
  assert.deepEqual(life.alarms, []);
  await life.run(put("small", ""));
  const count = await life.fill();
  assert.ok(count > 50);
  await life.refused(large);
  await life.run({ kind: "delete-range", range: ALL_KEYS, prevKv: false });
  await life.run({ kind: "compact", revision: life.node.revision });
  await life.clock.resolve(life.node.maintenance.defragment());
  await life.clock.run(1_000);
  assert.deepEqual(life.alarms, [], "room for the others is enough");
  await life.clock.resolve(life.node.close());
});

test("an alarm whose proposal was not acknowledged in time is lowered as any other", async () => {
  const { node, log, store, clock, timeOut } = await startPlainNode(
    false,
    {},
    { quotaBytes: 1_000 },
  );
  store.sizes = { totalBytes: 999, liveBytes: 999 };
  await assert.rejects(propose(node, put("a")), { code: "T4_NO_SPACE" });
  timeOut(log.tipIndex);
  log.makeDurable();
  assert.equal(node.maintenance.alarms().length, 1, "it was raised all the same");
  await clock.run(10_000);
  assert.equal(node.maintenance.alarms().length, 1);
  store.sizes = { totalBytes: 0, liveBytes: 0 };
  log.isAutomatic = true;
  await clock.run(1_000);
  assert.deepEqual(node.maintenance.alarms(), []);
  await propose(node, put("a"));
  await node.close();
});

test("while members' data differ auth can be changed, without which nobody could lower the alarm", async () => {
  const life = new Life();
  const node = await life.open(0);
  const change = async (each: AuthChange): Promise<Outcome> =>
    life.run({ kind: "auth", change: each });
  await change({ kind: "user-add", user: "root", passwordHash: "h", hasNoPassword: false });
  await change({ kind: "user-grant", user: "root", role: "root" });
  await change({ kind: "enable" });
  await life.run({ kind: "alarm", isRaised: true, ...corrupt });
  const { passwordRevision } = node.auth.state.users.get("root")!;
  await change({ kind: "token", user: "root", passwordRevision, digest: "d" });
  await change({ kind: "disable" });
  await life.run({ kind: "alarm", isRaised: false, ...corrupt });
  await life.run(put("a", ""));
  await life.clock.resolve(node.close());
});

test("while members' data differ nothing is written, and leases end when it is over", async () => {
  const life = new Life();
  await life.open(0);
  await life.run({ kind: "lease-grant", lease: 7n, ttlSeconds: 2 });
  await life.run(put("leased", "", 7n));
  await life.run({ kind: "alarm", isRaised: true, ...corrupt });
  for (const command of [put("a", ""), remove("a"), { kind: "compact", revision: 1 }] as const) {
    await assert.rejects(life.run(command), { code: "T4_CORRUPT" });
  }
  await life.clock.run(5_000);
  assert.deepEqual(life.node.leases(), [7n]);
  await life.run({ kind: "alarm", isRaised: false, ...corrupt });
  await life.clock.run(1_000);
  assert.deepEqual(life.node.leases(), []);
  await life.clock.resolve(life.node.close());
});
