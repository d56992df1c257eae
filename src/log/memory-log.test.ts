import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_START, positionOf, putEntry } from "../../test/sim/entries.js";
import { MemoryLog } from "./memory-log.js";

test("entries of a turn become durable together, after it", async () => {
  const durable: number[] = [];
  const sealed: number[] = [];
  const log = new MemoryLog({
    durable: (index) => durable.push(index),
    sealed: ({ index }) => sealed.push(index),
    segmentClosed() {},
    failed() {},
  });
  const first = putEntry(LOG_START, "a", new Uint8Array(3));
  const second = putEntry(positionOf(first), "b", new Uint8Array(3));
  log.seal();
  log.append(first);
  log.append(second);
  assert.deepEqual(durable, []);
  assert.ok(log.pendingBytes > 0);
  await Promise.resolve();
  assert.deepEqual(durable, [2]);
  assert.equal(log.durableIndex, 2);
  assert.equal(log.pendingBytes, 0);
  log.seal();
  log.seal();
  assert.deepEqual(sealed, [2]);
  log.append(putEntry(positionOf(second), "c", new Uint8Array(3)));
  await log.flush();
  assert.deepEqual(durable, [2, 3]);
  await log.close();
  assert.throws(() => {
    log.append(putEntry(positionOf(second), "c", new Uint8Array(3)));
  });
});
