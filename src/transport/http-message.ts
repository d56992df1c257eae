// Plain HTTP requests and answers as the handler knows them, the same for HTTP/1.1 and HTTP/2.
import type { TransportContext } from "./context.js";
import type {
  HttpRequest,
  HttpRequestHead,
  HttpResponse,
  HttpStreamCall,
  HttpStreamHandler,
  HttpStreamReceiver,
  HttpStreamRoute,
} from "./service.js";
import type { Socket } from "./socket.js";

/** Methods that are passed on; all others are answered with 405. HEAD reaches the handler as GET, without the body. */
export const HTTP_METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

export const METHOD_NOT_ALLOWED: HttpResponse = {
  status: 405,
  headers: { allow: [...HTTP_METHODS].join(", ") },
  body: "method not allowed\n",
};

export const BODY_TOO_LARGE: HttpResponse = {
  status: 413,
  headers: {},
  body: "request body too large\n",
};

export const TOO_MANY_UNFINISHED: HttpResponse = {
  status: 503,
  headers: {},
  body: "too many unfinished requests\n",
};

export const INTERNAL_ERROR: HttpResponse = {
  status: 500,
  headers: {},
  body: "internal error\n",
};

export function toHttpRequestHead(
  method: string,
  target: string,
  headers: ReadonlyMap<string, string>,
  { peer, isSecure }: Pick<Socket, "peer" | "isSecure">,
): HttpRequestHead {
  const queryAt = target.indexOf("?");
  return {
    method,
    path: queryAt < 0 ? target : target.slice(0, queryAt),
    query: new URLSearchParams(queryAt < 0 ? "" : target.slice(queryAt + 1)),
    headers,
    peer,
    isSecure,
  };
}

/** Tells who answers a request that its client has gone. */
export class Cancellation {
  #listener: (() => void) | undefined = undefined;
  #isCancelled = false;

  readonly onCancel = (listener: () => void): void => {
    this.#listener = listener;
    if (this.#isCancelled) {
      listener();
    }
  };

  cancel(): void {
    if (!this.#isCancelled) {
      this.#isCancelled = true;
      this.#listener?.();
    }
  }
}

/** How a request is streamed, if it is. Asking that throws is a bug: it is reported, and the request is not streamed. */
export function streamRoute(
  context: TransportContext,
  head: HttpRequestHead,
  asksWebSocket: boolean,
): HttpStreamRoute | undefined {
  try {
    return context.httpStreams(head, asksWebSocket);
  } catch (error) {
    context.reportError(error);
    return undefined;
  }
}

/**
 * The service of one streamed request, told of everything until the call is over by whichever side. One that throws has a
 * bug: it is reported, the service is told that the call is over, and `broken` ends it for the client.
 */
export class StreamService {
  readonly #context: TransportContext;
  readonly #broken: () => void;
  #receiver: HttpStreamReceiver | undefined = undefined;
  #onDrain: (() => void) | undefined = undefined;
  #isOver = false;

  constructor(context: TransportContext, broken: () => void) {
    this.#context = context;
    this.#broken = broken;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  open(handler: HttpStreamHandler, call: HttpStreamCall): void {
    this.#guarded(() => {
      this.#receiver = handler(call);
    });
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  /** The service ends the call; false if it is over already. */
  end(): boolean {
    const wasOpen = !this.#isOver;
    this.#isOver = true;
    return wasOpen;
  }

  /** Bytes of the body. */
  data(chunk: Uint8Array, start: number, end: number): void {
    if (!this.#isOver) {
      this.#guarded(() => this.#receiver?.data(chunk, start, end));
    }
  }

  bodyEnded(): void {
    if (!this.#isOver) {
      this.#guarded(() => this.#receiver?.ended());
    }
  }

  drained(): void {
    if (!this.#isOver && this.#onDrain !== undefined) {
      this.#guarded(this.#onDrain);
    }
  }

  /** The client is gone, or the call is broken off. */
  cancel(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      try {
        this.#receiver?.cancelled();
      } catch (error) {
        this.#context.reportError(error);
      }
    }
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#context.reportError(error);
      if (!this.#isOver) {
        this.cancel();
        this.#broken();
      }
    }
  }
}

/** Asks the handler and passes its answer on. A handler that rejects has a bug: it is reported, and the answer is 500. */
export function askHandler(
  context: TransportContext,
  request: HttpRequest,
  answer: (response: HttpResponse) => void,
): void {
  const asked = request.method === "HEAD" ? { ...request, method: "GET" } : request;
  const reject = (error: unknown): void => {
    context.reportError(error);
    answer(INTERNAL_ERROR);
  };
  try {
    // Never answered at once: a chunk full of refused requests would be worked off in one deep recursion.
    const response = HTTP_METHODS.has(request.method)
      ? context.httpHandler(asked)
      : Promise.resolve(METHOD_NOT_ALLOWED);
    response.then(answer, reject);
  } catch (error) {
    reject(error);
  }
}

/** The connection's own business: a handler that sets these is overruled. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** A control character in a header would let whoever supplied it write headers of its own. */
function cleaned(value: string): string {
  // eslint-disable-next-line no-control-regex
  return value.replace(/[\x00-\x1f\x7f]/g, " ").trim();
}

/** Headers in lower case without those the connection writes itself, and the body as bytes. */
export function toWire(response: HttpResponse): {
  headers: (readonly [name: string, value: string])[];
  body: Uint8Array;
} {
  const headers: (readonly [string, string])[] = [];
  let isTyped = false;
  for (const [name, value] of Object.entries(response.headers)) {
    const lower = name.toLowerCase();
    if (!CONNECTION_HEADERS.has(lower)) {
      headers.push([lower, cleaned(value)]);
      isTyped ||= lower === "content-type";
    }
  }
  const body =
    typeof response.body === "string" ? Buffer.from(response.body, "utf8") : response.body;
  if (!isTyped && body.length > 0) {
    headers.push(["content-type", "text/plain; charset=utf-8"]);
  }
  return { headers, body };
}
