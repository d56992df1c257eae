// The differential harness itself, without any server: what it compares, what it forgives, what it makes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "../support/fast-check.js";
import { repositoryPath } from "../support/paths.js";
import { canonical } from "./canonical.js";
import { compareAnswers, findDifferences, type Encounter } from "./compare.js";
import { EventCollector, eventsFor, type EventGroup } from "./event-history.js";
import { generateScript } from "./script/generate.js";
import { knownDifferences } from "./known-differences.js";
import { resolveMessage, type Call, type Operation } from "./script/operation.js";

const resolution = { currentRevision: 9, compactRevision: 3, chosenLeases: ["11", "22"] };

test("the table of known differences and their matchers are one list", () => {
  const text = readFileSync(repositoryPath("test/differential/known-differences.md"), "utf8");
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .slice(2);
  assert.deepEqual(
    rows.map(([, id]) => id),
    [...knownDifferences.keys()],
  );
  for (const [, id, follows, reason] of rows) {
    assert.ok(follows !== "" && (reason ?? "").length > 40, `${id ?? ""} needs a reason`);
  }
});

test("no matcher forgives a difference in a plain answer", () => {
  const operations: Operation[] = [
    { kind: "call", method: "KV/Put", request: { key: "a" } },
    { kind: "call", method: "KV/Range", request: { key: "a", sort_order: 1 } },
    { kind: "call", method: "Maintenance/Status", request: {} },
    { kind: "call", method: "Maintenance/HashKV", request: { revision: "0" } },
    { kind: "call", method: "Cluster/MemberList", request: {} },
    { kind: "call", method: "Auth/AuthStatus", request: {} },
    { kind: "raw", path: "/etcdserverpb.KV/Put", hex: "0a" },
    { kind: "watch", steps: [{ step: "create", request: { key: "a", start_revision: "1" } }] },
  ];
  const answer = { ok: true, response: { header: { revision: "4" } }, created: [], watchers: {} };
  const other = { ok: true, response: { header: { revision: "5" } }, created: [], watchers: {} };
  for (const operation of operations) {
    const { unknown } = compareAnswers(operation, resolution, answer, other);
    assert.deepEqual(
      unknown.map(({ path }) => path),
      [".response.header.revision"],
      JSON.stringify(operation),
    );
  }
});

test("a matcher forgives what it is for only if our answer is what we follow", () => {
  const operation: Call = {
    kind: "call",
    method: "KV/Range",
    request: { key: "a", sort_order: 7 },
  };
  const encounter = (subjectAnswer: unknown): Encounter => ({
    operation,
    resolution,
    difference: { path: "", reference: null, subject: null },
    referenceAnswer: { ok: true, response: {} },
    subjectAnswer,
  });
  const matches = knownDifferences.get("invalid-sort-order")!;
  const refusal = { ok: false, code: 3, message: "etcdserver: invalid sort option" };
  assert.ok(matches(encounter(refusal)));
  assert.ok(!matches(encounter({ ...refusal, code: 13 })));
  assert.ok(!matches(encounter({ ...refusal, message: "something else" })));
  assert.ok(!matches(encounter({ ok: true, response: {} })));
});

test("equals may come in any order only if they are many, equal, and were to be sorted", () => {
  const rows = Array.from({ length: 14 }, (_, at) => ({
    key: `k${at}`,
    version: at < 7 ? "1" : "2",
  }));
  const forgiven = (
    sort_target: number,
    subject: unknown[],
    reference: unknown[] = rows,
  ): boolean => {
    const answer = (kvs: unknown[]): unknown => ({
      ok: true,
      response: { kvs, more: false, count: String(reference.length) },
    });
    const operation: Call = { kind: "call", method: "KV/Range", request: { sort_target } };
    const { unknown } = compareAnswers(operation, resolution, answer(reference), answer(subject));
    return unknown.length === 0;
  };
  const swapped = (a: number, b: number): unknown[] => rows.with(a, rows[b]!).with(b, rows[a]!);
  assert.ok(forgiven(1, swapped(2, 5)));
  assert.ok(!forgiven(0, swapped(2, 5)), "not sorted by version");
  assert.ok(!forgiven(1, swapped(2, 9)), "not equal");
  assert.ok(!forgiven(1, rows.with(2, rows[3]!)), "a row is missing");
  assert.ok(!forgiven(1, swapped(2, 5).slice(0, 7), rows.slice(0, 7)), "too few");
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("kvs", "header", "count", "more"), tie("value")),
  ),
})).value;

test("equal answers have no difference, and a changed leaf is one, named by its path", () => {
  const changeLeaf = (value: unknown, choose: (count: number) => number): unknown => {
    if (Array.isArray(value) && value.length > 0) {
      const at = choose(value.length);
      return value.with(at, changeLeaf(value[at], choose));
    }
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      const names = Object.keys(value);
      const name = names[choose(names.length)]!;
      return { ...value, [name]: changeLeaf((value as Record<string, unknown>)[name], choose) };
    }
    return "a changed leaf";
  };
  fc.assert(
    fc.property(json, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (answer, choices) => {
      assert.deepEqual(findDifferences(answer, structuredClone(answer)), []);
      let choice = 0;
      const changed = changeLeaf(answer, (count) => (choices[choice++ % 8] ?? 0) % count);
      assert.equal(findDifferences(answer, changed).length, 1);
    }),
  );
});

test("a field that only one of two answers has is a difference", () => {
  assert.equal(findDifferences({ a: 1 }, { a: 1, b: undefined, c: null }).length, 1);
  assert.equal(findDifferences([1, 2], [1]).length, 1);
});

test("only the remaining time of a live lease may differ, and by little", () => {
  const lease = (TTL: string): unknown => ({ ID: "7", TTL, grantedTTL: "60" });
  assert.deepEqual(findDifferences(lease("59"), lease("58")), []);
  assert.equal(findDifferences(lease("59"), lease("50")).length, 1);
  assert.equal(findDifferences(lease("0"), lease("-1")).length, 1);
  assert.equal(findDifferences({ TTL: "60" }, { TTL: "59" }).length, 1);
});

test("ids that a server chose are compared by their role", () => {
  const identity = { clusterId: "5", memberId: "6", endpoint: "http://x", chosenLeases: ["77"] };
  assert.deepEqual(
    canonical(
      {
        header: { cluster_id: "5", member_id: "6", revision: "5", raft_term: "4" },
        kvs: [{ key: Buffer.from([0xff]), lease: "77", version: "6" }],
        clientURLs: ["http://x", "http://y"],
        leader: "0",
      },
      identity,
    ),
    {
      header: {
        cluster_id: "<cluster>",
        member_id: "<member>",
        revision: "5",
        raft_term: "<raft_term>",
      },
      kvs: [{ key: "\xff", lease: "<lease 0>", version: "6" }],
      clientURLs: ["<endpoint>", "http://y"],
      leader: "0",
    },
  );
});

test("a script is a pure function of its seed and survives JSON", () => {
  const script = generateScript(42, 300);
  assert.deepEqual(generateScript(42, 300), script);
  assert.notDeepEqual(generateScript(43, 300), script);
  assert.deepEqual(
    JSON.parse(JSON.stringify(script)),
    JSON.parse(JSON.stringify(generateScript(42, 300))),
  );
});

test("references are resolved against the state, bytes are bytes", () => {
  assert.deepEqual(
    resolveMessage(
      {
        key: "\xff",
        revision: { $revision: "current", plus: -2 },
        start_revision: { $revision: "compacted", plus: -5, least: 1 },
        lease: { $lease: 3 },
        compare: [{ value: "a" }],
      },
      resolution,
    ),
    {
      key: Buffer.from([0xff]),
      revision: "7",
      start_revision: "1",
      lease: "22",
      compare: [{ value: Buffer.from("a") }],
    },
  );
});

const event = (key: string, revision: number, type = 0): Record<string, unknown> => ({
  type,
  kv: { key, mod_revision: String(revision) },
});

test("a watcher must be told what its range, start and filters let through", () => {
  const history: EventGroup[] = [
    { revision: 2, events: [event("a", 2), event("b", 2)] },
    { revision: 3, events: [event("a", 3, 1)] },
    { revision: 4, events: [event("\xff", 4)] },
  ];
  const count = (key: string, rangeEnd: string, startRevision: number, filters: number[]): number =>
    eventsFor(history, { key, rangeEnd, startRevision, filters }).length;
  assert.equal(count("", "\0", 0, []), 4);
  assert.equal(count("a", "", 0, []), 2);
  assert.equal(count("a", "b", 3, []), 1);
  assert.equal(count("b", "\0", 3, []), 1);
  assert.equal(count("a", "\0", 0, [0]), 1);
  assert.equal(count("a", "\0", 0, [1]), 3);
});

test("a revision in two responses, a step back and an old header are named", () => {
  const response = (
    revision: number,
    events: unknown[],
    fragment = false,
  ): Record<string, unknown> => ({
    header: { revision: String(revision) },
    events,
    fragment,
  });
  const anomaliesOf = (fragments: boolean, ...responses: Record<string, unknown>[]): number => {
    const collector = new EventCollector(fragments);
    for (const each of responses) {
      collector.add(each);
    }
    return collector.anomalies.length;
  };
  assert.equal(anomaliesOf(false, response(3, [event("a", 2), event("b", 2), event("a", 3)])), 0);
  assert.equal(anomaliesOf(false, response(2, [event("a", 2)]), response(2, [event("b", 2)])), 1);
  assert.equal(
    anomaliesOf(true, response(2, [event("a", 2)], true), response(2, [event("b", 2)])),
    0,
  );
  assert.equal(anomaliesOf(false, response(3, [event("a", 3)]), response(3, [event("a", 2)])), 1);
  assert.equal(anomaliesOf(false, response(2, [event("a", 3)])), 1);
});
