// Users, roles and whether they count, between etcd's form in a snapshot and ours.
import {
  NO_AUTH,
  type AuthRole,
  type AuthState,
  type AuthUser,
  type Permission,
  type PermissionKind,
} from "../../core/auth/auth-state.js";
import { sortedNames } from "../../core/auth/names.js";
import { T4Error } from "../../core/errors.js";
import { compareBytes, latin1, latin1Bytes, utf8Bytes } from "../../lib/bytes.js";
import {
  decodeRole,
  decodeUser,
  PermissionType,
  sizeRole,
  sizeUser,
  writeRole,
  writeUser,
  type Permission as WirePermission,
  type Role,
  type User,
} from "../gen/auth.js";
import { MalformedMessage } from "../wire.js";
import type { NamedMessage, SnapshotAuth } from "./schema.js";

/** Null: nobody has ever set up auth. */
export function snapshotAuthOf(state: AuthState): SnapshotAuth | null {
  if (isFresh(state)) {
    return null;
  }
  const { enabled, revision, users, roles } = state;
  return {
    enabled,
    revision: BigInt(revision),
    users: named([...users.values()].map(userMessage)),
    roles: named([...roles.values()].map(roleMessage)),
  };
}

/** Throws T4_CORRUPT; `path` is for the message. */
export function authStateOf(auth: SnapshotAuth, path: string): AuthState {
  const { enabled, users, roles } = auth;
  if (!enabled && users.length === 0 && roles.length === 0) {
    return NO_AUTH;
  }
  // Above that of a store without auth, so that tokens of before are told from those of now.
  const revision = Math.max(Number(auth.revision), NO_AUTH.revision + 1);
  try {
    const read = users.map(({ message }) =>
      userOf(decodeUser(message, 0, message.length), revision),
    );
    const readRoles = roles.map(({ message }) => roleOf(decodeRole(message, 0, message.length)));
    return {
      enabled,
      revision,
      disabledRevision: 0,
      users: new Map(read.map((user) => [user.name, user])),
      roles: new Map(readRoles.map((role) => [role.name, role])),
    };
  } catch (error) {
    if (error instanceof MalformedMessage || error instanceof RangeError) {
      throw new T4Error("T4_CORRUPT", `${path}: a user or role cannot be read: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function isFresh({ enabled, users, roles }: AuthState): boolean {
  return !enabled && users.size === 0 && roles.size === 0;
}

function named(messages: NamedMessage[]): NamedMessage[] {
  return messages.sort((a, b) => compareBytes(a.name, b.name));
}

function userMessage({ name, passwordHash, hasNoPassword, roles }: AuthUser): NamedMessage {
  const user: User = {
    name,
    password: latin1Bytes(passwordHash),
    roles: [...roles],
    options: { noPassword: hasNoPassword },
  };
  const message = new Uint8Array(sizeUser(user));
  writeUser(message, 0, user);
  return { name: utf8Bytes(name), message };
}

function userOf({ name, password, roles, options }: User, revision: number): AuthUser {
  return {
    name,
    passwordHash: latin1(password, 0, password.length),
    hasNoPassword: options?.noPassword ?? false,
    passwordRevision: revision,
    roles: sortedNames(new Set(roles)),
  };
}

const KINDS: Readonly<Record<PermissionKind, number>> = {
  read: PermissionType.READ,
  write: PermissionType.WRITE,
  readwrite: PermissionType.READWRITE,
};

function roleMessage({ name, permissions }: AuthRole): NamedMessage {
  const role: Role = {
    name,
    keyPermission: permissions.map(({ kind, key, rangeEnd }): WirePermission => {
      return { permType: KINDS[kind], key, rangeEnd };
    }),
  };
  const message = new Uint8Array(sizeRole(role));
  writeRole(message, 0, role);
  return { name: utf8Bytes(name), message };
}

function roleOf({ name, keyPermission }: Role): AuthRole {
  const permissions = keyPermission.map(({ permType, key, rangeEnd }): Permission => {
    const kind = (Object.keys(KINDS) as PermissionKind[]).find((each) => KINDS[each] === permType);
    if (kind === undefined) {
      throw new RangeError(`role ${name} has a permission of type ${permType}`);
    }
    return { kind, key, rangeEnd };
  });
  return { name, permissions: permissions.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}
