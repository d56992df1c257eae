// A change of auth applied: the state after it. Only for changes that `planAuth` has found valid; the same on every node.
import { assert, unreachable } from "../../lib/assert.js";
import type { AuthChange } from "./auth-change.js";
import type { AuthRole, AuthState, AuthUser, Permission } from "./auth-state.js";
import { sortedNames } from "./names.js";

export function applyAuth(state: AuthState, change: AuthChange): AuthState {
  const revision = state.revision + 1;
  switch (change.kind) {
    case "enable":
      return { ...state, enabled: true };
    case "disable":
      return { ...state, enabled: false, revision, disabledRevision: revision };
    case "user-add":
      return withUser(state, {
        name: change.user,
        passwordHash: change.passwordHash,
        hasNoPassword: change.hasNoPassword,
        passwordRevision: revision,
        roles: [],
      });
    case "user-delete": {
      const users = new Map(state.users);
      users.delete(change.user);
      return { ...state, revision, users };
    }
    case "user-password":
      return withUser(state, {
        ...known(state.users, change.user),
        passwordHash: change.passwordHash,
        passwordRevision: revision,
      });
    case "user-grant": {
      const user = known(state.users, change.user);
      return withUser(state, { ...user, roles: sortedNames([...user.roles, change.role]) });
    }
    case "user-revoke": {
      const user = known(state.users, change.user);
      return withUser(state, without(user, change.role));
    }
    case "role-add":
      return withRole(state, { name: change.role, permissions: [] });
    case "role-delete":
      return deleteRole(state, change.role);
    case "role-grant": {
      const role = known(state.roles, change.role);
      return withRole(state, { ...role, permissions: granted(role, change.permission) });
    }
    case "role-revoke": {
      const role = known(state.roles, change.role);
      return withRole(state, { ...role, permissions: ungranted(role, change) });
    }
    case "token":
      return state;
    default:
      return unreachable(change);
  }
}

function known<Item>(items: ReadonlyMap<string, Item>, name: string): Item {
  const item = items.get(name);
  assert(item !== undefined, "a change of auth is planned before it is applied");
  return item;
}

function withUser(state: AuthState, user: AuthUser): AuthState {
  const users = new Map(state.users).set(user.name, user);
  return { ...state, revision: state.revision + 1, users };
}

function withRole(state: AuthState, role: AuthRole): AuthState {
  const roles = new Map(state.roles).set(role.name, role);
  return { ...state, revision: state.revision + 1, roles };
}

/** Whoever had the role has it no more: one of the same name that comes later is another. */
function deleteRole(state: AuthState, name: string): AuthState {
  const roles = new Map(state.roles);
  roles.delete(name);
  const users = new Map(state.users);
  for (const user of state.users.values()) {
    if (user.roles.includes(name)) {
      users.set(user.name, without(user, name));
    }
  }
  return { ...state, revision: state.revision + 1, roles, users };
}

function without(user: AuthUser, role: string): AuthUser {
  return { ...user, roles: user.roles.filter((each) => each !== role) };
}

/** In the place of the permission of the same range, or behind those whose key is not greater. */
function granted(role: AuthRole, permission: Permission): Permission[] {
  const { key, rangeEnd } = permission;
  const permissions = [...role.permissions];
  const same = permissions.findIndex((each) => each.key === key && each.rangeEnd === rangeEnd);
  if (same >= 0) {
    permissions[same] = permission;
    return permissions;
  }
  const after = permissions.findIndex((each) => each.key > key);
  permissions.splice(after < 0 ? permissions.length : after, 0, permission);
  return permissions;
}

function ungranted(
  role: AuthRole,
  { key, rangeEnd }: Pick<Permission, "key" | "rangeEnd">,
): Permission[] {
  return role.permissions.filter((each) => each.key !== key || each.rangeEnd !== rangeEnd);
}
