// The bytes of a change of auth in the log, and of all of auth in a system snapshot.
// Format (numbers are varints; a text is its length in bytes and UTF-8; a key is its length and bytes):
//   change  = number of its kind, then its fields in the order of `writeFields`
//   state   = enabled (0 or 1) | revision | disabled revision | user count | user* | role count | role*
//   user    = name text | password hash text | has no password (0 or 1) | password revision | role count | name text*
//   role    = name text | permission count | permission*
//   permission = kind (0 read, 1 write, 2 both) | key | range end
// Users and roles are in the order in which they were made. A kind that is not listed is from a newer version.
import { unreachable } from "../../lib/assert.js";
import { latin1, latin1Bytes, utf8Bytes } from "../../lib/bytes.js";
import { readVarint, varintSize, writeVarint } from "../../lib/varint.js";
import { T4Error } from "../errors.js";
import type { AuthChange } from "./auth-change.js";
import type { AuthRole, AuthState, AuthUser, Permission, PermissionKind } from "./auth-state.js";

const CHANGE_KINDS = {
  enable: 1,
  disable: 2,
  "user-add": 3,
  "user-delete": 4,
  "user-password": 5,
  "user-grant": 6,
  "user-revoke": 7,
  "role-add": 8,
  "role-delete": 9,
  "role-grant": 10,
  "role-revoke": 11,
  // 12 is not used.
  token: 13,
} as const;

const permissionKinds: readonly PermissionKind[] = ["read", "write", "readwrite"];

export function encodeAuthChange(change: AuthChange): Uint8Array {
  const writer = new Writer();
  writer.number(CHANGE_KINDS[change.kind]);
  writeFields(writer, change);
  return writer.bytes();
}

function writeFields(writer: Writer, change: AuthChange): void {
  switch (change.kind) {
    case "enable":
    case "disable":
      break;
    case "user-add":
      writer.text(change.user);
      writer.text(change.passwordHash);
      writer.number(Number(change.hasNoPassword));
      break;
    case "user-delete":
      writer.text(change.user);
      break;
    case "user-password":
      writer.text(change.user);
      writer.text(change.passwordHash);
      break;
    case "user-grant":
    case "user-revoke":
      writer.text(change.user);
      writer.text(change.role);
      break;
    case "role-add":
    case "role-delete":
      writer.text(change.role);
      break;
    case "role-grant":
      writer.text(change.role);
      writePermission(writer, change.permission);
      break;
    case "role-revoke":
      writer.text(change.role);
      writer.key(change.key);
      writer.key(change.rangeEnd);
      break;
    case "token":
      writer.text(change.user);
      writer.number(change.passwordRevision);
      writer.text(change.digest);
      break;
    default:
      unreachable(change);
  }
}

/** Throws a RangeError for bytes that `encodeAuthChange` did not write, T4_FORMAT_TOO_NEW for a kind it does not know. */
export function decodeAuthChange(bytes: Uint8Array): AuthChange {
  const reader = new Reader(bytes);
  const change = readChange(reader);
  reader.end();
  return change;
}

function readChange(reader: Reader): AuthChange {
  const kind = reader.number();
  switch (kind) {
    case CHANGE_KINDS.enable:
      return { kind: "enable" };
    case CHANGE_KINDS.disable:
      return { kind: "disable" };
    case CHANGE_KINDS["user-add"]:
      return {
        kind: "user-add",
        user: reader.text(),
        passwordHash: reader.text(),
        hasNoPassword: reader.flag(),
      };
    case CHANGE_KINDS["user-delete"]:
      return { kind: "user-delete", user: reader.text() };
    case CHANGE_KINDS["user-password"]:
      return { kind: "user-password", user: reader.text(), passwordHash: reader.text() };
    case CHANGE_KINDS["user-grant"]:
      return { kind: "user-grant", user: reader.text(), role: reader.text() };
    case CHANGE_KINDS["user-revoke"]:
      return { kind: "user-revoke", user: reader.text(), role: reader.text() };
    case CHANGE_KINDS["role-add"]:
      return { kind: "role-add", role: reader.text() };
    case CHANGE_KINDS["role-delete"]:
      return { kind: "role-delete", role: reader.text() };
    case CHANGE_KINDS["role-grant"]:
      return { kind: "role-grant", role: reader.text(), permission: readPermission(reader) };
    case CHANGE_KINDS["role-revoke"]:
      return {
        kind: "role-revoke",
        role: reader.text(),
        key: reader.key(),
        rangeEnd: reader.key(),
      };
    case CHANGE_KINDS.token:
      return {
        kind: "token",
        user: reader.text(),
        passwordRevision: reader.number(),
        digest: reader.text(),
      };
    default:
      throw new T4Error(
        "T4_FORMAT_TOO_NEW",
        `the log holds a change of auth of kind ${kind}, which this version does not know: use a newer one`,
      );
  }
}

export function encodeAuthState(state: AuthState): Uint8Array {
  const writer = new Writer();
  writeState(writer, state);
  return writer.bytes();
}

/** Throws a RangeError for bytes that `encodeAuthState` did not write. */
export function decodeAuthState(bytes: Uint8Array): AuthState {
  const reader = new Reader(bytes);
  const state = readState(reader);
  reader.end();
  return state;
}

function writeState(writer: Writer, state: AuthState): void {
  writer.number(Number(state.enabled));
  writer.number(state.revision);
  writer.number(state.disabledRevision);
  writer.number(state.users.size);
  for (const user of state.users.values()) {
    writer.text(user.name);
    writer.text(user.passwordHash);
    writer.number(Number(user.hasNoPassword));
    writer.number(user.passwordRevision);
    writer.number(user.roles.length);
    for (const role of user.roles) {
      writer.text(role);
    }
  }
  writer.number(state.roles.size);
  for (const role of state.roles.values()) {
    writer.text(role.name);
    writer.number(role.permissions.length);
    for (const permission of role.permissions) {
      writePermission(writer, permission);
    }
  }
}

function readState(reader: Reader): AuthState {
  const enabled = reader.flag();
  const revision = reader.number();
  const disabledRevision = reader.number();
  const users = reader.list(readUser);
  const roles = reader.list(readRole);
  return {
    enabled,
    revision,
    disabledRevision,
    users: new Map(users.map((user) => [user.name, user])),
    roles: new Map(roles.map((role) => [role.name, role])),
  };
}

function readUser(reader: Reader): AuthUser {
  return {
    name: reader.text(),
    passwordHash: reader.text(),
    hasNoPassword: reader.flag(),
    passwordRevision: reader.number(),
    roles: reader.list(() => reader.text()),
  };
}

function readRole(reader: Reader): AuthRole {
  return { name: reader.text(), permissions: reader.list(readPermission) };
}

function writePermission(writer: Writer, { kind, key, rangeEnd }: Permission): void {
  writer.number(permissionKinds.indexOf(kind));
  writer.key(key);
  writer.key(rangeEnd);
}

function readPermission(reader: Reader): Permission {
  const kind = permissionKinds[reader.number()];
  if (kind === undefined) {
    throw new RangeError("a permission is of no known kind");
  }
  return { kind, key: reader.key(), rangeEnd: reader.key() };
}

class Writer {
  readonly #parts: Uint8Array[] = [];

  number(value: number): void {
    const part = new Uint8Array(varintSize(value));
    writeVarint(part, 0, value);
    this.#parts.push(part);
  }

  text(value: string): void {
    this.#delimited(utf8Bytes(value));
  }

  key(value: string): void {
    this.#delimited(latin1Bytes(value));
  }

  #delimited(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.#parts.push(bytes);
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
  readonly #bytes: Uint8Array;
  readonly #cursor = { at: 0 };

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    return readVarint(this.#bytes, this.#cursor, this.#bytes.length);
  }

  flag(): boolean {
    const value = this.number();
    if (value > 1) {
      throw new RangeError("a flag is neither 0 nor 1");
    }
    return value === 1;
  }

  text(): string {
    const { start, end } = this.#delimited();
    try {
      // Copied: a TextDecoder takes no shared memory.
      return utf8Decoder.decode(this.#bytes.slice(start, end));
    } catch (error) {
      throw new RangeError("a name is not UTF-8", { cause: error });
    }
  }

  key(): string {
    const { start, end } = this.#delimited();
    return latin1(this.#bytes, start, end);
  }

  list<Item>(read: (reader: Reader) => Item): Item[] {
    const count = this.number();
    const items: Item[] = [];
    for (let at = 0; at < count; at += 1) {
      items.push(read(this));
    }
    return items;
  }

  end(): void {
    if (this.#cursor.at !== this.#bytes.length) {
      throw new RangeError("bytes are left over");
    }
  }

  #delimited(): { readonly start: number; readonly end: number } {
    const length = this.number();
    const start = this.#cursor.at;
    const end = start + length;
    if (end > this.#bytes.length) {
      throw new RangeError("a text ends past its record");
    }
    this.#cursor.at = end;
    return { start, end };
  }
}
