// Whether a change of auth may be made, by the rules and in the order of etcd.
import { unreachable } from "../../lib/assert.js";
import { T4Error } from "../errors.js";
import type { AuthChange } from "./auth-change.js";
import {
  hasRootRole,
  ROOT_ROLE,
  ROOT_USER,
  type AuthRole,
  type AuthState,
  type AuthUser,
  type Permission,
} from "./auth-state.js";

/** Whether the change changes anything. Throws a T4Error for one that must not be made. */
export function planAuth(state: AuthState, change: AuthChange): boolean {
  switch (change.kind) {
    case "enable":
      return planEnable(state);
    case "disable":
      return state.enabled;
    case "user-add":
      if (change.user === "") {
        throw userNameEmpty();
      }
      if (state.users.has(change.user)) {
        throw new T4Error("T4_USER_EXISTS", "a user of this name exists");
      }
      return true;
    case "user-delete":
      if (state.enabled && change.user === ROOT_USER) {
        throw invalidManagement("while auth is on, the user root cannot be deleted");
      }
      userOf(state, change.user);
      return true;
    case "user-password":
      userOf(state, change.user);
      return true;
    case "user-grant": {
      const user = userOf(state, change.user);
      if (change.role !== ROOT_ROLE) {
        roleOf(state, change.role);
      }
      return !user.roles.includes(change.role);
    }
    case "user-revoke":
      if (state.enabled && change.user === ROOT_USER && change.role === ROOT_ROLE) {
        throw invalidManagement("while auth is on, the user root keeps the role root");
      }
      if (!userOf(state, change.user).roles.includes(change.role)) {
        throw new T4Error("T4_ROLE_NOT_GRANTED", "the user does not have this role");
      }
      return true;
    case "role-add":
    case "role-delete":
    case "role-grant":
    case "role-revoke":
      return planRole(state, change);
    case "token":
      return planToken(state, change.user, change.passwordRevision);
    default:
      return unreachable(change);
  }
}

function planEnable(state: AuthState): boolean {
  if (state.enabled) {
    return false;
  }
  const root = state.users.get(ROOT_USER);
  if (root === undefined) {
    throw new T4Error("T4_ROOT_USER_MISSING", "there is no user root");
  }
  if (!hasRootRole(root)) {
    throw new T4Error("T4_ROOT_ROLE_MISSING", "the user root does not have the role root");
  }
  return true;
}

function planRole(
  state: AuthState,
  change: Extract<AuthChange, { kind: "role-add" | "role-delete" | "role-grant" | "role-revoke" }>,
): boolean {
  switch (change.kind) {
    case "role-add":
      if (change.role === "") {
        throw new T4Error("T4_ROLE_NAME_EMPTY", "a role needs a name");
      }
      if (state.roles.has(change.role)) {
        throw new T4Error("T4_ROLE_EXISTS", "a role of this name exists");
      }
      return true;
    case "role-delete":
      if (state.enabled && change.role === ROOT_ROLE) {
        throw invalidManagement("while auth is on, the role root cannot be deleted");
      }
      roleOf(state, change.role);
      return true;
    case "role-grant": {
      const { permission } = change;
      if (!isUsable(permission)) {
        throw invalidManagement("the permission's range is empty");
      }
      const known = permissionOf(roleOf(state, change.role), permission);
      return known?.kind !== permission.kind;
    }
    case "role-revoke":
      if (permissionOf(roleOf(state, change.role), change) === undefined) {
        throw new T4Error("T4_PERMISSION_NOT_GRANTED", "the role has no permission of this range");
      }
      return true;
    default:
      return unreachable(change);
  }
}

/** The user may have been deleted, or given another password, while this one was checked. */
function planToken(state: AuthState, user: string, passwordRevision: number): boolean {
  if (!state.enabled) {
    throw new T4Error("T4_AUTH_NOT_ENABLED", "auth is off: nobody needs a token");
  }
  if (state.users.get(user)?.passwordRevision !== passwordRevision) {
    throw new T4Error("T4_AUTH_FAILED", "the password was changed while it was checked");
  }
  return true;
}

/** Whether some key can be in the permission's range. */
function isUsable({ key, rangeEnd }: Permission): boolean {
  return key !== "" && (rangeEnd === "" || rangeEnd === "\0" || key < rangeEnd);
}

function permissionOf(
  role: AuthRole,
  { key, rangeEnd }: Pick<Permission, "key" | "rangeEnd">,
): Permission | undefined {
  return role.permissions.find((each) => each.key === key && each.rangeEnd === rangeEnd);
}

/** Throws T4_USER_NOT_FOUND. */
export function userOf(state: AuthState, name: string): AuthUser {
  const user = state.users.get(name);
  if (user === undefined) {
    throw new T4Error("T4_USER_NOT_FOUND", "there is no user of this name");
  }
  return user;
}

/** Throws T4_ROLE_NOT_FOUND. */
export function roleOf(state: AuthState, name: string): AuthRole {
  const role = state.roles.get(name);
  if (role === undefined) {
    throw new T4Error("T4_ROLE_NOT_FOUND", "there is no role of this name");
  }
  return role;
}

export function userNameEmpty(): T4Error {
  return new T4Error("T4_USER_NAME_EMPTY", "a user needs a name, and a request its user's token");
}

function invalidManagement(message: string): T4Error {
  return new T4Error("T4_AUTH_MANAGEMENT", message);
}
