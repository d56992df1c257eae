// The differential harness against real servers: two etcds do not differ, and a planted difference is found. Without
// the second, a comparison that compares nothing would pass for ever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import type { Message } from "../support/grpc-client.js";
import { startEtcd } from "../support/process/server-process.js";
import { generateScript } from "./script/generate.js";
import type { Script } from "./script/operation.js";
import { replay, report, shrink, type Tamper } from "./replay.js";
import { runSeeds } from "./run-seeds.js";

const skip = skipWithout("etcd");
const contest = { startReference: startEtcd, startSubject: startEtcd };

test("two etcds do not differ", { skip }, async () => {
  const { operations } = await runSeeds([101, 102, 103, 104, 105], 200, contest);
  assert.equal(operations, 1_000);
});

/** Each kind of operation once, so that each planted difference has its place. */
const script: Script = [
  { kind: "call", method: "Lease/LeaseGrant", request: { TTL: "600", ID: "7" } },
  { kind: "call", method: "KV/Put", request: { key: "a", value: "1", lease: "7" } },
  { kind: "call", method: "KV/Put", request: { key: "b", value: "2", prev_kv: true } },
  { kind: "call", method: "KV/Range", request: { key: "a", range_end: "z", limit: "1" } },
  { kind: "call", method: "KV/Range", request: { key: "a", revision: "99" } },
  { kind: "call", method: "KV/Txn", request: { success: [{ request_range: { key: "a" } }] } },
  { kind: "keep-alive", ids: ["7", "8"] },
  {
    kind: "watch",
    steps: [
      { step: "create", request: { key: "a", range_end: "z", start_revision: "1", prev_kv: true } },
      { step: "progress" },
    ],
  },
  { kind: "call", method: "KV/DeleteRange", request: { key: "a", range_end: "z", prev_kv: true } },
];

type Answer = Record<string, unknown>;

/** Changes one answer, in place, at one operation of the script. */
const planted: readonly (readonly [string, number, (answer: Answer) => void])[] = [
  ["a revision", 1, (answer) => (in_(answer, "response", "header")["revision"] = "3")],
  ["a missing header", 1, (answer) => (in_(answer, "response")["header"] = null)],
  ["a lease's time", 0, (answer) => (in_(answer, "response")["TTL"] = "601")],
  ["an invented previous value", 2, (answer) => (in_(answer, "response")["prev_kv"] = {})],
  ["more", 3, (answer) => (in_(answer, "response")["more"] = false)],
  ["a count", 3, (answer) => (in_(answer, "response")["count"] = "1")],
  ["a version", 3, (answer) => (in_(answer, "response", "kvs", 0)["version"] = "2")],
  ["a lost lease", 3, (answer) => (in_(answer, "response", "kvs", 0)["lease"] = "0")],
  ["one key too few", 3, (answer) => (in_(answer, "response")["kvs"] = [])],
  ["an error's code", 4, (answer) => (answer["code"] = 5)],
  ["an error's text", 4, (answer) => (answer["message"] = "future")],
  ["the branch taken", 5, (answer) => (in_(answer, "response")["succeeded"] = false)],
  [
    "an id in an inner header",
    5,
    (answer) =>
      (in_(answer, "response", "responses", 0, "response_range", "header")["cluster_id"] =
        "<cluster>"),
  ],
  ["a keep-alive's time", 6, (answer) => (in_(answer, "responses", 1)["TTL"] = "1")],
  ["a stream's end", 6, (answer) => (in_(answer, "end")["code"] = 13)],
  ["a lost event", 7, (answer) => (in_(answer, "watchers", "1: watch 0")["groups"] = [])],
  [
    "a wrong event",
    7,
    (answer) => (in_(answer, "watchers", "1: watch 0", "groups", 0, "events", 0)["type"] = 1),
  ],
  ["a split revision", 7, (answer) => (answer["anomalies"] = ["revision 2 came in two responses"])],
  ["an older progress", 7, (answer) => (in_(answer, "progress", 0, "header")["revision"] = "2")],
  ["how much was deleted", 8, (answer) => (in_(answer, "response")["deleted"] = "1")],
  [
    "the order of deleted keys",
    8,
    (answer) => (in_(answer, "response")["prev_kvs"] as unknown[]).reverse(),
  ],
  ["an event of the whole history", 9, (answer) => (answer["groups"] as unknown[]).pop()],
];

function in_(answer: Answer, ...path: (string | number)[]): Answer {
  return path.reduce<unknown>((value, step) => (value as Message)[step], answer) as Answer;
}

for (const [name, place, change] of planted) {
  test(`a planted difference is found: ${name}`, { skip }, async () => {
    const tamper: Tamper = (answer, _, at) => {
      const copy = structuredClone(answer) as Answer;
      if (at === place) {
        change(copy);
      }
      return copy;
    };
    const { finding } = await replay(script, { ...contest, tamper });
    assert.equal(finding?.at, place);
    assert.ok(finding.differences.length > 0);
  });
}

test(
  "a long script is cut down to what shows the difference, and the report says all of it",
  { skip },
  async () => {
    const seed = 7;
    const long = generateScript(seed, 200);
    const tamper: Tamper = (answer, operation) => {
      const copy = structuredClone(answer) as Answer;
      const isDeletion = operation.kind === "call" && operation.method === "KV/DeleteRange";
      if (isDeletion && copy["ok"] === true && in_(copy, "response")["deleted"] === "1") {
        in_(copy, "response")["deleted"] = "2";
      }
      return copy;
    };
    const tampered = { ...contest, tamper };
    const { finding } = await replay(long, tampered);
    assert.ok(finding !== undefined);
    const shortest = await shrink(long, finding, tampered);
    assert.ok(shortest.script.length <= 3, `${shortest.script.length} operations are left`);
    const text = report(`seed ${seed}`, shortest.script, shortest.finding);
    assert.match(text, /^seed 7: the answers differ\n/);
    assert.match(text, /KV\/DeleteRange/);
    assert.match(text, /\.response\.deleted: '1' ≠ '2'/);
  },
);
