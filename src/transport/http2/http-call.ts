// A plain HTTP request over HTTP/2: the body gathered, the handler asked, its answer sent under flow control.
import { ByteCollector } from "../bytes.js";
import { encodeLiteralBlock } from "../hpack/encoder.js";
import {
  askHandler,
  BODY_TOO_LARGE,
  Cancellation,
  toHttpRequestHead,
  TOO_MANY_UNFINISHED,
  toWire,
} from "../http-message.js";
import type { HttpRequestHead, HttpResponse } from "../service.js";
import type { Socket } from "../socket.js";
import type { RequestHead } from "./request-head.js";
import type { Session } from "./session.js";
import { ENDING, type Exchange, type Stream } from "./stream.js";

export class HttpCall implements Exchange {
  readonly #session: Session;
  readonly #request: HttpRequestHead;
  readonly #stream: Stream;
  readonly #cancellation: Cancellation = new Cancellation();
  #body: ByteCollector = new ByteCollector();
  #heldBytes = 0;
  #isOver = false;

  constructor(session: Session, request: HttpRequestHead, stream: Stream) {
    this.#session = session;
    this.#request = request;
    this.#stream = stream;
  }

  data(chunk: Uint8Array, start: number, end: number): void {
    if (this.#isOver) {
      return;
    }
    if (this.#body.length + end - start > this.#session.context.limits.httpBodyBytesMax) {
      this.#answer(BODY_TOO_LARGE);
      return;
    }
    const capacity = this.#body.capacityWith(end - start);
    if (!this.#session.held.hold(capacity - this.#heldBytes)) {
      this.#answer(TOO_MANY_UNFINISHED);
      return;
    }
    this.#heldBytes = capacity;
    this.#body.append(chunk, start, end);
  }

  remoteEnded(): void {
    if (this.#isOver) {
      return;
    }
    const { context } = this.#session;
    context.counters.httpRequests += 1;
    const { onCancel } = this.#cancellation;
    const request = { ...this.#request, body: this.#body.bytes, onCancel };
    askHandler(context, request, (response) => {
      this.#answer(response);
    });
  }

  aborted(): void {
    this.#over();
    this.#cancellation.cancel();
  }

  expired(): void {
    // Plain HTTP requests have no deadline.
  }

  drained(): void {
    // The answer is queued whole.
  }

  #over(): void {
    this.#isOver = true;
    this.#session.held.release(this.#heldBytes);
    this.#heldBytes = 0;
    this.#body = new ByteCollector();
  }

  #answer(response: HttpResponse): void {
    if (this.#isOver) {
      return;
    }
    this.#over();
    answerHttp(this.#session, this.#stream, response, this.#request.method === "HEAD");
  }
}

/** Sends a whole answer and ends the stream. */
export function answerHttp(
  session: Session,
  stream: Stream,
  response: HttpResponse,
  isHead: boolean,
): void {
  const { headers, body } = toWire(response);
  const block = encodeLiteralBlock([
    [":status", String(response.status)],
    ...headers,
    ["content-length", String(body.length)],
  ]);
  stream.exchange = undefined;
  stream.headWritten = true;
  if (isHead || body.length === 0) {
    session.finish(stream, ENDING.TRAILERS, block);
    return;
  }
  session.pings.workDone = true;
  session.writer.headers(stream.id, block, false);
  session.sender.queue(stream, body);
  session.finish(stream, ENDING.PLAIN, undefined);
}

/** A request that is no gRPC call, as the handlers of both HTTP versions know it. */
export function httpRequestHead(head: RequestHead, socket: Socket): HttpRequestHead {
  const headers = new Map<string, string>();
  for (const { name, value } of head.fields) {
    if (!name.startsWith(":")) {
      const before = headers.get(name);
      headers.set(name, before === undefined ? value : `${before}, ${value}`);
    }
  }
  if (head.authority !== "") {
    headers.set("host", head.authority);
  }
  return toHttpRequestHead(head.method, head.path, headers, socket);
}
