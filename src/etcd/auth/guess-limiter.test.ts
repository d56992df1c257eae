import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "../../../test/support/fast-check.js";
import type { Passwords } from "../../runtime/credentials/passwords.js";
import { addressOf, GuessLimiter } from "./guess-limiter.js";
import { PasswordQueue } from "./password-queue.js";

const HERE = "10.0.0.1:1000";

test("five failures cost nothing; then pauses double up to half a minute, and success ends them", () => {
  const limiter = new GuessLimiter();
  let nowMs = 0;
  for (let count = 0; count < 4; count += 1) {
    limiter.failed("u", HERE, nowMs);
    assert.ok(limiter.mayTry("u", HERE, nowMs));
  }
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    limiter.failed("u", HERE, nowMs);
    assert.ok(!limiter.mayTry("u", HERE, nowMs + pauseMs - 1));
    nowMs += pauseMs;
    assert.ok(limiter.mayTry("u", "10.0.0.1:2000", nowMs), "another port is the same address");
  }
  limiter.succeeded("u", HERE);
  limiter.failed("u", HERE, nowMs);
  assert.ok(limiter.mayTry("u", HERE, nowMs));
});

test("nobody waits longer than half a minute for what others did, nor at all elsewhere", () => {
  const attempt = fc.record({
    user: fc.constantFrom("a", "b"),
    peer: fc.constantFrom("10.0.0.1:1", "10.0.0.2:1", "[2001:db8::1]:5"),
    afterMs: fc.nat(5_000),
  });
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 100, size: "max" }), (attempts) => {
      const limiter = new GuessLimiter();
      let nowMs = 0;
      for (const { user, peer, afterMs } of attempts) {
        nowMs += afterMs;
        if (limiter.mayTry(user, peer, nowMs)) {
          limiter.failed(user, peer, nowMs);
        }
      }
      assert.ok(limiter.mayTry("a", "10.0.0.3:1", nowMs));
      for (const { user, peer } of attempts) {
        assert.ok(limiter.mayTry(user, peer, nowMs + 30_000));
      }
    }),
  );
});

test("what is remembered has a limit", () => {
  const limiter = new GuessLimiter();
  for (let count = 0; count < 20_000; count += 1) {
    limiter.failed(`u${count}`, HERE, 0);
  }
  for (let count = 0; count < 10; count += 1) {
    limiter.failed("last", HERE, 0);
  }
  assert.ok(!limiter.mayTry("last", HERE, 0));
});

test("a name takes no more memory than another, however long it is", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const limiter = new GuessLimiter();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 100; count += 1) {
    limiter.failed(Buffer.alloc(1_000_000, count).toString("latin1"), HERE, 0);
  }
  collect();
  const keptBytes = process.memoryUsage().heapUsed - before;
  assert.ok(keptBytes < 10_000_000, `${keptBytes} bytes for 100 names`);
  assert.ok(limiter.mayTry("u", HERE, 0));
});

test("an address is that of the network for IPv6, and whole for IPv4", () => {
  assert.equal(addressOf("10.0.0.1:80"), "10.0.0.1");
  assert.equal(addressOf("::ffff:10.0.0.1:80"), "::ffff:10.0.0.1");
  assert.equal(addressOf("2001:db8:1:2:3:4:5:6:80"), "2001:db8:1:2");
  assert.equal(addressOf("2001:db8:1:2::6:80"), "2001:db8:1:2");
  assert.equal(addressOf("[2001:db8::6]:80"), "2001:db8:0:0");
  assert.equal(addressOf("::1:80"), "0:0:0:0");
});

/** Passwords that are checked when the test says so. */
class SlowPasswords implements Passwords {
  readonly order: string[] = [];
  #next: (() => void)[] = [];

  async hash(password: string): Promise<string> {
    this.order.push(password);
    return new Promise((resolve) => {
      this.#next.push(() => {
        resolve("");
      });
    });
  }

  async verify(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }

  async finishOne(): Promise<void> {
    this.#next.shift()?.();
    for (let turn = 0; turn < 5; turn += 1) {
      await Promise.resolve();
    }
  }
}

test("addresses take turns, one password at a time; a flood from one is refused, others are not", async () => {
  const passwords = new SlowPasswords();
  const queue = new PasswordQueue(passwords);
  const hash = async (peer: string, name: string): Promise<string> =>
    queue.run(peer, async (each) => each.hash(name));
  const running: Promise<string>[] = [];
  for (let count = 0; count < 65; count += 1) {
    running.push(hash("10.0.0.1:1", `flood ${count}`));
  }
  await assert.rejects(hash("10.0.0.1:2", "too much"), /too many requests/);
  running.push(hash("10.0.0.2:1", "other"));
  for (let count = 0; count < 66; count += 1) {
    await passwords.finishOne();
  }
  await Promise.all(running);
  assert.deepEqual(passwords.order.slice(0, 4), ["flood 0", "flood 1", "other", "flood 2"]);
  assert.equal(passwords.order.length, 66);
});
