// The head of an HTTP/1.1 request (RFC 9112), read strictly: what two programs could read differently is refused, since
// that is how requests are smuggled past a proxy.
import type { TransportLimits } from "../limits.js";

/** How a request's body is delimited. */
export type BodyLength =
  | { readonly kind: "none" }
  | { readonly kind: "known"; readonly bytes: number }
  | { readonly kind: "chunked" };

export interface Http1Head {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: BodyLength;
  readonly isVersion10: boolean;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
}

/** A request that is refused, and after which the connection is closed. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Names that must not come twice: their values cannot be joined. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "host",
  "transfer-encoding",
]);

export function isRefusal(value: Http1Head | Refusal): value is Refusal {
  return "status" in value;
}

/** Empty lines before a request are allowed (RFC 9112, 2.2). */
export function withoutEmptyLines(input: Uint8Array): Uint8Array {
  let at = 0;
  while (input[at] === CARRIAGE_RETURN && input[at + 1] === LINE_FEED) {
    at += 2;
  }
  return at === 0 ? input : input.subarray(at);
}

/** Offset of the empty line that ends the head; −1 if it has not come. Looked for in vain before `searchedBytes`. */
export function findHeadEnd(input: Uint8Array, searchedBytes: number): number {
  let at = input.indexOf(CARRIAGE_RETURN, Math.max(0, searchedBytes - 3));
  while (at >= 0) {
    if (
      input[at + 1] === LINE_FEED &&
      input[at + 2] === CARRIAGE_RETURN &&
      input[at + 3] === LINE_FEED
    ) {
      return at;
    }
    at = input.indexOf(CARRIAGE_RETURN, at + 1);
  }
  return -1;
}

function readHeaders(
  lines: readonly string[],
  limits: TransportLimits,
): Map<string, string> | Refusal {
  if (lines.length > limits.http1HeadersMax) {
    return { status: 431, reason: "too many headers" };
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = HEADER_LINE.exec(line);
    const name = match?.[1]?.toLowerCase();
    const value = match?.[2];
    if (name === undefined || value === undefined || CONTROL_CHARACTER.test(value)) {
      return { status: 400, reason: "malformed header" };
    }
    const before = headers.get(name);
    if (before !== undefined && SINGLE_HEADERS.has(name)) {
      return { status: 400, reason: `duplicate header ${name}` };
    }
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function bodyLength(
  headers: ReadonlyMap<string, string>,
  limits: TransportLimits,
): BodyLength | Refusal {
  const encoding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (encoding !== undefined) {
    if (length !== undefined) {
      return { status: 400, reason: "both content-length and transfer-encoding" };
    }
    return encoding.toLowerCase() === "chunked"
      ? { kind: "chunked" }
      : { status: 501, reason: "unknown transfer-encoding" };
  }
  if (length === undefined) {
    return { kind: "none" };
  }
  if (!/^\d{1,15}$/.test(length)) {
    return { status: 400, reason: "malformed content-length" };
  }
  const bytes = Number(length);
  if (bytes > limits.httpBodyBytesMax) {
    return { status: 413, reason: "request body too large" };
  }
  return bytes === 0 ? { kind: "none" } : { kind: "known", bytes };
}

/** "http://host/path" as sent to proxies means "/path" here. */
function originForm(target: string): string | undefined {
  if (target.startsWith("/") || target === "*") {
    return target;
  }
  const match = /^https?:\/\/[^/?#]*(.*)$/i.exec(target);
  const rest = match?.[1];
  if (rest === undefined) {
    return undefined;
  }
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/**
 * Reads a head: the text before the empty line, without the last CRLF. "not-http": the client speaks something else, and
 * would not understand an answer.
 */
export function readHead(text: string, limits: TransportLimits): Http1Head | Refusal | "not-http" {
  const lines = text.split("\r\n");
  const match = REQUEST_LINE.exec(lines[0] ?? "");
  if (match === null) {
    if (!/ HTTP\/\d/.test(lines[0] ?? "")) {
      return "not-http";
    }
    return { status: 400, reason: "malformed request line" };
  }
  const [, method = "", rawTarget = "", major = "", minor = ""] = match;
  if (major !== "1") {
    return { status: 505, reason: "HTTP version not supported" };
  }
  const target = originForm(rawTarget);
  if (target === undefined) {
    return { status: 400, reason: "malformed request target" };
  }
  const headers = readHeaders(lines.slice(1), limits);
  if ("status" in headers) {
    return headers;
  }
  const isVersion10 = minor === "0";
  if (!isVersion10 && !headers.has("host")) {
    return { status: 400, reason: "missing host header" };
  }
  const body = bodyLength(headers, limits);
  if ("status" in body) {
    return body;
  }
  const expect = headers.get("expect")?.toLowerCase();
  if (expect !== undefined && expect !== "100-continue") {
    return { status: 417, reason: "unknown expectation" };
  }
  const options = (headers.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  const keepAlive = isVersion10 ? options.includes("keep-alive") : !options.includes("close");
  const expectsContinue = expect !== undefined;
  return { method, target, headers, body, isVersion10, keepAlive, expectsContinue };
}
