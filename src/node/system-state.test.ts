import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { startPlainNode, put, remove } from "../../test/node/plain-node.js";
import { ANONYMOUS, callerNow } from "../core/auth/authorise.js";
import type { AuthChange } from "../core/auth/auth-change.js";
import type { Command } from "../core/command.js";
import { SystemState } from "./system-state.js";
import type { SnapshotSection } from "./system/sections.js";

const lease = fc.constantFrom(-(2n ** 63n), -1n, 1n, 7n, 2n ** 63n - 1n);
const key = fc.constantFrom("a", "b", "\u00ff\u0000", "long ".repeat(60));
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("lease-grant" as const),
    lease,
    ttlSeconds: fc.constantFrom(2, 60, 9_000_000_000),
  }),
  fc.record({ kind: fc.constant("lease-revoke" as const), lease }),
  fc.tuple(key, lease).map(([each, attached]) => put(each, "v", attached)),
  fc.record({
    kind: fc.constant("alarm" as const),
    isRaised: fc.boolean(),
    member: fc.constantFrom(0n, 9n, 2n ** 64n - 1n),
    alarm: fc.constantFrom(1, 2, 700),
    byQuota: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("downgrade" as const), target: fc.constantFrom("", "3.5.0") }),
  key.map((each) => put(each, "v")),
  key.map(remove),
  fc
    .constantFrom<AuthChange>(
      { kind: "user-add", user: "root", passwordHash: "h", hasNoPassword: false },
      { kind: "user-grant", user: "root", role: "root" },
      { kind: "enable" },
      { kind: "disable" },
      { kind: "role-add", role: "\u00e9" },
      { kind: "user-delete", user: "root" },
      { kind: "token", user: "root", passwordRevision: 2, digest: "00" },
    )
    .map((change) => ({ kind: "auth" as const, change })),
);

function shown(state: SystemState): unknown {
  return {
    keysTotal: state.keysTotal,
    alarms: state.maintenance.alarms(),
    downgrade: state.maintenance.downgradeTarget,
    auth: state.auth.committed.state,
    leases: [...state.leases.all()].map((each) => [each.id, each.ttlSeconds, [...each.keys]]),
  };
}

test("a snapshot restores what it was taken of, at any point, and goes on as the original", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 60, size: "max" }),
      fc.nat(60),
      async (commands, cut) => {
        const { node, log } = await startPlainNode();
        for (const each of commands) {
          node.propose(each, () => {});
        }
        await node.close();
        const original = new SystemState();
        let restored = new SystemState();
        log.entries.forEach((entry, at) => {
          if (at === cut) {
            restored = new SystemState();
            restored.restore(original.encode() ?? new Uint8Array([1, 0, 0]), 5_000);
            assert.equal(restored.encode(), null, "nothing has changed since");
          }
          original.commit(entry, 5_000);
          restored.commit(entry, 5_000);
        });
        assert.deepEqual(shown(restored), shown(original));
      },
    ),
    { numRuns: 100 },
  );
});

test("the snapshot's bytes are as documented", () => {
  const state = new SystemState();
  state.leases.grant(-2n, 300, 0);
  state.leases.attach(-2n, "\u00e9");
  assert.equal(
    Buffer.from(state.encode() ?? []).toString("hex"),
    "01" + "00" + "01" + "feffffffffffffff" + "ac02" + "01" + "01e9",
  );
  assert.equal(state.encode(), null);
});

test("a snapshot of a newer format is refused, and a damaged one named so", () => {
  const restore = (bytes: readonly number[]) => () => {
    new SystemState().restore(new Uint8Array(bytes), 0);
  };
  assert.throws(restore([3, 0, 0]), { code: "T4_FORMAT_TOO_NEW" });
  assert.throws(restore([]), { code: "T4_CORRUPT" });
  assert.throws(restore([1, 0, 1]), { code: "T4_CORRUPT" });
  assert.throws(restore([1, 0, 0, 0]), { code: "T4_CORRUPT" });
});

/** A section that holds one number. */
function numberSection(tag: number): SnapshotSection & { held: number; version: number } {
  return {
    tag,
    held: 0,
    version: 0,
    encode() {
      return this.held === 0 ? null : new Uint8Array([this.held]);
    },
    restore(bytes) {
      this.held = bytes[0] ?? 0;
    },
  };
}

test("a section is written while there is something in it, and the first format without any", () => {
  const sections = [numberSection(1), numberSection(9)] as const;
  const state = new SystemState(sections);
  const encoded = (): string => Buffer.from(state.encode() ?? []).toString("hex");
  assert.equal(encoded(), "010000");
  assert.equal(encoded(), "", "nothing has changed");
  sections[1].held = 7;
  sections[1].version += 1;
  const bytes = encoded();
  assert.equal(bytes, "020000" + "09" + "01" + "07");
  const restored = [numberSection(1), numberSection(9)] as const;
  new SystemState(restored).restore(Buffer.from(bytes, "hex"), 0);
  assert.deepEqual(
    restored.map(({ held }) => held),
    [0, 7],
  );
});

test("a section that is not known is of a newer program; one that is cut or out of order is damage", () => {
  const restore = (bytes: readonly number[]) => () => {
    new SystemState([numberSection(1), numberSection(9)]).restore(new Uint8Array(bytes), 0);
  };
  restore([2, 0, 0, 1, 1, 5])();
  assert.throws(restore([2, 0, 0, 3, 1, 5]), { code: "T4_FORMAT_TOO_NEW" });
  assert.throws(restore([2, 0, 0, 1, 2, 5]), { code: "T4_CORRUPT" });
  assert.throws(restore([2, 0, 0, 1]), { code: "T4_CORRUPT" });
  assert.throws(restore([2, 0, 0, 9, 1, 5, 1, 1, 5]), { code: "T4_CORRUPT" });
  assert.throws(restore([1, 0, 0, 1, 1, 5]), { code: "T4_CORRUPT" });
});

test("a change of auth is judged by those planned before it, and seen when it is committed", async () => {
  const { node, log } = await startPlainNode(false);
  const answers: string[] = [];
  const change = (next: AuthChange): void => {
    node.propose({ kind: "auth", change: next }, (error) => {
      answers.push(error?.code ?? "ok");
    });
  };
  const add: AuthChange = {
    kind: "user-add",
    user: "root",
    passwordHash: "h",
    hasNoPassword: false,
  };
  change(add);
  change(add);
  change({ kind: "user-grant", user: "root", role: "root" });
  change({ kind: "enable" });
  assert.equal(node.auth.state.users.size, 0);
  assert.deepEqual(answers, [], "nobody is told before it is committed");
  log.makeDurable();
  await Promise.resolve();
  assert.deepEqual(answers, ["ok", "T4_USER_EXISTS", "ok", "ok"]);
  assert.equal(node.auth.enabled, true);
  await node.close();
});

test("a write that was let in before auth changed is judged by the change", async () => {
  const { node, log } = await startPlainNode(false);
  const answers: string[] = [];
  const told = (error: { readonly code: string } | null): void => {
    answers.push(error?.code ?? "ok");
  };
  const change = (next: AuthChange): void => {
    node.propose({ kind: "auth", change: next }, told);
  };
  change({ kind: "user-add", user: "root", passwordHash: "h", hasNoPassword: false });
  change({ kind: "user-grant", user: "root", role: "root" });
  node.propose(put("before", ""), told, ANONYMOUS);
  change({ kind: "enable" });
  // Auth is still off for who looks, but this will be in the log after it is on.
  assert.equal(node.auth.enabled, false);
  node.propose(put("after", ""), told, ANONYMOUS);
  log.makeDurable();
  await Promise.resolve();
  assert.deepEqual(answers, ["ok", "ok", "ok", "ok", "T4_USER_NAME_EMPTY"]);
  const root = callerNow(node.auth, "root");
  change({ kind: "role-add", role: "r" });
  node.propose(put("after", ""), told, root);
  node.propose(put("after", ""), told);
  log.makeDurable();
  await Promise.resolve();
  assert.deepEqual(answers.slice(5), ["ok", "T4_AUTH_REVISION_OLD", "ok"]);
  await node.close();
});
