import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { CopiedLeases, hexOfLease, leaseOfHex } from "./copied-leases.js";

/** A server that ends leases in time, and takes its own for each answer. */
class Server {
  readonly clock = new VirtualClock(1);
  readonly endsMs = new Map<bigint, number>();
  readonly ttlSeconds = new Map<bigint, number>();
  answerMs = 0;
  renewals = 0;
  running = 0;
  runningMax = 0;
  failure: Error | null = null;

  grant(lease: bigint, ttlSeconds: number): void {
    this.ttlSeconds.set(lease, ttlSeconds);
    this.endsMs.set(lease, this.clock.monotonicMs() + ttlSeconds * 1_000);
  }

  isAlive(lease: bigint): boolean {
    return (this.endsMs.get(lease) ?? -1) > this.clock.monotonicMs();
  }

  readonly renew = async (lease: bigint): Promise<number> => {
    this.renewals += 1;
    this.running += 1;
    this.runningMax = Math.max(this.running, this.runningMax);
    await this.clock.sleep(this.answerMs / 2);
    if (this.failure !== null) {
      throw this.failure;
    }
    const isAlive = this.isAlive(lease);
    const ttlSeconds = this.ttlSeconds.get(lease) ?? 0;
    if (isAlive) {
      this.grant(lease, ttlSeconds);
    }
    await this.clock.sleep(this.answerMs / 2);
    this.running -= 1;
    return isAlive ? ttlSeconds : 0;
  };
}

test("leases of any length outlast a copy, whatever a page takes", async () => {
  const server = new Server();
  const { clock } = server;
  server.answerMs = 40;
  const leases = new CopiedLeases(clock, server.renew);
  const ids = Array.from({ length: 100 }, (_, at) => BigInt(at + 1));
  for (const lease of ids) {
    const ttlSeconds = lease === 1n ? 2 : 2 + Number(lease) * 3;
    server.grant(lease, ttlSeconds);
    leases.hold(lease, ttlSeconds);
  }
  for (let second = 0; second < 600; second += 1) {
    await clock.run(1_000);
    assert.ok(
      ids.every((lease) => server.isAlive(lease)),
      `all live after ${second} s`,
    );
  }
  assert.equal(leases.ended, null);
  assert.ok(server.runningMax > 1 && server.runningMax <= 16);
  assert.ok(server.renewals < 600 * 8, `not renewed without need: ${server.renewals} times`);
  await clock.run(30_000);
  await clock.resolve(leases.renewAll());
  const nowMs = clock.monotonicMs();
  for (const lease of ids) {
    const fullMs = (server.ttlSeconds.get(lease) ?? 0) * 1_000;
    assert.ok((server.endsMs.get(lease) ?? 0) > nowMs + fullMs - 1_000, "each has its full time");
  }
  await leases[Symbol.asyncDispose]();
  const { renewals } = server;
  await clock.run(60_000);
  assert.equal(server.renewals, renewals, "none is renewed once the copy is over");
});

test("a lease that has ended is told, whether it was granted now or before", async () => {
  const server = new Server();
  const { clock } = server;
  server.grant(1n, 60);
  await using leases = new CopiedLeases(clock, server.renew);
  assert.equal(await clock.resolve(leases.adopt([1n])), true);
  assert.equal(await clock.resolve(leases.adopt([1n, 2n])), false);
  assert.deepEqual(leases.ids, [1n]);
  assert.equal(leases.ended, null);
  server.endsMs.delete(1n);
  await clock.run(60_000);
  assert.equal(leases.ended, 1n);
  leases.hold(3n, 60);
  const last = new CopiedLeases(clock, server.renew);
  last.hold(4n, 60);
  await clock.resolve(last.renewAll());
  assert.equal(last.ended, 4n, "at the end of the copy too");
  await last[Symbol.asyncDispose]();
});

test("a server that cannot be reached fails the copy, not the process", async () => {
  const server = new Server();
  const { clock } = server;
  server.grant(1n, 9);
  await using leases = new CopiedLeases(clock, server.renew);
  leases.hold(1n, 9);
  server.failure = new Error("nobody there");
  await clock.run(10_000);
  assert.equal(server.renewals, 1, "the client has tried often enough");
  assert.throws(() => leases.ended, { message: "nobody there" });
  await assert.rejects(clock.resolve(leases.adopt([1n])), { message: "nobody there" });
});

test("ids of leases are shown as etcdctl shows them, and read back", () => {
  for (const lease of [1n, 0x694d7c5d4f5a0b0cn, -2n]) {
    assert.equal(leaseOfHex(hexOfLease(lease)), lease);
  }
  assert.equal(hexOfLease(-2n), "fffffffffffffffe");
});
