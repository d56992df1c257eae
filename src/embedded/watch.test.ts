import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { ModelNode } from "../../test/model/model-node.js";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import { WATCH_BUFFER_EVENTS_MAX } from "../core/limits.js";
import type { Clock } from "../runtime/clock.js";
import { systemClock } from "../runtime/system-clock.js";
import { systemRandom } from "../runtime/system-random.js";
import { Db } from "./db.js";
import { utf8Codec } from "./encoding.js";
import { op } from "./txn.js";
import type { Watch } from "./watch.js";

function openDb(node = new ModelNode(), clock: Clock = systemClock): Db {
  return new Db(node, utf8Codec, { clock, random: systemRandom });
}

/** Reads until `count` events have come. */
async function take(watch: Watch<string>, count: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { events } of watch) {
    found.push(
      ...events.map((it) => `${it.modRevision} ${it.type} ${it.key} ${it.value ?? ""}`.trim()),
    );
    if (found.length >= count) {
      break;
    }
  }
  return found;
}

async function failsWith(code: T4ErrorCode, run: () => Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => error instanceof T4Error && error.code === code);
}

test("a watch gives every change after the call, also those before it is read", async () => {
  await using db = openDb();
  await db.put("a", "before");
  const watch = db.watch("a");
  assert.equal(watch.createdRevision, 2);
  await db.put("a", "1");
  await db.put("b", "other");
  await db.txn({ then: [op.put("aa", "2"), op.delete("a")] });
  assert.deepEqual(await take(watch, 3), ["3 put a 1", "5 put aa 2", "5 delete a"]);
});

test("a watch from the past gives history, then goes on", async () => {
  await using db = openDb();
  await db.put("a", "1");
  await db.put("a", "2");
  const watch = db.watch({ key: "a" }, { startRevision: 3, prevKv: true });
  await db.delete("a");
  const previous: (string | undefined)[] = [];
  for await (const { events } of watch) {
    previous.push(...events.map((it) => it.previous?.value));
    if (previous.length === 2) {
      break;
    }
  }
  assert.deepEqual(previous, ["1", "2"]);
});

test("filters leave out puts or deletes", async () => {
  await using db = openDb();
  const deletes = db.watch("", { filters: { puts: false } });
  const puts = db.watch("", { filters: { deletes: false } });
  await db.put("a", "1");
  await db.delete("a");
  await db.put("a", "2");
  assert.deepEqual(await take(deletes, 1), ["3 delete a"]);
  assert.deepEqual(await take(puts, 2), ["2 put a 1", "4 put a 2"]);
});

test("a reader far behind costs a bounded buffer and misses nothing", async () => {
  const node = new ModelNode();
  await using db = openDb(node);
  const watch = db.watch("");
  const total = 3 * WATCH_BUFFER_EVENTS_MAX;
  for (let i = 0; i < total;) {
    const ops = [];
    for (const end = i + 100; i < end; i += 1) {
      ops.push(op.put(`k${i % 128}`, String(i)));
    }
    await db.txn({ then: ops });
  }
  const values: number[] = [];
  let lastRevision = 0;
  for await (const { revision, events } of watch) {
    assert.ok(revision > lastRevision);
    lastRevision = revision;
    values.push(...events.map((it) => Number(it.value)));
    if (values.length >= total) {
      break;
    }
  }
  assert.deepEqual(values, [...values.keys()]);
  assert.equal(node.watcherCount, 0);
});

test("whatever the pace of writer and reader, each change comes once, in order, in whole revisions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }), async (steps) => {
      await using db = openDb();
      const watch = db.watch("");
      const reader = watch[Symbol.asyncIterator]();
      const seen: number[] = [];
      let written = 0;
      for (const step of [...steps, 0]) {
        await db.txn({
          then: [op.put("a", String(written)), op.put("b", String(written + 1))],
        });
        written += 2;
        for (let i = 0; i < step && seen.length < written; i += 1) {
          const { value } = await reader.next();
          assert.ok(value !== undefined && value.events.length % 2 === 0);
          seen.push(...value.events.map((it) => Number(it.value)));
        }
      }
      while (seen.length < written) {
        const { value } = await reader.next();
        seen.push(...(value?.events ?? []).map((it) => Number(it.value)));
      }
      assert.deepEqual(seen, [...seen.keys()]);
    }),
    { numRuns: 50 },
  );
});

/** A clock whose timers all fire when told to. */
function manualClock(): { readonly clock: Clock; readonly fire: () => Promise<void> } {
  const timers = new Set<() => void>();
  return {
    clock: {
      ...systemClock,
      after(_delayMs, run) {
        timers.add(run);
        return { cancel: () => timers.delete(run) };
      },
    },
    async fire() {
      // What was just written reaches the watch first.
      await new Promise(setImmediate);
      for (const run of timers) {
        run();
      }
      await new Promise(setImmediate);
    },
  };
}

test("an idle watch tells of progress, and only of news", async () => {
  const { clock, fire } = manualClock();
  await using db = openDb(new ModelNode(), clock);
  const watch = db.watch("a", { progressIntervalMs: 1 });
  const reader = watch[Symbol.asyncIterator]();
  const first = reader.next();
  await fire();
  await db.put("b", "1");
  await db.put("b", "2");
  await fire();
  assert.deepEqual((await first).value, { revision: 3, events: [] });
  const second = reader.next();
  await fire();
  await db.put("a", "3");
  const { value } = await second;
  assert.equal(value?.revision, 4);
  assert.equal(value.events.length, 1);
});

test("a watch that starts in the future tells of no progress before its start", async () => {
  const { clock, fire } = manualClock();
  await using db = openDb(new ModelNode(), clock);
  const watch = db.watch("a", { startRevision: 4, progressIntervalMs: 1 });
  const first = watch[Symbol.asyncIterator]().next();
  await db.put("b", "2");
  await db.put("a", "3");
  await fire();
  await db.put("b", "4");
  await fire();
  assert.deepEqual((await first).value, { revision: 4, events: [] });
});

test("leaving the loop, cancelling and disposing end a watch", async () => {
  const node = new ModelNode();
  await using db = openDb(node);
  {
    await using watch = db.watch("");
    assert.equal(watch.createdRevision, 1);
    assert.equal(node.watcherCount, 1);
  }
  assert.equal(node.watcherCount, 0);
  const watch = db.watch("");
  const reading = take(watch, 1);
  watch.cancel();
  assert.deepEqual(await reading, []);
  await failsWith("T4_INVALID_ARGUMENT", async () => take(watch, 1));
  assert.equal(node.watcherCount, 0);
});

test("a signal ends a watch with T4_CANCELLED, before and while it is read", async () => {
  await using db = openDb();
  const abort = new AbortController();
  const { signal } = abort;
  const reading = take(db.watch("", { signal }), 1);
  const waiting = db.watch("", { signal });
  abort.abort(new Error("enough"));
  await assert.rejects(
    reading,
    (error) =>
      error instanceof T4Error &&
      error.code === "T4_CANCELLED" &&
      (error.cause as Error).message === "enough",
  );
  await failsWith("T4_CANCELLED", async () => take(waiting, 1));
  assert.throws(() => db.watch("", { signal }), T4Error);
});

test("closing the database ends its watches with T4_CLOSED", async () => {
  const db = openDb();
  const reading = take(db.watch(""), 1);
  await db.close();
  await failsWith("T4_CLOSED", async () => reading);
});

test("a node that stops by itself ends the watches with its error", async () => {
  const node = new ModelNode();
  await using db = openDb(node);
  const reading = take(db.watch(""), 1);
  node.fail(new T4Error("T4_IO", "the disk is gone"));
  await failsWith("T4_IO", async () => reading);
});

test("a watch that a compaction overtakes ends with T4_COMPACTED", async () => {
  const node = new ModelNode();
  await using db = openDb(node);
  const watch = db.watch("");
  for (let i = 0; i < WATCH_BUFFER_EVENTS_MAX + 10; i += 1) {
    await db.put("k", String(i));
  }
  await db.compact(db.currentRevision);
  await failsWith("T4_COMPACTED", async () => take(watch, Infinity));
  assert.throws(
    () => db.watch("", { startRevision: 2 }),
    (error) => error instanceof T4Error && error.code === "T4_COMPACTED",
  );
});
