// The head of an HTTP/1.1 answer.
import { latin1Bytes } from "../../lib/bytes.js";

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

/** `headers` are clean (see toWire); `framing` says how the body ends, with its line end. */
export function answerHead(
  status: number,
  headers: readonly (readonly [name: string, value: string])[],
  framing: string,
  closes: boolean,
): Uint8Array {
  let text = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "Status"}\r\n`;
  for (const [name, value] of headers) {
    text += `${name}: ${value}\r\n`;
  }
  return latin1Bytes(`${text}${framing}${closes ? "connection: close\r\n" : ""}\r\n`);
}
