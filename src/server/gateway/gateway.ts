// The JSON gateway: a transcoder over the services, so that whatever is served over gRPC is served here too, with the same
// authorisation and the same errors. Behaves as etcd 3.6's, with the error fields of 3.5 added.
import type { MethodDescriptor } from "../../etcd/descriptor.js";
import { utf8Bytes } from "../../lib/bytes.js";
import type { Clock } from "../../runtime/clock.js";
import type { TransportCounters } from "../../transport/counters.js";
import {
  GRPC_STATUS,
  type HttpRequest,
  type HttpRequestHead,
  type HttpResponse,
  type HttpStreamCall,
  type HttpStreamHandler,
  type HttpStreamReceiver,
  type HttpStreamRoute,
  type ServiceMap,
} from "../../transport/service.js";
import { callMetadata, subprotocolOf, timeoutMsOf } from "./call-metadata.js";
import { JsonFault, readFirstJson } from "./json-reader.js";
import { JsonSplitter } from "./json-splitter.js";
import { jsonToWire } from "./json-to-wire.js";
import { routePath } from "./route-table.js";
import { gatewayRoutes } from "./routes.js";
import { type Failure, failureResponse, SUCCESS_HEADERS } from "./status.js";
import { GatewayStreamCall } from "./stream-call.js";
import { type CallOptions, GatewayUnaryCall, type Outcome } from "./unary-call.js";
import { wireToJson } from "./wire-to-json.js";

export interface GatewayOptions {
  readonly services: ServiceMap;
  /** Those of the transport: calls made here count as the gRPC calls that they are. */
  readonly counters: () => TransportCounters;
  readonly clock: Clock;
  /** Largest request message. */
  readonly messageBytesMax: number;
  /** Largest JSON body, and largest JSON message of a stream. */
  readonly jsonBytesMax: number;
}

/** Added to every answer: who may read it. */
export type ExtraHeaders = Readonly<Record<string, string>>;

const NOT_FOUND: Failure = { status: GRPC_STATUS.NOT_FOUND, message: "Not Found" };
const NOT_POST: Failure = { status: GRPC_STATUS.UNIMPLEMENTED, message: "Method Not Allowed" };

const BAD_TIMEOUT: Failure = {
  status: GRPC_STATUS.INVALID_ARGUMENT,
  message: "invalid grpc-timeout",
};

function routeOf(path: string): MethodDescriptor | undefined {
  return gatewayRoutes.get(routePath(path));
}

/** In grpc-go's words. */
function notServed({ path }: MethodDescriptor): Failure {
  const [, service = "", method = ""] = path.split("/");
  return {
    status: GRPC_STATUS.UNIMPLEMENTED,
    message: `unknown method ${method} for service ${service}`,
  };
}

export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Answers a request that is not streamed. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const descriptor = routeOf(request.path);
    if (descriptor === undefined) {
      return failureResponse(NOT_FOUND);
    }
    if (request.method !== "POST") {
      return failureResponse(NOT_POST);
    }
    const outcome = await this.#call(descriptor, request, request.body, request.onCancel, false);
    return answerOf(descriptor, outcome);
  }

  /** How a request is to be streamed; undefined if it is to be handled whole. */
  stream(
    head: HttpRequestHead,
    asksWebSocket: boolean,
    headers: ExtraHeaders,
  ): HttpStreamRoute | undefined {
    const descriptor = routeOf(head.path);
    if (descriptor === undefined) {
      return undefined;
    }
    const isStream = descriptor.clientStreams || descriptor.serverStreams;
    if (asksWebSocket) {
      const open = isStream
        ? this.#streamHandler(descriptor, head, headers, true)
        : this.#unaryHandler(descriptor, head);
      return { kind: "websocket", subprotocol: subprotocolOf(head), open };
    }
    return isStream && head.method === "POST"
      ? { kind: "body", open: this.#streamHandler(descriptor, head, headers, false) }
      : undefined;
  }

  #callOptions(
    descriptor: MethodDescriptor,
    head: HttpRequestHead,
    timeoutMs: number | undefined,
    isWebSocket: boolean,
  ): CallOptions {
    const counters = this.#options.counters();
    return {
      metadata: callMetadata(head, isWebSocket),
      peer: head.peer,
      timeoutMs,
      clock: this.#options.clock,
      counters,
      method: counters.methods.get(descriptor.path),
    };
  }

  async #call(
    descriptor: MethodDescriptor,
    head: HttpRequestHead,
    body: Uint8Array,
    onCancel: (listener: () => void) => void,
    isWebSocket: boolean,
  ): Promise<Outcome> {
    const method = this.#options.services.get(descriptor.path);
    const timeoutMs = timeoutMsOf(head);
    if (method?.kind !== "unary") {
      return notServed(descriptor);
    }
    if (timeoutMs === null) {
      return BAD_TIMEOUT;
    }
    let request: Uint8Array;
    try {
      request = requestOf(descriptor, body);
    } catch (error) {
      if (error instanceof JsonFault) {
        return { status: GRPC_STATUS.INVALID_ARGUMENT, message: error.message };
      }
      throw error;
    }
    const { messageBytesMax } = this.#options;
    if (request.length > messageBytesMax) {
      return {
        status: GRPC_STATUS.RESOURCE_EXHAUSTED,
        message: `grpc: received message larger than max (${request.length} vs. ${messageBytesMax})`,
      };
    }
    const options = this.#callOptions(descriptor, head, timeoutMs, isWebSocket);
    return new Promise((resolve) => {
      const call = new GatewayUnaryCall(options, resolve);
      onCancel(() => {
        call.cancel(GRPC_STATUS.CANCELLED, "context canceled");
      });
      call.run(method.handle, request);
    });
  }

  #streamHandler(
    descriptor: MethodDescriptor,
    head: HttpRequestHead,
    headers: ExtraHeaders,
    isWebSocket: boolean,
  ): HttpStreamHandler {
    const { services, jsonBytesMax, messageBytesMax } = this.#options;
    return (http) => {
      const method = services.get(descriptor.path);
      const timeoutMs = timeoutMsOf(head);
      if (method?.kind !== "stream" || timeoutMs === null) {
        const failure = timeoutMs === null ? BAD_TIMEOUT : notServed(descriptor);
        const response = failureResponse(failure);
        http.answer({ ...response, headers: { ...headers, ...response.headers } });
        return deaf;
      }
      const call = new GatewayStreamCall(
        {
          ...this.#callOptions(descriptor, head, timeoutMs, isWebSocket),
          descriptor,
          open: method.open,
          decode: (message) => requestOf(descriptor, message),
          jsonBytesMax,
          messageBytesMax,
          lineEnd: isWebSocket ? "" : "\n",
          headers,
        },
        http,
      );
      return call.receiver();
    };
  }

  /** A unary method over a websocket: its first message is the request. */
  #unaryHandler(descriptor: MethodDescriptor, head: HttpRequestHead): HttpStreamHandler {
    return (http: HttpStreamCall): HttpStreamReceiver => {
      const splitter = new JsonSplitter(this.#options.jsonBytesMax);
      let cancel: (() => void) | null = null;
      let isAsked = false;
      const ask = async (body: Uint8Array): Promise<void> => {
        const listen = (listener: () => void): void => {
          cancel = listener;
        };
        const outcome = await this.#call(descriptor, head, body, listen, true);
        http.answer(answerOf(descriptor, outcome));
      };
      return {
        data(chunk, start, end): void {
          if (isAsked) {
            return;
          }
          let message: Uint8Array | null;
          try {
            ({ message } = splitter.next(chunk, start, end));
          } catch (error) {
            if (!(error instanceof JsonFault)) {
              throw error;
            }
            message = Uint8Array.from(chunk.subarray(start, end));
          }
          if (message !== null) {
            isAsked = true;
            ask(message).catch((error: unknown) => {
              // A bug of a service: met in a promise that nobody else waits for.
              queueMicrotask(() => {
                throw error;
              });
            });
          }
        },
        ended(): void {
          // A websocket has no such half.
        },
        cancelled(): void {
          cancel?.();
        },
      };
    };
  }
}

/** Receives what still comes of a request that was refused when it was opened. */
const deaf: HttpStreamReceiver = {
  data() {
    // Nobody is told.
  },
  ended() {
    // The request is answered.
  },
  cancelled() {
    // The request is answered.
  },
};

/** The request message that a JSON body means; an empty body is an empty message. Throws a JsonFault. */
function requestOf(descriptor: MethodDescriptor, body: Uint8Array): Uint8Array {
  const json = readFirstJson(body);
  return json === null ? new Uint8Array(0) : jsonToWire(descriptor.request, json);
}

function answerOf(descriptor: MethodDescriptor, outcome: Outcome): HttpResponse {
  if (!(outcome instanceof Uint8Array)) {
    return failureResponse(outcome);
  }
  return {
    status: 200,
    headers: SUCCESS_HEADERS,
    body: utf8Bytes(wireToJson(descriptor.response, outcome, 0, outcome.length)),
  };
}
