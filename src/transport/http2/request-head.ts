// A request's header list, checked (RFC 9113, 8.2 and 8.3) and sorted once. Immutable: equal header blocks share one.
import type { Route, Routes } from "../context.js";
import type { HeaderMemo } from "../service.js";
import { FIELD, type HeaderField } from "../hpack/field.js";

/** What is to be done with a request. */
export const REQUEST = {
  GRPC: 0,
  /** A well-formed gRPC request for a path we do not serve. */
  GRPC_UNKNOWN_PATH: 1,
  /** A gRPC path, or a content type that begins like gRPC's, but is not. */
  BAD_CONTENT_TYPE: 2,
  GRPC_BAD_METHOD: 3,
  HTTP: 4,
} as const;

export type RequestKind = (typeof REQUEST)[keyof typeof REQUEST];

/** No grpc-timeout was sent; one was sent and is malformed. */
export const NO_TIMEOUT = -1;
export const BAD_TIMEOUT = -2;

export class RequestHead {
  readonly fields: readonly HeaderField[];
  method = "";
  scheme = "";
  path = "";
  authority = "";
  contentType = "";
  /** grpc-encoding; empty if none. */
  encoding = "";
  /** Milliseconds, not always whole; or NO_TIMEOUT, BAD_TIMEOUT. */
  timeoutMs: number = NO_TIMEOUT;
  /** −1 if it was not sent. */
  contentLength = -1;
  kind: RequestKind = REQUEST.HTTP;
  route: Route | undefined = undefined;
  /** Free for the services. */
  readonly memo: HeaderMemo = { value: null };

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
  }

  /** First value of a header, by its lower-case name. */
  header(name: string): string | undefined {
    for (const field of this.fields) {
      if (field.name === name) {
        return field.value;
      }
    }
    return undefined;
  }
}

const TIMEOUT_UNIT_MS: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1000,
  M: 60_000,
  H: 3_600_000,
};

/** grpc-timeout: at most 8 digits and a unit. */
export function parseTimeout(text: string): number {
  const digits = text.length - 1;
  const unitMs = TIMEOUT_UNIT_MS[text.charAt(digits)];
  if (unitMs === undefined || digits < 1 || digits > 8) {
    return BAD_TIMEOUT;
  }
  let value = 0;
  for (let i = 0; i < digits; i += 1) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) {
      return BAD_TIMEOUT;
    }
    value = value * 10 + digit;
  }
  return value * unitMs;
}

/** Digits only (RFC 9110, 8.6); −1 if it is anything else or too large to count. */
function parseContentLength(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

/** "application/grpc", also with a codec ("+proto") or parameters; not "application/grpc-web". */
function isGrpc(contentType: string): boolean {
  if (contentType === "application/grpc") {
    return true;
  }
  const next = contentType.charAt(16);
  return contentType.startsWith("application/grpc") && (next === "+" || next === ";");
}

function classify(head: RequestHead, routes: Routes): void {
  head.route = routes.byPath.get(head.path);
  if (isGrpc(head.contentType)) {
    if (head.method !== "POST") {
      head.kind = REQUEST.GRPC_BAD_METHOD;
    } else {
      head.kind = head.route === undefined ? REQUEST.GRPC_UNKNOWN_PATH : REQUEST.GRPC;
    }
  } else if (head.route !== undefined || head.contentType.startsWith("application/grpc")) {
    head.kind = REQUEST.BAD_CONTENT_TYPE;
  } else {
    head.kind = REQUEST.HTTP;
  }
}

const SEEN_METHOD = 1;
const SEEN_SCHEME = 2;
const SEEN_PATH = 4;
const SEEN_AUTHORITY = 8;
const SEEN_REQUIRED = SEEN_METHOD | SEEN_SCHEME | SEEN_PATH;

/** Takes a pseudo-header; returns its bit, or 0 if the field is none. */
function takePseudo(head: RequestHead, field: HeaderField): number {
  switch (field.kind) {
    case FIELD.METHOD:
      head.method = field.value;
      return SEEN_METHOD;
    case FIELD.SCHEME:
      head.scheme = field.value;
      return SEEN_SCHEME;
    case FIELD.PATH:
      head.path = field.value;
      return SEEN_PATH;
    case FIELD.AUTHORITY:
      head.authority = field.value;
      return SEEN_AUTHORITY;
    default:
      return 0;
  }
}

/** Takes a regular field; false if it makes the request malformed. */
function takeRegular(head: RequestHead, field: HeaderField): boolean {
  switch (field.kind) {
    case FIELD.OTHER:
      return true;
    case FIELD.CONTENT_TYPE:
      head.contentType = field.value;
      return true;
    case FIELD.CONTENT_LENGTH: {
      const length = parseContentLength(field.value);
      const agrees = head.contentLength < 0 || head.contentLength === length;
      head.contentLength = length;
      return length >= 0 && agrees;
    }
    case FIELD.TE:
      return field.value === "trailers";
    case FIELD.GRPC_TIMEOUT:
      head.timeoutMs = parseTimeout(field.value);
      return true;
    case FIELD.GRPC_ENCODING:
      head.encoding = field.value;
      return true;
    default:
      return false;
  }
}

/** Makes a head of `fields[0, count)`; undefined if the request is malformed (a stream error). */
export function makeRequestHead(
  fields: readonly HeaderField[],
  count: number,
  routes: Routes,
): RequestHead | undefined {
  const head = new RequestHead(fields.slice(0, count));
  let seen = 0;
  let regularSeen = false;
  for (let i = 0; i < count; i += 1) {
    const field = fields[i] as HeaderField;
    const pseudo = takePseudo(head, field);
    if (pseudo === 0) {
      regularSeen = true;
      if (!takeRegular(head, field)) {
        return undefined;
      }
    } else if (regularSeen || (seen & pseudo) !== 0) {
      return undefined;
    }
    seen |= pseudo;
  }
  const first = head.path.charCodeAt(0);
  if ((seen & SEEN_REQUIRED) !== SEEN_REQUIRED || (first !== 0x2f && head.path !== "*")) {
    return undefined;
  }
  classify(head, routes);
  return head;
}
