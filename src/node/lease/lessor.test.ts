import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import type { LeaseId } from "../../core/words.js";
import { LeaseTable } from "./lease-table.js";
import { Lessor } from "./lessor.js";

function lessorOf(clock: VirtualClock): {
  readonly lessor: Lessor;
  readonly leases: LeaseTable;
  readonly revoked: LeaseId[];
} {
  const leases = new LeaseTable();
  const revoked: LeaseId[] = [];
  const lessor = new Lessor({
    leases,
    clock,
    leasesExpire: true,
    existsAtTip: (lease) => leases.get(lease) !== undefined && !revoked.includes(lease),
    revoke: (lease) => {
      revoked.push(lease);
    },
  });
  return { lessor, leases, revoked };
}

test("a renewal gives a lease its full time, and counts; none comes after its end or its revoke", async () => {
  const clock = new VirtualClock(1);
  const { lessor, leases, revoked } = lessorOf(clock);
  leases.grant(1n, 10, clock.monotonicMs());
  leases.grant(2n, 10, clock.monotonicMs());
  await clock.run(9_000);
  assert.equal(lessor.keepAlive(1n), 10);
  assert.equal(lessor.timeToLive(1n)?.remainingMs, 10_000);
  await clock.run(2_000);
  assert.equal(lessor.keepAlive(2n), null, "its time is over, though nobody has revoked it");
  assert.deepEqual(lessor.timeToLive(2n), { lease: 2n, grantedSeconds: 10, remainingMs: 0 });
  revoked.push(1n);
  assert.equal(lessor.keepAlive(1n), null, "its revoke is planned");
  assert.equal(lessor.keepAlive(3n), null);
  assert.equal(lessor.timeToLive(3n), null);
  assert.equal(lessor.renewed, 1);
});

test("leases run out only after the start, each with its full time from there", async () => {
  const clock = new VirtualClock(1);
  const { lessor, leases, revoked } = lessorOf(clock);
  leases.grant(1n, 10, clock.monotonicMs());
  leases.grant(2n, 20, clock.monotonicMs());
  await clock.run(60_000);
  assert.deepEqual(revoked, []);
  lessor.start();
  await clock.run(9_999);
  assert.deepEqual(revoked, []);
  await clock.run(1);
  assert.deepEqual(revoked, [1n]);
  lessor.stop();
  await clock.run(60_000);
  assert.deepEqual(revoked, [1n]);
});
