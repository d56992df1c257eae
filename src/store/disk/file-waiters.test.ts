import assert from "node:assert/strict";
import { test } from "node:test";
import { FileWaiters } from "./file-waiters.js";

test("each waits for its own condition, and the files are awaited until the last is answered", async () => {
  const files = { isAwaited: false };
  const waiters = new FileWaiters(files);
  let index = 0;
  const answered: number[] = [];
  const waits = [2, 1].map(async (wanted) =>
    waiters
      .wait(() => index >= wanted)
      .then(() => {
        answered.push(wanted);
      }),
  );
  assert.equal(files.isAwaited, true);
  index = 1;
  waiters.settle();
  await waits[1];
  assert.deepEqual(answered, [1]);
  assert.equal(files.isAwaited, true);
  index = 2;
  waiters.settle();
  await Promise.all(waits);
  assert.deepEqual(answered, [1, 2]);
  assert.equal(files.isAwaited, false);
  await waiters.wait(() => true);
  assert.equal(files.isAwaited, false);
});

test("a failure answers who waits and who comes later, and the files are awaited no more", async () => {
  const files = { isAwaited: false };
  const waiters = new FileWaiters(files);
  const before = waiters.wait(() => false);
  const failure = new Error("the disk has failed");
  waiters.fail(failure);
  assert.equal(files.isAwaited, false);
  await assert.rejects(before, failure);
  waiters.fail(new Error("closed"));
  await assert.rejects(
    waiters.wait(() => true),
    failure,
  );
  assert.equal(files.isAwaited, false);
});
