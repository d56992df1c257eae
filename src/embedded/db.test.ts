import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import { REQUEST_BYTES_MAX, TXN_OPERATIONS_MAX } from "../core/limits.js";
import type { Db } from "./db.js";
import type { Bytes } from "./encoding.js";
import { open } from "./open.js";
import { compare, op } from "./txn.js";

async function openDb(): Promise<Db> {
  return open({ memory: true });
}

async function fails(code: T4ErrorCode, run: () => unknown): Promise<void> {
  await assert.rejects(
    async () => {
      await run();
    },
    (error) => error instanceof T4Error && error.code === code,
  );
}

test("what is put can be got, listed, counted and deleted", async () => {
  await using db = await openDb();
  assert.equal(db.currentRevision, 1);
  assert.deepEqual(await db.put("a/1", "x"), { revision: 2, previous: undefined });
  const again = await db.put("a/1", "y", { prevKv: true });
  assert.equal(again.previous?.value, "x");
  await db.put("a/2", "z");
  await db.put("b", "");

  const row = await db.get("a/1");
  assert.ok(row !== undefined);
  const { key, value, createRevision, modRevision, version, lease } = row;
  assert.deepEqual(
    { key, value, createRevision, modRevision, version, lease },
    { key: "a/1", value: "y", createRevision: 2, modRevision: 3, version: 2, lease: 0n },
  );
  assert.equal((await db.get("a/1", { revision: 2 }))?.value, "x");
  assert.equal(await db.get("c"), undefined);
  assert.equal(await db.count("a/"), 2);
  assert.equal(await db.count(""), 3);
  assert.equal(await db.exists("b"), true);
  assert.equal(await db.exists("a/"), false);

  const { items, count, more, revision } = await db.list("a/", { limit: 1, reverse: true });
  assert.deepEqual([items.map((item) => item.value), count, more, revision], [["z"], 2, true, 5]);
  const keysOnly = await db.list({ start: "a/2" }, { keysOnly: true });
  assert.deepEqual(
    keysOnly.items.map((item) => [item.key, "value" in item]),
    [
      ["a/2", false],
      ["b", false],
    ],
  );

  const deleted = await db.deleteRange({ prefix: "a/" }, { prevKv: true });
  assert.deepEqual(
    [deleted.revision, deleted.deleted, deleted.previous.map((it) => it.value)],
    [6, 2, ["y", "z"]],
  );
  assert.equal((await db.delete("a/1")).deleted, 0);
  assert.equal((await db.delete("b")).deleted, 1);
  assert.equal(db.currentRevision, 7);
});

test("pages of a listing at one revision make up the whole, and no key comes twice", async () => {
  await using db = await openDb();
  const keys = Array.from({ length: 10 }, (_, i) => `p/${i}`);
  for (const key of [...keys, "o", "q"]) {
    await db.put(key, key);
  }
  const { revision } = await db.list("p/", { limit: 1 });
  await db.put("p/5.5", "later");
  const found: string[] = [];
  for (let more = true; more;) {
    const after = found.at(-1);
    const page = await db.list(
      { prefix: "p/", ...(after === undefined ? {} : { after }) },
      { limit: 3, revision },
    );
    found.push(...page.items.map((item) => item.key));
    more = page.more;
  }
  assert.deepEqual(found, keys);
});

test("create, update and deleteIfRevision happen only if what they expect holds", async () => {
  await using db = await openDb();
  assert.equal(await db.create("k", "1"), 2);
  await fails("T4_KEY_EXISTS", async () => db.create("k", "2"));
  await fails("T4_KEY_NOT_FOUND", async () => db.update("l", "1"));
  await fails("T4_KEY_NOT_FOUND", async () => db.update("l", "1", { ifRevision: 2 }));
  assert.deepEqual(await db.update("k", "2", { ifRevision: 2 }), { succeeded: true, revision: 3 });
  const refused = await db.update("k", "3", { ifRevision: 2 });
  assert.ok(!refused.succeeded);
  assert.deepEqual([refused.revision, refused.current?.value], [3, "2"]);
  assert.ok((await db.update("k", "4")).succeeded);
  const kept = await db.deleteIfRevision("k", 3);
  assert.ok(!kept.succeeded && kept.current?.value === "4");
  assert.deepEqual(await db.deleteIfRevision("k", 4), { succeeded: true, revision: 5 });
  const gone = await db.deleteIfRevision("k", 4);
  assert.ok(!gone.succeeded && gone.current === undefined);
});

test("a transaction answers each operation in its place", async () => {
  await using db = await openDb();
  await db.put("k", "1");
  const first = await db.txn({
    if: [compare.exists("k"), compare.value("k").equals("1"), compare.modRevision("k").lessThan(3)],
    then: [
      op.put("l", "2", { prevKv: true }),
      op.get("l"),
      op.list("", { limit: 1 }),
      op.count(""),
      op.txn({ if: [compare.missing("l")], then: [op.delete("k", { prevKv: true })] }),
    ],
    else: [op.get("k")],
  });
  assert.ok(first.succeeded);
  assert.equal(first.revision, 3);
  const [put, got, list, count, nested] = first.responses;
  assert.deepEqual(put, { revision: 3, previous: undefined });
  assert.equal(got?.value, "2");
  assert.deepEqual([list.items[0]?.value, list.count, list.more], ["1", 2, true]);
  assert.equal(count, 2);
  assert.ok(nested.succeeded);
  assert.deepEqual(
    nested.responses[0].previous.map((row) => row.value),
    ["1"],
  );
  const second = await db.txn({ if: [compare.exists("k")], else: [op.get("l")] });
  assert.ok(!second.succeeded);
  assert.equal(second.responses[0]?.value, "2");
  assert.deepEqual(await db.txn({}), { succeeded: true, revision: 3, responses: [] });
});

test("the past can be read until it is compacted", async () => {
  await using db = await openDb();
  await db.put("k", "1");
  await db.put("k", "2");
  await db.delete("k");
  await db.put("k", "3");
  const history = await db.history("k");
  assert.deepEqual(
    history.map((it) => [it.type, it.modRevision, it.value]),
    [
      ["put", 2, "1"],
      ["put", 3, "2"],
      ["delete", 4, undefined],
      ["put", 5, "3"],
    ],
  );
  const changes: unknown[] = [];
  for await (const change of db.diff(3, 4)) {
    changes.push([change.type, change.key]);
  }
  assert.deepEqual(changes, [
    ["put", "k"],
    ["delete", "k"],
  ]);
  await db.compact(4);
  assert.equal(db.compactRevision, 4);
  await fails("T4_COMPACTED", async () => db.compact(4));
  await fails("T4_COMPACTED", async () => db.get("k", { revision: 3 }));
  await fails("T4_COMPACTED", async () => db.diff(3, 5).next());
  await fails("T4_FUTURE_REVISION", async () => db.get("k", { revision: 6 }));
  await fails("T4_FUTURE_REVISION", async () => db.compact(6));
});

test("keys of a lease go when it is revoked", async () => {
  await using db = await openDb();
  const { id, ttlSeconds } = await db.leases.grant(1);
  assert.ok(id > 0n);
  assert.equal(ttlSeconds, 2);
  await db.put("b", "", { lease: id });
  await db.put("a", "", { lease: id });
  await db.put("c", "", { lease: id });
  await db.put("c", "without");
  assert.equal(await db.leases.keepAlive(id), 2);
  assert.deepEqual((await db.leases.timeToLive(id))?.keys, ["a", "b"]);
  assert.deepEqual(await db.leases.list(), [id]);
  assert.equal(await db.leases.revoke(id), 6);
  assert.equal(await db.count(""), 1);
  assert.equal(await db.leases.timeToLive(id), undefined);
  await fails("T4_LEASE_NOT_FOUND", async () => db.leases.keepAlive(id));
  await fails("T4_LEASE_NOT_FOUND", async () => db.leases.revoke(id));
  await fails("T4_LEASE_NOT_FOUND", async () => db.put("k", "", { lease: id }));
  assert.equal((await db.leases.grant(60, { id: -7n })).id, -7n);
  await fails("T4_LEASE_EXISTS", async () => db.leases.grant(60, { id: -7n }));
  await fails("T4_LEASE_TTL_TOO_LARGE", async () => db.leases.grant(1e10));
});

test("a put can keep the value or the lease", async () => {
  await using db = await openDb();
  const { id } = await db.leases.grant(60);
  await db.put("k", "1");
  await db.put("k", undefined, { ignoreValue: true, lease: id });
  await db.put("k", "2", { ignoreLease: true });
  const row = await db.get("k");
  assert.deepEqual([row?.value, row?.lease, row?.version], ["2", id, 3]);
  await fails("T4_KEY_NOT_FOUND", async () => db.put("l", "2", { ignoreLease: true }));
});

test("wrong arguments are refused before anything happens", async () => {
  await using db = await openDb();
  const loose = db as unknown as Record<string, (...args: unknown[]) => unknown>;
  await fails("T4_KEY_EMPTY", async () => db.put("", "v"));
  await fails("T4_KEY_EMPTY", async () => db.get(new Uint8Array(0)));
  await fails("T4_INVALID_ARGUMENT", async () => db.put("\ud800", "v"));
  await fails("T4_INVALID_ARGUMENT", () => loose["put"]?.(7, "v"));
  await fails("T4_INVALID_ARGUMENT", () => loose["put"]?.("k", 7));
  await fails("T4_INVALID_ARGUMENT", () => loose["put"]?.("k", "v", { lease: 7 }));
  await fails("T4_VALUE_PROVIDED", () => loose["put"]?.("k", "v", { ignoreValue: true }));
  await fails("T4_LEASE_PROVIDED", () =>
    loose["put"]?.("k", "v", { ignoreLease: true, lease: 7n }),
  );
  await fails("T4_INVALID_ARGUMENT", async () => db.get("k", { revision: -1 }));
  await fails("T4_INVALID_ARGUMENT", async () => db.list("k", { limit: 0.5 }));
  await fails("T4_INVALID_ARGUMENT", async () => db.leases.grant(NaN));
  await fails("T4_REQUEST_TOO_LARGE", async () => db.put("k", "v".repeat(REQUEST_BYTES_MAX)));
  await fails("T4_DUPLICATE_KEY", async () => db.txn({ then: [op.put("k", ""), op.delete("k")] }));
  await fails("T4_TOO_MANY_OPERATIONS", async () =>
    db.txn({ then: Array.from({ length: TXN_OPERATIONS_MAX + 1 }, () => op.get("k")) }),
  );
  assert.equal(db.currentRevision, 1);
});

test("any text and any bytes survive as keys and values", async () => {
  const roundTrip = async <Value, Input>(
    opening: Promise<Db<Value, Input>>,
    key: Bytes,
    value: Input,
  ): Promise<{ key: string; keyBytes: Uint8Array; value: Value } | undefined> => {
    await using db = await opening;
    await db.put(key, value);
    return await db.get(key);
  };
  const text = fc.string({ unit: "binary", minLength: 1 });
  const bytes = fc.uint8Array({ minLength: 1 });
  await fc.assert(
    fc.asyncProperty(text, text, bytes, fc.jsonValue(), async (key, value, raw, json) => {
      const asText = await roundTrip(openDb(), key, value);
      assert.deepEqual([asText?.key, asText?.value], [key, value]);
      const asBytes = await roundTrip(open({ memory: true, valueEncoding: "buffer" }), raw, raw);
      assert.deepEqual([asBytes?.keyBytes, asBytes?.value], [raw, raw]);
      const asJson = await roundTrip(open({ memory: true, valueEncoding: "json" }), key, json);
      assert.deepEqual(asJson?.value, JSON.parse(JSON.stringify(json)));
    }),
  );
});

test("changing bytes that were given or returned changes nothing in the store", async () => {
  await using db = await open({ memory: true, valueEncoding: "buffer" });
  const value = Uint8Array.of(1);
  const putting = db.put("k", value);
  value[0] = 2;
  await putting;
  const row = await db.get("k");
  assert.deepEqual([...(row?.value ?? [])], [1]);
  row?.value.fill(3);
  assert.deepEqual([...((await db.get("k"))?.value ?? [])], [1]);
});

test("after closing, every call fails with T4_CLOSED, and closing again is fine", async () => {
  const db = await openDb();
  await db.close();
  await db.close();
  await fails("T4_CLOSED", async () => db.put("k", "v"));
  await fails("T4_CLOSED", async () => db.get("k"));
  await fails("T4_CLOSED", () => db.watch(""));
  await fails("T4_CLOSED", () => db.status());
  await fails("T4_CLOSED", async () => db.leases.list());
  await fails("T4_CLOSED", async () => db.flush());
});

test("a wait for a revision ends when it comes or its signal is aborted", async () => {
  await using db = await openDb();
  const waiting = db.waitForRevision(3);
  await db.put("k", "1");
  await db.put("k", "2");
  await waiting;
  const abort = new AbortController();
  const cancelled = db.waitForRevision(9, { signal: abort.signal });
  abort.abort();
  await fails("T4_CANCELLED", async () => cancelled);
});
