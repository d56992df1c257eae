// What of a request's headers a call may read as metadata, as etcd's gateway passes it on: "authorization" as the token,
// "grpc-metadata-<name>" as <name>, "grpc-timeout" as the deadline.
import type { HttpRequestHead } from "../../transport/service.js";

const PREFIX = "grpc-metadata-";

/** The token of a websocket's "Bearer, <token>": browsers can set no other header there. */
function bearerOf(subprotocols: string | undefined): string | undefined {
  const rest = /Bearer,(.*)$/.exec(subprotocols ?? "")?.[1]?.trim();
  return rest === undefined ? undefined : `Bearer ${rest}`;
}

/** What a websocket agrees to: browsers that offer a subprotocol want one. */
export function subprotocolOf(head: HttpRequestHead): string | undefined {
  const offered = head.headers.get("sec-websocket-protocol") ?? "";
  return offered.startsWith("Bearer") ? "Bearer" : undefined;
}

/** Metadata by name in lower case. */
export function callMetadata(
  head: HttpRequestHead,
  isWebSocket: boolean,
): (name: string) => string | undefined {
  const bearer = isWebSocket ? bearerOf(head.headers.get("sec-websocket-protocol")) : undefined;
  return (name) => {
    const authorization = bearer ?? head.headers.get("authorization");
    if (name === "authorization") {
      return authorization;
    }
    const own = head.headers.get(PREFIX + name);
    return own === undefined && name === "token" ? authorization?.replace(/^Bearer /, "") : own;
  };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds of a "grpc-timeout" header; undefined if there is none, null if it is malformed. */
export function timeoutMsOf(head: HttpRequestHead): number | null | undefined {
  const text = head.headers.get("grpc-timeout");
  if (text === undefined) {
    return undefined;
  }
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text);
  return match === null ? null : Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0);
}
