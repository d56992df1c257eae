import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { propose, put, readAll, remove, startPlainNode } from "../../../test/node/plain-node.js";
import { AuthRules } from "../../core/auth/auth-rules.js";
import { NO_AUTH } from "../../core/auth/auth-state.js";
import type { Command, Outcome } from "../../core/command.js";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import { plan } from "../../core/plan/plan.js";
import { PlainStore } from "../../../test/node/plain-store.js";
import type { Key, LeaseId, LogIndex, Revision, Term } from "../../core/words.js";
import { Row } from "../../core/row.js";
import type { CommitRule } from "./commit-rule.js";
import type { WatchBatch } from "../node.js";

const key = fc.constantFrom("a", "b", "c");
const lease = fc.constantFrom(7n, 8n);
const command: fc.Arbitrary<Command> = fc.oneof(
  key.map((each) => put(each, "v")),
  fc.tuple(key, lease).map(([each, attached]) => put(each, "v", attached)),
  key.map(remove),
  fc.record({
    kind: fc.constant("lease-grant" as const),
    lease,
    ttlSeconds: fc.constant(60),
  }),
  fc.record({ kind: fc.constant("lease-revoke" as const), lease }),
  fc.record({ kind: fc.constant("compact" as const), revision: fc.nat(9) }),
  fc.record({
    kind: fc.constant("txn" as const),
    compares: fc.constant([
      {
        range: { kind: "key" as const, key: "a" },
        result: "equal" as const,
        target: "version" as const,
        operand: 1,
      },
    ]),
    success: key.map((each) => [put(each, "t") as never]),
    failure: fc.constant([]),
  }),
);
const step = fc.oneof(
  { weight: 4, arbitrary: command },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("durable" as const), back: fc.nat(4) }) },
);

interface Answer {
  readonly code: T4ErrorCode | null;
  readonly outcome: Outcome | null;
}

/** Rows by what they say: their bytes lie in slabs that others share. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (each instanceof Row) {
      const { key, modRevision, createRevision, version, lease } = each;
      return {
        key,
        modRevision,
        createRevision,
        version,
        lease: `${lease}`,
        value: [...each.value],
      };
    }
    return typeof each === "bigint" ? `${each}` : each;
  });
}

/** Decides and commits each command before the next; leases and their keys are found by walking all there is. */
class OneByOne {
  readonly store = new PlainStore();
  readonly #leases = new Set<LeaseId>();

  leaseKeys(lease: LeaseId): Key[] {
    const keys = new Set(this.store.rows.map((row) => row.key));
    return [...keys]
      .filter((each) => this.store.get(each, this.store.tipRevision)?.lease === lease)
      .sort();
  }

  propose(command: Command): Answer {
    const { store } = this;
    try {
      const { rows, system, outcome } = plan(command, {
        revision: store.tipRevision,
        compactRevision: store.compactRevision,
        get: (each, revision) => store.get(each, revision),
        scan: (range, revision, descending) => store.scan(range, revision, descending),
        leaseExists: (each) => this.#leases.has(each),
        leaseKeys: (each) => this.leaseKeys(each),
        alarms: () => [],
        downgradeTarget: () => "",
        auth: new AuthRules(NO_AUTH),
      });
      const index = (store.committedIndex + 1) as LogIndex;
      const revision = (store.tipRevision + (rows.length > 0 ? 1 : 0)) as Revision;
      const entry = { index, term: 1 as Term, revision, rows, system };
      store.append(entry);
      store.commit(entry);
      if (system?.kind === "lease-grant") {
        this.#leases.add(system.lease);
      } else if (system?.kind === "lease-revoke") {
        this.#leases.delete(system.lease);
      }
      return { code: null, outcome };
    } catch (error) {
      return { code: (error as T4Error).code, outcome: null };
    }
  }
}

test("answers are those of a node that commits each command before the next, and never come early", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const { node, log, store, clock } = await startPlainNode(false);
      const model = new OneByOne();
      const answers: Answer[] = [];
      const expected: Answer[] = [];
      for (const each of steps) {
        if (each.kind === "durable") {
          log.makeDurable(log.tipIndex - each.back);
          await clock.run(0);
          continue;
        }
        let isWithin = true;
        let tipIndex = 0;
        const number = expected.length;
        node.propose(each, (error, outcome) => {
          assert.ok(!isWithin, "no answer within propose");
          assert.ok(store.committedIndex >= tipIndex, "an answer shows only what is committed");
          answers[number] = { code: error === null ? null : error.code, outcome };
        });
        tipIndex = log.tipIndex;
        isWithin = false;
        expected.push(model.propose(each));
      }
      log.makeDurable();
      await clock.run(0);
      assert.deepEqual(answers.map(shown), expected.map(shown));
      assert.deepEqual(store.rows.map(shown), model.store.rows.map(shown));
      for (const each of [7n, 8n]) {
        assert.deepEqual(node.leaseKeys(each).sort(), model.leaseKeys(each));
      }
      assert.equal(log.committedNoted, log.tipIndex);
      await node.close();
    }),
    { numRuns: 200 },
  );
});

test("an answer without an entry waits for the state it shows", async () => {
  const { node, log, clock } = await startPlainNode(false);
  const order: string[] = [];
  node.propose(put("a"), () => order.push("put"));
  node.propose(remove("b"), () => order.push("delete of nothing"));
  node.propose({ kind: "lease-revoke", lease: 1n }, (error) =>
    order.push(`revoke ${error?.code ?? "done"}`),
  );
  await clock.run(0);
  assert.equal(order.length, 0);
  log.makeDurable();
  assert.deepEqual(order, ["put", "delete of nothing", "revoke T4_LEASE_NOT_FOUND"]);
  node.propose(remove("b"), () => order.push("at once"));
  await Promise.resolve();
  assert.equal(order.at(-1), "at once");
  await node.close();
});

test("a transaction that only reads sees what is committed, and waits for nothing", async () => {
  const { node } = await startPlainNode(false);
  node.propose(put("a"), () => {});
  const outcome = await propose(node, {
    kind: "txn",
    compares: [],
    success: [readAll],
    failure: [],
  });
  assert.equal(outcome.revision, 1);
  assert.ok(outcome.kind === "txn" && outcome.responses[0]?.kind === "range");
  assert.equal(outcome.responses[0].count, 0);
  await node.close();
});

test("watchers hear of a group before its callers, once, whatever it held", async () => {
  const { node, log } = await startPlainNode(false);
  const order: (string | WatchBatch)[] = [];
  node.watch(
    { range: readAll.range, startRevision: 0, puts: true, deletes: true },
    {
      deliver: (batch) => {
        order.push(batch);
        return true;
      },
      compacted: () => {},
    },
  );
  for (const each of ["a", "b"]) {
    node.propose(put(each), () => order.push(each));
  }
  log.makeDurable();
  const [batch, ...callers] = order;
  assert.deepEqual(callers, ["a", "b"]);
  assert.ok(typeof batch === "object");
  assert.equal(batch.revision, 3);
  assert.deepEqual(
    batch.events.map((event) => event.row.key),
    ["a", "b"],
  );
  await node.close();
});

test("a log that fails leaves entries unknown, answers unapplied, and stops the node", async () => {
  const { node, log, clock } = await startPlainNode(false);
  const codes: (T4ErrorCode | undefined)[] = [];
  const tell = (error: T4Error | null): void => {
    codes.push(error?.code);
  };
  node.propose(put("a"), tell);
  node.propose(remove("b"), tell);
  const waiting = assert.rejects(node.waitForRevision(9), { code: "T4_CLOSED" });
  log.fail(new T4Error("T4_IO", "the disk burns"));
  await waiting;
  assert.equal((await node.stopped)?.message, "the disk burns");
  assert.deepEqual(codes, ["T4_IO", "T4_UNAVAILABLE"]);
  node.propose(put("c"), tell);
  await clock.run(0);
  assert.equal(codes.at(-1), "T4_CLOSED");
  assert.throws(() => node.history("a"), { code: "T4_CLOSED" });
  await node.close();
});

test("writes are refused before planning while there is no space or too much waits", async () => {
  const { node, log, store } = await startPlainNode(false);
  log.hasSpace = false;
  await assert.rejects(propose(node, put("a")), { code: "T4_NO_SPACE" });
  const read: Command = { kind: "txn", compares: [], success: [readAll], failure: [] };
  assert.equal((await propose(node, read)).revision, 1, "a transaction that reads is a read");
  log.hasSpace = true;
  store.hasSpace = false;
  await assert.rejects(propose(node, put("a")), { code: "T4_NO_SPACE" });
  store.hasSpace = true;
  log.pendingBytes = 1e9;
  await assert.rejects(propose(node, put("a")), { code: "T4_UNAVAILABLE" });
  log.pendingBytes = 0;
  assert.equal(log.tipIndex, 1, "no index was used");
  await node.close();
});

test("while the store is behind, writes wait in order with bytes of their own, and reads go on", async () => {
  const { node, log, store, clock } = await startPlainNode(true);
  store.isBehind = true;
  const order: string[] = [];
  const value = Uint8Array.of(1, 2);
  node.propose({ ...put("a"), value }, (_, outcome) => order.push(`a ${outcome?.revision}`));
  const operand = Uint8Array.of(1, 2);
  node.propose(
    {
      kind: "txn",
      compares: [{ range: { kind: "key", key: "a" }, result: "equal", target: "value", operand }],
      success: [put("b")],
      failure: [],
    },
    (_, outcome) => order.push(`b ${outcome?.kind === "txn" && outcome.succeeded}`),
  );
  // The request's memory serves the next request.
  value.fill(9);
  operand.fill(8);
  const read: Command = { kind: "txn", compares: [], success: [readAll], failure: [] };
  assert.equal((await propose(node, read)).revision, 1);
  await clock.run(1_000);
  assert.equal(order.length, 0);
  assert.equal(log.tipIndex, 1, "nothing is planned");
  store.isBehind = false;
  node.propose(put("c"), (_, outcome) => order.push(`c ${outcome?.revision}`));
  assert.equal(log.tipIndex, 1, "nobody overtakes");
  node.admissionChanged();
  await clock.run(0);
  assert.deepEqual(order, ["a 2", "b true", "c 4"]);
  assert.deepEqual([...(node.history("a")[0]?.value ?? [])], [1, 2]);
  await node.close();
});

test("what waits for the store is refused when space is gone, above the bound, and at the end", async () => {
  const { node, log, store, clock } = await startPlainNode(true);
  store.isBehind = true;
  const refused = assert.rejects(propose(node, put("a")), { code: "T4_NO_SPACE" });
  store.hasSpace = false;
  node.admissionChanged();
  await refused;
  store.hasSpace = true;
  const large = { ...put("a"), value: new Uint8Array(64 * 1024 * 1024) };
  const waiting = [propose(node, large), propose(node, large)];
  await assert.rejects(propose(node, put("b")), { code: "T4_UNAVAILABLE" });
  const ends = waiting.map(async (each) => assert.rejects(each, { code: "T4_UNAVAILABLE" }));
  await node.close();
  await Promise.all(ends);
  await clock.run(0);
  assert.equal(log.tipIndex, 1);
});

test("the log is sealed behind the entry with which the store has enough for files", async () => {
  const { node, log, store } = await startPlainNode(true);
  const seals: number[] = [];
  log.seal = () => {
    seals.push(log.tipIndex);
    assert.equal(store.tipRevision, log.tipIndex, "the store holds what is sealed");
  };
  await propose(node, put("a"));
  store.wantsSeal = true;
  await propose(node, put("b"));
  store.wantsSeal = false;
  await propose(node, put("c"));
  assert.deepEqual(seals, [3]);
  await node.close();
});

test("many that waited are planned in parts, so that others run in between", async () => {
  const { node, store, clock } = await startPlainNode(true);
  store.isBehind = true;
  let answered = 0;
  for (let count = 0; count < 2_500; count += 1) {
    node.propose(remove("nothing"), () => (answered += 1));
  }
  store.isBehind = false;
  node.admissionChanged();
  await Promise.resolve();
  assert.ok(answered > 0 && answered < 2_500);
  await clock.run(0);
  assert.equal(answered, 2_500);
  await node.close();
});

const interval = { kind: "interval", start: "a", end: "n" } as const;
const walks: readonly Command[] = [
  { kind: "delete-range", range: interval, prevKv: false },
  {
    kind: "txn",
    compares: [],
    success: [put("t")],
    failure: [{ kind: "txn", compares: [], success: [readAll], failure: [] }],
  },
  {
    kind: "txn",
    compares: [{ range: interval, result: "equal", target: "version", operand: 1 }],
    success: [put("t")],
    failure: [],
  },
];

for (const [number, walk] of walks.entries()) {
  test(`a write that walks over keys waits until that is prepared, and later writes behind it (${number})`, async () => {
    const { node, log, store, clock } = await startPlainNode(true);
    await propose(node, put("b"));
    store.piecesLeft = 5;
    const order: string[] = [];
    node.propose(walk, (_, outcome) => order.push(`walk ${outcome?.revision}`));
    node.propose(put("c"), (_, outcome) => order.push(`put ${outcome?.revision}`));
    node.propose({ kind: "lease-revoke", lease: 1n }, () => order.push("revoke"));
    assert.equal(log.tipIndex, 2, "nothing is planned");
    await Promise.resolve();
    assert.equal(store.piecesLeft, 4, "a piece, and no more in this turn");
    node.admissionChanged();
    await Promise.resolve();
    assert.equal(store.piecesLeft, 4, "whoever else asks");
    await clock.run(0);
    assert.equal(store.piecesLeft, 0);
    assert.deepEqual(order, ["revoke", "walk 3", "put 4"]);
    await node.close();
  });
}

test("a transaction that reads an interval waits for its walk and for nothing else", async () => {
  const { node, store, clock } = await startPlainNode(true);
  await propose(node, put("b"));
  store.isBehind = true;
  store.piecesLeft = 3;
  const order: string[] = [];
  const value = Uint8Array.of(118);
  const read: Command = {
    kind: "txn",
    compares: [{ range: interval, result: "equal", target: "value", operand: value }],
    success: [readAll],
    failure: [],
  };
  node.propose(put("c", "v"), () => order.push("put"));
  node.propose(put("b", "v"), () => order.push("put"));
  node.propose(read, (_, outcome) => {
    order.push(`read ${outcome?.kind === "txn" && outcome.succeeded} ${outcome?.revision}`);
  });
  value.fill(0);
  await clock.run(0);
  assert.deepEqual(order, ["read false 2"], "the store is behind with writes only");
  store.isBehind = false;
  store.piecesLeft = 2;
  node.admissionChanged();
  await clock.run(0);
  value.fill(118);
  node.propose(read, (_, outcome) => {
    order.push(`read ${outcome?.kind === "txn" && outcome.succeeded} ${outcome?.revision}`);
  });
  await clock.run(0);
  assert.deepEqual(order.slice(1), ["put", "put", "read true 4"]);
  store.piecesLeft = 1_000;
  const large: Command = {
    ...read,
    compares: [
      { range: interval, result: "equal", target: "value", operand: new Uint8Array(64 << 20) },
    ],
  };
  const waiting = [propose(node, large), propose(node, large)];
  await assert.rejects(propose(node, read), { code: "T4_UNAVAILABLE", message: /too many/ });
  await propose(node, { ...read, compares: [], success: [] });
  store.piecesLeft = 0;
  await Promise.all([clock.run(0), ...waiting]);
  store.piecesLeft = 1_000;
  const late = [propose(node, read), propose(node, walks[0]!)].map(async (each) =>
    assert.rejects(each, { code: "T4_UNAVAILABLE" }),
  );
  await node.close();
  await Promise.all(late);
  await clock.run(0);
});

test("closing answers what was planned and refuses what comes after", async () => {
  const { node, clock } = await startPlainNode(false);
  const put1 = propose(node, put("a"));
  const closing = node.close();
  await assert.rejects(propose(node, put("b")), { code: "T4_CLOSED" });
  assert.equal((await put1).revision, 2);
  await closing;
  assert.equal(await node.stopped, null);
  await clock.run(0);
});

test("a completion may propose, and what it proposes is answered", async () => {
  const { node, clock } = await startPlainNode(true);
  let count = 0;
  const again = (): void => {
    count += 1;
    if (count < 50) {
      node.propose(count % 2 === 0 ? put("a") : remove("nothing"), again);
    }
  };
  node.propose(put("a"), again);
  await node.waitForRevision(26);
  await clock.run(0);
  assert.equal(count, 50);
  await node.close();
});

test("a raised revision is used by nobody, compacts what came before and tells watchers", async () => {
  const { node, clock } = await startPlainNode(true, { raiseRevisionBy: 1_000 });
  assert.equal(node.revision, 1_001);
  assert.equal(node.compactRevision, 1_001);
  assert.equal((await propose(node, put("a"))).revision, 1_002);
  assert.throws(
    () =>
      node.watch(
        { range: readAll.range, startRevision: 7, puts: true, deletes: true },
        { deliver: () => true, compacted: () => {} },
      ),
    { code: "T4_COMPACTED" },
  );
  await clock.run(0);
  await node.close();
});

test("who waits too long is told so in order, and what was written stays", async () => {
  const { node, log, timeOut } = await startPlainNode(false);
  const codes: (string | undefined)[] = [];
  node.propose(put("a"), (error) => codes.push(error?.code));
  node.propose(remove("b"), (error) => codes.push(error?.code));
  const waitedFor = log.tipIndex;
  node.propose(put("c"), (error) => codes.push(error?.code));
  timeOut(waitedFor);
  assert.deepEqual(codes, ["T4_TIMEOUT", "T4_UNAVAILABLE"]);
  log.makeDurable();
  assert.deepEqual(codes, ["T4_TIMEOUT", "T4_UNAVAILABLE", undefined]);
  assert.equal(node.revision, 3);
  await node.close();
});

test("what the rule refuses is not planned, and what needs a leader is not answered without one", async () => {
  const refused = new T4Error("T4_UNAVAILABLE", "the archive does not answer");
  const rule: Partial<CommitRule> = { refusal: () => null, notLeading: () => null };
  const { node, log } = await startPlainNode(true, {
    refusal: () => rule.refusal?.() ?? null,
    notLeading: () => rule.notLeading?.() ?? null,
  });
  rule.refusal = () => refused;
  await assert.rejects(propose(node, put("a")), { message: refused.message });
  assert.equal(log.tipIndex, 1);
  rule.notLeading = () => refused;
  assert.throws((): unknown => node.range(readAll, "linearizable"), { code: "T4_UNAVAILABLE" });
  assert.throws(() => node.get("a", 0, "linearizable"), { code: "T4_UNAVAILABLE" });
  assert.equal(node.get("a", 0, "serializable"), undefined);
  assert.throws(() => node.keepAlive(1n), { code: "T4_UNAVAILABLE" });
  const read: Command = { kind: "txn", compares: [], success: [readAll], failure: [] };
  await assert.rejects(propose(node, read), { code: "T4_UNAVAILABLE" });
  assert.ok("rows" in node.range(readAll, "serializable"));
  await node.close();
});
