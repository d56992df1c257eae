import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { onAbort } from "./abort-listeners.js";

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

test("a signal that is aborted already is heard at once", () => {
  let isCalled = false;
  onAbort(AbortSignal.abort(), () => {
    isCalled = true;
  })();
  assert.ok(isCalled);
});
