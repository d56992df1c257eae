// The account that the kill rounds keep must notice what a broken store would do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ledger, type HistoryEvent } from "./ledger.js";

const state = (mod: number, create: number, version: number, value: string) => ({
  ...{ create, mod, version, value },
  lease: "0",
});
const effect = (key: string, value: string | undefined) => ({ key, value, lease: "0" });

/** Two acknowledged writes, and one whose answer never came. */
function ledgerWithWrites(): Ledger {
  const ledger = new Ledger();
  ledger.begin("put", [effect("a", "1")]).outcome = { revision: 2 };
  ledger.begin("txn", [effect("a", "2"), effect("b", "3")]).outcome = { revision: 3 };
  ledger.begin("delete", [effect("a", undefined), effect("b", undefined)]);
  ledger.revisionSeen = 3;
  return ledger;
}

const put: HistoryEvent = {
  revision: 2,
  key: "a",
  state: state(2, 2, 1, "1"),
  previous: undefined,
};
const txn: readonly HistoryEvent[] = [
  { revision: 3, key: "a", state: state(3, 2, 2, "2"), previous: put.state },
  { revision: 3, key: "b", state: state(3, 3, 1, "3"), previous: undefined },
];
const deletion: readonly HistoryEvent[] = [
  { revision: 4, key: "a", state: undefined, previous: txn[0]!.state },
  { revision: 4, key: "b", state: undefined, previous: txn[1]!.state },
];

test("an unanswered write may be there whole or not at all", () => {
  const without = ledgerWithWrites();
  without.verify([put, ...txn], 3);
  assert.deepEqual([...without.state.keys()], ["a", "b"]);
  const whole = ledgerWithWrites();
  whole.verify([put, ...txn, ...deletion], 4);
  assert.equal(whole.state.size, 0);
  assert.deepEqual(whole.stateAt(2), new Map([["a", put.state]]));
});

const broken: readonly (readonly [string, RegExp, readonly HistoryEvent[], number])[] = [
  ["half of an unanswered write", /nobody tried/, [put, ...txn, deletion[0]!], 4],
  ["half of an acknowledged write", /not what was acknowledged/, [put, txn[0]!], 3],
  ["a lost acknowledged write", /went back/, [put], 2],
  ["a hole", /is a hole/, [put, ...txn], 4],
  [
    "a revision nobody asked for",
    /nobody tried/,
    [put, ...txn, { ...put, revision: 4, key: "z" }],
    4,
  ],
  [
    "a wrong version",
    /create, mod and version/,
    [{ ...put, state: state(2, 2, 7, "1") }, ...txn],
    3,
  ],
  [
    "a wrong value",
    /not what was acknowledged/,
    [{ ...put, state: state(2, 2, 1, "9") }, ...txn],
    3,
  ],
  ["a wrong previous value", /prev_kv/, [{ ...put, previous: put.state }, ...txn], 3],
];

for (const [name, message, events, revision] of broken) {
  test(`${name} is found`, () => {
    assert.throws(() => {
      ledgerWithWrites().verify(events, revision);
    }, message);
  });
}

test("an acknowledged write that is missing behind others is found", () => {
  const ledger = ledgerWithWrites();
  ledger.begin("revoke", [effect("q", undefined)]).outcome = "somewhere";
  assert.throws(() => {
    ledger.verify([put, ...txn], 3);
  }, /not in the history/);
});
