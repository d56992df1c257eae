// Made by scripts/generate-codecs.ts from proto/etcd/v3lock.proto: change that file, not this one.
import { writeLatin1 } from "../../lib/bytes.js";
import { bigVarintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, delimitedSize, readBigInt64, readEnd, readLatin1, readTag, skipField } from "../wire.js";
import { type ResponseHeader, decodeResponseHeader, sizeResponseHeader, writeResponseHeader } from "./rpc.js";

export interface LockRequest {
  name: string;
  lease: bigint;
}

export function emptyLockRequest(): LockRequest {
  return {
    name: "",
    lease: 0n,
  };
}

const shapeOfLockRequest: Shape = {
  name: "LockRequest",
  fields: { 1: "Name", 2: "Lease" },
};

export function decodeLockRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LockRequest {
  const message = emptyLockRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readLatin1(buffer, end);
        break;
      }
      case 16: {
        message.lease = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLockRequest);
    }
  }
  return message;
}

export function sizeLockRequest(message: LockRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(message.name.length);
  }
  if (message.lease !== 0n) {
    size += 1 + bigVarintSize(message.lease);
  }
  return size;
}

export function writeLockRequest(
  target: Uint8Array,
  start: number,
  message: LockRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.name.length);
    at = writeLatin1(target, at, message.name);
  }
  if (message.lease !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.lease);
  }
  return at;
}

export interface LockResponse {
  header: ResponseHeader | null;
  key: string;
}

export function emptyLockResponse(): LockResponse {
  return {
    header: null,
    key: "",
  };
}

const shapeOfLockResponse: Shape = {
  name: "LockResponse",
  fields: { 1: "Header", 2: "Key" },
};

export function decodeLockResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LockResponse {
  const message = emptyLockResponse();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.header = decodeResponseHeader(buffer, cursor.at, fieldEnd, message.header ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      case 18: {
        message.key = readLatin1(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLockResponse);
    }
  }
  return message;
}

export function sizeLockResponse(message: LockResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  return size;
}

export function writeLockResponse(
  target: Uint8Array,
  start: number,
  message: LockResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.key !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  return at;
}

export interface UnlockRequest {
  key: string;
}

export function emptyUnlockRequest(): UnlockRequest {
  return {
    key: "",
  };
}

const shapeOfUnlockRequest: Shape = {
  name: "UnlockRequest",
  fields: { 1: "Key" },
};

export function decodeUnlockRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): UnlockRequest {
  const message = emptyUnlockRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readLatin1(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfUnlockRequest);
    }
  }
  return message;
}

export function sizeUnlockRequest(message: UnlockRequest): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  return size;
}

export function writeUnlockRequest(
  target: Uint8Array,
  start: number,
  message: UnlockRequest,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  return at;
}

export interface UnlockResponse {
  header: ResponseHeader | null;
}

export function emptyUnlockResponse(): UnlockResponse {
  return {
    header: null,
  };
}

const shapeOfUnlockResponse: Shape = {
  name: "UnlockResponse",
  fields: { 1: "Header" },
};

export function decodeUnlockResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): UnlockResponse {
  const message = emptyUnlockResponse();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.header = decodeResponseHeader(buffer, cursor.at, fieldEnd, message.header ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfUnlockResponse);
    }
  }
  return message;
}

export function sizeUnlockResponse(message: UnlockResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeUnlockResponse(
  target: Uint8Array,
  start: number,
  message: UnlockResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  return at;
}
