// The gateway as the server holds it: loaded when the first request for it comes. Most servers are asked over gRPC alone,
// and loading it takes a thirtieth of a start.
import { assert } from "../../lib/assert.js";
import {
  GRPC_STATUS,
  type HttpRequest,
  type HttpRequestHead,
  type HttpResponse,
  type HttpStreamCall,
  type HttpStreamHandler,
  type HttpStreamReceiver,
  type HttpStreamRoute,
} from "../../transport/service.js";
import { subprotocolOf } from "./call-metadata.js";
import type { ExtraHeaders, Gateway, GatewayOptions } from "./gateway.js";
import { isGatewayPath, ROUTE_PATHS, routePath, STREAM_PATHS } from "./route-table.js";
import { type Failure, failureResponse } from "./status.js";

const TOO_MUCH: Failure = {
  status: GRPC_STATUS.RESOURCE_EXHAUSTED,
  message: "more was sent at once than can be kept",
};

export class LazyGateway {
  readonly #options: GatewayOptions;
  #gateway: Gateway | null = null;
  #loading: Promise<Gateway> | null = null;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Whether a path is the gateway's to answer. */
  serves(path: string): boolean {
    return isGatewayPath(path);
  }

  async handle(request: HttpRequest): Promise<HttpResponse> {
    return (this.#gateway ?? (await this.#load())).handle(request);
  }

  stream(
    head: HttpRequestHead,
    asksWebSocket: boolean,
    headers: ExtraHeaders,
  ): HttpStreamRoute | undefined {
    if (this.#gateway !== null) {
      return this.#gateway.stream(head, asksWebSocket, headers);
    }
    // The same routes, by the same tables.
    const path = routePath(head.path);
    const isBody = STREAM_PATHS.has(path) && head.method === "POST";
    if (!ROUTE_PATHS.has(path) || (!asksWebSocket && !isBody)) {
      return undefined;
    }
    const open = async (): Promise<HttpStreamHandler> => {
      const route = (await this.#load()).stream(head, asksWebSocket, headers);
      assert(route !== undefined, `the gateway streams ${path}`);
      return route.open;
    };
    const refuse = (http: HttpStreamCall): void => {
      const response = failureResponse(TOO_MUCH);
      http.answer({ ...response, headers: { ...headers, ...response.headers } });
    };
    const later: HttpStreamHandler = (http) =>
      new EarlyStream(http, open(), this.#options.jsonBytesMax, refuse);
    return asksWebSocket
      ? { kind: "websocket", subprotocol: subprotocolOf(head), open: later }
      : { kind: "body", open: later };
  }

  async #load(): Promise<Gateway> {
    this.#loading ??= import("./gateway.js").then(({ Gateway }) => {
      this.#gateway = new Gateway(this.#options);
      return this.#gateway;
    });
    return this.#loading;
  }
}

/** A stream that came before the gateway was there: what its client sends is kept until then. */
class EarlyStream implements HttpStreamReceiver {
  readonly #http: HttpStreamCall;
  readonly #bytesMax: number;
  readonly #refuse: (http: HttpStreamCall) => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #hasEnded = false;
  /** The client has gone, or was refused. */
  #isOver = false;
  #receiver: HttpStreamReceiver | null = null;

  constructor(
    http: HttpStreamCall,
    opening: Promise<HttpStreamHandler>,
    bytesMax: number,
    refuse: (http: HttpStreamCall) => void,
  ) {
    this.#http = http;
    this.#bytesMax = bytesMax;
    this.#refuse = refuse;
    opening
      .then((open) => {
        this.#begin(open);
      })
      .catch((error: unknown) => {
        // A bug: met in a promise that nobody else waits for.
        queueMicrotask(() => {
          throw error;
        });
      });
  }

  #begin(open: HttpStreamHandler): void {
    if (this.#isOver) {
      return;
    }
    const receiver = open(this.#http);
    this.#receiver = receiver;
    for (const chunk of this.#chunks) {
      receiver.data(chunk, 0, chunk.length);
    }
    if (this.#hasEnded) {
      receiver.ended();
    }
  }

  data(chunk: Uint8Array, start: number, end: number): void {
    if (this.#receiver !== null) {
      this.#receiver.data(chunk, start, end);
      return;
    }
    if (this.#isOver) {
      return;
    }
    this.#bytes += end - start;
    if (this.#bytes > this.#bytesMax) {
      this.#isOver = true;
      this.#refuse(this.#http);
      return;
    }
    this.#chunks.push(Uint8Array.prototype.slice.call(chunk, start, end));
  }

  ended(): void {
    if (this.#receiver === null) {
      this.#hasEnded = true;
    } else {
      this.#receiver.ended();
    }
  }

  cancelled(): void {
    this.#isOver = true;
    this.#receiver?.cancelled();
  }
}
