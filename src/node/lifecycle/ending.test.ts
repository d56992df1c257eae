import assert from "node:assert/strict";
import { test } from "node:test";
import { T4Error } from "../../core/errors.js";
import { silentLogger, type Logger } from "../../runtime/logger.js";
import { Ending } from "./ending.js";

function loggerTo(errors: string[]): Logger {
  return {
    ...silentLogger,
    error: (message, fields) => {
      errors.push(`${message}: ${String(fields?.["what"] ?? "")}`);
    },
  };
}

test("a node ends once: the first reason stands, and all who close wait for the same", async () => {
  const reasons: T4Error[] = [];
  let goOn = (): void => {};
  const ending = new Ending(silentLogger, async (reason) => {
    reasons.push(reason);
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  });
  ending.assertOpen();
  const failure = new T4Error("T4_IO", "a file failed");
  ending.fail(failure);
  ending.fail(new T4Error("T4_IO", "another"));
  const closed = ending.close();
  assert.throws(
    () => {
      ending.assertOpen();
    },
    { code: "T4_CLOSED", message: /the node has stopped: a file failed/ },
  );
  goOn();
  await closed;
  assert.deepEqual(
    reasons.map((reason) => reason.cause),
    [failure],
  );
  assert.equal(await ending.stopped, failure);
});

test("a step that fails keeps none after it from being done, and the first one's error is told", async () => {
  const errors: string[] = [];
  const done: string[] = [];
  const first = new Error("no disk");
  const ending: Ending = new Ending(loggerTo(errors), async () => {
    await ending.attempt("the log", async () => Promise.reject(first));
    await ending.attempt("the store", async () => Promise.reject(new T4Error("T4_IO", "later")));
    await ending.attempt("the lock", async () => {
      await Promise.resolve();
      done.push("the lock");
    });
  });
  await ending.close();
  assert.deepEqual(done, ["the lock"]);
  assert.deepEqual(errors, ["closing failed: the log", "closing failed: the store"]);
  const error = await ending.stopped;
  assert.deepEqual([error?.code, error?.cause], ["T4_IO", first]);
  assert.equal(ending.stoppedBy, null, "it was closed");
});

test("what made a node stop is not logged again by the step that fails with it", async () => {
  const errors: string[] = [];
  const failure = new T4Error("T4_IO", "a file failed");
  const ending: Ending = new Ending(loggerTo(errors), async () => {
    await ending.attempt("the log", async () => Promise.reject(failure));
  });
  ending.fail(failure);
  assert.equal(ending.stoppedBy, failure);
  assert.equal(await ending.stopped, failure);
  assert.deepEqual(errors, ["the node stops: "]);
});
