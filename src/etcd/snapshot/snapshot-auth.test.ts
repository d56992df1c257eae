import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_AUTH, type AuthState } from "../../core/auth/auth-state.js";
import { sizeUser, writeUser } from "../gen/auth.js";
import { authStateOf, snapshotAuthOf } from "./snapshot-auth.js";

const state: AuthState = {
  enabled: true,
  revision: 17,
  disabledRevision: 0,
  users: new Map(
    [
      { name: "zoë", passwordHash: "", hasNoPassword: true, passwordRevision: 17, roles: [] },
      {
        name: "root",
        passwordHash: `$2a$10$${"x".repeat(53)}`,
        hasNoPassword: false,
        passwordRevision: 17,
        roles: ["a", "root"],
      },
    ].map((user) => [user.name, user]),
  ),
  roles: new Map([
    [
      "a",
      {
        name: "a",
        permissions: [
          { kind: "write", key: "k", rangeEnd: "l" },
          { kind: "readwrite", key: "m", rangeEnd: "\0" },
          { kind: "read", key: "\u00ff", rangeEnd: "" },
        ],
      },
    ],
  ]),
};

test("users, roles and permissions come back from a snapshot as they were", () => {
  const snapshot = snapshotAuthOf(state);
  assert.ok(snapshot !== null);
  assert.deepEqual(
    snapshot.users.map(({ name }) => Buffer.from(name).toString()),
    ["root", "zoë"],
  );
  const read = authStateOf(snapshot, "s.db");
  const sorted = (one: AuthState): unknown => ({
    ...one,
    users: [...one.users].sort(),
    roles: [...one.roles],
  });
  assert.deepEqual(sorted(read), sorted(state));
});

test("a user's roles are in the order of their bytes, once each", () => {
  // Strings compare by UTF-16: there the astral one would come first.
  const roles = ["\u{1f600}", "\uffee", "a", "a"];
  const user = { name: "u", password: new Uint8Array(0), roles, options: null };
  const message = new Uint8Array(sizeUser(user));
  writeUser(message, 0, user);
  const users = [{ name: Uint8Array.of(117), message }];
  const read = authStateOf({ enabled: true, revision: 5n, users, roles: [] }, "s.db");
  assert.deepEqual(read.users.get("u")?.roles, ["a", "\uffee", "\u{1f600}"]);
});

test("a store without auth writes none, and an empty one is none", () => {
  assert.equal(snapshotAuthOf(NO_AUTH), null);
  const empty = { enabled: false, revision: 1n, users: [], roles: [] };
  assert.equal(authStateOf(empty, "s.db"), NO_AUTH);
});

test("a user that cannot be read is damage", () => {
  const users = [{ name: Uint8Array.of(97), message: Uint8Array.of(0x0a, 9, 97) }];
  assert.throws(() => authStateOf({ enabled: true, revision: 5n, users, roles: [] }, "s.db"), {
    code: "T4_CORRUPT",
    message: /s\.db.*user or role/,
  });
});
