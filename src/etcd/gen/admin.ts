// Made by scripts/generate-codecs.ts from proto/t4/admin.proto: change that file, not this one.
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, delimitedSize, int64Size, readBigUint64, readBool, readEnd, readInt64, readString, readTag, readUint32, skipField, utf8Size, writeInt64, writeUtf8 } from "../wire.js";

export interface CollectRequest {
  clusterId: bigint;
  keep: number;
  restoreWindowMs: number;
  graceMs: number;
  dryRun: boolean;
}

export function emptyCollectRequest(): CollectRequest {
  return {
    clusterId: 0n,
    keep: 0,
    restoreWindowMs: 0,
    graceMs: 0,
    dryRun: false,
  };
}

const shapeOfCollectRequest: Shape = {
  name: "CollectRequest",
  fields: { 1: "ClusterId", 2: "Keep", 3: "RestoreWindowMs", 4: "GraceMs", 5: "DryRun" },
};

export function decodeCollectRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): CollectRequest {
  const message = emptyCollectRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.clusterId = readBigUint64(buffer, end);
        break;
      }
      case 16: {
        message.keep = readUint32(buffer, end);
        break;
      }
      case 24: {
        message.restoreWindowMs = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.graceMs = readInt64(buffer, end);
        break;
      }
      case 40: {
        message.dryRun = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCollectRequest);
    }
  }
  return message;
}

export function sizeCollectRequest(message: CollectRequest): number {
  let size = 0;
  if (message.clusterId !== 0n) {
    size += 1 + bigVarintSize(message.clusterId);
  }
  if (message.keep !== 0) {
    size += 1 + varintSize(message.keep);
  }
  if (message.restoreWindowMs !== 0) {
    size += 1 + int64Size(message.restoreWindowMs);
  }
  if (message.graceMs !== 0) {
    size += 1 + int64Size(message.graceMs);
  }
  if (message.dryRun) {
    size += 1 + 1;
  }
  return size;
}

export function writeCollectRequest(
  target: Uint8Array,
  start: number,
  message: CollectRequest,
): number {
  let at = start;
  if (message.clusterId !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.clusterId);
  }
  if (message.keep !== 0) {
    target[at] = 16;
    at += 1;
    at = writeVarint(target, at, message.keep);
  }
  if (message.restoreWindowMs !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.restoreWindowMs);
  }
  if (message.graceMs !== 0) {
    target[at] = 32;
    at += 1;
    at = writeInt64(target, at, message.graceMs);
  }
  if (message.dryRun) {
    target[at] = 40;
    at += 1;
    target[at] = message.dryRun ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface CollectedObject {
  key: string;
  bytes: number;
}

export function emptyCollectedObject(): CollectedObject {
  return {
    key: "",
    bytes: 0,
  };
}

const shapeOfCollectedObject: Shape = {
  name: "CollectedObject",
  fields: { 1: "Key", 2: "Bytes" },
};

export function decodeCollectedObject(
  buffer: Uint8Array,
  start: number,
  end: number,
): CollectedObject {
  const message = emptyCollectedObject();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readString(buffer, end);
        break;
      }
      case 16: {
        message.bytes = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCollectedObject);
    }
  }
  return message;
}

export function sizeCollectedObject(message: CollectedObject): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(utf8Size(message.key));
  }
  if (message.bytes !== 0) {
    size += 1 + int64Size(message.bytes);
  }
  return size;
}

export function writeCollectedObject(
  target: Uint8Array,
  start: number,
  message: CollectedObject,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.key));
    at = writeUtf8(target, at, message.key);
  }
  if (message.bytes !== 0) {
    target[at] = 16;
    at += 1;
    at = writeInt64(target, at, message.bytes);
  }
  return at;
}

export interface CollectResponse {
  kind: string;
  deleted: CollectedObject[];
  condemned: CollectedObject[];
  droppedCheckpoints: string[];
  keptCheckpoints: string[];
}

export function emptyCollectResponse(): CollectResponse {
  return {
    kind: "",
    deleted: [],
    condemned: [],
    droppedCheckpoints: [],
    keptCheckpoints: [],
  };
}

const shapeOfCollectResponse: Shape = {
  name: "CollectResponse",
  fields: { 1: "Kind", 2: "Deleted", 3: "Condemned", 4: "DroppedCheckpoints", 5: "KeptCheckpoints" },
};

export function decodeCollectResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): CollectResponse {
  const message = emptyCollectResponse();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.kind = readString(buffer, end);
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.deleted.push(decodeCollectedObject(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.condemned.push(decodeCollectedObject(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      case 34: {
        message.droppedCheckpoints.push(readString(buffer, end));
        break;
      }
      case 42: {
        message.keptCheckpoints.push(readString(buffer, end));
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCollectResponse);
    }
  }
  return message;
}

export function sizeCollectResponse(message: CollectResponse): number {
  let size = 0;
  if (message.kind !== "") {
    size += 1 + delimitedSize(utf8Size(message.kind));
  }
  for (const value of message.deleted) {
    size += 1 + delimitedSize(sizeCollectedObject(value));
  }
  for (const value of message.condemned) {
    size += 1 + delimitedSize(sizeCollectedObject(value));
  }
  for (const value of message.droppedCheckpoints) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  for (const value of message.keptCheckpoints) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  return size;
}

export function writeCollectResponse(
  target: Uint8Array,
  start: number,
  message: CollectResponse,
): number {
  let at = start;
  if (message.kind !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.kind));
    at = writeUtf8(target, at, message.kind);
  }
  for (const value of message.deleted) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeCollectedObject(value));
    at = writeCollectedObject(target, at, value);
  }
  for (const value of message.condemned) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeCollectedObject(value));
    at = writeCollectedObject(target, at, value);
  }
  for (const value of message.droppedCheckpoints) {
    target[at] = 34;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  for (const value of message.keptCheckpoints) {
    target[at] = 42;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  return at;
}
