// What all services of one server share, and the shapes that their methods have in common.
import { T4Error } from "../core/errors.js";
import type { Consistency, Node } from "../node/node.js";
import type { Clock } from "../runtime/clock.js";
import type { Random } from "../runtime/random.js";
import type { CallContext, Method, StreamReceiver, UnaryCall } from "../transport/service.js";
import { callerFacts } from "./caller-facts.js";
import { failCall, invalidClientApiVersion, noLeader } from "./errors.js";
import type { Authoriser } from "./auth/authoriser.js";
import type { ResponseHeaders } from "./response-header.js";

export { proposed } from "./propose.js";

/** A member as clients are told of it. */
export interface MemberInformation {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Where clients reach it: they replace the addresses they were given by these. */
  readonly clientUrls: readonly string[];
}

export interface ServiceContext {
  readonly node: Node;
  readonly headers: ResponseHeaders;
  readonly clock: Clock;
  readonly random: Random;
  /** Every member of the cluster, this one included. */
  readonly members: () => readonly MemberInformation[];
  /** How current reads are whose callers do not say that they take old ones. */
  readonly readConsistency: Consistency;
  readonly watchProgressIntervalMs: number;
  /** Largest write, as etcd's --max-request-bytes. */
  readonly requestBytesMax: number;
  /** Most operations in one list of a transaction, as etcd's --max-txn-ops. */
  readonly txnOperationsMax: number;
  /** Who calls, and what that one may do. */
  readonly authoriser: Authoriser;
}

/** What etcd checks of every caller. Throws an EtcdError. */
export function checkCaller(call: CallContext, node: Node): void {
  const facts = callerFacts(call);
  if (facts.wantsLeader && !node.status().isLeader) {
    throw noLeader();
  }
  if (!facts.hasValidVersion) {
    throw invalidClientApiVersion();
  }
}

/** The generated codec of a request type. */
export type Decode<Request> = (buffer: Uint8Array, start: number, end: number) => Request;

/** The generated codec of a response type. */
export interface Encoder<Response> {
  readonly size: (message: Response) => number;
  readonly write: (target: Uint8Array, at: number, message: Response) => number;
}

/** A unary method that is not called often enough to be written by hand. */
export function unary<Request, Response>(
  node: Node,
  decode: Decode<Request>,
  encoder: Encoder<Response>,
  answer: (request: Request, requestBytes: number, call: UnaryCall) => Response | Promise<Response>,
): Method {
  const send = (call: UnaryCall, response: Response): void => {
    if (!call.cancelled) {
      const at = call.reply(encoder.size(response));
      encoder.write(call.output, at, response);
    }
  };
  return {
    kind: "unary",
    handle(call, request, start, end) {
      try {
        checkCaller(call, node);
        const response = answer(decode(request, start, end), end - start, call);
        if (!(response instanceof Promise)) {
          send(call, response);
          return;
        }
        response.then(
          (later) => {
            send(call, later);
          },
          (error: unknown) => {
            failCall(call, error);
          },
        );
      } catch (error) {
        failCall(call, error);
      }
    },
  };
}

/**
 * Size check of a write. etcd measures the request inside the entry for its log, which adds a header of 13 bytes and a
 * tag and length of 4 (measured on 3.4: a request of 1,572,847 bytes passes). Throws T4_REQUEST_TOO_LARGE.
 */
export function checkSize(requestBytes: number, requestBytesMax: number): void {
  if (requestBytes + 17 > requestBytesMax) {
    throw new T4Error(
      "T4_REQUEST_TOO_LARGE",
      `a request of ${requestBytes} bytes is above ${requestBytesMax}`,
    );
  }
}

/** Receives what still comes on a stream that was failed when it was opened. */
export const refusedStream: StreamReceiver = {
  message() {
    // Nobody is told.
  },
  halfClosed() {
    // The call is over.
  },
  cancelled() {
    // The call is over.
  },
};
