// Made by scripts/generate-codecs.ts from proto/etcd/v3election.proto: change that file, not this one.
import { writeLatin1 } from "../../lib/bytes.js";
import { bigVarintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, delimitedSize, int64Size, noBytes, readBigInt64, readBytes, readEnd, readInt64, readLatin1, readTag, skipField, writeInt64 } from "../wire.js";
import { type KeyValue, decodeKeyValue, sizeKeyValue, writeKeyValue } from "./kv.js";
import { type ResponseHeader, decodeResponseHeader, sizeResponseHeader, writeResponseHeader } from "./rpc.js";

export interface CampaignRequest {
  name: string;
  lease: bigint;
  value: Uint8Array;
}

export function emptyCampaignRequest(): CampaignRequest {
  return {
    name: "",
    lease: 0n,
    value: noBytes,
  };
}

const shapeOfCampaignRequest: Shape = {
  name: "CampaignRequest",
  fields: { 1: "Name", 2: "Lease", 3: "Value" },
};

export function decodeCampaignRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): CampaignRequest {
  const message = emptyCampaignRequest();
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
      case 26: {
        message.value = readBytes(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCampaignRequest);
    }
  }
  return message;
}

export function sizeCampaignRequest(message: CampaignRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(message.name.length);
  }
  if (message.lease !== 0n) {
    size += 1 + bigVarintSize(message.lease);
  }
  if (message.value.length > 0) {
    size += 1 + delimitedSize(message.value.length);
  }
  return size;
}

export function writeCampaignRequest(
  target: Uint8Array,
  start: number,
  message: CampaignRequest,
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
  if (message.value.length > 0) {
    target[at] = 26;
    at += 1;
    at = writeVarint(target, at, message.value.length);
    target.set(message.value, at);
    at += message.value.length;
  }
  return at;
}

export interface CampaignResponse {
  header: ResponseHeader | null;
  leader: LeaderKey | null;
}

export function emptyCampaignResponse(): CampaignResponse {
  return {
    header: null,
    leader: null,
  };
}

const shapeOfCampaignResponse: Shape = {
  name: "CampaignResponse",
  fields: { 1: "Header", 2: "Leader" },
};

export function decodeCampaignResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): CampaignResponse {
  const message = emptyCampaignResponse();
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
        message.leader = decodeLeaderKey(buffer, cursor.at, fieldEnd, message.leader ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfCampaignResponse);
    }
  }
  return message;
}

export function sizeCampaignResponse(message: CampaignResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.leader !== null) {
    size += 1 + delimitedSize(sizeLeaderKey(message.leader));
  }
  return size;
}

export function writeCampaignResponse(
  target: Uint8Array,
  start: number,
  message: CampaignResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.leader !== null) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeLeaderKey(message.leader));
    at = writeLeaderKey(target, at, message.leader);
  }
  return at;
}

export interface LeaderKey {
  name: string;
  key: string;
  rev: number;
  lease: bigint;
}

export function emptyLeaderKey(): LeaderKey {
  return {
    name: "",
    key: "",
    rev: 0,
    lease: 0n,
  };
}

const shapeOfLeaderKey: Shape = {
  name: "LeaderKey",
  fields: { 1: "Name", 2: "Key", 3: "Rev", 4: "Lease" },
};

export function decodeLeaderKey(
  buffer: Uint8Array,
  start: number,
  end: number,
  message: LeaderKey = emptyLeaderKey(),
): LeaderKey {
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readLatin1(buffer, end);
        break;
      }
      case 18: {
        message.key = readLatin1(buffer, end);
        break;
      }
      case 24: {
        message.rev = readInt64(buffer, end);
        break;
      }
      case 32: {
        message.lease = readBigInt64(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaderKey);
    }
  }
  return message;
}

export function sizeLeaderKey(message: LeaderKey): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(message.name.length);
  }
  if (message.key !== "") {
    size += 1 + delimitedSize(message.key.length);
  }
  if (message.rev !== 0) {
    size += 1 + int64Size(message.rev);
  }
  if (message.lease !== 0n) {
    size += 1 + bigVarintSize(message.lease);
  }
  return size;
}

export function writeLeaderKey(
  target: Uint8Array,
  start: number,
  message: LeaderKey,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.name.length);
    at = writeLatin1(target, at, message.name);
  }
  if (message.key !== "") {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.key.length);
    at = writeLatin1(target, at, message.key);
  }
  if (message.rev !== 0) {
    target[at] = 24;
    at += 1;
    at = writeInt64(target, at, message.rev);
  }
  if (message.lease !== 0n) {
    target[at] = 32;
    at += 1;
    at = writeBigVarint(target, at, message.lease);
  }
  return at;
}

export interface LeaderRequest {
  name: string;
}

export function emptyLeaderRequest(): LeaderRequest {
  return {
    name: "",
  };
}

const shapeOfLeaderRequest: Shape = {
  name: "LeaderRequest",
  fields: { 1: "Name" },
};

export function decodeLeaderRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaderRequest {
  const message = emptyLeaderRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.name = readLatin1(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaderRequest);
    }
  }
  return message;
}

export function sizeLeaderRequest(message: LeaderRequest): number {
  let size = 0;
  if (message.name !== "") {
    size += 1 + delimitedSize(message.name.length);
  }
  return size;
}

export function writeLeaderRequest(
  target: Uint8Array,
  start: number,
  message: LeaderRequest,
): number {
  let at = start;
  if (message.name !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, message.name.length);
    at = writeLatin1(target, at, message.name);
  }
  return at;
}

export interface LeaderResponse {
  header: ResponseHeader | null;
  kv: KeyValue | null;
}

export function emptyLeaderResponse(): LeaderResponse {
  return {
    header: null,
    kv: null,
  };
}

const shapeOfLeaderResponse: Shape = {
  name: "LeaderResponse",
  fields: { 1: "Header", 2: "Kv" },
};

export function decodeLeaderResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): LeaderResponse {
  const message = emptyLeaderResponse();
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
        message.kv = decodeKeyValue(buffer, cursor.at, fieldEnd, message.kv ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfLeaderResponse);
    }
  }
  return message;
}

export function sizeLeaderResponse(message: LeaderResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  if (message.kv !== null) {
    size += 1 + delimitedSize(sizeKeyValue(message.kv));
  }
  return size;
}

export function writeLeaderResponse(
  target: Uint8Array,
  start: number,
  message: LeaderResponse,
): number {
  let at = start;
  if (message.header !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeResponseHeader(message.header));
    at = writeResponseHeader(target, at, message.header);
  }
  if (message.kv !== null) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, sizeKeyValue(message.kv));
    at = writeKeyValue(target, at, message.kv);
  }
  return at;
}

export interface ResignRequest {
  leader: LeaderKey | null;
}

export function emptyResignRequest(): ResignRequest {
  return {
    leader: null,
  };
}

const shapeOfResignRequest: Shape = {
  name: "ResignRequest",
  fields: { 1: "Leader" },
};

export function decodeResignRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): ResignRequest {
  const message = emptyResignRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.leader = decodeLeaderKey(buffer, cursor.at, fieldEnd, message.leader ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfResignRequest);
    }
  }
  return message;
}

export function sizeResignRequest(message: ResignRequest): number {
  let size = 0;
  if (message.leader !== null) {
    size += 1 + delimitedSize(sizeLeaderKey(message.leader));
  }
  return size;
}

export function writeResignRequest(
  target: Uint8Array,
  start: number,
  message: ResignRequest,
): number {
  let at = start;
  if (message.leader !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeLeaderKey(message.leader));
    at = writeLeaderKey(target, at, message.leader);
  }
  return at;
}

export interface ResignResponse {
  header: ResponseHeader | null;
}

export function emptyResignResponse(): ResignResponse {
  return {
    header: null,
  };
}

const shapeOfResignResponse: Shape = {
  name: "ResignResponse",
  fields: { 1: "Header" },
};

export function decodeResignResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): ResignResponse {
  const message = emptyResignResponse();
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
        skipField(buffer, end, tag, shapeOfResignResponse);
    }
  }
  return message;
}

export function sizeResignResponse(message: ResignResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeResignResponse(
  target: Uint8Array,
  start: number,
  message: ResignResponse,
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

export interface ProclaimRequest {
  leader: LeaderKey | null;
  value: Uint8Array;
}

export function emptyProclaimRequest(): ProclaimRequest {
  return {
    leader: null,
    value: noBytes,
  };
}

const shapeOfProclaimRequest: Shape = {
  name: "ProclaimRequest",
  fields: { 1: "Leader", 2: "Value" },
};

export function decodeProclaimRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): ProclaimRequest {
  const message = emptyProclaimRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        const fieldEnd = readEnd(buffer, end);
        message.leader = decodeLeaderKey(buffer, cursor.at, fieldEnd, message.leader ?? undefined);
        cursor.at = fieldEnd;
        break;
      }
      case 18: {
        message.value = readBytes(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfProclaimRequest);
    }
  }
  return message;
}

export function sizeProclaimRequest(message: ProclaimRequest): number {
  let size = 0;
  if (message.leader !== null) {
    size += 1 + delimitedSize(sizeLeaderKey(message.leader));
  }
  if (message.value.length > 0) {
    size += 1 + delimitedSize(message.value.length);
  }
  return size;
}

export function writeProclaimRequest(
  target: Uint8Array,
  start: number,
  message: ProclaimRequest,
): number {
  let at = start;
  if (message.leader !== null) {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, sizeLeaderKey(message.leader));
    at = writeLeaderKey(target, at, message.leader);
  }
  if (message.value.length > 0) {
    target[at] = 18;
    at += 1;
    at = writeVarint(target, at, message.value.length);
    target.set(message.value, at);
    at += message.value.length;
  }
  return at;
}

export interface ProclaimResponse {
  header: ResponseHeader | null;
}

export function emptyProclaimResponse(): ProclaimResponse {
  return {
    header: null,
  };
}

const shapeOfProclaimResponse: Shape = {
  name: "ProclaimResponse",
  fields: { 1: "Header" },
};

export function decodeProclaimResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): ProclaimResponse {
  const message = emptyProclaimResponse();
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
        skipField(buffer, end, tag, shapeOfProclaimResponse);
    }
  }
  return message;
}

export function sizeProclaimResponse(message: ProclaimResponse): number {
  let size = 0;
  if (message.header !== null) {
    size += 1 + delimitedSize(sizeResponseHeader(message.header));
  }
  return size;
}

export function writeProclaimResponse(
  target: Uint8Array,
  start: number,
  message: ProclaimResponse,
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
