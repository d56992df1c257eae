// Made by scripts/generate-codecs.ts from proto/etcd/kv.proto: change that file, not this one.
import { writeLatin1 } from "../../lib/bytes.js";
import { bigVarintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, delimitedSize, int64Size, noBytes, readBigInt64, readBytes, readEnd, readInt32, readInt64, readLatin1, readTag, skipField, writeInt64 } from "../wire.js";

export interface KeyValue {
  key: string;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}

export function emptyKeyValue(): KeyValue {
  return {
    key: "",
    createRevision: 0,
    modRevision: 0,
    version: 0,
    value: noBytes,
    lease: 0n,
  };
}

const shapeOfKeyValue: Shape = {
  name: "KeyValue",
  fields: { 1: "Key", 2: "CreateRevision", 3: "ModRevision", 4: "Version", 5: "Value", 6: "Lease" },
};

export function decodeKeyValue(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: KeyValue = emptyKeyValue(),
): KeyValue {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 16: {
        message.createRevision = readInt64(buffer, end);
        break;
      }
      case 24: {
        message.modRevision = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.version = readInt64(buffer, end);
        break;
      }
      case 42: {
        message.value = readBytes(buffer, end);
        break;
      }
      case 48: {
        message.lease = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfKeyValue);
    }
  }
  return message;
}

export function sizeKeyValue(message: KeyValue): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.createRevision !== 0) {
    size += 1 + int64Size(message.createRevision);
  }
  if (message.modRevision !== 0) {
    size += 1 + int64Size(message.modRevision);
  }
  if (message.version !== 0) {
    size += 1 + int64Size(message.version);
  }
  if (message.value.length > 0) {
    size += 1 + delimitedSize(message.value.length);
  }
  if (message.lease !== 0n) {
    size += 1 + bigVarintSize(message.lease);
  }
  return size;
}

export function writeKeyValue(
  target: Uint8Array,
  start: number,
  message: KeyValue,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.createRevision !== 0) {
    target[at] = 16;
    at += 1;
    at = writeInt64(target, at, message.createRevision);
  }
  if (message.modRevision !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.modRevision);
  }
  if (message.version !== 0) {
    target[at] = 32;
    at += 1;
    at = writeInt64(target, at, message.version);
  }
  if (message.value.length > 0) {
    target[at] = 42;
    at += 1;
    at = writeVarint(target, at, message.value.length);
    target.set(message.value, at);
    at += message.value.length;
  }
  if (message.lease !== 0n) {
    target[at] = 48;
    at += 1;
    at = writeBigVarint(target, at, message.lease);
  }
  return at;
}

export const EventEventType: {
  readonly PUT: 0;
  readonly DELETE: 1;
} = {
  PUT: 0,
  DELETE: 1,
};

export interface Event {
  type: number;
  kv: KeyValue | null;
  prevKv: KeyValue | null;
}

export function emptyEvent(): Event {
  return {
    type: 0,
    kv: null,
    prevKv: null,
  };
}

const shapeOfEvent: Shape = {
  name: "Event",
  fields: { 1: "Type", 2: "Kv", 3: "PrevKv" },
};

export function decodeEvent(
  buffer: Uint8Array,
  start: number,
  end: number,
): Event {
  const message = emptyEvent();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.type = readInt32(buffer, end);
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.kv = decodeKeyValue(buffer, cursor.at, fieldEnd, message.kv ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.prevKv = decodeKeyValue(buffer, cursor.at, fieldEnd, message.prevKv ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfEvent);
    }
  }
  return message;
}

export function sizeEvent(message: Event): number {
  let size = 0;
  if (message.type !== 0) {
    size += 1 + int64Size(message.type);
  }
  if (message.kv !== null) {
    size += 1 + delimitedSize(sizeKeyValue(message.kv));
  }
  if (message.prevKv !== null) {
    size += 1 + delimitedSize(sizeKeyValue(message.prevKv));
  }
  return size;
}

export function writeEvent(
  target: Uint8Array,
  start: number,
  message: Event,
): number {
  let at = start;
  if (message.type !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.type);
  }
  if (message.kv !== null) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeKeyValue(message.kv));
    at = writeKeyValue(target, at, message.kv);
  }
  if (message.prevKv !== null) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeKeyValue(message.prevKv));
    at = writeKeyValue(target, at, message.prevKv);
  }
  return at;
}
