// What a request's headers say of its caller, read once for all requests of a connection that come with the same ones: a
// look at a header costs some 30 ns, and there are four.
import type { CallContext } from "../transport/service.js";

export interface CallerFacts {
  /** The caller wants no answer from a member without a leader. */
  readonly wantsLeader: boolean;
  readonly hasValidVersion: boolean;
  /** Null: it came with none. */
  readonly token: string | null;
  /** What the token stands for, kept by who knows tokens; null if nobody has looked yet. */
  tokenEntry: unknown;
}

const BEARER = "Bearer ";

export function callerFacts(call: CallContext): CallerFacts {
  const { memo } = call;
  if (memo === undefined) {
    return readFacts(call);
  }
  // Nobody else writes there.
  const known = memo.value as CallerFacts | null;
  if (known !== null) {
    return known;
  }
  const facts = readFacts(call);
  memo.value = facts;
  return facts;
}

function readFacts(call: CallContext): CallerFacts {
  const version = call.metadata("client-api-version");
  const token = call.metadata("token") ?? call.metadata("authorization") ?? null;
  return {
    wantsLeader: call.metadata("hasleader") === "true",
    hasValidVersion: version === undefined || isUtf8(version),
    token: token?.startsWith(BEARER) === true ? token.slice(BEARER.length) : token,
    tokenEntry: null,
  };
}

/** Whether a header value, one char per byte, is valid UTF-8. */
function isUtf8(value: string): boolean {
  return !Buffer.from(value, "latin1").toString("utf8").includes("\ufffd");
}
