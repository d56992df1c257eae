// Planning and applying changes of auth against etcd's rules written down once more, as plainly as can be.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { T4Error } from "../errors.js";
import { applyAuth } from "./apply-auth.js";
import type { AuthChange } from "./auth-change.js";
import {
  decodeAuthChange,
  decodeAuthState,
  encodeAuthChange,
  encodeAuthState,
} from "./auth-codec.js";
import { NO_AUTH, type AuthState, type Permission } from "./auth-state.js";
import { planAuth } from "./plan-auth.js";

const name = fc.constantFrom("root", "a", "b", "\u00e9", "");
const bytes = fc.constantFrom("", "\0", "k", "k\0", "m", "\xff");
const permission: fc.Arbitrary<Permission> = fc.record({
  kind: fc.constantFrom("read" as const, "write" as const, "readwrite" as const),
  key: bytes,
  rangeEnd: bytes,
});
const kind = <Kind extends AuthChange["kind"]>(each: Kind): fc.Arbitrary<Kind> => fc.constant(each);
const authChange: fc.Arbitrary<AuthChange> = fc.oneof(
  fc.record({ kind: kind("enable") }),
  fc.record({ kind: kind("disable") }),
  fc.record({
    kind: kind("user-add"),
    user: name,
    passwordHash: fc.constantFrom("", "$2a$10$abc"),
    hasNoPassword: fc.boolean(),
  }),
  fc.record({ kind: kind("user-delete"), user: name }),
  fc.record({ kind: kind("user-password"), user: name, passwordHash: fc.constant("$2a$10$xyz") }),
  fc.record({ kind: kind("user-grant"), user: name, role: name }),
  fc.record({ kind: kind("user-revoke"), user: name, role: name }),
  fc.record({ kind: kind("role-add"), role: name }),
  fc.record({ kind: kind("role-delete"), role: name }),
  fc.record({ kind: kind("role-grant"), role: name, permission }),
  fc.record({ kind: kind("role-revoke"), role: name, key: bytes, rangeEnd: bytes }),
  fc.record({
    kind: kind("token"),
    user: name,
    passwordRevision: fc.nat(20),
    digest: fc.constant("00ff"),
  }),
);

/** etcd's auth store, with plain objects that are changed in place. */
class ModelAuth {
  enabled = false;
  revision = 1;
  readonly users = new Map<string, { roles: Set<string>; hash: string }>();
  readonly roles = new Map<string, Map<string, string>>();

  run(change: AuthChange): string {
    const { users, roles } = this;
    switch (change.kind) {
      case "enable":
        if (!this.enabled) {
          const root = users.get("root");
          if (root === undefined) {
            return "T4_ROOT_USER_MISSING";
          }
          if (!root.roles.has("root")) {
            return "T4_ROOT_ROLE_MISSING";
          }
          this.enabled = true;
        }
        return "same revision";
      case "disable":
        if (!this.enabled) {
          return "same revision";
        }
        this.enabled = false;
        return this.#changed();
      case "user-add":
        if (change.user === "") {
          return "T4_USER_NAME_EMPTY";
        }
        if (users.has(change.user)) {
          return "T4_USER_EXISTS";
        }
        users.set(change.user, { roles: new Set(), hash: change.passwordHash });
        return this.#changed();
      case "user-delete":
        if (this.enabled && change.user === "root") {
          return "T4_AUTH_MANAGEMENT";
        }
        return users.delete(change.user) ? this.#changed() : "T4_USER_NOT_FOUND";
      case "user-password": {
        const user = users.get(change.user);
        if (user === undefined) {
          return "T4_USER_NOT_FOUND";
        }
        user.hash = change.passwordHash;
        return this.#changed();
      }
      case "user-grant": {
        const user = users.get(change.user);
        if (user === undefined) {
          return "T4_USER_NOT_FOUND";
        }
        if (change.role !== "root" && !roles.has(change.role)) {
          return "T4_ROLE_NOT_FOUND";
        }
        if (user.roles.has(change.role)) {
          return "same revision";
        }
        user.roles.add(change.role);
        return this.#changed();
      }
      case "user-revoke": {
        if (this.enabled && change.user === "root" && change.role === "root") {
          return "T4_AUTH_MANAGEMENT";
        }
        const user = users.get(change.user);
        if (user === undefined) {
          return "T4_USER_NOT_FOUND";
        }
        return user.roles.delete(change.role) ? this.#changed() : "T4_ROLE_NOT_GRANTED";
      }
      case "role-add":
        if (change.role === "") {
          return "T4_ROLE_NAME_EMPTY";
        }
        if (roles.has(change.role)) {
          return "T4_ROLE_EXISTS";
        }
        roles.set(change.role, new Map());
        return this.#changed();
      case "role-delete":
        if (this.enabled && change.role === "root") {
          return "T4_AUTH_MANAGEMENT";
        }
        if (!roles.delete(change.role)) {
          return "T4_ROLE_NOT_FOUND";
        }
        for (const user of users.values()) {
          user.roles.delete(change.role);
        }
        return this.#changed();
      case "role-grant": {
        const { key, rangeEnd } = change.permission;
        if (key === "" || (rangeEnd !== "" && rangeEnd !== "\0" && key >= rangeEnd)) {
          return "T4_AUTH_MANAGEMENT";
        }
        const role = roles.get(change.role);
        if (role === undefined) {
          return "T4_ROLE_NOT_FOUND";
        }
        const range = JSON.stringify([key, rangeEnd]);
        if (role.get(range) === change.permission.kind) {
          return "same revision";
        }
        role.set(range, change.permission.kind);
        return this.#changed();
      }
      case "role-revoke": {
        const role = roles.get(change.role);
        if (role === undefined) {
          return "T4_ROLE_NOT_FOUND";
        }
        const range = JSON.stringify([change.key, change.rangeEnd]);
        return role.delete(range) ? this.#changed() : "T4_PERMISSION_NOT_GRANTED";
      }
      default:
        return "not here";
    }
  }

  #changed(): string {
    this.revision += 1;
    return "next revision";
  }

  shown(): unknown {
    return {
      enabled: this.enabled,
      revision: this.revision,
      users: [...this.users].map(([user, { roles, hash }]) => [user, [...roles].sort(), hash]),
      roles: [...this.roles].map(([role, permissions]) => [role, [...permissions].sort()]),
    };
  }
}

function shown(state: AuthState): unknown {
  return {
    enabled: state.enabled,
    revision: state.revision,
    users: [...state.users.values()].map((user) => [user.name, user.roles, user.passwordHash]),
    roles: [...state.roles.values()].map((role) => [
      role.name,
      role.permissions
        .map(({ key, rangeEnd, kind: each }) => [JSON.stringify([key, rangeEnd]), each])
        .sort(),
    ]),
  };
}

function run(state: AuthState, change: AuthChange): { state: AuthState; answer: string } {
  try {
    const next = planAuth(state, change) ? applyAuth(state, change) : state;
    return {
      state: next,
      answer: next.revision === state.revision ? "same revision" : "next revision",
    };
  } catch (error) {
    assert.ok(error instanceof T4Error);
    return { state, answer: error.code };
  }
}

test("any changes leave what etcd's rules leave, and fail as they say", () => {
  fc.assert(
    fc.property(fc.array(authChange, { maxLength: 80, size: "max" }), (changes) => {
      const model = new ModelAuth();
      let state = NO_AUTH;
      for (const change of changes.filter((each) => each.kind !== "token")) {
        const result = run(state, change);
        assert.equal(result.answer, model.run(change), JSON.stringify(change));
        state = result.state;
        assert.deepEqual(shown(state), model.shown());
      }
    }),
    { numRuns: 400 },
  );
});

test("changes and states are read back from their bytes", () => {
  fc.assert(
    fc.property(fc.array(authChange, { maxLength: 40, size: "max" }), (changes) => {
      let state = NO_AUTH;
      // Copies: drawn objects have no prototype.
      for (const change of changes.map((each) => structuredClone(each))) {
        assert.deepEqual(decodeAuthChange(encodeAuthChange(change)), change);
        state = run(state, change).state;
      }
      assert.deepEqual(decodeAuthState(encodeAuthState(state)), state);
    }),
    { numRuns: 200 },
  );
});

test("the bytes are as documented", () => {
  const hex = (change: AuthChange): string => Buffer.from(encodeAuthChange(change)).toString("hex");
  assert.equal(hex({ kind: "enable" }), "01");
  assert.equal(hex({ kind: "user-grant", user: "\u00e9", role: "r" }), "06" + "02c3a9" + "0172");
  assert.equal(
    hex({
      kind: "role-grant",
      role: "r",
      permission: { kind: "readwrite", key: "\xe9", rangeEnd: "\0" },
    }),
    "0a" + "0172" + "02" + "01e9" + "0100",
  );
});

test("cut, lengthened and unknown bytes are refused", () => {
  const whole = encodeAuthChange({ kind: "user-grant", user: "user", role: "role" });
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decodeAuthChange(whole.subarray(0, length)), RangeError);
  }
  assert.throws(() => decodeAuthChange(new Uint8Array([...whole, 0])), RangeError);
  for (const unknown of [[0], [12], [200, 1]]) {
    assert.throws(() => decodeAuthChange(new Uint8Array(unknown)), { code: "T4_FORMAT_TOO_NEW" });
  }
  assert.throws(() => decodeAuthChange(new Uint8Array([4, 1, 0xff])), RangeError);
});

test("a change of password, or a user made anew, is told by its password's revision", () => {
  const add: AuthChange = { kind: "user-add", user: "a", passwordHash: "h", hasNoPassword: false };
  const made = applyAuth(NO_AUTH, add);
  const granted = applyAuth(made, { kind: "user-grant", user: "a", role: "root" });
  const changed = applyAuth(granted, { kind: "user-password", user: "a", passwordHash: "h" });
  const again = applyAuth(applyAuth(changed, { kind: "user-delete", user: "a" }), add);
  const revisions = [made, granted, changed, again].map(
    (state) => state.users.get("a")?.passwordRevision,
  );
  assert.deepEqual(revisions, [2, 2, 4, 6]);
});
