// Users, roles and whether they count: a value that never changes; each change makes another one.
// Tokens are judged by it alone: one is good while its user's password is the one it was given for, and while auth has not
// been switched off since.
import type { Key } from "../words.js";

/** The user and the role that may do everything, and without which auth cannot be on. */
export const ROOT_USER = "root";
export const ROOT_ROLE = "root";

export type PermissionKind = "read" | "write" | "readwrite";

/** As etcd writes a range: no end = one key; end "\0" = every key from `key` on; else [key, end). */
export interface Permission {
  readonly kind: PermissionKind;
  readonly key: Key;
  readonly rangeEnd: Key;
}

export interface AuthUser {
  readonly name: string;
  /** bcrypt's text. Empty: no password fits. */
  readonly passwordHash: string;
  /** The user is known by a certificate's name; nobody logs in as it. */
  readonly hasNoPassword: boolean;
  /** The auth revision that made the user or last set its password: what tokens given before are told by. */
  readonly passwordRevision: number;
  /** Sorted, each once. "root" need not exist as a role. */
  readonly roles: readonly string[];
}

export interface AuthRole {
  readonly name: string;
  /** Sorted by key. */
  readonly permissions: readonly Permission[];
}

export interface AuthState {
  readonly enabled: boolean;
  /** Grows by one with each change of users, roles or permissions, and when auth is switched off. */
  readonly revision: number;
  /** The auth revision at which auth was last switched off; 0 if never. Tokens of before are void. */
  readonly disabledRevision: number;
  readonly users: ReadonlyMap<string, AuthUser>;
  readonly roles: ReadonlyMap<string, AuthRole>;
}

/** Of a store in which nobody has set up auth. */
export const NO_AUTH: AuthState = {
  enabled: false,
  revision: 1,
  disabledRevision: 0,
  users: new Map(),
  roles: new Map(),
};

export function hasRootRole(user: AuthUser): boolean {
  return user.roles.includes(ROOT_ROLE);
}
