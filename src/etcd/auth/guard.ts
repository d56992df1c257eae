// Stands before every method: while auth is on, a caller passes as the method's policy says. Methods that ask the
// authoriser themselves, and those for everybody, are left as they are, so that the hot path has nothing before it.
import type { CallContext, Method, StreamCall, StreamReceiver } from "../../transport/service.js";
import { failCall, STREAM_MALFORMED } from "../errors.js";
import { checkCaller, refusedStream, type ServiceContext } from "../service-context.js";
import { noBytes } from "../wire.js";
import { METHOD_POLICIES, type RequestCheck } from "./method-policies.js";

/** The policy of a method that nobody has thought about. */
const UNKNOWN_POLICY = "root";

export function guarded(
  context: ServiceContext,
  methods: Iterable<readonly [path: string, method: Method]>,
): (readonly [path: string, method: Method])[] {
  return Array.from(methods, ([path, method]) => {
    const policy = METHOD_POLICIES.get(path) ?? UNKNOWN_POLICY;
    switch (policy) {
      case "open":
      case "checked":
        return [path, method];
      case "user":
        return [
          path,
          guardedMethod(context, method, (authoriser, call) => {
            authoriser.user(call);
          }),
        ];
      case "root":
        return [
          path,
          guardedMethod(context, method, (authoriser, call) => {
            authoriser.root(call);
          }),
        ];
      default:
        return [path, guardedMethod(context, method, policy)];
    }
  });
}

function guardedMethod(context: ServiceContext, method: Method, check: RequestCheck): Method {
  const { authoriser, node } = context;
  const pass = (call: CallContext, request: Uint8Array, start: number, end: number): void => {
    // What etcd finds wrong with a caller before it asks who it is.
    checkCaller(call, node);
    check(authoriser, call, request, start, end);
  };
  if (method.kind === "unary") {
    return {
      kind: "unary",
      handle(call, request, start, end) {
        if (authoriser.enabled) {
          try {
            pass(call, request, start, end);
          } catch (error) {
            failCall(call, error);
            return;
          }
        }
        method.handle(call, request, start, end);
      },
    };
  }
  return {
    kind: "stream",
    open: (call) => {
      const guarded = new GuardedStream(call, method.open, (request, start, end) => {
        // Asked with each request: auth may be switched on between the opening of a stream and its first request.
        if (authoriser.enabled) {
          pass(call, request, start, end);
        }
      });
      if (!authoriser.enabled) {
        guarded.open();
      }
      return guarded;
    },
  };
}

/**
 * A stream each request of which passes before its service is given it. While auth is on the service does not even know
 * of a stream without a request that has passed. For methods whose client sends one request.
 */
class GuardedStream implements StreamReceiver {
  readonly #call: StreamCall;
  readonly #open: (call: StreamCall) => StreamReceiver;
  readonly #pass: (request: Uint8Array, start: number, end: number) => void;
  #receiver: StreamReceiver | null = null;
  #hasPassed = false;

  constructor(
    call: StreamCall,
    open: (call: StreamCall) => StreamReceiver,
    pass: (request: Uint8Array, start: number, end: number) => void,
  ) {
    this.#call = call;
    this.#open = open;
    this.#pass = pass;
  }

  /** Opens it for its service, if that was not done before. */
  open(): StreamReceiver {
    this.#receiver ??= this.#open(this.#call);
    return this.#receiver;
  }

  message(request: Uint8Array, start: number, end: number): void {
    if (this.#passes(request, start, end)) {
      this.open().message(request, start, end);
    }
  }

  halfClosed(): void {
    // Without a request it must pass all the same: a service may take none for an empty one.
    if (this.#hasPassed || this.#passes(noBytes, 0, 0)) {
      this.open().halfClosed();
    }
  }

  #passes(request: Uint8Array, start: number, end: number): boolean {
    if (this.#receiver === refusedStream) {
      return false;
    }
    try {
      this.#pass(request, start, end);
      this.#hasPassed = true;
      return true;
    } catch (error) {
      this.#receiver?.cancelled();
      this.#receiver = refusedStream;
      failCall(this.#call, error, STREAM_MALFORMED);
      return false;
    }
  }

  cancelled(): void {
    this.#receiver?.cancelled();
  }
}
