// Made by scripts/generate-codecs.ts from proto/etcd/auth.proto: change that file, not this one.
import { writeLatin1 } from "../../lib/bytes.js";
import { writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, delimitedSize, int64Size, noBytes, readBool, readBytes, readEnd, readInt32, readLatin1, readString, readTag, skipField, utf8Size, writeInt64, writeUtf8 } from "../wire.js";

export interface UserAddOptions {
  noPassword: boolean;
}

export function emptyUserAddOptions(): UserAddOptions {
  return {
    noPassword: false,
  };
}

const shapeOfUserAddOptions: Shape = {
  name: "UserAddOptions",
  fields: { 1: "NoPassword" },
};

export function decodeUserAddOptions(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: UserAddOptions = emptyUserAddOptions(),
): UserAddOptions {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.noPassword = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfUserAddOptions);
    }
  }
  return message;
}

export function sizeUserAddOptions(message: UserAddOptions): number {
  let size = 0;
  if (message.noPassword) {
    size += 1 + 1;
  }
  return size;
}

export function writeUserAddOptions(
  target: Uint8Array,
  start: number,
  message: UserAddOptions,
): number {
  let at = start;
  if (message.noPassword) {
    target[at] = 8;
    at += 1;
    target[at] = message.noPassword ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface User {
  name: string;
  password: Uint8Array;
  roles: string[];
  options: UserAddOptions | null;
}

export function emptyUser(): User {
  return {
    name: "",
    password: noBytes,
    roles: [],
    options: null,
  };
}

const shapeOfUser: Shape = {
  name: "User",
  fields: { 1: "Name", 2: "Password", 3: "Roles", 4: "Options" },
};

export function decodeUser(
  buffer: Uint8Array,
  start: number,
  end: number,
): User {
  const message = emptyUser();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readLatin1(buffer, end);
        break;
      }
      case 18: {
        message.password = readBytes(buffer, end);
        break;
      }
      case 26: {
        message.roles.push(readString(buffer, end));
        break;
      }
      case 34: {
        const fieldEnd = readEnd(buffer, end);
        message.options = decodeUserAddOptions(buffer, cursor.at, fieldEnd, message.options ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfUser);
    }
  }
  return message;
}

export function sizeUser(message: User): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(message.name.length);
  }
  if (message.password.length > 0) {
    size += 1 + delimitedSize(message.password.length);
  }
  for (const value of message.roles) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  if (message.options !== null) {
    size += 1 + delimitedSize(sizeUserAddOptions(message.options));
  }
  return size;
}

export function writeUser(
  target: Uint8Array,
  start: number,
  message: User,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.name.length);
    at = writeLatin1(target, at, message.name);
  }
  if (message.password.length > 0) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.password.length);
    target.set(message.password, at);
    at += message.password.length;
  }
  for (const value of message.roles) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  if (message.options !== null) {
    target[at] = 34;
    at += 1;
    at = writeVarint(target, at, sizeUserAddOptions(message.options));
    at = writeUserAddOptions(target, at, message.options);
  }
  return at;
}

export const PermissionType: {
  readonly READ: 0;
  readonly WRITE: 1;
  readonly READWRITE: 2;
} = {
  READ: 0,
  WRITE: 1,
  READWRITE: 2,
};

export interface Permission {
  permType: number;
  key: string;
  rangeEnd: string;
}

export function emptyPermission(): Permission {
  return {
    permType: 0,
    key: "",
    rangeEnd: "",
  };
}

const shapeOfPermission: Shape = {
  name: "Permission",
  fields: { 1: "PermType", 2: "Key", 3: "RangeEnd" },
};

export function decodePermission(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: Permission = emptyPermission(),
): Permission {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.permType = readInt32(buffer, end);
        break;
      }
      case 18: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 26: {
        message.rangeEnd = readLatin1(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfPermission);
    }
  }
  return message;
}

export function sizePermission(message: Permission): number {
  let size = 0;
  if (message.permType !== 0) {
    size += 1 + int64Size(message.permType);
  }
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.rangeEnd !== "") {
    size += 1 + delimitedSize(message.rangeEnd.length);
  }
  return size;
}

export function writePermission(
  target: Uint8Array,
  start: number,
  message: Permission,
): number {
  let at = start;
  if (message.permType !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.permType);
  }
  if (message.key !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.rangeEnd !== "") {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, message.rangeEnd.length);
    at = writeLatin1(target, at, message.rangeEnd);
  }
  return at;
}

export interface Role {
  name: string;
  keyPermission: Permission[];
}

export function emptyRole(): Role {
  return {
    name: "",
    keyPermission: [],
  };
}

const shapeOfRole: Shape = {
  name: "Role",
  fields: { 1: "Name", 2: "KeyPermission" },
};

export function decodeRole(
  buffer: Uint8Array,
  start: number,
  end: number,
): Role {
  const message = emptyRole();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readLatin1(buffer, end);
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.keyPermission.push(decodePermission(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfRole);
    }
  }
  return message;
}

export function sizeRole(message: Role): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(message.name.length);
  }
  for (const value of message.keyPermission) {
    size += 1 + delimitedSize(sizePermission(value));
  }
  return size;
}

export function writeRole(
  target: Uint8Array,
  start: number,
  message: Role,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.name.length);
    at = writeLatin1(target, at, message.name);
  }
  for (const value of message.keyPermission) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizePermission(value));
    at = writePermission(target, at, value);
  }
  return at;
}
