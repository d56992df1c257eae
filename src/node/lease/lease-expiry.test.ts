import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { propose, put, readAll, startPlainNode } from "../../../test/node/plain-node.js";
import type { Command } from "../../core/command.js";
import type { LeaseId } from "../../core/words.js";

const grant = (lease: LeaseId, ttlSeconds: number): Command => ({
  kind: "lease-grant",
  lease,
  ttlSeconds,
});

const step = fc.record({
  kind: fc.constantFrom("grant", "keep", "revoke", "put", "wait"),
  lease: fc.integer({ min: 1, max: 6 }),
  amount: fc.integer({ min: 2, max: 9 }),
});

test("a lease lives for its time after each renewal, and at most 500 ms longer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const { node, clock } = await startPlainNode();
      /** What is alive, and when it ends. */
      const ends = new Map<LeaseId, { atMs: number; ttlMs: number }>();
      const alive = (lease: LeaseId): "yes" | "no" | "either" => {
        const end = ends.get(lease);
        const lateMs = clock.monotonicMs() - (end?.atMs ?? -Infinity);
        return lateMs < 0 ? "yes" : lateMs > 500 ? "no" : "either";
      };
      for (const { kind, lease: number, amount } of steps) {
        const lease = BigInt(number);
        const before = alive(lease);
        if (kind === "wait") {
          await clock.run(amount * 400);
        } else if (kind === "grant") {
          const isGranted = await propose(node, grant(lease, amount)).then(
            () => true,
            () => false,
          );
          assert.ok(before === "either" || isGranted === (before === "no"));
          if (isGranted) {
            ends.set(lease, { atMs: clock.monotonicMs() + amount * 1_000, ttlMs: amount * 1_000 });
          }
        } else if (kind === "keep") {
          const ttlSeconds = node.keepAlive(lease);
          const end = ends.get(lease);
          assert.equal(
            ttlSeconds === null,
            before !== "yes",
            "renewed while it lives, never after",
          );
          if (ttlSeconds !== null && end !== undefined) {
            end.atMs = clock.monotonicMs() + end.ttlMs;
          }
        } else if (kind === "revoke") {
          await propose(node, { kind: "lease-revoke", lease }).catch(() => {});
          ends.delete(lease);
        } else {
          await propose(node, put(`key ${amount}`, "", lease)).catch(() => {});
        }
        for (const each of ends.keys()) {
          const status = node.timeToLive(each);
          const isAlive = alive(each);
          assert.ok(isAlive === "either" || (status !== null) === (isAlive === "yes"));
          if (isAlive === "no") {
            ends.delete(each);
          }
        }
        const { rows } = await node.range(readAll, "linearizable");
        assert.ok(rows.every((row) => node.timeToLive(row.lease) !== null));
      }
      await node.close();
    }),
    { numRuns: 60 },
  );
});

test("10,000 leases that end together go at about a thousand a second, each with one revision", async () => {
  const { node, clock } = await startPlainNode();
  for (let lease = 1; lease <= 10_000; lease += 1) {
    node.propose(grant(BigInt(lease), 5), () => {});
  }
  await clock.run(0);
  for (let lease = 1; lease <= 20; lease += 1) {
    await propose(node, put(`k${lease}`, "", BigInt(lease)));
    await propose(node, put(`l${lease}`, "", BigInt(lease)));
  }
  assert.equal(node.leases().length, 10_000);
  await clock.run(4_999);
  assert.equal(node.leases().length, 10_000);
  await clock.run(5_000);
  const left = node.leases().length;
  assert.ok(left > 4_000 && left < 6_000, `${left} are left after 5 s`);
  await clock.run(6_000);
  assert.deepEqual(node.leases(), []);
  assert.equal(node.revision, 1 + 40 + 20);
  await node.close();
});

test("a lease that cannot be revoked for want of space is revoked when there is some", async () => {
  const { node, clock, log } = await startPlainNode();
  await propose(node, grant(1n, 2));
  await propose(node, put("a", "", 1n));
  log.hasSpace = false;
  await clock.run(10_000);
  assert.equal(node.leases().length, 1);
  assert.equal(node.keepAlive(1n), null, "it is over all the same");
  assert.equal(node.timeToLive(1n)?.remainingMs, 0);
  log.hasSpace = true;
  await clock.run(500);
  assert.equal(node.leases().length, 0);
  assert.equal(node.revision, 3);
  await node.close();
});

test("where leases do not expire one whose time is over is there all the same", async () => {
  const { node, clock } = await startPlainNode(true, {}, { leasesExpire: false });
  await propose(node, grant(1n, 2));
  await propose(node, put("a", "", 1n));
  await clock.run(60_000);
  await propose(node, put("b", "", 1n));
  assert.deepEqual(node.leaseKeys(1n), ["a", "b"]);
  await propose(node, { kind: "lease-revoke", lease: 1n });
  assert.deepEqual(node.leases(), []);
  await node.close();
});

test("a lease whose revoke is planned cannot be renewed", async () => {
  const { node, log } = await startPlainNode(false);
  node.propose(grant(1n, 60), () => {});
  log.makeDurable();
  assert.equal(node.keepAlive(1n), 60);
  node.propose({ kind: "lease-revoke", lease: 1n }, () => {});
  assert.equal(node.keepAlive(1n), null);
  assert.equal(node.timeToLive(1n)?.grantedSeconds, 60, "it is there until that is committed");
  log.makeDurable();
  assert.equal(node.timeToLive(1n), null);
  await node.close();
});

test("leases are listed by expiry", async () => {
  const { node, clock } = await startPlainNode();
  await propose(node, grant(1n, 30));
  await propose(node, grant(-2n, 20));
  await propose(node, grant(3n, 25));
  assert.deepEqual(node.leases(), [-2n, 3n, 1n]);
  await clock.run(15_000);
  assert.equal(node.keepAlive(-2n), 20);
  assert.deepEqual(node.leases(), [3n, 1n, -2n]);
  await node.close();
});
