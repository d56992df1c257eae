import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskGroup } from "./task-group.js";

test("closing a group aborts its tasks, waits for them and refuses new ones", async () => {
  const group = new TaskGroup();
  let ended = false;
  const task = group.run(async (signal) => {
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
    });
    await Promise.resolve();
    ended = true;
    signal.throwIfAborted();
  });
  const failure = assert.rejects(task, /over/);
  await group.close(new Error("over"));
  assert.ok(ended);
  await failure;
  await assert.rejects(
    group.run(async () => Promise.resolve(1)),
    /over/,
  );
});

test("a task's result and its failure reach its caller", async () => {
  const group = new TaskGroup();
  assert.equal(await group.run(async () => Promise.resolve(7)), 7);
  await assert.rejects(
    group.run(async () => Promise.reject(new Error("bad"))),
    /bad/,
  );
  await group.close(new Error("over"));
});
