// The opening handshake of a websocket (RFC 6455, 4.2): what makes an HTTP/1.1 request one, and its answer.
import { latin1Bytes } from "../../lib/bytes.js";
import { sha1Base64 } from "../../lib/hashes/sha1.js";
import type { Http1Head, Refusal } from "../http1/request.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function hasToken(value: string | undefined, token: string): boolean {
  return (value ?? "")
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/)
    .includes(token);
}

/** Whether a request asks for a websocket, well formed or not. */
export function asksWebSocket(head: Http1Head): boolean {
  return (
    head.method === "GET" &&
    !head.isVersion10 &&
    hasToken(head.headers.get("upgrade"), "websocket") &&
    hasToken(head.headers.get("connection"), "upgrade")
  );
}

/** The bytes that answer the handshake, or why it is refused. */
export function acceptWebSocket(
  head: Http1Head,
  subprotocol: string | undefined,
): Uint8Array | Refusal {
  if (head.headers.get("sec-websocket-version") !== "13") {
    return { status: 426, reason: "websocket version 13 is served" };
  }
  const key = head.headers.get("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key) || head.body.kind !== "none") {
    return { status: 400, reason: "malformed websocket handshake" };
  }
  return latin1Bytes(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
      `sec-websocket-accept: ${sha1Base64(key + GUID)}\r\n` +
      (subprotocol === undefined ? "\r\n" : `sec-websocket-protocol: ${subprotocol}\r\n\r\n`),
  );
}
