// Made by scripts/generate-codecs.ts from proto/grpc/health.proto: change that file, not this one.
import { writeVarint } from "../../lib/varint.js";
import { type Shape, cursor, delimitedSize, int64Size, readInt32, readString, readTag, skipField, utf8Size, writeInt64, writeUtf8 } from "../wire.js";

export interface HealthCheckRequest {
  service: string;
}

export function emptyHealthCheckRequest(): HealthCheckRequest {
  return {
    service: "",
  };
}

const shapeOfHealthCheckRequest: Shape = {
  name: "HealthCheckRequest",
  fields: { 1: "Service" },
};

export function decodeHealthCheckRequest(
  buffer: Uint8Array,
  start: number,
  end: number,
): HealthCheckRequest {
  const message = emptyHealthCheckRequest();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 10: {
        message.service = readString(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfHealthCheckRequest);
    }
  }
  return message;
}

export function sizeHealthCheckRequest(message: HealthCheckRequest): number {
  let size = 0;
  if (message.service !== "") {
    size += 1 + delimitedSize(utf8Size(message.service));
  }
  return size;
}

export function writeHealthCheckRequest(
  target: Uint8Array,
  start: number,
  message: HealthCheckRequest,
): number {
  let at = start;
  if (message.service !== "") {
    target[at] = 10;
    at += 1;
    at = writeVarint(target, at, utf8Size(message.service));
    at = writeUtf8(target, at, message.service);
  }
  return at;
}

export const HealthCheckResponseServingStatus: {
  readonly UNKNOWN: 0;
  readonly SERVING: 1;
  readonly NOT_SERVING: 2;
  readonly SERVICE_UNKNOWN: 3;
} = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
};

export interface HealthCheckResponse {
  status: number;
}

export function emptyHealthCheckResponse(): HealthCheckResponse {
  return {
    status: 0,
  };
}

const shapeOfHealthCheckResponse: Shape = {
  name: "HealthCheckResponse",
  fields: { 1: "Status" },
};

export function decodeHealthCheckResponse(
  buffer: Uint8Array,
  start: number,
  end: number,
): HealthCheckResponse {
  const message = emptyHealthCheckResponse();
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    switch (tag) {
      case 8: {
        message.status = readInt32(buffer, end);
        break;
      }
      default:
        skipField(buffer, end, tag, shapeOfHealthCheckResponse);
    }
  }
  return message;
}

export function sizeHealthCheckResponse(message: HealthCheckResponse): number {
  let size = 0;
  if (message.status !== 0) {
    size += 1 + int64Size(message.status);
  }
  return size;
}

export function writeHealthCheckResponse(
  target: Uint8Array,
  start: number,
  message: HealthCheckResponse,
): number {
  let at = start;
  if (message.status !== 0) {
    target[at] = 8;
    at += 1;
    at = writeInt64(target, at, message.status);
  }
  return at;
}
