import assert from "node:assert/strict";
import { test } from "node:test";
import { InlineThreads } from "./inline-threads.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { VirtualClock } from "./virtual-clock.js";

async function order(seed: number): Promise<string> {
  const clock = new VirtualClock(seed);
  const seen: string[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    clock.after(5, () => seen.push(name));
  }
  clock.after(1, () => seen.push("first"));
  clock.after(2, () => seen.push("never")).cancel();
  await clock.run(5);
  return seen.join();
}

test("events run in the order of time, and of the seed where that is equal", async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const seen = await order(seed);
    assert.equal(await order(seed), seen);
    assert.ok(seen.startsWith("first,"));
    orders.add(seen);
  }
  assert.ok(orders.size > 5);
});

test("promises settle between two events, and time passes only by events", async () => {
  const clock = new VirtualClock(1);
  const seen: string[] = [];
  const sleeper = (async () => {
    await clock.sleep(1_000);
    seen.push(`woke at ${clock.monotonicMs()}`);
    await clock.sleep(500);
    return "done";
  })();
  clock.after(1_000.5, () => seen.push("after"));
  assert.equal(await clock.resolve(sleeper), "done");
  assert.deepEqual(seen, ["woke at 1000", "after"]);
  assert.equal(clock.monotonicMs(), 1_500);
  const aborted = new AbortController();
  const sleep = clock.sleep(1_000_000, aborted.signal);
  aborted.abort(new Error("enough"));
  await assert.rejects(clock.resolve(sleep), /enough/);
});

test("the wall clock jumps and the monotonic one does not", async () => {
  const clock = new VirtualClock(1);
  const before = clock.wallMs();
  clock.jumpWall(-5_000);
  await clock.run(10);
  assert.equal(clock.wallMs(), before - 4_990);
  assert.equal(clock.monotonicMs(), 10);
});

test("an inline thread answers in order and shares memory, and its error reaches the owner", async () => {
  const clock = new VirtualClock(3);
  const threads = new InlineThreads({
    clock,
    disk: new SimulatedDisk(),
    seed: 3,
    handlers: {
      "adder-main.js": (context) => {
        const sums = new Int32Array(context.data as SharedArrayBuffer);
        context.onMessage((message) => {
          if (typeof message !== "number") {
            throw new Error("not a number");
          }
          sums[0] = (sums[0] ?? 0) + message;
          context.post(sums[0]);
        });
      },
    },
  });
  const shared = new SharedArrayBuffer(4);
  const thread = threads.spawn("adder", new URL("file:///x/adder-main.js"), shared);
  const answers: unknown[] = [];
  const errors: string[] = [];
  thread.onMessage((answer) => answers.push(answer));
  thread.onError((error) => errors.push(error.message));
  for (let i = 1; i <= 5; i += 1) {
    thread.post(i);
  }
  await clock.run(10);
  assert.deepEqual(answers, [1, 3, 6, 10, 15]);
  assert.equal(new Int32Array(shared)[0], 15);
  thread.post("x");
  await clock.run(10);
  assert.deepEqual(errors, ["not a number"]);
});
