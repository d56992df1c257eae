// The authoriser against a model that knows nothing of intervals: what a caller may do is found by asking for each key of a
// small world whether some permission holds it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { MemoryView } from "../../../test/model/memory-view.js";
import type { Command, Operation, TxnOperation } from "../command.js";
import { T4Error } from "../errors.js";
import { rangeContains, type KeyRange } from "../range/key-range.js";
import { applyAuth } from "./apply-auth.js";
import type { AuthChange } from "./auth-change.js";
import { AuthRules } from "./auth-rules.js";
import { NO_AUTH, type Permission } from "./auth-state.js";
import { ANONYMOUS, authoriseCommand, callerNow, type Caller } from "./authorise.js";
import { planAuth } from "./plan-auth.js";

const world = ["a", "b", "c", "d", "e"];
/** Between two keys of the world lie others, so a range has more keys than the world shows. */
const witnesses = ["\0", ...world.flatMap((key) => [key, `${key}x`])];
const key = fc.constantFrom(...world);
const range: fc.Arbitrary<KeyRange> = fc.oneof(
  key.map((each) => ({ kind: "key" as const, key: each })),
  fc
    .tuple(key, fc.option(key))
    .filter(([start, end]) => end === null || start < end)
    .map(([start, end]) => ({ kind: "interval" as const, start, end })),
);
const permission: fc.Arbitrary<Permission> = fc
  .record({
    kind: fc.constantFrom("read" as const, "write" as const, "readwrite" as const),
    key,
    rangeEnd: fc.oneof(fc.constantFrom("", "\0"), key),
  })
  .filter((each) => each.rangeEnd === "" || each.rangeEnd === "\0" || each.key < each.rangeEnd);

const lease = fc.constantFrom(0n, 0n, 1n, 2n);
const { operation } = fc.letrec<{ operation: Operation }>((tie) => ({
  operation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      kind: fc.constant("range" as const),
      range,
      revision: fc.constant(0),
      limit: fc.constant(0),
      sort: fc.constant(null),
      keysOnly: fc.boolean(),
      countOnly: fc.boolean(),
      minModRevision: fc.constant(0),
      maxModRevision: fc.constant(0),
      minCreateRevision: fc.constant(0),
      maxCreateRevision: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant("put" as const),
      key,
      value: fc.constant(new Uint8Array(0)),
      lease,
      prevKv: fc.boolean(),
      ignoreValue: fc.constant(false),
      ignoreLease: fc.constant(false),
    }),
    fc.record({ kind: fc.constant("delete-range" as const), range, prevKv: fc.boolean() }),
    fc.record({
      kind: fc.constant("txn" as const),
      compares: fc.array(
        range.map((each) => ({
          range: each,
          target: "version" as const,
          result: "equal" as const,
          operand: 0,
        })),
        { maxLength: 2 },
      ),
      success: fc.array(tie("operation"), { maxLength: 2 }),
      failure: fc.array(tie("operation"), { maxLength: 2 }),
    }),
  ),
}));

/** Each need of an operation, by itself. */
function* needs(
  each: Operation,
  leases: ReadonlyMap<bigint, readonly string[]>,
): Generator<readonly ["read" | "write", KeyRange]> {
  switch (each.kind) {
    case "range":
      yield ["read", each.range];
      break;
    case "put":
      yield ["write", { kind: "key", key: each.key }];
      if (each.prevKv) {
        yield ["read", { kind: "key", key: each.key }];
      }
      for (const attached of leases.get(each.lease) ?? []) {
        yield ["write", { kind: "key", key: attached }];
      }
      break;
    case "delete-range":
      yield ["write", each.range];
      if (each.prevKv) {
        yield ["read", each.range];
      }
      break;
    case "txn":
      for (const compare of each.compares) {
        yield ["read", compare.range];
      }
      for (const inner of [...each.success, ...each.failure]) {
        yield* needs(inner, leases);
      }
  }
}

function allows(
  permissions: readonly Permission[],
  kind: "read" | "write",
  wanted: KeyRange,
): boolean {
  const holds = (each: string): boolean =>
    permissions.some(
      (one) =>
        (one.kind === kind || one.kind === "readwrite") &&
        (one.rangeEnd === ""
          ? each === one.key
          : each >= one.key && (one.rangeEnd === "\0" || each < one.rangeEnd)),
    );
  return witnesses.filter((each) => rangeContains(wanted, each)).every(holds);
}

function rulesOf(changes: readonly AuthChange[]): AuthRules {
  let state = NO_AUTH;
  for (const change of changes) {
    state = planAuth(state, change) ? applyAuth(state, change) : state;
  }
  return new AuthRules(state);
}

const user = (name: string): AuthChange => ({
  kind: "user-add",
  user: name,
  passwordHash: "",
  hasNoPassword: true,
});

function setUp(roles: readonly (readonly Permission[])[]): AuthRules {
  return rulesOf([
    user("root"),
    { kind: "user-grant", user: "root", role: "root" },
    user("u"),
    ...roles.flatMap((permissions, at): AuthChange[] => [
      { kind: "role-add", role: `r${at}` },
      ...permissions.map((each): AuthChange => ({
        kind: "role-grant",
        role: `r${at}`,
        permission: each,
      })),
      { kind: "user-grant", user: "u", role: `r${at}` },
    ]),
    { kind: "enable" },
  ]);
}

function answerOf(
  rules: AuthRules,
  caller: Caller,
  command: Command,
  view = new MemoryView(),
): string {
  try {
    authoriseCommand(rules, caller, command, view);
    return "allowed";
  } catch (error) {
    assert.ok(error instanceof T4Error);
    return error.code;
  }
}

test("an operation is allowed exactly if each of its needs is, at any depth, by all roles together", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(permission, { maxLength: 3 }), { maxLength: 3 }),
      operation.filter((each) => each.kind !== "range"),
      fc.array(key, { maxLength: 2 }),
      (roles, each, attached) => {
        const rules = setUp(roles);
        const view = new MemoryView();
        view.leases.set(1n, { ttlSeconds: 10, keys: new Set(attached) });
        view.leases.set(2n, { ttlSeconds: 10, keys: new Set() });
        const leases = new Map([[1n, attached]]);
        // A role cannot hold two kinds for one range: the later one counts.
        const last = roles.flatMap((permissions) => [
          ...new Map(permissions.map((one) => [`${one.key} ${one.rangeEnd}`, one])).values(),
        ]);
        const isAllowed = [...needs(each, leases)].every(([kind, wanted]) =>
          allows(last, kind, wanted),
        );
        const caller = callerNow(rules, "u");
        const expected = isAllowed ? "allowed" : "T4_PERMISSION_DENIED";
        assert.equal(answerOf(rules, caller, each as Command, view), expected);
        // What was found when the caller was recognised is a shortcut, not another answer.
        assert.equal(answerOf(rules, { ...caller, rights: null }, each as Command, view), expected);
        assert.equal(answerOf(rules, callerNow(rules, "root"), each as Command, view), "allowed");
      },
    ),
    { numRuns: 3_000 },
  );
});

const put: Command = {
  kind: "put",
  key: "a",
  value: new Uint8Array(0),
  lease: 0n,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
};
const emptyTxn: TxnOperation = { kind: "txn", compares: [], success: [], failure: [] };

test("nobody, a user of before a change, and a user that is gone are told apart", () => {
  const rules = setUp([[{ kind: "write", key: "a", rangeEnd: "" }]]);
  const caller = callerNow(rules, "u");
  assert.equal(answerOf(rules, caller, put), "allowed");
  assert.equal(answerOf(rules, ANONYMOUS, put), "T4_USER_NAME_EMPTY");
  assert.equal(answerOf(rules, callerNow(rules, "nobody"), put), "T4_PERMISSION_DENIED");
  const later = new AuthRules(applyAuth(rules.state, { kind: "role-add", role: "other" }));
  assert.equal(answerOf(later, caller, put), "T4_AUTH_REVISION_OLD");
  assert.equal(answerOf(later, callerNow(later, "u"), put), "allowed");
  assert.equal(answerOf(rules, ANONYMOUS, emptyTxn), "allowed", "as etcd: it asks for nothing");
  const off = new AuthRules(applyAuth(rules.state, { kind: "disable" }));
  assert.equal(answerOf(off, ANONYMOUS, put), "allowed");
});

test("what has no keys takes root, but for granting leases, and logging in", () => {
  const rules = setUp([[{ kind: "readwrite", key: "\0", rangeEnd: "\0" }]]);
  const caller = callerNow(rules, "u");
  const root = callerNow(rules, "root");
  const commands: Command[] = [
    { kind: "compact", revision: 1 },
    { kind: "auth", change: { kind: "disable" } },
    { kind: "a newer command" } as unknown as Command,
  ];
  for (const command of commands) {
    assert.equal(answerOf(rules, caller, command), "T4_PERMISSION_DENIED");
    assert.equal(answerOf(rules, ANONYMOUS, command), "T4_USER_NAME_EMPTY");
    assert.equal(answerOf(rules, callerNow(rules, "gone"), command), "T4_USER_NOT_FOUND");
    assert.equal(answerOf(rules, root, command), "allowed");
  }
  const grant: Command = { kind: "lease-grant", lease: 1n, ttlSeconds: 10 };
  assert.equal(answerOf(rules, caller, grant), "allowed");
  assert.equal(answerOf(rules, ANONYMOUS, grant), "T4_USER_NAME_EMPTY");
  const token: AuthChange = { kind: "token", user: "u", passwordRevision: 1, digest: "" };
  assert.equal(answerOf(rules, ANONYMOUS, { kind: "auth", change: token }), "allowed");
});

test("a lease is revoked only by who may write all of its keys", () => {
  const rules = setUp([[{ kind: "write", key: "a", rangeEnd: "b" }]]);
  const view = new MemoryView();
  const keys = new Set(["a"]);
  view.leases.set(1n, { ttlSeconds: 10, keys });
  const revoke: Command = { kind: "lease-revoke", lease: 1n };
  const caller = callerNow(rules, "u");
  assert.equal(answerOf(rules, caller, revoke, view), "allowed");
  keys.add("c");
  assert.equal(answerOf(rules, caller, revoke, view), "T4_PERMISSION_DENIED");
  assert.equal(answerOf(rules, callerNow(rules, "root"), revoke, view), "allowed");
  assert.equal(answerOf(rules, ANONYMOUS, revoke, view), "T4_USER_NAME_EMPTY");
});
