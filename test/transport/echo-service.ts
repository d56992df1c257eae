// A small service that does everything a transport must carry; used by all transport tests.
import {
  GRPC_STATUS,
  type GrpcStatus,
  type HttpHandler,
  type HttpStreamHandler,
  type HttpStreams,
  type Method,
  type ServiceMap,
  type StreamCall,
} from "../../src/transport/service.js";

export interface EchoState {
  /** Calls of Never that are neither answered nor cancelled. */
  waiting: number;
  cancelled: number;
  /** Most bytes that a Repeat call had in its queue. */
  bufferedBytesMax: number;
  /** How often a call of /stream/echo was told that its queue has drained, and found that it has. */
  drained: number;
  errors: unknown[];
}

export interface EchoService {
  readonly services: ServiceMap;
  readonly httpHandler: HttpHandler;
  readonly httpStreams: HttpStreams;
  readonly state: EchoState;
}

function copyOf(request: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(request.subarray(start, end));
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function pump(call: StreamCall, state: EchoState, count: number, size: number): void {
  let left = count;
  const message = new Uint8Array(size).fill(7);
  const send = (): void => {
    while (left > 0 && call.bufferedBytes < call.highWaterBytes) {
      left -= 1;
      call.send(message);
      state.bufferedBytesMax = Math.max(state.bufferedBytesMax, call.bufferedBytes);
    }
    if (left === 0) {
      left = -1;
      call.end();
    }
  };
  call.onDrain(send);
  send();
}

function unaryMethods(state: EchoState): [string, Method][] {
  return [
    [
      "/test.Echo/Unary",
      {
        kind: "unary",
        handle: (call, request, start, end): void => {
          const at = call.reply(end - start);
          call.output.set(request.subarray(start, end), at);
        },
      },
    ],
    [
      "/test.Echo/Later",
      {
        kind: "unary",
        handle: (call, request, start, end): void => {
          const copy = copyOf(request, start, end);
          setImmediate(() => {
            const at = call.reply(copy.length);
            call.output.set(copy, at);
          });
        },
      },
    ],
    [
      "/test.Echo/Never",
      {
        kind: "unary",
        handle: (call): void => {
          state.waiting += 1;
          call.onCancel(() => {
            state.waiting -= 1;
            state.cancelled += 1;
            // Answers that come too late are legal and do nothing.
            const at = call.reply(3);
            call.output.fill(1, at, at + 3);
          });
        },
      },
    ],
    [
      "/test.Echo/Fail",
      {
        kind: "unary",
        handle: (call, request, start, end): void => {
          const [status, message] = JSON.parse(text(request.subarray(start, end))) as [
            GrpcStatus,
            string,
          ];
          call.fail(status, message);
        },
      },
    ],
    [
      "/test.Echo/Throw",
      {
        kind: "unary",
        handle: (): void => {
          throw new Error("a bug");
        },
      },
    ],
    [
      "/test.Echo/Metadata",
      {
        kind: "unary",
        handle: (call, request, start, end): void => {
          const name = text(request.subarray(start, end));
          const reply = Buffer.from(
            JSON.stringify({
              value: call.metadata(name) ?? null,
              peer: call.peer,
              commonName: call.peerCommonName ?? null,
            }),
          );
          const at = call.reply(reply.length);
          call.output.set(reply, at);
        },
      },
    ],
    [
      "/test.Echo/Big",
      {
        kind: "unary",
        handle: (call, request, start, end): void => {
          const size = Number(text(request.subarray(start, end)));
          const at = call.reply(size);
          call.output.fill(0x61, at, at + size);
        },
      },
    ],
  ];
}

function streamMethods(state: EchoState): [string, Method][] {
  return [
    [
      "/test.Echo/Repeat",
      {
        kind: "stream",
        open: (call) => ({
          message: (request, start, end): void => {
            const [count, size] = JSON.parse(text(request.subarray(start, end))) as [
              number,
              number,
            ];
            pump(call, state, count, size);
          },
          halfClosed: (): void => undefined,
          cancelled: (): void => {
            state.cancelled += 1;
          },
        }),
      },
    ],
    [
      "/test.Echo/Chat",
      {
        kind: "stream",
        open: (call) => ({
          message: (request, start, end): void => {
            call.send(copyOf(request, start, end));
          },
          halfClosed: (): void => {
            call.end();
          },
          cancelled: (): void => {
            state.cancelled += 1;
          },
        }),
      },
    ],
    [
      "/test.Echo/Refuse",
      {
        kind: "stream",
        open: (call) => {
          call.fail(GRPC_STATUS.PERMISSION_DENIED, "not for you");
          return {
            message: (): void => undefined,
            halfClosed: (): void => undefined,
            cancelled: (): void => undefined,
          };
        },
      },
    ],
  ];
}

/** "/stream/…" as a body that flows or as a websocket; what each does stands in its case. */
function echoStreams(state: EchoState): HttpStreams {
  const open: Readonly<Record<string, HttpStreamHandler>> = {
    /** Sends back each piece, and its own end after the client's. */
    "/stream/echo": (call) => {
      state.waiting += 1;
      call.onDrain(() => {
        state.drained += Number(call.bufferedBytes < call.highWaterBytes);
      });
      call.begin(200, { "content-type": "text/plain" });
      return {
        data(chunk, start, end) {
          call.send(Uint8Array.from(chunk.subarray(start, end)));
        },
        ended() {
          state.waiting -= 1;
          call.end();
        },
        cancelled() {
          state.waiting -= 1;
          state.cancelled += 1;
        },
      };
    },
    /** Sends 100 pieces of 10,000 bytes, each when it may, and stays open until the client goes. */
    "/stream/flood": (call) => {
      state.waiting += 1;
      let isOver = false;
      let left = 100;
      const pour = (): void => {
        while (!isOver && left > 0 && call.bufferedBytes < call.highWaterBytes) {
          left -= 1;
          call.send(new Uint8Array(10_000).fill(0x66));
          state.bufferedBytesMax = Math.max(state.bufferedBytesMax, call.bufferedBytes);
        }
      };
      call.begin(200, {});
      call.onDrain(pour);
      return {
        data: pour,
        ended: pour,
        cancelled() {
          isOver = true;
          state.waiting -= 1;
          state.cancelled += 1;
        },
      };
    },
    /** After the body's end, in a turn of its own: 200,000 bytes at once, and the end. */
    "/stream/burst": (call) => {
      call.begin(200, {});
      return {
        data: (): void => undefined,
        ended() {
          setImmediate(() => {
            call.send(new Uint8Array(200_000).fill(0x62));
            call.end();
          });
        },
        cancelled() {
          state.cancelled += 1;
        },
      };
    },
    /** Answers whole with what it is told first. */
    "/stream/whole": (call) => ({
      data(chunk, start, end) {
        call.answer({
          status: 200,
          headers: {},
          body: Uint8Array.from(chunk.subarray(start, end)),
        });
      },
      ended() {
        call.answer({ status: 400, headers: {}, body: "nothing\n" });
      },
      cancelled() {
        state.cancelled += 1;
      },
    }),
    "/stream/throw": (call) => ({
      data(chunk, start) {
        if (chunk[start] === 0x62) {
          call.begin(200, {});
        }
        throw new Error("a bug");
      },
      ended() {
        call.end();
      },
      cancelled() {
        state.cancelled += 1;
      },
    }),
  };
  return (head, asksWebSocket) => {
    if (head.path === "/unroutable") {
      throw new Error("a bug");
    }
    const handler = open[head.path];
    if (handler === undefined) {
      return undefined;
    }
    if (asksWebSocket) {
      const offered = head.headers.get("sec-websocket-protocol");
      return { kind: "websocket", subprotocol: offered?.split(",")[0], open: handler };
    }
    return head.method === "POST" ? { kind: "body", open: handler } : undefined;
  };
}

export function makeEchoService(): EchoService {
  const state: EchoState = {
    waiting: 0,
    cancelled: 0,
    bufferedBytesMax: 0,
    drained: 0,
    errors: [],
  };
  return {
    state,
    services: new Map([...unaryMethods(state), ...streamMethods(state)]),
    httpStreams: echoStreams(state),
    httpHandler: async (request) => {
      await Promise.resolve();
      switch (request.path) {
        case "/version":
          return {
            status: 200,
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ version: "test", padding: "x".repeat(100) }),
          };
        case "/echo":
          request.onCancel(() => {
            state.cancelled += 1;
          });
          return {
            status: 200,
            headers: { "x-query": request.query.toString() },
            body: request.body,
          };
        case "/big":
          return { status: 200, headers: {}, body: new Uint8Array(300_000).fill(0x62) };
        case "/never":
          state.waiting += 1;
          return new Promise((resolve) => {
            request.onCancel(() => {
              state.waiting -= 1;
              state.cancelled += 1;
              resolve({ status: 499, headers: {}, body: "" });
            });
          });
        case "/throw":
          throw new Error("a bug");
        default:
          return {
            status: 404,
            headers: {},
            body: `${request.method} ${request.path} not found\n`,
          };
      }
    },
  };
}
