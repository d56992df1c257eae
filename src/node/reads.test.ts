import assert from "node:assert/strict";
import { test } from "node:test";
import { propose, put, readAll, remove, startPlainNode } from "../../test/node/plain-node.js";
import { ALL_KEYS } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import type { Node } from "./node.js";

async function fill(node: Node, keys: number): Promise<void> {
  for (let at = 0; at < keys; at += 100) {
    await propose(node, {
      kind: "txn",
      compares: [],
      success: Array.from({ length: 100 }, (_, key) => put(`k${at + key}`) as never),
      failure: [],
    });
  }
}

test("a read of one key and a short one are answered at once, a long one later and as of its start", async () => {
  const { node, clock } = await startPlainNode();
  await fill(node, 3_000);
  const one = node.range({ ...readAll, range: { kind: "key", key: "k7" } }, "linearizable");
  assert.ok(!(one instanceof Promise) && one.count === 1);
  const some = node.range(
    { ...readAll, range: { kind: "interval", start: "k1", end: "k2" } },
    "serializable",
  );
  assert.ok(!(some instanceof Promise) && some.count === 1_111);
  const all = node.range(readAll, "linearizable");
  assert.ok(all instanceof Promise);
  await propose(node, remove("k9"));
  await clock.run(1);
  const outcome = await all;
  assert.equal(outcome.count, 3_000);
  assert.equal(outcome.revision, node.revision - 1);
  await node.close();
});

test("what is not committed, not yet happened or compacted is not read", async () => {
  const { node, log } = await startPlainNode(false);
  node.propose(put("a"), () => {});
  const keyA = { ...readAll, range: { kind: "key", key: "a" } } as const;
  assert.equal((await node.range(keyA, "linearizable")).count, 0);
  assert.throws((): unknown => node.range({ ...keyA, revision: 2 }, "linearizable"), {
    code: "T4_FUTURE_REVISION",
  });
  node.propose(put("a"), () => {});
  node.propose({ kind: "compact", revision: 3 }, () => {});
  log.makeDurable();
  assert.throws((): unknown => node.range({ ...keyA, revision: 2 }, "linearizable"), {
    code: "T4_COMPACTED",
  });
  assert.equal((await node.range({ ...keyA, revision: 3 }, "linearizable")).revision, 3);
  assert.deepEqual(
    node.history("a").map((row) => row.modRevision),
    [3],
  );
  await node.close();
});

test("changes come in order, in slices, up to the revision asked for", async () => {
  const { node, clock } = await startPlainNode();
  await fill(node, 5_000);
  const rows: Row[] = [];
  const reading = (async (): Promise<void> => {
    for await (const row of node.changes(ALL_KEYS, 2, 50)) {
      rows.push(row);
    }
  })();
  await clock.run(10);
  await reading;
  assert.equal(rows.length, 4_900);
  assert.equal(rows.at(-1)?.modRevision, 50);
  const first = async (from: number, to: number): Promise<unknown> =>
    node.changes(ALL_KEYS, from, to)[Symbol.asyncIterator]().next();
  await assert.rejects(first(2, 99), { code: "T4_FUTURE_REVISION" });
  await propose(node, { kind: "compact", revision: 10 });
  await assert.rejects(first(9, 20), { code: "T4_COMPACTED" });
  assert.deepEqual(await first(12, 11), { done: true, value: undefined });
  await node.close();
});

test("changes that a compaction overtakes say so, and those of a closed node end", async () => {
  const { node, clock } = await startPlainNode();
  await fill(node, 5_000);
  const overtaken = node.changes(ALL_KEYS, 2, 50)[Symbol.asyncIterator]();
  const closed = node.changes(ALL_KEYS, 2, 50)[Symbol.asyncIterator]();
  await overtaken.next();
  await closed.next();
  await propose(node, { kind: "compact", revision: 40 });
  const drain = async (iterator: AsyncIterator<Row>): Promise<void> => {
    while ((await iterator.next()).done !== true) {
      // Rows of the first slice.
    }
  };
  const failure = assert.rejects(drain(overtaken), { code: "T4_COMPACTED" });
  await clock.run(1);
  await failure;
  await node.close();
  await assert.rejects(drain(closed), { code: "T4_CLOSED" });
});

test("long reads are ended by closing, with a clear error", async () => {
  const { node } = await startPlainNode();
  await fill(node, 3_000);
  const reading = assert.rejects(async () => node.range(readAll, "linearizable"), {
    code: "T4_CLOSED",
  });
  await node.close();
  await reading;
});

test("a wait for a revision ends with it, with its signal or with the node", async () => {
  const { node } = await startPlainNode();
  await node.waitForRevision(1);
  const second = node.waitForRevision(2);
  const controller = new AbortController();
  const aborted = assert.rejects(node.waitForRevision(3, controller.signal), /enough/);
  const closed = assert.rejects(node.waitForRevision(3), { code: "T4_CLOSED" });
  await propose(node, put("a"));
  await second;
  controller.abort(new Error("enough"));
  await aborted;
  await node.close();
  await closed;
});
