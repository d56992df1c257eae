// What a gRPC service looks like to the transport, and the transport to a service. Plain callbacks and byte offsets: at
// 700,000 requests a second on one core a promise or a copy per request would be the larger part of the work.

/** The codes of gRPC. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The names of the codes, by number, as grpc-go writes them. */
export const GRPC_STATUS_NAMES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const;

export type GrpcStatus = (typeof GRPC_STATUS)[keyof typeof GRPC_STATUS];

/** A place to keep what was found out about a request's headers. */
export interface HeaderMemo {
  value: unknown;
}

/** What both kinds of call know of their caller. */
export interface CallContext {
  /**
   * One object for all calls of a connection that came with the same headers: what a service finds out about them it need
   * not find out again. The transport never looks at it. Absent where headers are not kept.
   */
  readonly memo?: HeaderMemo;
  /** First value of a request header, in lower case; undefined if it was not sent. */
  metadata(name: string): string | undefined;
  /** "address:port" of the client. */
  readonly peer: string;
  /** Common name of the client's verified certificate, if it showed one. */
  readonly peerCommonName: string | undefined;
}

/**
 * One unary call. It is answered exactly once, by `reply` or `fail`, in the handler or later. After the client is gone
 * (cancelled, deadline over, connection lost) both do nothing but stay safe to call.
 */
export interface UnaryCall extends CallContext {
  readonly cancelled: boolean;
  /** At most one listener: the client is gone. */
  onCancel(listener: () => void): void;
  /**
   * Reserves room for a reply message of exactly `messageBytes` and returns the offset in `output` at which the caller
   * must write all of it, before it calls anything else of the transport.
   */
  reply(messageBytes: number): number;
  /** The buffer that `reply` reserved in; read it after `reply`. */
  readonly output: Uint8Array;
  fail(status: GrpcStatus, message: string): void;
}

/** The request is `request[start, end)`, valid only until the handler returns: copy what must live longer. */
export type UnaryHandler = (
  call: UnaryCall,
  request: Uint8Array,
  start: number,
  end: number,
) => void;

/** The sending half of a streaming call. Messages leave in order; all of one turn leave in one write. */
export interface StreamCall extends CallContext {
  readonly cancelled: boolean;
  /** Queues a message; `parts` are concatenated and must not change afterwards. */
  send(...parts: readonly Uint8Array[]): void;
  /** Bytes queued and not yet handed to the socket: a sender of much stops above `highWaterBytes`. */
  readonly bufferedBytes: number;
  readonly highWaterBytes: number;
  /** At most one listener, called each time the queue has drained below half of `highWaterBytes`. */
  onDrain(listener: () => void): void;
  /** Ends the call with status OK. */
  end(): void;
  fail(status: GrpcStatus, message: string): void;
}

/** The receiving half: what a service returns when a stream is opened. */
export interface StreamReceiver {
  /** One request message, `request[start, end)`, valid only until this returns. */
  message(request: Uint8Array, start: number, end: number): void;
  /** The client has sent its last message. */
  halfClosed(): void;
  /** The call is over and was not ended by this side: cancelled, deadline over, connection lost. */
  cancelled(): void;
}

export type StreamHandler = (call: StreamCall) => StreamReceiver;

export type Method =
  | { readonly kind: "unary"; readonly handle: UnaryHandler }
  | { readonly kind: "stream"; readonly open: StreamHandler };

/** Full path ("/etcdserverpb.KV/Range") → method. */
export type ServiceMap = ReadonlyMap<string, Method>;

/** What is known of a request for a path that is no gRPC call before its body has come. */
export interface HttpRequestHead {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly peer: string;
  /** Whether it came over TLS. */
  readonly isSecure: boolean;
}

/** A whole request (over HTTP/1.1, or HTTP/2 without a gRPC content type). */
export interface HttpRequest extends HttpRequestHead {
  readonly body: Uint8Array;
  /** At most one listener: the client has gone and will not read the answer. Not called after the answer. */
  readonly onCancel: (listener: () => void) => void;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * The answering half of a request whose body and answer flow at the same time. It is answered by `answer`, or by `begin`,
 * any number of `send`, and `end`. After the client is gone all of these do nothing.
 */
export interface HttpStreamCall {
  /** One whole answer, instead of a body that flows. */
  answer(response: HttpResponse): void;
  /** Status and headers. Over a websocket there are none: it only begins. */
  begin(status: number, headers: Readonly<Record<string, string>>): void;
  /** A piece of the body, which must not change afterwards: one chunk of HTTP/1.1, one message of a websocket. */
  send(bytes: Uint8Array): void;
  /** Bytes queued and not yet taken by the operating system: a sender of much stops above `highWaterBytes`. */
  readonly bufferedBytes: number;
  readonly highWaterBytes: number;
  /** At most one listener, called each time the queue has drained. */
  onDrain(listener: () => void): void;
  end(): void;
}

/** The receiving half. */
export interface HttpStreamReceiver {
  /** Bytes of the body, `chunk[start, end)`, valid only until this returns; over a websocket a whole message. */
  data(chunk: Uint8Array, start: number, end: number): void;
  /** The body is complete. Not called for a websocket, which has no half that ends. */
  ended(): void;
  /** The client is gone, and the call was not ended by this side. */
  cancelled(): void;
}

export type HttpStreamHandler = (call: HttpStreamCall) => HttpStreamReceiver;

/** How a request is to be streamed: its body, or as a websocket that agrees to a subprotocol or to none. */
export type HttpStreamRoute =
  | { readonly kind: "body"; readonly open: HttpStreamHandler }
  | {
      readonly kind: "websocket";
      readonly subprotocol: string | undefined;
      readonly open: HttpStreamHandler;
    };

/**
 * Asked as soon as the head of a request is there; undefined if it is to be gathered and given to the HttpHandler.
 * `asksWebSocket`: the client wants a websocket; any other answer than one refuses that.
 */
export type HttpStreams = (
  head: HttpRequestHead,
  asksWebSocket: boolean,
) => HttpStreamRoute | undefined;
