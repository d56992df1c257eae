// Made by scripts/generate-codecs.ts from proto/etcd/rpc.proto: change that file, not this one.
import { writeLatin1 } from "../../lib/bytes.js";
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, deeper, delimitedSize, int64Size, noBytes, readBigInt64, readBigUint64, readBool, readBytes, readEnd, readInt32, readInt64, readLatin1, readString, readTag, readUint32, readUint64, readView, skipField, utf8Size, writeInt64, writeUtf8 } from "../wire.js";
import { type Permission, type UserAddOptions, decodePermission, decodeUserAddOptions, sizePermission, sizeUserAddOptions, writePermission, writeUserAddOptions } from "./auth.js";
import { type Event, type KeyValue, decodeEvent, decodeKeyValue, sizeEvent, sizeKeyValue, writeEvent, writeKeyValue } from "./kv.js";

export const AlarmType: {
  readonly NONE: 0;
  readonly NOSPACE: 1;
  readonly CORRUPT: 2;
} = {
  NONE: 0,
  NOSPACE: 1,
  CORRUPT: 2,
};

export interface ResponseHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

export function emptyResponseHeader(): ResponseHeader {
  return {
    clusterId: 0n,
    memberId: 0n,
    revision: 0,
    raftTerm: 0,
  };
}

const shapeOfResponseHeader: Shape = {
  name: "ResponseHeader",
  fields: { 1: "ClusterId", 2: "MemberId", 3: "Revision", 4: "RaftTerm" },
};

export function decodeResponseHeader(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: ResponseHeader = emptyResponseHeader(),
): ResponseHeader {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.clusterId = readBigUint64(buffer, end);
        break;
      }
      case 16: {
        message.memberId = readBigUint64(buffer, end);
        break;
      }
      case 24: {
        message.revision = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.raftTerm = readUint64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfResponseHeader);
    }
  }
  return message;
}

export function sizeResponseHeader(message: ResponseHeader): number {
  let size = 0;
  if (message.clusterId !== 0n) {
    size += 1 + bigVarintSize(message.clusterId);
  }
  if (message.memberId !== 0n) {
    size += 1 + bigVarintSize(message.memberId);
  }
  if (message.revision !== 0) {
    size += 1 + int64Size(message.revision);
  }
  if (message.raftTerm !== 0) {
    size += 1 + varintSize(message.raftTerm);
  }
  return size;
}

export function writeResponseHeader(
  target: Uint8Array,
  start: number,
  message: ResponseHeader,
): number {
  let at = start;
  if (message.clusterId !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.clusterId);
  }
  if (message.memberId !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.memberId);
  }
  if (message.revision !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.revision);
  }
  if (message.raftTerm !== 0) {
    target[at] = 32;
    at += 1;
    at = writeVarint(target, at, message.raftTerm);
  }
  return at;
}

export const RangeRequestSortOrder: {
  readonly NONE: 0;
  readonly ASCEND: 1;
  readonly DESCEND: 2;
} = {
  NONE: 0,
  ASCEND: 1,
  DESCEND: 2,
};

export const RangeRequestSortTarget: {
  readonly KEY: 0;
  readonly VERSION: 1;
  readonly CREATE: 2;
  readonly MOD: 3;
  readonly VALUE: 4;
} = {
  KEY: 0,
  VERSION: 1,
  CREATE: 2,
  MOD: 3,
  VALUE: 4,
};

export interface RangeRequest {
  key: string;
  rangeEnd: string;
  limit: number;
  revision: number;
  sortOrder: number;
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

export function emptyRangeRequest(): RangeRequest {
  return {
    key: "",
    rangeEnd: "",
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

const shapeOfRangeRequest: Shape = {
  name: "RangeRequest",
  fields: { 1: "Key", 2: "RangeEnd", 3: "Limit", 4: "Revision", 5: "SortOrder", 6: "SortTarget", 7: "Serializable", 8: "KeysOnly", 9: "CountOnly", 10: "MinModRevision", 11: "MaxModRevision", 12: "MinCreateRevision", 13: "MaxCreateRevision" },
};

export function decodeRangeRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): RangeRequest {
  const message = emptyRangeRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 18: {
        message.rangeEnd = readLatin1(buffer, end);
        break;
      }
      case 24: {
        message.limit = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.revision = readInt64(buffer, end);
        break;
      }
      case 40: {
        message.sortOrder = readInt32(buffer, end);
        break;
      }
      case 48: {
        message.sortTarget = readInt32(buffer, end);
        break;
      }
      case 56: {
        message.serializable = readBool(buffer, end);
        break;
      }
      case 64: {
        message.keysOnly = readBool(buffer, end);
        break;
      }
      case 72: {
        message.countOnly = readBool(buffer, end);
        break;
      }
      case 80: {
        message.minModRevision = readInt64(buffer, end);
        break;
      }
      case 88: {
        message.maxModRevision = readInt64(buffer, end);
        break;
      }
      case 96: {
        message.minCreateRevision = readInt64(buffer, end);
        break;
      }
      case 104: {
        message.maxCreateRevision = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfRangeRequest);
    }
  }
  return message;
}

export function sizeRangeRequest(message: RangeRequest): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.rangeEnd !== "") {
    size += 1 + delimitedSize(message.rangeEnd.length);
  }
  if (message.limit !== 0) {
    size += 1 + int64Size(message.limit);
  }
  if (message.revision !== 0) {
    size += 1 + int64Size(message.revision);
  }
  if (message.sortOrder !== 0) {
    size += 1 + int64Size(message.sortOrder);
  }
  if (message.sortTarget !== 0) {
    size += 1 + int64Size(message.sortTarget);
  }
  if (message.serializable) {
    size += 1 + 1;
  }
  if (message.keysOnly) {
    size += 1 + 1;
  }
  if (message.countOnly) {
    size += 1 + 1;
  }
  if (message.minModRevision !== 0) {
    size += 1 + int64Size(message.minModRevision);
  }
  if (message.maxModRevision !== 0) {
    size += 1 + int64Size(message.maxModRevision);
  }
  if (message.minCreateRevision !== 0) {
    size += 1 + int64Size(message.minCreateRevision);
  }
  if (message.maxCreateRevision !== 0) {
    size += 1 + int64Size(message.maxCreateRevision);
  }
  return size;
}

export function writeRangeRequest(
  target: Uint8Array,
  start: number,
  message: RangeRequest,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.rangeEnd !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.rangeEnd.length);
    at = writeLatin1(target, at, message.rangeEnd);
  }
  if (message.limit !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.limit);
  }
  if (message.revision !== 0) {
    target[at] = 32;
    at += 1;
    at = writeInt64(target, at, message.revision);
  }
  if (message.sortOrder !== 0) {
    target[at] = 40;
    at += 1;
    at = writeInt64(target, at, message.sortOrder);
  }
  if (message.sortTarget !== 0) {
    target[at] = 48;
    at += 1;
    at = writeInt64(target, at, message.sortTarget);
  }
  if (message.serializable) {
    target[at] = 56;
    at += 1;
    target[at] = message.serializable ? 1 : 0;
    at += 1;
  }
  if (message.keysOnly) {
    target[at] = 64;
    at += 1;
    target[at] = message.keysOnly ? 1 : 0;
    at += 1;
  }
  if (message.countOnly) {
    target[at] = 72;
    at += 1;
    target[at] = message.countOnly ? 1 : 0;
    at += 1;
  }
  if (message.minModRevision !== 0) {
    target[at] = 80;
    at += 1;
    at = writeInt64(target, at, message.minModRevision);
  }
  if (message.maxModRevision !== 0) {
    target[at] = 88;
    at += 1;
    at = writeInt64(target, at, message.maxModRevision);
  }
  if (message.minCreateRevision !== 0) {
    target[at] = 96;
    at += 1;
    at = writeInt64(target, at, message.minCreateRevision);
  }
  if (message.maxCreateRevision !== 0) {
    target[at] = 104;
    at += 1;
    at = writeInt64(target, at, message.maxCreateRevision);
  }
  return at;
}

export interface RangeResponse {
  header: ResponseHeader | null;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

export function emptyRangeResponse(): RangeResponse {
  return {
    header: null,
    kvs: [],
    more: false,
    count: 0,
  };
}

const shapeOfRangeResponse: Shape = {
  name: "RangeResponse",
  fields: { 1: "Header", 2: "Kvs", 3: "More", 4: "Count" },
};

export function decodeRangeResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: RangeResponse = emptyRangeResponse(),
): RangeResponse {
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
        const fieldEnd = readEnd(buffer, end);
        message.kvs.push(decodeKeyValue(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      case 24: {
        message.more = readBool(buffer, end);
        break;
      }
      case 32: {
        message.count = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfRangeResponse);
    }
  }
  return message;
}

export function sizeRangeResponse(message: RangeResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.kvs) {
    size += 1 + delimitedSize(sizeKeyValue(value));
  }
  if (message.more) {
    size += 1 + 1;
  }
  if (message.count !== 0) {
    size += 1 + int64Size(message.count);
  }
  return size;
}

export function writeRangeResponse(
  target: Uint8Array,
  start: number,
  message: RangeResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.kvs) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeKeyValue(value));
    at = writeKeyValue(target, at, value);
  }
  if (message.more) {
    target[at] = 24;
    at += 1;
    target[at] = message.more ? 1 : 0;
    at += 1;
  }
  if (message.count !== 0) {
    target[at] = 32;
    at += 1;
    at = writeInt64(target, at, message.count);
  }
  return at;
}

export interface PutRequest {
  key: string;
  /** Decoded, a view of the buffer: valid as long as that. */
  value: Uint8Array;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

export function emptyPutRequest(): PutRequest {
  return {
    key: "",
    value: noBytes,
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

const shapeOfPutRequest: Shape = {
  name: "PutRequest",
  fields: { 1: "Key", 2: "Value", 3: "Lease", 4: "PrevKv", 5: "IgnoreValue", 6: "IgnoreLease" },
};

export function decodePutRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): PutRequest {
  const message = emptyPutRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 18: {
        message.value = readView(buffer, end);
        break;
      }
      case 24: {
        message.lease = readBigInt64(buffer, end);
        break;
      }
      case 32: {
        message.prevKv = readBool(buffer, end);
        break;
      }
      case 40: {
        message.ignoreValue = readBool(buffer, end);
        break;
      }
      case 48: {
        message.ignoreLease = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfPutRequest);
    }
  }
  return message;
}

export function sizePutRequest(message: PutRequest): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.value.length > 0) {
    size += 1 + delimitedSize(message.value.length);
  }
  if (message.lease !== 0n) {
    size += 1 + bigVarintSize(message.lease);
  }
  if (message.prevKv) {
    size += 1 + 1;
  }
  if (message.ignoreValue) {
    size += 1 + 1;
  }
  if (message.ignoreLease) {
    size += 1 + 1;
  }
  return size;
}

export function writePutRequest(
  target: Uint8Array,
  start: number,
  message: PutRequest,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.value.length > 0) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.value.length);
    target.set(message.value, at);
    at += message.value.length;
  }
  if (message.lease !== 0n) {
    target[at] = 24;
    at += 1;
    at = writeBigVarint(target, at, message.lease);
  }
  if (message.prevKv) {
    target[at] = 32;
    at += 1;
    target[at] = message.prevKv ? 1 : 0;
    at += 1;
  }
  if (message.ignoreValue) {
    target[at] = 40;
    at += 1;
    target[at] = message.ignoreValue ? 1 : 0;
    at += 1;
  }
  if (message.ignoreLease) {
    target[at] = 48;
    at += 1;
    target[at] = message.ignoreLease ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface PutResponse {
  header: ResponseHeader | null;
  prevKv: KeyValue | null;
}

export function emptyPutResponse(): PutResponse {
  return {
    header: null,
    prevKv: null,
  };
}

const shapeOfPutResponse: Shape = {
  name: "PutResponse",
  fields: { 1: "Header", 2: "PrevKv" },
};

export function decodePutResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): PutResponse {
  const message = emptyPutResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.prevKv = decodeKeyValue(buffer, cursor.at, fieldEnd, message.prevKv ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfPutResponse);
    }
  }
  return message;
}

export function sizePutResponse(message: PutResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.prevKv !== null) {
    size += 1 + delimitedSize(sizeKeyValue(message.prevKv));
  }
  return size;
}

export function writePutResponse(
  target: Uint8Array,
  start: number,
  message: PutResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.prevKv !== null) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeKeyValue(message.prevKv));
    at = writeKeyValue(target, at, message.prevKv);
  }
  return at;
}

export interface DeleteRangeRequest {
  key: string;
  rangeEnd: string;
  prevKv: boolean;
}

export function emptyDeleteRangeRequest(): DeleteRangeRequest {
  return {
    key: "",
    rangeEnd: "",
    prevKv: false,
  };
}

const shapeOfDeleteRangeRequest: Shape = {
  name: "DeleteRangeRequest",
  fields: { 1: "Key", 2: "RangeEnd", 3: "PrevKv" },
};

export function decodeDeleteRangeRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): DeleteRangeRequest {
  const message = emptyDeleteRangeRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 18: {
        message.rangeEnd = readLatin1(buffer, end);
        break;
      }
      case 24: {
        message.prevKv = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfDeleteRangeRequest);
    }
  }
  return message;
}

export function sizeDeleteRangeRequest(message: DeleteRangeRequest): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.rangeEnd !== "") {
    size += 1 + delimitedSize(message.rangeEnd.length);
  }
  if (message.prevKv) {
    size += 1 + 1;
  }
  return size;
}

export function writeDeleteRangeRequest(
  target: Uint8Array,
  start: number,
  message: DeleteRangeRequest,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.rangeEnd !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.rangeEnd.length);
    at = writeLatin1(target, at, message.rangeEnd);
  }
  if (message.prevKv) {
    target[at] = 24;
    at += 1;
    target[at] = message.prevKv ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface DeleteRangeResponse {
  header: ResponseHeader | null;
  deleted: number;
  prevKvs: KeyValue[];
}

export function emptyDeleteRangeResponse(): DeleteRangeResponse {
  return {
    header: null,
    deleted: 0,
    prevKvs: [],
  };
}

const shapeOfDeleteRangeResponse: Shape = {
  name: "DeleteRangeResponse",
  fields: { 1: "Header", 2: "Deleted", 3: "PrevKvs" },
};

export function decodeDeleteRangeResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): DeleteRangeResponse {
  const message = emptyDeleteRangeResponse();
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
      case 16: {
        message.deleted = readInt64(buffer, end);
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.prevKvs.push(decodeKeyValue(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfDeleteRangeResponse);
    }
  }
  return message;
}

export function sizeDeleteRangeResponse(message: DeleteRangeResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.deleted !== 0) {
    size += 1 + int64Size(message.deleted);
  }
  for (const value of message.prevKvs) {
    size += 1 + delimitedSize(sizeKeyValue(value));
  }
  return size;
}

export function writeDeleteRangeResponse(
  target: Uint8Array,
  start: number,
  message: DeleteRangeResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.deleted !== 0) {
    target[at] = 16;
    at += 1;
    at = writeInt64(target, at, message.deleted);
  }
  for (const value of message.prevKvs) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeKeyValue(value));
    at = writeKeyValue(target, at, value);
  }
  return at;
}

export type RequestOpRequest =
  | { readonly kind: "requestRange"; readonly value: RangeRequest }
  | { readonly kind: "requestPut"; readonly value: PutRequest }
  | { readonly kind: "requestDeleteRange"; readonly value: DeleteRangeRequest }
  | { readonly kind: "requestTxn"; readonly value: TxnRequest }
  ;
export interface RequestOp {
  request: RequestOpRequest | null;
}

export function emptyRequestOp(): RequestOp {
  return {
    request: null,
  };
}

const shapeOfRequestOp: Shape = {
  name: "RequestOp",
  fields: { 1: "RequestRange", 2: "RequestPut", 3: "RequestDeleteRange", 4: "RequestTxn" },
};

export function decodeRequestOp(
  buffer: Uint8Array,
  start: number,
  end: number,
  depth = 0,
): RequestOp {
  const message = emptyRequestOp();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.request = { kind: "requestRange", value: decodeRangeRequest(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.request = { kind: "requestPut", value: decodePutRequest(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.request = { kind: "requestDeleteRange", value: decodeDeleteRangeRequest(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 34: {
        const fieldEnd = readEnd(buffer, end);
        message.request = { kind: "requestTxn", value: decodeTxnRequest(buffer, cursor.at, fieldEnd, deeper(depth)) };
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfRequestOp);
    }
  }
  return message;
}

export function sizeRequestOp(message: RequestOp): number {
  let size = 0;
  const request = message.request;
  switch (request?.kind) {
    case "requestRange":
      size += 1 + delimitedSize(sizeRangeRequest(request.value));
      break;
    case "requestPut":
      size += 1 + delimitedSize(sizePutRequest(request.value));
      break;
    case "requestDeleteRange":
      size += 1 + delimitedSize(sizeDeleteRangeRequest(request.value));
      break;
    case "requestTxn":
      size += 1 + delimitedSize(sizeTxnRequest(request.value));
      break;
    case undefined:
      break;
  }
  return size;
}

export function writeRequestOp(
  target: Uint8Array,
  start: number,
  message: RequestOp,
): number {
  let at = start;
  const request = message.request;
  switch (request?.kind) {
    case "requestRange":
      target[at] = 10;
      at += 1;
      at = writeVarint(target, at, sizeRangeRequest(request.value));
      at = writeRangeRequest(target, at, request.value);
      break;
    case "requestPut":
      target[at] = 18;
      at += 1;
      at = writeVarint(target, at, sizePutRequest(request.value));
      at = writePutRequest(target, at, request.value);
      break;
    case "requestDeleteRange":
      target[at] = 26;
      at += 1;
      at = writeVarint(target, at, sizeDeleteRangeRequest(request.value));
      at = writeDeleteRangeRequest(target, at, request.value);
      break;
    case "requestTxn":
      target[at] = 34;
      at += 1;
      at = writeVarint(target, at, sizeTxnRequest(request.value));
      at = writeTxnRequest(target, at, request.value);
      break;
    case undefined:
      break;
  }
  return at;
}

export type ResponseOpResponse =
  | { readonly kind: "responseRange"; readonly value: RangeResponse }
  | { readonly kind: "responsePut"; readonly value: PutResponse }
  | { readonly kind: "responseDeleteRange"; readonly value: DeleteRangeResponse }
  | { readonly kind: "responseTxn"; readonly value: TxnResponse }
  ;
export interface ResponseOp {
  response: ResponseOpResponse | null;
}

export function emptyResponseOp(): ResponseOp {
  return {
    response: null,
  };
}

const shapeOfResponseOp: Shape = {
  name: "ResponseOp",
  fields: { 1: "ResponseRange", 2: "ResponsePut", 3: "ResponseDeleteRange", 4: "ResponseTxn" },
};

export function decodeResponseOp(
  buffer: Uint8Array,
  start: number,
  end: number,
  depth = 0,
): ResponseOp {
  const message = emptyResponseOp();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.response = { kind: "responseRange", value: decodeRangeResponse(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.response = { kind: "responsePut", value: decodePutResponse(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.response = { kind: "responseDeleteRange", value: decodeDeleteRangeResponse(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 34: {
        const fieldEnd = readEnd(buffer, end);
        message.response = { kind: "responseTxn", value: decodeTxnResponse(buffer, cursor.at, fieldEnd, deeper(depth)) };
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfResponseOp);
    }
  }
  return message;
}

export function sizeResponseOp(message: ResponseOp): number {
  let size = 0;
  const response = message.response;
  switch (response?.kind) {
    case "responseRange":
      size += 1 + delimitedSize(sizeRangeResponse(response.value));
      break;
    case "responsePut":
      size += 1 + delimitedSize(sizePutResponse(response.value));
      break;
    case "responseDeleteRange":
      size += 1 + delimitedSize(sizeDeleteRangeResponse(response.value));
      break;
    case "responseTxn":
      size += 1 + delimitedSize(sizeTxnResponse(response.value));
      break;
    case undefined:
      break;
  }
  return size;
}

export function writeResponseOp(
  target: Uint8Array,
  start: number,
  message: ResponseOp,
): number {
  let at = start;
  const response = message.response;
  switch (response?.kind) {
    case "responseRange":
      target[at] = 10;
      at += 1;
      at = writeVarint(target, at, sizeRangeResponse(response.value));
      at = writeRangeResponse(target, at, response.value);
      break;
    case "responsePut":
      target[at] = 18;
      at += 1;
      at = writeVarint(target, at, sizePutResponse(response.value));
      at = writePutResponse(target, at, response.value);
      break;
    case "responseDeleteRange":
      target[at] = 26;
      at += 1;
      at = writeVarint(target, at, sizeDeleteRangeResponse(response.value));
      at = writeDeleteRangeResponse(target, at, response.value);
      break;
    case "responseTxn":
      target[at] = 34;
      at += 1;
      at = writeVarint(target, at, sizeTxnResponse(response.value));
      at = writeTxnResponse(target, at, response.value);
      break;
    case undefined:
      break;
  }
  return at;
}

export const CompareCompareResult: {
  readonly EQUAL: 0;
  readonly GREATER: 1;
  readonly LESS: 2;
  readonly NOT_EQUAL: 3;
} = {
  EQUAL: 0,
  GREATER: 1,
  LESS: 2,
  NOT_EQUAL: 3,
};

export const CompareCompareTarget: {
  readonly VERSION: 0;
  readonly CREATE: 1;
  readonly MOD: 2;
  readonly VALUE: 3;
  readonly LEASE: 4;
} = {
  VERSION: 0,
  CREATE: 1,
  MOD: 2,
  VALUE: 3,
  LEASE: 4,
};

export type CompareTargetUnion =
  | { readonly kind: "version"; readonly value: number }
  | { readonly kind: "createRevision"; readonly value: number }
  | { readonly kind: "modRevision"; readonly value: number }
  | { readonly kind: "value"; readonly value: Uint8Array }
  | { readonly kind: "lease"; readonly value: bigint }
  ;
export interface Compare {
  result: number;
  target: number;
  key: string;
  rangeEnd: string;
  targetUnion: CompareTargetUnion | null;
}

export function emptyCompare(): Compare {
  return {
    result: 0,
    target: 0,
    key: "",
    rangeEnd: "",
    targetUnion: null,
  };
}

const shapeOfCompare: Shape = {
  name: "Compare",
  fields: { 1: "Result", 2: "Target", 3: "Key", 4: "Version", 5: "CreateRevision", 6: "ModRevision", 7: "Value", 8: "Lease", 64: "RangeEnd" },
};

export function decodeCompare(
  buffer: Uint8Array,
  start: number,
  end: number,
): Compare {
  const message = emptyCompare();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.result = readInt32(buffer, end);
        break;
      }
      case 16: {
        message.target = readInt32(buffer, end);
        break;
      }
      case 26: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 32: {
        message.targetUnion = { kind: "version", value: readInt64(buffer, end) };
        break;
      }
      case 40: {
        message.targetUnion = { kind: "createRevision", value: readInt64(buffer, end) };
        break;
      }
      case 48: {
        message.targetUnion = { kind: "modRevision", value: readInt64(buffer, end) };
        break;
      }
      case 58: {
        message.targetUnion = { kind: "value", value: readBytes(buffer, end) };
        break;
      }
      case 64: {
        message.targetUnion = { kind: "lease", value: readBigInt64(buffer, end) };
        break;
      }
      case 514: {
        message.rangeEnd = readLatin1(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCompare);
    }
  }
  return message;
}

export function sizeCompare(message: Compare): number {
  let size = 0;
  if (message.result !== 0) {
    size += 1 + int64Size(message.result);
  }
  if (message.target !== 0) {
    size += 1 + int64Size(message.target);
  }
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  const targetUnion = message.targetUnion;
  switch (targetUnion?.kind) {
    case "version":
      size += 1 + int64Size(targetUnion.value);
      break;
    case "createRevision":
      size += 1 + int64Size(targetUnion.value);
      break;
    case "modRevision":
      size += 1 + int64Size(targetUnion.value);
      break;
    case "value":
      size += 1 + delimitedSize(targetUnion.value.length);
      break;
    case "lease":
      size += 1 + bigVarintSize(targetUnion.value);
      break;
    case undefined:
      break;
  }
  if (message.rangeEnd !== "") {
    size += 2 + delimitedSize(message.rangeEnd.length);
  }
  return size;
}

export function writeCompare(
  target: Uint8Array,
  start: number,
  message: Compare,
): number {
  let at = start;
  if (message.result !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.result);
  }
  if (message.target !== 0) {
    target[at] = 16;
    at += 1;
    at = writeInt64(target, at, message.target);
  }
  if (message.key !== "") {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  const targetUnion = message.targetUnion;
  switch (targetUnion?.kind) {
    case "version":
      target[at] = 32;
      at += 1;
      at = writeInt64(target, at, targetUnion.value);
      break;
    case "createRevision":
      target[at] = 40;
      at += 1;
      at = writeInt64(target, at, targetUnion.value);
      break;
    case "modRevision":
      target[at] = 48;
      at += 1;
      at = writeInt64(target, at, targetUnion.value);
      break;
    case "value":
      target[at] = 58;
      at += 1;
      at = writeVarint(target, at, targetUnion.value.length);
      target.set(targetUnion.value, at);
      at += targetUnion.value.length;
      break;
    case "lease":
      target[at] = 64;
      at += 1;
      at = writeBigVarint(target, at, targetUnion.value);
      break;
    case undefined:
      break;
  }
  if (message.rangeEnd !== "") {
    target[at] = 130;
    target[at + 1] = 4;
    at += 2;
    at = writeVarint(target, at, message.rangeEnd.length);
    at = writeLatin1(target, at, message.rangeEnd);
  }
  return at;
}

export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

export function emptyTxnRequest(): TxnRequest {
  return {
    compare: [],
    success: [],
    failure: [],
  };
}

const shapeOfTxnRequest: Shape = {
  name: "TxnRequest",
  fields: { 1: "Compare", 2: "Success", 3: "Failure" },
};

export function decodeTxnRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
  depth = 0,
): TxnRequest {
  const message = emptyTxnRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.compare.push(decodeCompare(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.success.push(decodeRequestOp(buffer, cursor.at, fieldEnd, deeper(depth)));
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.failure.push(decodeRequestOp(buffer, cursor.at, fieldEnd, deeper(depth)));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfTxnRequest);
    }
  }
  return message;
}

export function sizeTxnRequest(message: TxnRequest): number {
  let size = 0;
  for (const value of message.compare) {
    size += 1 + delimitedSize(sizeCompare(value));
  }
  for (const value of message.success) {
    size += 1 + delimitedSize(sizeRequestOp(value));
  }
  for (const value of message.failure) {
    size += 1 + delimitedSize(sizeRequestOp(value));
  }
  return size;
}

export function writeTxnRequest(
  target: Uint8Array,
  start: number,
  message: TxnRequest,
): number {
  let at = start;
  for (const value of message.compare) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeCompare(value));
    at = writeCompare(target, at, value);
  }
  for (const value of message.success) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeRequestOp(value));
    at = writeRequestOp(target, at, value);
  }
  for (const value of message.failure) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeRequestOp(value));
    at = writeRequestOp(target, at, value);
  }
  return at;
}

export interface TxnResponse {
  header: ResponseHeader | null;
  succeeded: boolean;
  responses: ResponseOp[];
}

export function emptyTxnResponse(): TxnResponse {
  return {
    header: null,
    succeeded: false,
    responses: [],
  };
}

const shapeOfTxnResponse: Shape = {
  name: "TxnResponse",
  fields: { 1: "Header", 2: "Succeeded", 3: "Responses" },
};

export function decodeTxnResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
  depth = 0,
): TxnResponse {
  const message = emptyTxnResponse();
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
      case 16: {
        message.succeeded = readBool(buffer, end);
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.responses.push(decodeResponseOp(buffer, cursor.at, fieldEnd, deeper(depth)));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfTxnResponse);
    }
  }
  return message;
}

export function sizeTxnResponse(message: TxnResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.succeeded) {
    size += 1 + 1;
  }
  for (const value of message.responses) {
    size += 1 + delimitedSize(sizeResponseOp(value));
  }
  return size;
}

export function writeTxnResponse(
  target: Uint8Array,
  start: number,
  message: TxnResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.succeeded) {
    target[at] = 16;
    at += 1;
    target[at] = message.succeeded ? 1 : 0;
    at += 1;
  }
  for (const value of message.responses) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeResponseOp(value));
    at = writeResponseOp(target, at, value);
  }
  return at;
}

export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

export function emptyCompactionRequest(): CompactionRequest {
  return {
    revision: 0,
    physical: false,
  };
}

const shapeOfCompactionRequest: Shape = {
  name: "CompactionRequest",
  fields: { 1: "Revision", 2: "Physical" },
};

export function decodeCompactionRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): CompactionRequest {
  const message = emptyCompactionRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.revision = readInt64(buffer, end);
        break;
      }
      case 16: {
        message.physical = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCompactionRequest);
    }
  }
  return message;
}

export function sizeCompactionRequest(message: CompactionRequest): number {
  let size = 0;
  if (message.revision !== 0) {
    size += 1 + int64Size(message.revision);
  }
  if (message.physical) {
    size += 1 + 1;
  }
  return size;
}

export function writeCompactionRequest(
  target: Uint8Array,
  start: number,
  message: CompactionRequest,
): number {
  let at = start;
  if (message.revision !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.revision);
  }
  if (message.physical) {
    target[at] = 16;
    at += 1;
    target[at] = message.physical ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface CompactionResponse {
  header: ResponseHeader | null;
}

export function emptyCompactionResponse(): CompactionResponse {
  return {
    header: null,
  };
}

const shapeOfCompactionResponse: Shape = {
  name: "CompactionResponse",
  fields: { 1: "Header" },
};

export function decodeCompactionResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): CompactionResponse {
  const message = emptyCompactionResponse();
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
        skipField(buffer, end, tag, shapeOfCompactionResponse);
    }
  }
  return message;
}

export function sizeCompactionResponse(message: CompactionResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeCompactionResponse(
  target: Uint8Array,
  start: number,
  message: CompactionResponse,
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

export interface HashRequest {
}

export function emptyHashRequest(): HashRequest {
  return {
  };
}

const shapeOfHashRequest: Shape = {
  name: "HashRequest",
  fields: {  },
};

export function decodeHashRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): HashRequest {
  const message = emptyHashRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfHashRequest);
    }
  }
  return message;
}

export function sizeHashRequest(_message: HashRequest): number {
  return 0;
}

export function writeHashRequest(
  _target: Uint8Array,
  start: number,
  _message: HashRequest,
): number {
  return start;
}

export interface HashKVRequest {
  revision: number;
}

export function emptyHashKVRequest(): HashKVRequest {
  return {
    revision: 0,
  };
}

const shapeOfHashKVRequest: Shape = {
  name: "HashKVRequest",
  fields: { 1: "Revision" },
};

export function decodeHashKVRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): HashKVRequest {
  const message = emptyHashKVRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.revision = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfHashKVRequest);
    }
  }
  return message;
}

export function sizeHashKVRequest(message: HashKVRequest): number {
  let size = 0;
  if (message.revision !== 0) {
    size += 1 + int64Size(message.revision);
  }
  return size;
}

export function writeHashKVRequest(
  target: Uint8Array,
  start: number,
  message: HashKVRequest,
): number {
  let at = start;
  if (message.revision !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.revision);
  }
  return at;
}

export interface HashKVResponse {
  header: ResponseHeader | null;
  hash: number;
  compactRevision: number;
  hashRevision: number;
}

export function emptyHashKVResponse(): HashKVResponse {
  return {
    header: null,
    hash: 0,
    compactRevision: 0,
    hashRevision: 0,
  };
}

const shapeOfHashKVResponse: Shape = {
  name: "HashKVResponse",
  fields: { 1: "Header", 2: "Hash", 3: "CompactRevision", 4: "HashRevision" },
};

export function decodeHashKVResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): HashKVResponse {
  const message = emptyHashKVResponse();
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
      case 16: {
        message.hash = readUint32(buffer, end);
        break;
      }
      case 24: {
        message.compactRevision = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.hashRevision = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfHashKVResponse);
    }
  }
  return message;
}

export function sizeHashKVResponse(message: HashKVResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.hash !== 0) {
    size += 1 + varintSize(message.hash);
  }
  if (message.compactRevision !== 0) {
    size += 1 + int64Size(message.compactRevision);
  }
  if (message.hashRevision !== 0) {
    size += 1 + int64Size(message.hashRevision);
  }
  return size;
}

export function writeHashKVResponse(
  target: Uint8Array,
  start: number,
  message: HashKVResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.hash !== 0) {
    target[at] = 16;
    at += 1;
    at = writeVarint(target, at, message.hash);
  }
  if (message.compactRevision !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.compactRevision);
  }
  if (message.hashRevision !== 0) {
    target[at] = 32;
    at += 1;
    at = writeInt64(target, at, message.hashRevision);
  }
  return at;
}

export interface HashResponse {
  header: ResponseHeader | null;
  hash: number;
}

export function emptyHashResponse(): HashResponse {
  return {
    header: null,
    hash: 0,
  };
}

const shapeOfHashResponse: Shape = {
  name: "HashResponse",
  fields: { 1: "Header", 2: "Hash" },
};

export function decodeHashResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): HashResponse {
  const message = emptyHashResponse();
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
      case 16: {
        message.hash = readUint32(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfHashResponse);
    }
  }
  return message;
}

export function sizeHashResponse(message: HashResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.hash !== 0) {
    size += 1 + varintSize(message.hash);
  }
  return size;
}

export function writeHashResponse(
  target: Uint8Array,
  start: number,
  message: HashResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.hash !== 0) {
    target[at] = 16;
    at += 1;
    at = writeVarint(target, at, message.hash);
  }
  return at;
}

export interface SnapshotRequest {
}

export function emptySnapshotRequest(): SnapshotRequest {
  return {
  };
}

const shapeOfSnapshotRequest: Shape = {
  name: "SnapshotRequest",
  fields: {  },
};

export function decodeSnapshotRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): SnapshotRequest {
  const message = emptySnapshotRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfSnapshotRequest);
    }
  }
  return message;
}

export function sizeSnapshotRequest(_message: SnapshotRequest): number {
  return 0;
}

export function writeSnapshotRequest(
  _target: Uint8Array,
  start: number,
  _message: SnapshotRequest,
): number {
  return start;
}

export interface SnapshotResponse {
  header: ResponseHeader | null;
  remainingBytes: number;
  blob: Uint8Array;
  version: string;
}

export function emptySnapshotResponse(): SnapshotResponse {
  return {
    header: null,
    remainingBytes: 0,
    blob: noBytes,
    version: "",
  };
}

const shapeOfSnapshotResponse: Shape = {
  name: "SnapshotResponse",
  fields: { 1: "Header", 2: "RemainingBytes", 3: "Blob", 4: "Version" },
};

export function decodeSnapshotResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): SnapshotResponse {
  const message = emptySnapshotResponse();
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
      case 16: {
        message.remainingBytes = readUint64(buffer, end);
        break;
      }
      case 26: {
        message.blob = readBytes(buffer, end);
        break;
      }
      case 34: {
        message.version = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfSnapshotResponse);
    }
  }
  return message;
}

export function sizeSnapshotResponse(message: SnapshotResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.remainingBytes !== 0) {
    size += 1 + varintSize(message.remainingBytes);
  }
  if (message.blob.length > 0) {
    size += 1 + delimitedSize(message.blob.length);
  }
  if (message.version !== "") {
    size += 1 + delimitedSize(utf8Size(message.version));
  }
  return size;
}

export function writeSnapshotResponse(
  target: Uint8Array,
  start: number,
  message: SnapshotResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.remainingBytes !== 0) {
    target[at] = 16;
    at += 1;
    at = writeVarint(target, at, message.remainingBytes);
  }
  if (message.blob.length > 0) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, message.blob.length);
    target.set(message.blob, at);
    at += message.blob.length;
  }
  if (message.version !== "") {
    target[at] = 34;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.version));
    at = writeUtf8(target, at, message.version);
  }
  return at;
}

export type WatchRequestRequestUnion =
  | { readonly kind: "createRequest"; readonly value: WatchCreateRequest }
  | { readonly kind: "cancelRequest"; readonly value: WatchCancelRequest }
  | { readonly kind: "progressRequest"; readonly value: WatchProgressRequest }
  ;
export interface WatchRequest {
  requestUnion: WatchRequestRequestUnion | null;
}

export function emptyWatchRequest(): WatchRequest {
  return {
    requestUnion: null,
  };
}

const shapeOfWatchRequest: Shape = {
  name: "WatchRequest",
  fields: { 1: "CreateRequest", 2: "CancelRequest", 3: "ProgressRequest" },
};

export function decodeWatchRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): WatchRequest {
  const message = emptyWatchRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.requestUnion = { kind: "createRequest", value: decodeWatchCreateRequest(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.requestUnion = { kind: "cancelRequest", value: decodeWatchCancelRequest(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.requestUnion = { kind: "progressRequest", value: decodeWatchProgressRequest(buffer, cursor.at, fieldEnd) };
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfWatchRequest);
    }
  }
  return message;
}

export function sizeWatchRequest(message: WatchRequest): number {
  let size = 0;
  const requestUnion = message.requestUnion;
  switch (requestUnion?.kind) {
    case "createRequest":
      size += 1 + delimitedSize(sizeWatchCreateRequest(requestUnion.value));
      break;
    case "cancelRequest":
      size += 1 + delimitedSize(sizeWatchCancelRequest(requestUnion.value));
      break;
    case "progressRequest":
      size += 1 + delimitedSize(sizeWatchProgressRequest(requestUnion.value));
      break;
    case undefined:
      break;
  }
  return size;
}

export function writeWatchRequest(
  target: Uint8Array,
  start: number,
  message: WatchRequest,
): number {
  let at = start;
  const requestUnion = message.requestUnion;
  switch (requestUnion?.kind) {
    case "createRequest":
      target[at] = 10;
      at += 1;
      at = writeVarint(target, at, sizeWatchCreateRequest(requestUnion.value));
      at = writeWatchCreateRequest(target, at, requestUnion.value);
      break;
    case "cancelRequest":
      target[at] = 18;
      at += 1;
      at = writeVarint(target, at, sizeWatchCancelRequest(requestUnion.value));
      at = writeWatchCancelRequest(target, at, requestUnion.value);
      break;
    case "progressRequest":
      target[at] = 26;
      at += 1;
      at = writeVarint(target, at, sizeWatchProgressRequest(requestUnion.value));
      at = writeWatchProgressRequest(target, at, requestUnion.value);
      break;
    case undefined:
      break;
  }
  return at;
}

export const WatchCreateRequestFilterType: {
  readonly NOPUT: 0;
  readonly NODELETE: 1;
} = {
  NOPUT: 0,
  NODELETE: 1,
};

export interface WatchCreateRequest {
  key: string;
  rangeEnd: string;
  startRevision: number;
  progressNotify: boolean;
  filters: number[];
  prevKv: boolean;
  watchId: bigint;
  fragment: boolean;
}

export function emptyWatchCreateRequest(): WatchCreateRequest {
  return {
    key: "",
    rangeEnd: "",
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0n,
    fragment: false,
  };
}

const shapeOfWatchCreateRequest: Shape = {
  name: "WatchCreateRequest",
  fields: { 1: "Key", 2: "RangeEnd", 3: "StartRevision", 4: "ProgressNotify", 5: "Filters", 6: "PrevKv", 7: "WatchId", 8: "Fragment" },
};

export function decodeWatchCreateRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): WatchCreateRequest {
  const message = emptyWatchCreateRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 18: {
        message.rangeEnd = readLatin1(buffer, end);
        break;
      }
      case 24: {
        message.startRevision = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.progressNotify = readBool(buffer, end);
        break;
      }
      case 40: {
        message.filters.push(readInt32(buffer, end));
        break;
      }
      case 42: {
        const fieldEnd = readEnd(buffer, end);
        while (cursor.at < fieldEnd) {
          message.filters.push(readInt32(buffer, fieldEnd));
        }
        break;
      }
      case 48: {
        message.prevKv = readBool(buffer, end);
        break;
      }
      case 56: {
        message.watchId = readBigInt64(buffer, end);
        break;
      }
      case 64: {
        message.fragment = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfWatchCreateRequest);
    }
  }
  return message;
}

export function sizeWatchCreateRequest(message: WatchCreateRequest): number {
  let size = 0;
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.rangeEnd !== "") {
    size += 1 + delimitedSize(message.rangeEnd.length);
  }
  if (message.startRevision !== 0) {
    size += 1 + int64Size(message.startRevision);
  }
  if (message.progressNotify) {
    size += 1 + 1;
  }
  if (message.filters.length > 0) {
    let packed = 0;
    for (const value of message.filters) {
      packed += int64Size(value);
    }
    size += 1 + delimitedSize(packed);
  }
  if (message.prevKv) {
    size += 1 + 1;
  }
  if (message.watchId !== 0n) {
    size += 1 + bigVarintSize(message.watchId);
  }
  if (message.fragment) {
    size += 1 + 1;
  }
  return size;
}

export function writeWatchCreateRequest(
  target: Uint8Array,
  start: number,
  message: WatchCreateRequest,
): number {
  let at = start;
  if (message.key !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.rangeEnd !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.rangeEnd.length);
    at = writeLatin1(target, at, message.rangeEnd);
  }
  if (message.startRevision !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.startRevision);
  }
  if (message.progressNotify) {
    target[at] = 32;
    at += 1;
    target[at] = message.progressNotify ? 1 : 0;
    at += 1;
  }
  if (message.filters.length > 0) {
    let packed = 0;
    for (const value of message.filters) {
      packed += int64Size(value);
    }
    target[at] = 42;
    at += 1;
    at = writeVarint(target, at, packed);
    for (const value of message.filters) {
      at = writeInt64(target, at, value);
    }
  }
  if (message.prevKv) {
    target[at] = 48;
    at += 1;
    target[at] = message.prevKv ? 1 : 0;
    at += 1;
  }
  if (message.watchId !== 0n) {
    target[at] = 56;
    at += 1;
    at = writeBigVarint(target, at, message.watchId);
  }
  if (message.fragment) {
    target[at] = 64;
    at += 1;
    target[at] = message.fragment ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface WatchCancelRequest {
  watchId: bigint;
}

export function emptyWatchCancelRequest(): WatchCancelRequest {
  return {
    watchId: 0n,
  };
}

const shapeOfWatchCancelRequest: Shape = {
  name: "WatchCancelRequest",
  fields: { 1: "WatchId" },
};

export function decodeWatchCancelRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): WatchCancelRequest {
  const message = emptyWatchCancelRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.watchId = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfWatchCancelRequest);
    }
  }
  return message;
}

export function sizeWatchCancelRequest(message: WatchCancelRequest): number {
  let size = 0;
  if (message.watchId !== 0n) {
    size += 1 + bigVarintSize(message.watchId);
  }
  return size;
}

export function writeWatchCancelRequest(
  target: Uint8Array,
  start: number,
  message: WatchCancelRequest,
): number {
  let at = start;
  if (message.watchId !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.watchId);
  }
  return at;
}

export interface WatchProgressRequest {
}

export function emptyWatchProgressRequest(): WatchProgressRequest {
  return {
  };
}

const shapeOfWatchProgressRequest: Shape = {
  name: "WatchProgressRequest",
  fields: {  },
};

export function decodeWatchProgressRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): WatchProgressRequest {
  const message = emptyWatchProgressRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfWatchProgressRequest);
    }
  }
  return message;
}

export function sizeWatchProgressRequest(_message: WatchProgressRequest): number {
  return 0;
}

export function writeWatchProgressRequest(
  _target: Uint8Array,
  start: number,
  _message: WatchProgressRequest,
): number {
  return start;
}

export interface WatchResponse {
  header: ResponseHeader | null;
  watchId: bigint;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: Event[];
}

export function emptyWatchResponse(): WatchResponse {
  return {
    header: null,
    watchId: 0n,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
  };
}

const shapeOfWatchResponse: Shape = {
  name: "WatchResponse",
  fields: { 1: "Header", 2: "WatchId", 3: "Created", 4: "Canceled", 5: "CompactRevision", 6: "CancelReason", 7: "Fragment", 11: "Events" },
};

export function decodeWatchResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): WatchResponse {
  const message = emptyWatchResponse();
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
      case 16: {
        message.watchId = readBigInt64(buffer, end);
        break;
      }
      case 24: {
        message.created = readBool(buffer, end);
        break;
      }
      case 32: {
        message.canceled = readBool(buffer, end);
        break;
      }
      case 40: {
        message.compactRevision = readInt64(buffer, end);
        break;
      }
      case 50: {
        message.cancelReason = readString(buffer, end);
        break;
      }
      case 56: {
        message.fragment = readBool(buffer, end);
        break;
      }
      case 90: {
        const fieldEnd = readEnd(buffer, end);
        message.events.push(decodeEvent(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfWatchResponse);
    }
  }
  return message;
}

export function sizeWatchResponse(message: WatchResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.watchId !== 0n) {
    size += 1 + bigVarintSize(message.watchId);
  }
  if (message.created) {
    size += 1 + 1;
  }
  if (message.canceled) {
    size += 1 + 1;
  }
  if (message.compactRevision !== 0) {
    size += 1 + int64Size(message.compactRevision);
  }
  if (message.cancelReason !== "") {
    size += 1 + delimitedSize(utf8Size(message.cancelReason));
  }
  if (message.fragment) {
    size += 1 + 1;
  }
  for (const value of message.events) {
    size += 1 + delimitedSize(sizeEvent(value));
  }
  return size;
}

export function writeWatchResponse(
  target: Uint8Array,
  start: number,
  message: WatchResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.watchId !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.watchId);
  }
  if (message.created) {
    target[at] = 24;
    at += 1;
    target[at] = message.created ? 1 : 0;
    at += 1;
  }
  if (message.canceled) {
    target[at] = 32;
    at += 1;
    target[at] = message.canceled ? 1 : 0;
    at += 1;
  }
  if (message.compactRevision !== 0) {
    target[at] = 40;
    at += 1;
    at = writeInt64(target, at, message.compactRevision);
  }
  if (message.cancelReason !== "") {
    target[at] = 50;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.cancelReason));
    at = writeUtf8(target, at, message.cancelReason);
  }
  if (message.fragment) {
    target[at] = 56;
    at += 1;
    target[at] = message.fragment ? 1 : 0;
    at += 1;
  }
  for (const value of message.events) {
    target[at] = 90;
    at += 1;
    at = writeVarint(target, at, sizeEvent(value));
    at = writeEvent(target, at, value);
  }
  return at;
}

export interface LeaseGrantRequest {
  TTL: number;
  ID: bigint;
}

export function emptyLeaseGrantRequest(): LeaseGrantRequest {
  return {
    TTL: 0,
    ID: 0n,
  };
}

const shapeOfLeaseGrantRequest: Shape = {
  name: "LeaseGrantRequest",
  fields: { 1: "TTL", 2: "ID" },
};

export function decodeLeaseGrantRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseGrantRequest {
  const message = emptyLeaseGrantRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.TTL = readInt64(buffer, end);
        break;
      }
      case 16: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseGrantRequest);
    }
  }
  return message;
}

export function sizeLeaseGrantRequest(message: LeaseGrantRequest): number {
  let size = 0;
  if (message.TTL !== 0) {
    size += 1 + int64Size(message.TTL);
  }
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  return size;
}

export function writeLeaseGrantRequest(
  target: Uint8Array,
  start: number,
  message: LeaseGrantRequest,
): number {
  let at = start;
  if (message.TTL !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.TTL);
  }
  if (message.ID !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  return at;
}

export interface LeaseGrantResponse {
  header: ResponseHeader | null;
  ID: bigint;
  TTL: number;
  error: string;
}

export function emptyLeaseGrantResponse(): LeaseGrantResponse {
  return {
    header: null,
    ID: 0n,
    TTL: 0,
    error: "",
  };
}

const shapeOfLeaseGrantResponse: Shape = {
  name: "LeaseGrantResponse",
  fields: { 1: "Header", 2: "ID", 3: "TTL", 4: "Error" },
};

export function decodeLeaseGrantResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseGrantResponse {
  const message = emptyLeaseGrantResponse();
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
      case 16: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      case 24: {
        message.TTL = readInt64(buffer, end);
        break;
      }
      case 34: {
        message.error = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseGrantResponse);
    }
  }
  return message;
}

export function sizeLeaseGrantResponse(message: LeaseGrantResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  if (message.TTL !== 0) {
    size += 1 + int64Size(message.TTL);
  }
  if (message.error !== "") {
    size += 1 + delimitedSize(utf8Size(message.error));
  }
  return size;
}

export function writeLeaseGrantResponse(
  target: Uint8Array,
  start: number,
  message: LeaseGrantResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.ID !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  if (message.TTL !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.TTL);
  }
  if (message.error !== "") {
    target[at] = 34;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.error));
    at = writeUtf8(target, at, message.error);
  }
  return at;
}

export interface LeaseRevokeRequest {
  ID: bigint;
}

export function emptyLeaseRevokeRequest(): LeaseRevokeRequest {
  return {
    ID: 0n,
  };
}

const shapeOfLeaseRevokeRequest: Shape = {
  name: "LeaseRevokeRequest",
  fields: { 1: "ID" },
};

export function decodeLeaseRevokeRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseRevokeRequest {
  const message = emptyLeaseRevokeRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseRevokeRequest);
    }
  }
  return message;
}

export function sizeLeaseRevokeRequest(message: LeaseRevokeRequest): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  return size;
}

export function writeLeaseRevokeRequest(
  target: Uint8Array,
  start: number,
  message: LeaseRevokeRequest,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  return at;
}

export interface LeaseRevokeResponse {
  header: ResponseHeader | null;
}

export function emptyLeaseRevokeResponse(): LeaseRevokeResponse {
  return {
    header: null,
  };
}

const shapeOfLeaseRevokeResponse: Shape = {
  name: "LeaseRevokeResponse",
  fields: { 1: "Header" },
};

export function decodeLeaseRevokeResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseRevokeResponse {
  const message = emptyLeaseRevokeResponse();
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
        skipField(buffer, end, tag, shapeOfLeaseRevokeResponse);
    }
  }
  return message;
}

export function sizeLeaseRevokeResponse(message: LeaseRevokeResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeLeaseRevokeResponse(
  target: Uint8Array,
  start: number,
  message: LeaseRevokeResponse,
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

export interface LeaseCheckpoint {
  ID: bigint;
  remainingTTL: number;
}

export function emptyLeaseCheckpoint(): LeaseCheckpoint {
  return {
    ID: 0n,
    remainingTTL: 0,
  };
}

const shapeOfLeaseCheckpoint: Shape = {
  name: "LeaseCheckpoint",
  fields: { 1: "ID", 2: "RemainingTTL" },
};

export function decodeLeaseCheckpoint(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseCheckpoint {
  const message = emptyLeaseCheckpoint();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      case 16: {
        message.remainingTTL = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseCheckpoint);
    }
  }
  return message;
}

export function sizeLeaseCheckpoint(message: LeaseCheckpoint): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  if (message.remainingTTL !== 0) {
    size += 1 + int64Size(message.remainingTTL);
  }
  return size;
}

export function writeLeaseCheckpoint(
  target: Uint8Array,
  start: number,
  message: LeaseCheckpoint,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  if (message.remainingTTL !== 0) {
    target[at] = 16;
    at += 1;
    at = writeInt64(target, at, message.remainingTTL);
  }
  return at;
}

export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
}

export function emptyLeaseCheckpointRequest(): LeaseCheckpointRequest {
  return {
    checkpoints: [],
  };
}

const shapeOfLeaseCheckpointRequest: Shape = {
  name: "LeaseCheckpointRequest",
  fields: { 1: "Checkpoints" },
};

export function decodeLeaseCheckpointRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseCheckpointRequest {
  const message = emptyLeaseCheckpointRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.checkpoints.push(decodeLeaseCheckpoint(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseCheckpointRequest);
    }
  }
  return message;
}

export function sizeLeaseCheckpointRequest(message: LeaseCheckpointRequest): number {
  let size = 0;
  for (const value of message.checkpoints) {
    size += 1 + delimitedSize(sizeLeaseCheckpoint(value));
  }
  return size;
}

export function writeLeaseCheckpointRequest(
  target: Uint8Array,
  start: number,
  message: LeaseCheckpointRequest,
): number {
  let at = start;
  for (const value of message.checkpoints) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeLeaseCheckpoint(value));
    at = writeLeaseCheckpoint(target, at, value);
  }
  return at;
}

export interface LeaseCheckpointResponse {
  header: ResponseHeader | null;
}

export function emptyLeaseCheckpointResponse(): LeaseCheckpointResponse {
  return {
    header: null,
  };
}

const shapeOfLeaseCheckpointResponse: Shape = {
  name: "LeaseCheckpointResponse",
  fields: { 1: "Header" },
};

export function decodeLeaseCheckpointResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseCheckpointResponse {
  const message = emptyLeaseCheckpointResponse();
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
        skipField(buffer, end, tag, shapeOfLeaseCheckpointResponse);
    }
  }
  return message;
}

export function sizeLeaseCheckpointResponse(message: LeaseCheckpointResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeLeaseCheckpointResponse(
  target: Uint8Array,
  start: number,
  message: LeaseCheckpointResponse,
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

export interface LeaseKeepAliveRequest {
  ID: bigint;
}

export function emptyLeaseKeepAliveRequest(): LeaseKeepAliveRequest {
  return {
    ID: 0n,
  };
}

const shapeOfLeaseKeepAliveRequest: Shape = {
  name: "LeaseKeepAliveRequest",
  fields: { 1: "ID" },
};

export function decodeLeaseKeepAliveRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseKeepAliveRequest {
  const message = emptyLeaseKeepAliveRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseKeepAliveRequest);
    }
  }
  return message;
}

export function sizeLeaseKeepAliveRequest(message: LeaseKeepAliveRequest): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  return size;
}

export function writeLeaseKeepAliveRequest(
  target: Uint8Array,
  start: number,
  message: LeaseKeepAliveRequest,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  return at;
}

export interface LeaseKeepAliveResponse {
  header: ResponseHeader | null;
  ID: bigint;
  TTL: number;
}

export function emptyLeaseKeepAliveResponse(): LeaseKeepAliveResponse {
  return {
    header: null,
    ID: 0n,
    TTL: 0,
  };
}

const shapeOfLeaseKeepAliveResponse: Shape = {
  name: "LeaseKeepAliveResponse",
  fields: { 1: "Header", 2: "ID", 3: "TTL" },
};

export function decodeLeaseKeepAliveResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseKeepAliveResponse {
  const message = emptyLeaseKeepAliveResponse();
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
      case 16: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      case 24: {
        message.TTL = readInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseKeepAliveResponse);
    }
  }
  return message;
}

export function sizeLeaseKeepAliveResponse(message: LeaseKeepAliveResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  if (message.TTL !== 0) {
    size += 1 + int64Size(message.TTL);
  }
  return size;
}

export function writeLeaseKeepAliveResponse(
  target: Uint8Array,
  start: number,
  message: LeaseKeepAliveResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.ID !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  if (message.TTL !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.TTL);
  }
  return at;
}

export interface LeaseTimeToLiveRequest {
  ID: bigint;
  keys: boolean;
}

export function emptyLeaseTimeToLiveRequest(): LeaseTimeToLiveRequest {
  return {
    ID: 0n,
    keys: false,
  };
}

const shapeOfLeaseTimeToLiveRequest: Shape = {
  name: "LeaseTimeToLiveRequest",
  fields: { 1: "ID", 2: "Keys" },
};

export function decodeLeaseTimeToLiveRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseTimeToLiveRequest {
  const message = emptyLeaseTimeToLiveRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      case 16: {
        message.keys = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseTimeToLiveRequest);
    }
  }
  return message;
}

export function sizeLeaseTimeToLiveRequest(message: LeaseTimeToLiveRequest): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  if (message.keys) {
    size += 1 + 1;
  }
  return size;
}

export function writeLeaseTimeToLiveRequest(
  target: Uint8Array,
  start: number,
  message: LeaseTimeToLiveRequest,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  if (message.keys) {
    target[at] = 16;
    at += 1;
    target[at] = message.keys ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | null;
  ID: bigint;
  TTL: number;
  grantedTTL: number;
  keys: string[];
}

export function emptyLeaseTimeToLiveResponse(): LeaseTimeToLiveResponse {
  return {
    header: null,
    ID: 0n,
    TTL: 0,
    grantedTTL: 0,
    keys: [],
  };
}

const shapeOfLeaseTimeToLiveResponse: Shape = {
  name: "LeaseTimeToLiveResponse",
  fields: { 1: "Header", 2: "ID", 3: "TTL", 4: "GrantedTTL", 5: "Keys" },
};

export function decodeLeaseTimeToLiveResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseTimeToLiveResponse {
  const message = emptyLeaseTimeToLiveResponse();
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
      case 16: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      case 24: {
        message.TTL = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.grantedTTL = readInt64(buffer, end);
        break;
      }
      case 42: {
        message.keys.push(readLatin1(buffer, end));
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseTimeToLiveResponse);
    }
  }
  return message;
}

export function sizeLeaseTimeToLiveResponse(message: LeaseTimeToLiveResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  if (message.TTL !== 0) {
    size += 1 + int64Size(message.TTL);
  }
  if (message.grantedTTL !== 0) {
    size += 1 + int64Size(message.grantedTTL);
  }
  for (const value of message.keys) {
    size += 1 + delimitedSize(value.length);
  }
  return size;
}

export function writeLeaseTimeToLiveResponse(
  target: Uint8Array,
  start: number,
  message: LeaseTimeToLiveResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.ID !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  if (message.TTL !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.TTL);
  }
  if (message.grantedTTL !== 0) {
    target[at] = 32;
    at += 1;
    at = writeInt64(target, at, message.grantedTTL);
  }
  for (const value of message.keys) {
    target[at] = 42;
    at += 1;
    at = writeVarint(target, at, value.length);
    at = writeLatin1(target, at, value);
  }
  return at;
}

export interface LeaseLeasesRequest {
}

export function emptyLeaseLeasesRequest(): LeaseLeasesRequest {
  return {
  };
}

const shapeOfLeaseLeasesRequest: Shape = {
  name: "LeaseLeasesRequest",
  fields: {  },
};

export function decodeLeaseLeasesRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseLeasesRequest {
  const message = emptyLeaseLeasesRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfLeaseLeasesRequest);
    }
  }
  return message;
}

export function sizeLeaseLeasesRequest(_message: LeaseLeasesRequest): number {
  return 0;
}

export function writeLeaseLeasesRequest(
  _target: Uint8Array,
  start: number,
  _message: LeaseLeasesRequest,
): number {
  return start;
}

export interface LeaseStatus {
  ID: bigint;
}

export function emptyLeaseStatus(): LeaseStatus {
  return {
    ID: 0n,
  };
}

const shapeOfLeaseStatus: Shape = {
  name: "LeaseStatus",
  fields: { 1: "ID" },
};

export function decodeLeaseStatus(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseStatus {
  const message = emptyLeaseStatus();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseStatus);
    }
  }
  return message;
}

export function sizeLeaseStatus(message: LeaseStatus): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  return size;
}

export function writeLeaseStatus(
  target: Uint8Array,
  start: number,
  message: LeaseStatus,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  return at;
}

export interface LeaseLeasesResponse {
  header: ResponseHeader | null;
  leases: LeaseStatus[];
}

export function emptyLeaseLeasesResponse(): LeaseLeasesResponse {
  return {
    header: null,
    leases: [],
  };
}

const shapeOfLeaseLeasesResponse: Shape = {
  name: "LeaseLeasesResponse",
  fields: { 1: "Header", 2: "Leases" },
};

export function decodeLeaseLeasesResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaseLeasesResponse {
  const message = emptyLeaseLeasesResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.leases.push(decodeLeaseStatus(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaseLeasesResponse);
    }
  }
  return message;
}

export function sizeLeaseLeasesResponse(message: LeaseLeasesResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.leases) {
    size += 1 + delimitedSize(sizeLeaseStatus(value));
  }
  return size;
}

export function writeLeaseLeasesResponse(
  target: Uint8Array,
  start: number,
  message: LeaseLeasesResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.leases) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeLeaseStatus(value));
    at = writeLeaseStatus(target, at, value);
  }
  return at;
}

export interface Member {
  ID: bigint;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}

export function emptyMember(): Member {
  return {
    ID: 0n,
    name: "",
    peerURLs: [],
    clientURLs: [],
    isLearner: false,
  };
}

const shapeOfMember: Shape = {
  name: "Member",
  fields: { 1: "ID", 2: "Name", 3: "PeerURLs", 4: "ClientURLs", 5: "IsLearner" },
};

export function decodeMember(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: Member = emptyMember(),
): Member {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigUint64(buffer, end);
        break;
      }
      case 18: {
        message.name = readString(buffer, end);
        break;
      }
      case 26: {
        message.peerURLs.push(readString(buffer, end));
        break;
      }
      case 34: {
        message.clientURLs.push(readString(buffer, end));
        break;
      }
      case 40: {
        message.isLearner = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMember);
    }
  }
  return message;
}

export function sizeMember(message: Member): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  for (const value of message.peerURLs) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  for (const value of message.clientURLs) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  if (message.isLearner) {
    size += 1 + 1;
  }
  return size;
}

export function writeMember(
  target: Uint8Array,
  start: number,
  message: Member,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  if (message.name !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  for (const value of message.peerURLs) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  for (const value of message.clientURLs) {
    target[at] = 34;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  if (message.isLearner) {
    target[at] = 40;
    at += 1;
    target[at] = message.isLearner ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface MemberAddRequest {
  peerURLs: string[];
  isLearner: boolean;
}

export function emptyMemberAddRequest(): MemberAddRequest {
  return {
    peerURLs: [],
    isLearner: false,
  };
}

const shapeOfMemberAddRequest: Shape = {
  name: "MemberAddRequest",
  fields: { 1: "PeerURLs", 2: "IsLearner" },
};

export function decodeMemberAddRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberAddRequest {
  const message = emptyMemberAddRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.peerURLs.push(readString(buffer, end));
        break;
      }
      case 16: {
        message.isLearner = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberAddRequest);
    }
  }
  return message;
}

export function sizeMemberAddRequest(message: MemberAddRequest): number {
  let size = 0;
  for (const value of message.peerURLs) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  if (message.isLearner) {
    size += 1 + 1;
  }
  return size;
}

export function writeMemberAddRequest(
  target: Uint8Array,
  start: number,
  message: MemberAddRequest,
): number {
  let at = start;
  for (const value of message.peerURLs) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  if (message.isLearner) {
    target[at] = 16;
    at += 1;
    target[at] = message.isLearner ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface MemberAddResponse {
  header: ResponseHeader | null;
  member: Member | null;
  members: Member[];
}

export function emptyMemberAddResponse(): MemberAddResponse {
  return {
    header: null,
    member: null,
    members: [],
  };
}

const shapeOfMemberAddResponse: Shape = {
  name: "MemberAddResponse",
  fields: { 1: "Header", 2: "Member", 3: "Members" },
};

export function decodeMemberAddResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberAddResponse {
  const message = emptyMemberAddResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.member = decodeMember(buffer, cursor.at, fieldEnd, message.member ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.members.push(decodeMember(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberAddResponse);
    }
  }
  return message;
}

export function sizeMemberAddResponse(message: MemberAddResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.member !== null) {
    size += 1 + delimitedSize(sizeMember(message.member));
  }
  for (const value of message.members) {
    size += 1 + delimitedSize(sizeMember(value));
  }
  return size;
}

export function writeMemberAddResponse(
  target: Uint8Array,
  start: number,
  message: MemberAddResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.member !== null) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeMember(message.member));
    at = writeMember(target, at, message.member);
  }
  for (const value of message.members) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeMember(value));
    at = writeMember(target, at, value);
  }
  return at;
}

export interface MemberRemoveRequest {
  ID: bigint;
}

export function emptyMemberRemoveRequest(): MemberRemoveRequest {
  return {
    ID: 0n,
  };
}

const shapeOfMemberRemoveRequest: Shape = {
  name: "MemberRemoveRequest",
  fields: { 1: "ID" },
};

export function decodeMemberRemoveRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberRemoveRequest {
  const message = emptyMemberRemoveRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigUint64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberRemoveRequest);
    }
  }
  return message;
}

export function sizeMemberRemoveRequest(message: MemberRemoveRequest): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  return size;
}

export function writeMemberRemoveRequest(
  target: Uint8Array,
  start: number,
  message: MemberRemoveRequest,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  return at;
}

export interface MemberRemoveResponse {
  header: ResponseHeader | null;
  members: Member[];
}

export function emptyMemberRemoveResponse(): MemberRemoveResponse {
  return {
    header: null,
    members: [],
  };
}

const shapeOfMemberRemoveResponse: Shape = {
  name: "MemberRemoveResponse",
  fields: { 1: "Header", 2: "Members" },
};

export function decodeMemberRemoveResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberRemoveResponse {
  const message = emptyMemberRemoveResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.members.push(decodeMember(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberRemoveResponse);
    }
  }
  return message;
}

export function sizeMemberRemoveResponse(message: MemberRemoveResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.members) {
    size += 1 + delimitedSize(sizeMember(value));
  }
  return size;
}

export function writeMemberRemoveResponse(
  target: Uint8Array,
  start: number,
  message: MemberRemoveResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.members) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeMember(value));
    at = writeMember(target, at, value);
  }
  return at;
}

export interface MemberUpdateRequest {
  ID: bigint;
  peerURLs: string[];
}

export function emptyMemberUpdateRequest(): MemberUpdateRequest {
  return {
    ID: 0n,
    peerURLs: [],
  };
}

const shapeOfMemberUpdateRequest: Shape = {
  name: "MemberUpdateRequest",
  fields: { 1: "ID", 2: "PeerURLs" },
};

export function decodeMemberUpdateRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberUpdateRequest {
  const message = emptyMemberUpdateRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigUint64(buffer, end);
        break;
      }
      case 18: {
        message.peerURLs.push(readString(buffer, end));
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberUpdateRequest);
    }
  }
  return message;
}

export function sizeMemberUpdateRequest(message: MemberUpdateRequest): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  for (const value of message.peerURLs) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  return size;
}

export function writeMemberUpdateRequest(
  target: Uint8Array,
  start: number,
  message: MemberUpdateRequest,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  for (const value of message.peerURLs) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  return at;
}

export interface MemberUpdateResponse {
  header: ResponseHeader | null;
  members: Member[];
}

export function emptyMemberUpdateResponse(): MemberUpdateResponse {
  return {
    header: null,
    members: [],
  };
}

const shapeOfMemberUpdateResponse: Shape = {
  name: "MemberUpdateResponse",
  fields: { 1: "Header", 2: "Members" },
};

export function decodeMemberUpdateResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberUpdateResponse {
  const message = emptyMemberUpdateResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.members.push(decodeMember(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberUpdateResponse);
    }
  }
  return message;
}

export function sizeMemberUpdateResponse(message: MemberUpdateResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.members) {
    size += 1 + delimitedSize(sizeMember(value));
  }
  return size;
}

export function writeMemberUpdateResponse(
  target: Uint8Array,
  start: number,
  message: MemberUpdateResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.members) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeMember(value));
    at = writeMember(target, at, value);
  }
  return at;
}

export interface MemberListRequest {
  linearizable: boolean;
}

export function emptyMemberListRequest(): MemberListRequest {
  return {
    linearizable: false,
  };
}

const shapeOfMemberListRequest: Shape = {
  name: "MemberListRequest",
  fields: { 1: "Linearizable" },
};

export function decodeMemberListRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberListRequest {
  const message = emptyMemberListRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.linearizable = readBool(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberListRequest);
    }
  }
  return message;
}

export function sizeMemberListRequest(message: MemberListRequest): number {
  let size = 0;
  if (message.linearizable) {
    size += 1 + 1;
  }
  return size;
}

export function writeMemberListRequest(
  target: Uint8Array,
  start: number,
  message: MemberListRequest,
): number {
  let at = start;
  if (message.linearizable) {
    target[at] = 8;
    at += 1;
    target[at] = message.linearizable ? 1 : 0;
    at += 1;
  }
  return at;
}

export interface MemberListResponse {
  header: ResponseHeader | null;
  members: Member[];
}

export function emptyMemberListResponse(): MemberListResponse {
  return {
    header: null,
    members: [],
  };
}

const shapeOfMemberListResponse: Shape = {
  name: "MemberListResponse",
  fields: { 1: "Header", 2: "Members" },
};

export function decodeMemberListResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberListResponse {
  const message = emptyMemberListResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.members.push(decodeMember(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberListResponse);
    }
  }
  return message;
}

export function sizeMemberListResponse(message: MemberListResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.members) {
    size += 1 + delimitedSize(sizeMember(value));
  }
  return size;
}

export function writeMemberListResponse(
  target: Uint8Array,
  start: number,
  message: MemberListResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.members) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeMember(value));
    at = writeMember(target, at, value);
  }
  return at;
}

export interface MemberPromoteRequest {
  ID: bigint;
}

export function emptyMemberPromoteRequest(): MemberPromoteRequest {
  return {
    ID: 0n,
  };
}

const shapeOfMemberPromoteRequest: Shape = {
  name: "MemberPromoteRequest",
  fields: { 1: "ID" },
};

export function decodeMemberPromoteRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberPromoteRequest {
  const message = emptyMemberPromoteRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.ID = readBigUint64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberPromoteRequest);
    }
  }
  return message;
}

export function sizeMemberPromoteRequest(message: MemberPromoteRequest): number {
  let size = 0;
  if (message.ID !== 0n) {
    size += 1 + bigVarintSize(message.ID);
  }
  return size;
}

export function writeMemberPromoteRequest(
  target: Uint8Array,
  start: number,
  message: MemberPromoteRequest,
): number {
  let at = start;
  if (message.ID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.ID);
  }
  return at;
}

export interface MemberPromoteResponse {
  header: ResponseHeader | null;
  members: Member[];
}

export function emptyMemberPromoteResponse(): MemberPromoteResponse {
  return {
    header: null,
    members: [],
  };
}

const shapeOfMemberPromoteResponse: Shape = {
  name: "MemberPromoteResponse",
  fields: { 1: "Header", 2: "Members" },
};

export function decodeMemberPromoteResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): MemberPromoteResponse {
  const message = emptyMemberPromoteResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.members.push(decodeMember(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMemberPromoteResponse);
    }
  }
  return message;
}

export function sizeMemberPromoteResponse(message: MemberPromoteResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.members) {
    size += 1 + delimitedSize(sizeMember(value));
  }
  return size;
}

export function writeMemberPromoteResponse(
  target: Uint8Array,
  start: number,
  message: MemberPromoteResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.members) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeMember(value));
    at = writeMember(target, at, value);
  }
  return at;
}

export interface DefragmentRequest {
}

export function emptyDefragmentRequest(): DefragmentRequest {
  return {
  };
}

const shapeOfDefragmentRequest: Shape = {
  name: "DefragmentRequest",
  fields: {  },
};

export function decodeDefragmentRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): DefragmentRequest {
  const message = emptyDefragmentRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfDefragmentRequest);
    }
  }
  return message;
}

export function sizeDefragmentRequest(_message: DefragmentRequest): number {
  return 0;
}

export function writeDefragmentRequest(
  _target: Uint8Array,
  start: number,
  _message: DefragmentRequest,
): number {
  return start;
}

export interface DefragmentResponse {
  header: ResponseHeader | null;
}

export function emptyDefragmentResponse(): DefragmentResponse {
  return {
    header: null,
  };
}

const shapeOfDefragmentResponse: Shape = {
  name: "DefragmentResponse",
  fields: { 1: "Header" },
};

export function decodeDefragmentResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): DefragmentResponse {
  const message = emptyDefragmentResponse();
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
        skipField(buffer, end, tag, shapeOfDefragmentResponse);
    }
  }
  return message;
}

export function sizeDefragmentResponse(message: DefragmentResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeDefragmentResponse(
  target: Uint8Array,
  start: number,
  message: DefragmentResponse,
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

export interface MoveLeaderRequest {
  targetID: bigint;
}

export function emptyMoveLeaderRequest(): MoveLeaderRequest {
  return {
    targetID: 0n,
  };
}

const shapeOfMoveLeaderRequest: Shape = {
  name: "MoveLeaderRequest",
  fields: { 1: "TargetID" },
};

export function decodeMoveLeaderRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): MoveLeaderRequest {
  const message = emptyMoveLeaderRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.targetID = readBigUint64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfMoveLeaderRequest);
    }
  }
  return message;
}

export function sizeMoveLeaderRequest(message: MoveLeaderRequest): number {
  let size = 0;
  if (message.targetID !== 0n) {
    size += 1 + bigVarintSize(message.targetID);
  }
  return size;
}

export function writeMoveLeaderRequest(
  target: Uint8Array,
  start: number,
  message: MoveLeaderRequest,
): number {
  let at = start;
  if (message.targetID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.targetID);
  }
  return at;
}

export interface MoveLeaderResponse {
  header: ResponseHeader | null;
}

export function emptyMoveLeaderResponse(): MoveLeaderResponse {
  return {
    header: null,
  };
}

const shapeOfMoveLeaderResponse: Shape = {
  name: "MoveLeaderResponse",
  fields: { 1: "Header" },
};

export function decodeMoveLeaderResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): MoveLeaderResponse {
  const message = emptyMoveLeaderResponse();
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
        skipField(buffer, end, tag, shapeOfMoveLeaderResponse);
    }
  }
  return message;
}

export function sizeMoveLeaderResponse(message: MoveLeaderResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeMoveLeaderResponse(
  target: Uint8Array,
  start: number,
  message: MoveLeaderResponse,
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

export const AlarmRequestAlarmAction: {
  readonly GET: 0;
  readonly ACTIVATE: 1;
  readonly DEACTIVATE: 2;
} = {
  GET: 0,
  ACTIVATE: 1,
  DEACTIVATE: 2,
};

export interface AlarmRequest {
  action: number;
  memberID: bigint;
  alarm: number;
}

export function emptyAlarmRequest(): AlarmRequest {
  return {
    action: 0,
    memberID: 0n,
    alarm: 0,
  };
}

const shapeOfAlarmRequest: Shape = {
  name: "AlarmRequest",
  fields: { 1: "Action", 2: "MemberID", 3: "Alarm" },
};

export function decodeAlarmRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AlarmRequest {
  const message = emptyAlarmRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.action = readInt32(buffer, end);
        break;
      }
      case 16: {
        message.memberID = readBigUint64(buffer, end);
        break;
      }
      case 24: {
        message.alarm = readInt32(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAlarmRequest);
    }
  }
  return message;
}

export function sizeAlarmRequest(message: AlarmRequest): number {
  let size = 0;
  if (message.action !== 0) {
    size += 1 + int64Size(message.action);
  }
  if (message.memberID !== 0n) {
    size += 1 + bigVarintSize(message.memberID);
  }
  if (message.alarm !== 0) {
    size += 1 + int64Size(message.alarm);
  }
  return size;
}

export function writeAlarmRequest(
  target: Uint8Array,
  start: number,
  message: AlarmRequest,
): number {
  let at = start;
  if (message.action !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.action);
  }
  if (message.memberID !== 0n) {
    target[at] = 16;
    at += 1;
    at = writeBigVarint(target, at, message.memberID);
  }
  if (message.alarm !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.alarm);
  }
  return at;
}

export interface AlarmMember {
  memberID: bigint;
  alarm: number;
}

export function emptyAlarmMember(): AlarmMember {
  return {
    memberID: 0n,
    alarm: 0,
  };
}

const shapeOfAlarmMember: Shape = {
  name: "AlarmMember",
  fields: { 1: "MemberID", 2: "Alarm" },
};

export function decodeAlarmMember(
  buffer: Uint8Array,
  start: number,
  end: number,
): AlarmMember {
  const message = emptyAlarmMember();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.memberID = readBigUint64(buffer, end);
        break;
      }
      case 16: {
        message.alarm = readInt32(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAlarmMember);
    }
  }
  return message;
}

export function sizeAlarmMember(message: AlarmMember): number {
  let size = 0;
  if (message.memberID !== 0n) {
    size += 1 + bigVarintSize(message.memberID);
  }
  if (message.alarm !== 0) {
    size += 1 + int64Size(message.alarm);
  }
  return size;
}

export function writeAlarmMember(
  target: Uint8Array,
  start: number,
  message: AlarmMember,
): number {
  let at = start;
  if (message.memberID !== 0n) {
    target[at] = 8;
    at += 1;
    at = writeBigVarint(target, at, message.memberID);
  }
  if (message.alarm !== 0) {
    target[at] = 16;
    at += 1;
    at = writeInt64(target, at, message.alarm);
  }
  return at;
}

export interface AlarmResponse {
  header: ResponseHeader | null;
  alarms: AlarmMember[];
}

export function emptyAlarmResponse(): AlarmResponse {
  return {
    header: null,
    alarms: [],
  };
}

const shapeOfAlarmResponse: Shape = {
  name: "AlarmResponse",
  fields: { 1: "Header", 2: "Alarms" },
};

export function decodeAlarmResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AlarmResponse {
  const message = emptyAlarmResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.alarms.push(decodeAlarmMember(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAlarmResponse);
    }
  }
  return message;
}

export function sizeAlarmResponse(message: AlarmResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.alarms) {
    size += 1 + delimitedSize(sizeAlarmMember(value));
  }
  return size;
}

export function writeAlarmResponse(
  target: Uint8Array,
  start: number,
  message: AlarmResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.alarms) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeAlarmMember(value));
    at = writeAlarmMember(target, at, value);
  }
  return at;
}

export const DowngradeRequestDowngradeAction: {
  readonly VALIDATE: 0;
  readonly ENABLE: 1;
  readonly CANCEL: 2;
} = {
  VALIDATE: 0,
  ENABLE: 1,
  CANCEL: 2,
};

export interface DowngradeRequest {
  action: number;
  version: string;
}

export function emptyDowngradeRequest(): DowngradeRequest {
  return {
    action: 0,
    version: "",
  };
}

const shapeOfDowngradeRequest: Shape = {
  name: "DowngradeRequest",
  fields: { 1: "Action", 2: "Version" },
};

export function decodeDowngradeRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): DowngradeRequest {
  const message = emptyDowngradeRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.action = readInt32(buffer, end);
        break;
      }
      case 18: {
        message.version = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfDowngradeRequest);
    }
  }
  return message;
}

export function sizeDowngradeRequest(message: DowngradeRequest): number {
  let size = 0;
  if (message.action !== 0) {
    size += 1 + int64Size(message.action);
  }
  if (message.version !== "") {
    size += 1 + delimitedSize(utf8Size(message.version));
  }
  return size;
}

export function writeDowngradeRequest(
  target: Uint8Array,
  start: number,
  message: DowngradeRequest,
): number {
  let at = start;
  if (message.action !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.action);
  }
  if (message.version !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.version));
    at = writeUtf8(target, at, message.version);
  }
  return at;
}

export interface DowngradeResponse {
  header: ResponseHeader | null;
  version: string;
}

export function emptyDowngradeResponse(): DowngradeResponse {
  return {
    header: null,
    version: "",
  };
}

const shapeOfDowngradeResponse: Shape = {
  name: "DowngradeResponse",
  fields: { 1: "Header", 2: "Version" },
};

export function decodeDowngradeResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): DowngradeResponse {
  const message = emptyDowngradeResponse();
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
        message.version = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfDowngradeResponse);
    }
  }
  return message;
}

export function sizeDowngradeResponse(message: DowngradeResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.version !== "") {
    size += 1 + delimitedSize(utf8Size(message.version));
  }
  return size;
}

export function writeDowngradeResponse(
  target: Uint8Array,
  start: number,
  message: DowngradeResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.version !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.version));
    at = writeUtf8(target, at, message.version);
  }
  return at;
}

export interface DowngradeVersionTestRequest {
  ver: string;
}

export function emptyDowngradeVersionTestRequest(): DowngradeVersionTestRequest {
  return {
    ver: "",
  };
}

const shapeOfDowngradeVersionTestRequest: Shape = {
  name: "DowngradeVersionTestRequest",
  fields: { 1: "Ver" },
};

export function decodeDowngradeVersionTestRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): DowngradeVersionTestRequest {
  const message = emptyDowngradeVersionTestRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.ver = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfDowngradeVersionTestRequest);
    }
  }
  return message;
}

export function sizeDowngradeVersionTestRequest(message: DowngradeVersionTestRequest): number {
  let size = 0;
  if (message.ver !== "") {
    size += 1 + delimitedSize(utf8Size(message.ver));
  }
  return size;
}

export function writeDowngradeVersionTestRequest(
  target: Uint8Array,
  start: number,
  message: DowngradeVersionTestRequest,
): number {
  let at = start;
  if (message.ver !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.ver));
    at = writeUtf8(target, at, message.ver);
  }
  return at;
}

export interface StatusRequest {
}

export function emptyStatusRequest(): StatusRequest {
  return {
  };
}

const shapeOfStatusRequest: Shape = {
  name: "StatusRequest",
  fields: {  },
};

export function decodeStatusRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): StatusRequest {
  const message = emptyStatusRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfStatusRequest);
    }
  }
  return message;
}

export function sizeStatusRequest(_message: StatusRequest): number {
  return 0;
}

export function writeStatusRequest(
  _target: Uint8Array,
  start: number,
  _message: StatusRequest,
): number {
  return start;
}

export interface StatusResponse {
  header: ResponseHeader | null;
  version: string;
  dbSize: number;
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: DowngradeInfo | null;
}

export function emptyStatusResponse(): StatusResponse {
  return {
    header: null,
    version: "",
    dbSize: 0,
    leader: 0n,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
    errors: [],
    dbSizeInUse: 0,
    isLearner: false,
    storageVersion: "",
    dbSizeQuota: 0,
    downgradeInfo: null,
  };
}

const shapeOfStatusResponse: Shape = {
  name: "StatusResponse",
  fields: { 1: "Header", 2: "Version", 3: "DbSize", 4: "Leader", 5: "RaftIndex", 6: "RaftTerm", 7: "RaftAppliedIndex", 8: "Errors", 9: "DbSizeInUse", 10: "IsLearner", 11: "StorageVersion", 12: "DbSizeQuota", 13: "DowngradeInfo" },
};

export function decodeStatusResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): StatusResponse {
  const message = emptyStatusResponse();
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
        message.version = readString(buffer, end);
        break;
      }
      case 24: {
        message.dbSize = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.leader = readBigUint64(buffer, end);
        break;
      }
      case 40: {
        message.raftIndex = readUint64(buffer, end);
        break;
      }
      case 48: {
        message.raftTerm = readUint64(buffer, end);
        break;
      }
      case 56: {
        message.raftAppliedIndex = readUint64(buffer, end);
        break;
      }
      case 66: {
        message.errors.push(readString(buffer, end));
        break;
      }
      case 72: {
        message.dbSizeInUse = readInt64(buffer, end);
        break;
      }
      case 80: {
        message.isLearner = readBool(buffer, end);
        break;
      }
      case 90: {
        message.storageVersion = readString(buffer, end);
        break;
      }
      case 96: {
        message.dbSizeQuota = readInt64(buffer, end);
        break;
      }
      case 106: {
        const fieldEnd = readEnd(buffer, end);
        message.downgradeInfo = decodeDowngradeInfo(buffer, cursor.at, fieldEnd, message.downgradeInfo ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfStatusResponse);
    }
  }
  return message;
}

export function sizeStatusResponse(message: StatusResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.version !== "") {
    size += 1 + delimitedSize(utf8Size(message.version));
  }
  if (message.dbSize !== 0) {
    size += 1 + int64Size(message.dbSize);
  }
  if (message.leader !== 0n) {
    size += 1 + bigVarintSize(message.leader);
  }
  if (message.raftIndex !== 0) {
    size += 1 + varintSize(message.raftIndex);
  }
  if (message.raftTerm !== 0) {
    size += 1 + varintSize(message.raftTerm);
  }
  if (message.raftAppliedIndex !== 0) {
    size += 1 + varintSize(message.raftAppliedIndex);
  }
  for (const value of message.errors) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  if (message.dbSizeInUse !== 0) {
    size += 1 + int64Size(message.dbSizeInUse);
  }
  if (message.isLearner) {
    size += 1 + 1;
  }
  if (message.storageVersion !== "") {
    size += 1 + delimitedSize(utf8Size(message.storageVersion));
  }
  if (message.dbSizeQuota !== 0) {
    size += 1 + int64Size(message.dbSizeQuota);
  }
  if (message.downgradeInfo !== null) {
    size += 1 + delimitedSize(sizeDowngradeInfo(message.downgradeInfo));
  }
  return size;
}

export function writeStatusResponse(
  target: Uint8Array,
  start: number,
  message: StatusResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.version !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.version));
    at = writeUtf8(target, at, message.version);
  }
  if (message.dbSize !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.dbSize);
  }
  if (message.leader !== 0n) {
    target[at] = 32;
    at += 1;
    at = writeBigVarint(target, at, message.leader);
  }
  if (message.raftIndex !== 0) {
    target[at] = 40;
    at += 1;
    at = writeVarint(target, at, message.raftIndex);
  }
  if (message.raftTerm !== 0) {
    target[at] = 48;
    at += 1;
    at = writeVarint(target, at, message.raftTerm);
  }
  if (message.raftAppliedIndex !== 0) {
    target[at] = 56;
    at += 1;
    at = writeVarint(target, at, message.raftAppliedIndex);
  }
  for (const value of message.errors) {
    target[at] = 66;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  if (message.dbSizeInUse !== 0) {
    target[at] = 72;
    at += 1;
    at = writeInt64(target, at, message.dbSizeInUse);
  }
  if (message.isLearner) {
    target[at] = 80;
    at += 1;
    target[at] = message.isLearner ? 1 : 0;
    at += 1;
  }
  if (message.storageVersion !== "") {
    target[at] = 90;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.storageVersion));
    at = writeUtf8(target, at, message.storageVersion);
  }
  if (message.dbSizeQuota !== 0) {
    target[at] = 96;
    at += 1;
    at = writeInt64(target, at, message.dbSizeQuota);
  }
  if (message.downgradeInfo !== null) {
    target[at] = 106;
    at += 1;
    at = writeVarint(target, at, sizeDowngradeInfo(message.downgradeInfo));
    at = writeDowngradeInfo(target, at, message.downgradeInfo);
  }
  return at;
}

export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}

export function emptyDowngradeInfo(): DowngradeInfo {
  return {
    enabled: false,
    targetVersion: "",
  };
}

const shapeOfDowngradeInfo: Shape = {
  name: "DowngradeInfo",
  fields: { 1: "Enabled", 2: "TargetVersion" },
};

export function decodeDowngradeInfo(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: DowngradeInfo = emptyDowngradeInfo(),
): DowngradeInfo {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.enabled = readBool(buffer, end);
        break;
      }
      case 18: {
        message.targetVersion = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfDowngradeInfo);
    }
  }
  return message;
}

export function sizeDowngradeInfo(message: DowngradeInfo): number {
  let size = 0;
  if (message.enabled) {
    size += 1 + 1;
  }
  if (message.targetVersion !== "") {
    size += 1 + delimitedSize(utf8Size(message.targetVersion));
  }
  return size;
}

export function writeDowngradeInfo(
  target: Uint8Array,
  start: number,
  message: DowngradeInfo,
): number {
  let at = start;
  if (message.enabled) {
    target[at] = 8;
    at += 1;
    target[at] = message.enabled ? 1 : 0;
    at += 1;
  }
  if (message.targetVersion !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.targetVersion));
    at = writeUtf8(target, at, message.targetVersion);
  }
  return at;
}

export interface AuthEnableRequest {
}

export function emptyAuthEnableRequest(): AuthEnableRequest {
  return {
  };
}

const shapeOfAuthEnableRequest: Shape = {
  name: "AuthEnableRequest",
  fields: {  },
};

export function decodeAuthEnableRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthEnableRequest {
  const message = emptyAuthEnableRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfAuthEnableRequest);
    }
  }
  return message;
}

export function sizeAuthEnableRequest(_message: AuthEnableRequest): number {
  return 0;
}

export function writeAuthEnableRequest(
  _target: Uint8Array,
  start: number,
  _message: AuthEnableRequest,
): number {
  return start;
}

export interface AuthDisableRequest {
}

export function emptyAuthDisableRequest(): AuthDisableRequest {
  return {
  };
}

const shapeOfAuthDisableRequest: Shape = {
  name: "AuthDisableRequest",
  fields: {  },
};

export function decodeAuthDisableRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthDisableRequest {
  const message = emptyAuthDisableRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfAuthDisableRequest);
    }
  }
  return message;
}

export function sizeAuthDisableRequest(_message: AuthDisableRequest): number {
  return 0;
}

export function writeAuthDisableRequest(
  _target: Uint8Array,
  start: number,
  _message: AuthDisableRequest,
): number {
  return start;
}

export interface AuthStatusRequest {
}

export function emptyAuthStatusRequest(): AuthStatusRequest {
  return {
  };
}

const shapeOfAuthStatusRequest: Shape = {
  name: "AuthStatusRequest",
  fields: {  },
};

export function decodeAuthStatusRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthStatusRequest {
  const message = emptyAuthStatusRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfAuthStatusRequest);
    }
  }
  return message;
}

export function sizeAuthStatusRequest(_message: AuthStatusRequest): number {
  return 0;
}

export function writeAuthStatusRequest(
  _target: Uint8Array,
  start: number,
  _message: AuthStatusRequest,
): number {
  return start;
}

export interface AuthenticateRequest {
  name: string;
  password: string;
}

export function emptyAuthenticateRequest(): AuthenticateRequest {
  return {
    name: "",
    password: "",
  };
}

const shapeOfAuthenticateRequest: Shape = {
  name: "AuthenticateRequest",
  fields: { 1: "Name", 2: "Password" },
};

export function decodeAuthenticateRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthenticateRequest {
  const message = emptyAuthenticateRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      case 18: {
        message.password = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthenticateRequest);
    }
  }
  return message;
}

export function sizeAuthenticateRequest(message: AuthenticateRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  if (message.password !== "") {
    size += 1 + delimitedSize(utf8Size(message.password));
  }
  return size;
}

export function writeAuthenticateRequest(
  target: Uint8Array,
  start: number,
  message: AuthenticateRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  if (message.password !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.password));
    at = writeUtf8(target, at, message.password);
  }
  return at;
}

export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | null;
  hashedPassword: string;
}

export function emptyAuthUserAddRequest(): AuthUserAddRequest {
  return {
    name: "",
    password: "",
    options: null,
    hashedPassword: "",
  };
}

const shapeOfAuthUserAddRequest: Shape = {
  name: "AuthUserAddRequest",
  fields: { 1: "Name", 2: "Password", 3: "Options", 4: "HashedPassword" },
};

export function decodeAuthUserAddRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserAddRequest {
  const message = emptyAuthUserAddRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      case 18: {
        message.password = readString(buffer, end);
        break;
      }
      case 26: {
        const fieldEnd = readEnd(buffer, end);
        message.options = decodeUserAddOptions(buffer, cursor.at, fieldEnd, message.options ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      case 34: {
        message.hashedPassword = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserAddRequest);
    }
  }
  return message;
}

export function sizeAuthUserAddRequest(message: AuthUserAddRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  if (message.password !== "") {
    size += 1 + delimitedSize(utf8Size(message.password));
  }
  if (message.options !== null) {
    size += 1 + delimitedSize(sizeUserAddOptions(message.options));
  }
  if (message.hashedPassword !== "") {
    size += 1 + delimitedSize(utf8Size(message.hashedPassword));
  }
  return size;
}

export function writeAuthUserAddRequest(
  target: Uint8Array,
  start: number,
  message: AuthUserAddRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  if (message.password !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.password));
    at = writeUtf8(target, at, message.password);
  }
  if (message.options !== null) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, sizeUserAddOptions(message.options));
    at = writeUserAddOptions(target, at, message.options);
  }
  if (message.hashedPassword !== "") {
    target[at] = 34;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.hashedPassword));
    at = writeUtf8(target, at, message.hashedPassword);
  }
  return at;
}

export interface AuthUserGetRequest {
  name: string;
}

export function emptyAuthUserGetRequest(): AuthUserGetRequest {
  return {
    name: "",
  };
}

const shapeOfAuthUserGetRequest: Shape = {
  name: "AuthUserGetRequest",
  fields: { 1: "Name" },
};

export function decodeAuthUserGetRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserGetRequest {
  const message = emptyAuthUserGetRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserGetRequest);
    }
  }
  return message;
}

export function sizeAuthUserGetRequest(message: AuthUserGetRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  return size;
}

export function writeAuthUserGetRequest(
  target: Uint8Array,
  start: number,
  message: AuthUserGetRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  return at;
}

export interface AuthUserDeleteRequest {
  name: string;
}

export function emptyAuthUserDeleteRequest(): AuthUserDeleteRequest {
  return {
    name: "",
  };
}

const shapeOfAuthUserDeleteRequest: Shape = {
  name: "AuthUserDeleteRequest",
  fields: { 1: "Name" },
};

export function decodeAuthUserDeleteRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserDeleteRequest {
  const message = emptyAuthUserDeleteRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserDeleteRequest);
    }
  }
  return message;
}

export function sizeAuthUserDeleteRequest(message: AuthUserDeleteRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  return size;
}

export function writeAuthUserDeleteRequest(
  target: Uint8Array,
  start: number,
  message: AuthUserDeleteRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  return at;
}

export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

export function emptyAuthUserChangePasswordRequest(): AuthUserChangePasswordRequest {
  return {
    name: "",
    password: "",
    hashedPassword: "",
  };
}

const shapeOfAuthUserChangePasswordRequest: Shape = {
  name: "AuthUserChangePasswordRequest",
  fields: { 1: "Name", 2: "Password", 3: "HashedPassword" },
};

export function decodeAuthUserChangePasswordRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserChangePasswordRequest {
  const message = emptyAuthUserChangePasswordRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      case 18: {
        message.password = readString(buffer, end);
        break;
      }
      case 26: {
        message.hashedPassword = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserChangePasswordRequest);
    }
  }
  return message;
}

export function sizeAuthUserChangePasswordRequest(message: AuthUserChangePasswordRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  if (message.password !== "") {
    size += 1 + delimitedSize(utf8Size(message.password));
  }
  if (message.hashedPassword !== "") {
    size += 1 + delimitedSize(utf8Size(message.hashedPassword));
  }
  return size;
}

export function writeAuthUserChangePasswordRequest(
  target: Uint8Array,
  start: number,
  message: AuthUserChangePasswordRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  if (message.password !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.password));
    at = writeUtf8(target, at, message.password);
  }
  if (message.hashedPassword !== "") {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.hashedPassword));
    at = writeUtf8(target, at, message.hashedPassword);
  }
  return at;
}

export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

export function emptyAuthUserGrantRoleRequest(): AuthUserGrantRoleRequest {
  return {
    user: "",
    role: "",
  };
}

const shapeOfAuthUserGrantRoleRequest: Shape = {
  name: "AuthUserGrantRoleRequest",
  fields: { 1: "User", 2: "Role" },
};

export function decodeAuthUserGrantRoleRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserGrantRoleRequest {
  const message = emptyAuthUserGrantRoleRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.user = readString(buffer, end);
        break;
      }
      case 18: {
        message.role = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserGrantRoleRequest);
    }
  }
  return message;
}

export function sizeAuthUserGrantRoleRequest(message: AuthUserGrantRoleRequest): number {
  let size = 0;
  if (message.user !== "") {
    size += 1 + delimitedSize(utf8Size(message.user));
  }
  if (message.role !== "") {
    size += 1 + delimitedSize(utf8Size(message.role));
  }
  return size;
}

export function writeAuthUserGrantRoleRequest(
  target: Uint8Array,
  start: number,
  message: AuthUserGrantRoleRequest,
): number {
  let at = start;
  if (message.user !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.user));
    at = writeUtf8(target, at, message.user);
  }
  if (message.role !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.role));
    at = writeUtf8(target, at, message.role);
  }
  return at;
}

export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

export function emptyAuthUserRevokeRoleRequest(): AuthUserRevokeRoleRequest {
  return {
    name: "",
    role: "",
  };
}

const shapeOfAuthUserRevokeRoleRequest: Shape = {
  name: "AuthUserRevokeRoleRequest",
  fields: { 1: "Name", 2: "Role" },
};

export function decodeAuthUserRevokeRoleRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserRevokeRoleRequest {
  const message = emptyAuthUserRevokeRoleRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      case 18: {
        message.role = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserRevokeRoleRequest);
    }
  }
  return message;
}

export function sizeAuthUserRevokeRoleRequest(message: AuthUserRevokeRoleRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  if (message.role !== "") {
    size += 1 + delimitedSize(utf8Size(message.role));
  }
  return size;
}

export function writeAuthUserRevokeRoleRequest(
  target: Uint8Array,
  start: number,
  message: AuthUserRevokeRoleRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  if (message.role !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.role));
    at = writeUtf8(target, at, message.role);
  }
  return at;
}

export interface AuthRoleAddRequest {
  name: string;
}

export function emptyAuthRoleAddRequest(): AuthRoleAddRequest {
  return {
    name: "",
  };
}

const shapeOfAuthRoleAddRequest: Shape = {
  name: "AuthRoleAddRequest",
  fields: { 1: "Name" },
};

export function decodeAuthRoleAddRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleAddRequest {
  const message = emptyAuthRoleAddRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleAddRequest);
    }
  }
  return message;
}

export function sizeAuthRoleAddRequest(message: AuthRoleAddRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  return size;
}

export function writeAuthRoleAddRequest(
  target: Uint8Array,
  start: number,
  message: AuthRoleAddRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  return at;
}

export interface AuthRoleGetRequest {
  role: string;
}

export function emptyAuthRoleGetRequest(): AuthRoleGetRequest {
  return {
    role: "",
  };
}

const shapeOfAuthRoleGetRequest: Shape = {
  name: "AuthRoleGetRequest",
  fields: { 1: "Role" },
};

export function decodeAuthRoleGetRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleGetRequest {
  const message = emptyAuthRoleGetRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.role = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleGetRequest);
    }
  }
  return message;
}

export function sizeAuthRoleGetRequest(message: AuthRoleGetRequest): number {
  let size = 0;
  if (message.role !== "") {
    size += 1 + delimitedSize(utf8Size(message.role));
  }
  return size;
}

export function writeAuthRoleGetRequest(
  target: Uint8Array,
  start: number,
  message: AuthRoleGetRequest,
): number {
  let at = start;
  if (message.role !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.role));
    at = writeUtf8(target, at, message.role);
  }
  return at;
}

export interface AuthUserListRequest {
}

export function emptyAuthUserListRequest(): AuthUserListRequest {
  return {
  };
}

const shapeOfAuthUserListRequest: Shape = {
  name: "AuthUserListRequest",
  fields: {  },
};

export function decodeAuthUserListRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserListRequest {
  const message = emptyAuthUserListRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfAuthUserListRequest);
    }
  }
  return message;
}

export function sizeAuthUserListRequest(_message: AuthUserListRequest): number {
  return 0;
}

export function writeAuthUserListRequest(
  _target: Uint8Array,
  start: number,
  _message: AuthUserListRequest,
): number {
  return start;
}

export interface AuthRoleListRequest {
}

export function emptyAuthRoleListRequest(): AuthRoleListRequest {
  return {
  };
}

const shapeOfAuthRoleListRequest: Shape = {
  name: "AuthRoleListRequest",
  fields: {  },
};

export function decodeAuthRoleListRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleListRequest {
  const message = emptyAuthRoleListRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleListRequest);
    }
  }
  return message;
}

export function sizeAuthRoleListRequest(_message: AuthRoleListRequest): number {
  return 0;
}

export function writeAuthRoleListRequest(
  _target: Uint8Array,
  start: number,
  _message: AuthRoleListRequest,
): number {
  return start;
}

export interface AuthRoleDeleteRequest {
  role: string;
}

export function emptyAuthRoleDeleteRequest(): AuthRoleDeleteRequest {
  return {
    role: "",
  };
}

const shapeOfAuthRoleDeleteRequest: Shape = {
  name: "AuthRoleDeleteRequest",
  fields: { 1: "Role" },
};

export function decodeAuthRoleDeleteRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleDeleteRequest {
  const message = emptyAuthRoleDeleteRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.role = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleDeleteRequest);
    }
  }
  return message;
}

export function sizeAuthRoleDeleteRequest(message: AuthRoleDeleteRequest): number {
  let size = 0;
  if (message.role !== "") {
    size += 1 + delimitedSize(utf8Size(message.role));
  }
  return size;
}

export function writeAuthRoleDeleteRequest(
  target: Uint8Array,
  start: number,
  message: AuthRoleDeleteRequest,
): number {
  let at = start;
  if (message.role !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.role));
    at = writeUtf8(target, at, message.role);
  }
  return at;
}

export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | null;
}

export function emptyAuthRoleGrantPermissionRequest(): AuthRoleGrantPermissionRequest {
  return {
    name: "",
    perm: null,
  };
}

const shapeOfAuthRoleGrantPermissionRequest: Shape = {
  name: "AuthRoleGrantPermissionRequest",
  fields: { 1: "Name", 2: "Perm" },
};

export function decodeAuthRoleGrantPermissionRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleGrantPermissionRequest {
  const message = emptyAuthRoleGrantPermissionRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readString(buffer, end);
        break;
      }
      case 18: {
        const fieldEnd = readEnd(buffer, end);
        message.perm = decodePermission(buffer, cursor.at, fieldEnd, message.perm ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleGrantPermissionRequest);
    }
  }
  return message;
}

export function sizeAuthRoleGrantPermissionRequest(message: AuthRoleGrantPermissionRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(utf8Size(message.name));
  }
  if (message.perm !== null) {
    size += 1 + delimitedSize(sizePermission(message.perm));
  }
  return size;
}

export function writeAuthRoleGrantPermissionRequest(
  target: Uint8Array,
  start: number,
  message: AuthRoleGrantPermissionRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.name));
    at = writeUtf8(target, at, message.name);
  }
  if (message.perm !== null) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizePermission(message.perm));
    at = writePermission(target, at, message.perm);
  }
  return at;
}

export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: string;
  rangeEnd: string;
}

export function emptyAuthRoleRevokePermissionRequest(): AuthRoleRevokePermissionRequest {
  return {
    role: "",
    key: "",
    rangeEnd: "",
  };
}

const shapeOfAuthRoleRevokePermissionRequest: Shape = {
  name: "AuthRoleRevokePermissionRequest",
  fields: { 1: "Role", 2: "Key", 3: "RangeEnd" },
};

export function decodeAuthRoleRevokePermissionRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleRevokePermissionRequest {
  const message = emptyAuthRoleRevokePermissionRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.role = readString(buffer, end);
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
        skipField(buffer, end, tag, shapeOfAuthRoleRevokePermissionRequest);
    }
  }
  return message;
}

export function sizeAuthRoleRevokePermissionRequest(message: AuthRoleRevokePermissionRequest): number {
  let size = 0;
  if (message.role !== "") {
    size += 1 + delimitedSize(utf8Size(message.role));
  }
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.rangeEnd !== "") {
    size += 1 + delimitedSize(message.rangeEnd.length);
  }
  return size;
}

export function writeAuthRoleRevokePermissionRequest(
  target: Uint8Array,
  start: number,
  message: AuthRoleRevokePermissionRequest,
): number {
  let at = start;
  if (message.role !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.role));
    at = writeUtf8(target, at, message.role);
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

export interface AuthEnableResponse {
  header: ResponseHeader | null;
}

export function emptyAuthEnableResponse(): AuthEnableResponse {
  return {
    header: null,
  };
}

const shapeOfAuthEnableResponse: Shape = {
  name: "AuthEnableResponse",
  fields: { 1: "Header" },
};

export function decodeAuthEnableResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthEnableResponse {
  const message = emptyAuthEnableResponse();
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
        skipField(buffer, end, tag, shapeOfAuthEnableResponse);
    }
  }
  return message;
}

export function sizeAuthEnableResponse(message: AuthEnableResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthEnableResponse(
  target: Uint8Array,
  start: number,
  message: AuthEnableResponse,
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

export interface AuthDisableResponse {
  header: ResponseHeader | null;
}

export function emptyAuthDisableResponse(): AuthDisableResponse {
  return {
    header: null,
  };
}

const shapeOfAuthDisableResponse: Shape = {
  name: "AuthDisableResponse",
  fields: { 1: "Header" },
};

export function decodeAuthDisableResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthDisableResponse {
  const message = emptyAuthDisableResponse();
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
        skipField(buffer, end, tag, shapeOfAuthDisableResponse);
    }
  }
  return message;
}

export function sizeAuthDisableResponse(message: AuthDisableResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthDisableResponse(
  target: Uint8Array,
  start: number,
  message: AuthDisableResponse,
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

export interface AuthStatusResponse {
  header: ResponseHeader | null;
  enabled: boolean;
  authRevision: number;
}

export function emptyAuthStatusResponse(): AuthStatusResponse {
  return {
    header: null,
    enabled: false,
    authRevision: 0,
  };
}

const shapeOfAuthStatusResponse: Shape = {
  name: "AuthStatusResponse",
  fields: { 1: "Header", 2: "Enabled", 3: "AuthRevision" },
};

export function decodeAuthStatusResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthStatusResponse {
  const message = emptyAuthStatusResponse();
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
      case 16: {
        message.enabled = readBool(buffer, end);
        break;
      }
      case 24: {
        message.authRevision = readUint64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthStatusResponse);
    }
  }
  return message;
}

export function sizeAuthStatusResponse(message: AuthStatusResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.enabled) {
    size += 1 + 1;
  }
  if (message.authRevision !== 0) {
    size += 1 + varintSize(message.authRevision);
  }
  return size;
}

export function writeAuthStatusResponse(
  target: Uint8Array,
  start: number,
  message: AuthStatusResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.enabled) {
    target[at] = 16;
    at += 1;
    target[at] = message.enabled ? 1 : 0;
    at += 1;
  }
  if (message.authRevision !== 0) {
    target[at] = 24;
    at += 1;
    at = writeVarint(target, at, message.authRevision);
  }
  return at;
}

export interface AuthenticateResponse {
  header: ResponseHeader | null;
  token: string;
}

export function emptyAuthenticateResponse(): AuthenticateResponse {
  return {
    header: null,
    token: "",
  };
}

const shapeOfAuthenticateResponse: Shape = {
  name: "AuthenticateResponse",
  fields: { 1: "Header", 2: "Token" },
};

export function decodeAuthenticateResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthenticateResponse {
  const message = emptyAuthenticateResponse();
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
        message.token = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthenticateResponse);
    }
  }
  return message;
}

export function sizeAuthenticateResponse(message: AuthenticateResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.token !== "") {
    size += 1 + delimitedSize(utf8Size(message.token));
  }
  return size;
}

export function writeAuthenticateResponse(
  target: Uint8Array,
  start: number,
  message: AuthenticateResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.token !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.token));
    at = writeUtf8(target, at, message.token);
  }
  return at;
}

export interface AuthUserAddResponse {
  header: ResponseHeader | null;
}

export function emptyAuthUserAddResponse(): AuthUserAddResponse {
  return {
    header: null,
  };
}

const shapeOfAuthUserAddResponse: Shape = {
  name: "AuthUserAddResponse",
  fields: { 1: "Header" },
};

export function decodeAuthUserAddResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserAddResponse {
  const message = emptyAuthUserAddResponse();
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
        skipField(buffer, end, tag, shapeOfAuthUserAddResponse);
    }
  }
  return message;
}

export function sizeAuthUserAddResponse(message: AuthUserAddResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthUserAddResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserAddResponse,
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

export interface AuthUserGetResponse {
  header: ResponseHeader | null;
  roles: string[];
}

export function emptyAuthUserGetResponse(): AuthUserGetResponse {
  return {
    header: null,
    roles: [],
  };
}

const shapeOfAuthUserGetResponse: Shape = {
  name: "AuthUserGetResponse",
  fields: { 1: "Header", 2: "Roles" },
};

export function decodeAuthUserGetResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserGetResponse {
  const message = emptyAuthUserGetResponse();
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
        message.roles.push(readString(buffer, end));
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserGetResponse);
    }
  }
  return message;
}

export function sizeAuthUserGetResponse(message: AuthUserGetResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.roles) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  return size;
}

export function writeAuthUserGetResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserGetResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.roles) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  return at;
}

export interface AuthUserDeleteResponse {
  header: ResponseHeader | null;
}

export function emptyAuthUserDeleteResponse(): AuthUserDeleteResponse {
  return {
    header: null,
  };
}

const shapeOfAuthUserDeleteResponse: Shape = {
  name: "AuthUserDeleteResponse",
  fields: { 1: "Header" },
};

export function decodeAuthUserDeleteResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserDeleteResponse {
  const message = emptyAuthUserDeleteResponse();
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
        skipField(buffer, end, tag, shapeOfAuthUserDeleteResponse);
    }
  }
  return message;
}

export function sizeAuthUserDeleteResponse(message: AuthUserDeleteResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthUserDeleteResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserDeleteResponse,
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

export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | null;
}

export function emptyAuthUserChangePasswordResponse(): AuthUserChangePasswordResponse {
  return {
    header: null,
  };
}

const shapeOfAuthUserChangePasswordResponse: Shape = {
  name: "AuthUserChangePasswordResponse",
  fields: { 1: "Header" },
};

export function decodeAuthUserChangePasswordResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserChangePasswordResponse {
  const message = emptyAuthUserChangePasswordResponse();
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
        skipField(buffer, end, tag, shapeOfAuthUserChangePasswordResponse);
    }
  }
  return message;
}

export function sizeAuthUserChangePasswordResponse(message: AuthUserChangePasswordResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthUserChangePasswordResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserChangePasswordResponse,
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

export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | null;
}

export function emptyAuthUserGrantRoleResponse(): AuthUserGrantRoleResponse {
  return {
    header: null,
  };
}

const shapeOfAuthUserGrantRoleResponse: Shape = {
  name: "AuthUserGrantRoleResponse",
  fields: { 1: "Header" },
};

export function decodeAuthUserGrantRoleResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserGrantRoleResponse {
  const message = emptyAuthUserGrantRoleResponse();
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
        skipField(buffer, end, tag, shapeOfAuthUserGrantRoleResponse);
    }
  }
  return message;
}

export function sizeAuthUserGrantRoleResponse(message: AuthUserGrantRoleResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthUserGrantRoleResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserGrantRoleResponse,
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

export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | null;
}

export function emptyAuthUserRevokeRoleResponse(): AuthUserRevokeRoleResponse {
  return {
    header: null,
  };
}

const shapeOfAuthUserRevokeRoleResponse: Shape = {
  name: "AuthUserRevokeRoleResponse",
  fields: { 1: "Header" },
};

export function decodeAuthUserRevokeRoleResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserRevokeRoleResponse {
  const message = emptyAuthUserRevokeRoleResponse();
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
        skipField(buffer, end, tag, shapeOfAuthUserRevokeRoleResponse);
    }
  }
  return message;
}

export function sizeAuthUserRevokeRoleResponse(message: AuthUserRevokeRoleResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthUserRevokeRoleResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserRevokeRoleResponse,
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

export interface AuthRoleAddResponse {
  header: ResponseHeader | null;
}

export function emptyAuthRoleAddResponse(): AuthRoleAddResponse {
  return {
    header: null,
  };
}

const shapeOfAuthRoleAddResponse: Shape = {
  name: "AuthRoleAddResponse",
  fields: { 1: "Header" },
};

export function decodeAuthRoleAddResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleAddResponse {
  const message = emptyAuthRoleAddResponse();
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
        skipField(buffer, end, tag, shapeOfAuthRoleAddResponse);
    }
  }
  return message;
}

export function sizeAuthRoleAddResponse(message: AuthRoleAddResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthRoleAddResponse(
  target: Uint8Array,
  start: number,
  message: AuthRoleAddResponse,
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

export interface AuthRoleGetResponse {
  header: ResponseHeader | null;
  perm: Permission[];
}

export function emptyAuthRoleGetResponse(): AuthRoleGetResponse {
  return {
    header: null,
    perm: [],
  };
}

const shapeOfAuthRoleGetResponse: Shape = {
  name: "AuthRoleGetResponse",
  fields: { 1: "Header", 2: "Perm" },
};

export function decodeAuthRoleGetResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleGetResponse {
  const message = emptyAuthRoleGetResponse();
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
        const fieldEnd = readEnd(buffer, end);
        message.perm.push(decodePermission(buffer, cursor.at, fieldEnd));
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleGetResponse);
    }
  }
  return message;
}

export function sizeAuthRoleGetResponse(message: AuthRoleGetResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.perm) {
    size += 1 + delimitedSize(sizePermission(value));
  }
  return size;
}

export function writeAuthRoleGetResponse(
  target: Uint8Array,
  start: number,
  message: AuthRoleGetResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.perm) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizePermission(value));
    at = writePermission(target, at, value);
  }
  return at;
}

export interface AuthRoleListResponse {
  header: ResponseHeader | null;
  roles: string[];
}

export function emptyAuthRoleListResponse(): AuthRoleListResponse {
  return {
    header: null,
    roles: [],
  };
}

const shapeOfAuthRoleListResponse: Shape = {
  name: "AuthRoleListResponse",
  fields: { 1: "Header", 2: "Roles" },
};

export function decodeAuthRoleListResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleListResponse {
  const message = emptyAuthRoleListResponse();
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
        message.roles.push(readString(buffer, end));
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthRoleListResponse);
    }
  }
  return message;
}

export function sizeAuthRoleListResponse(message: AuthRoleListResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.roles) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  return size;
}

export function writeAuthRoleListResponse(
  target: Uint8Array,
  start: number,
  message: AuthRoleListResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.roles) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  return at;
}

export interface AuthUserListResponse {
  header: ResponseHeader | null;
  users: string[];
}

export function emptyAuthUserListResponse(): AuthUserListResponse {
  return {
    header: null,
    users: [],
  };
}

const shapeOfAuthUserListResponse: Shape = {
  name: "AuthUserListResponse",
  fields: { 1: "Header", 2: "Users" },
};

export function decodeAuthUserListResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthUserListResponse {
  const message = emptyAuthUserListResponse();
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
        message.users.push(readString(buffer, end));
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfAuthUserListResponse);
    }
  }
  return message;
}

export function sizeAuthUserListResponse(message: AuthUserListResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  for (const value of message.users) {
    size += 1 + delimitedSize(utf8Size(value));
  }
  return size;
}

export function writeAuthUserListResponse(
  target: Uint8Array,
  start: number,
  message: AuthUserListResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  for (const value of message.users) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, utf8Size(value));
    at = writeUtf8(target, at, value);
  }
  return at;
}

export interface AuthRoleDeleteResponse {
  header: ResponseHeader | null;
}

export function emptyAuthRoleDeleteResponse(): AuthRoleDeleteResponse {
  return {
    header: null,
  };
}

const shapeOfAuthRoleDeleteResponse: Shape = {
  name: "AuthRoleDeleteResponse",
  fields: { 1: "Header" },
};

export function decodeAuthRoleDeleteResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleDeleteResponse {
  const message = emptyAuthRoleDeleteResponse();
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
        skipField(buffer, end, tag, shapeOfAuthRoleDeleteResponse);
    }
  }
  return message;
}

export function sizeAuthRoleDeleteResponse(message: AuthRoleDeleteResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthRoleDeleteResponse(
  target: Uint8Array,
  start: number,
  message: AuthRoleDeleteResponse,
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

export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | null;
}

export function emptyAuthRoleGrantPermissionResponse(): AuthRoleGrantPermissionResponse {
  return {
    header: null,
  };
}

const shapeOfAuthRoleGrantPermissionResponse: Shape = {
  name: "AuthRoleGrantPermissionResponse",
  fields: { 1: "Header" },
};

export function decodeAuthRoleGrantPermissionResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleGrantPermissionResponse {
  const message = emptyAuthRoleGrantPermissionResponse();
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
        skipField(buffer, end, tag, shapeOfAuthRoleGrantPermissionResponse);
    }
  }
  return message;
}

export function sizeAuthRoleGrantPermissionResponse(message: AuthRoleGrantPermissionResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthRoleGrantPermissionResponse(
  target: Uint8Array,
  start: number,
  message: AuthRoleGrantPermissionResponse,
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

export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | null;
}

export function emptyAuthRoleRevokePermissionResponse(): AuthRoleRevokePermissionResponse {
  return {
    header: null,
  };
}

const shapeOfAuthRoleRevokePermissionResponse: Shape = {
  name: "AuthRoleRevokePermissionResponse",
  fields: { 1: "Header" },
};

export function decodeAuthRoleRevokePermissionResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): AuthRoleRevokePermissionResponse {
  const message = emptyAuthRoleRevokePermissionResponse();
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
        skipField(buffer, end, tag, shapeOfAuthRoleRevokePermissionResponse);
    }
  }
  return message;
}

export function sizeAuthRoleRevokePermissionResponse(message: AuthRoleRevokePermissionResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeAuthRoleRevokePermissionResponse(
  target: Uint8Array,
  start: number,
  message: AuthRoleRevokePermissionResponse,
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

export interface RangeStreamResponse {
  rangeResponse: RangeResponse | null;
}

export function emptyRangeStreamResponse(): RangeStreamResponse {
  return {
    rangeResponse: null,
  };
}

const shapeOfRangeStreamResponse: Shape = {
  name: "RangeStreamResponse",
  fields: { 1: "RangeResponse" },
};

export function decodeRangeStreamResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): RangeStreamResponse {
  const message = emptyRangeStreamResponse();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.rangeResponse = decodeRangeResponse(buffer, cursor.at, fieldEnd, message.rangeResponse ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfRangeStreamResponse);
    }
  }
  return message;
}

export function sizeRangeStreamResponse(message: RangeStreamResponse): number {
  let size = 0;
  if (message.rangeResponse !== null) {
    size += 1 + delimitedSize(sizeRangeResponse(message.rangeResponse));
  }
  return size;
}

export function writeRangeStreamResponse(
  target: Uint8Array,
  start: number,
  message: RangeStreamResponse,
): number {
  let at = start;
  if (message.rangeResponse !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeRangeResponse(message.rangeResponse));
    at = writeRangeResponse(target, at, message.rangeResponse);
  }
  return at;
}
