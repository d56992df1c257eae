import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { onAbort, orAborted } from "./abort-listeners.js";

test("however many follow a signal, it has one listener, and each is called once", () => {
  const controller = new AbortController();
  const called: number[] = [];
  const ends = Array.from({ length: 100 }, (_, at) =>
    onAbort(controller.signal, () => called.push(at)),
  );
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  for (const end of ends.slice(3)) {
    end();
  }
  controller.abort();
  assert.deepEqual(called, [0, 1, 2]);
});

test("a signal that nobody follows any more has no listener, and can be followed again", () => {
  const controller = new AbortController();
  const { signal } = controller;
  let calls = 0;
  const begin = (): (() => void) =>
    onAbort(signal, () => {
      calls += 1;
    });
  const [first, second] = [begin(), begin()];
  first();
  // Twice is once: the second is still there.
  first();
  assert.equal(getEventListeners(signal, "abort").length, 1);
  second();
  assert.equal(getEventListeners(signal, "abort").length, 0);
  begin();
  // Of those before: it must not end the one that has begun since.
  second();
  controller.abort();
  assert.equal(calls, 1);
});

test("a wait that is over follows no signal", async () => {
  const { signal } = new AbortController();
  assert.equal(await orAborted(Promise.resolve(7), signal), 7);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a signal that is aborted already is heard at once", () => {
  let isCalled = false;
  onAbort(AbortSignal.abort(), () => {
    isCalled = true;
  })();
  assert.ok(isCalled);
});
