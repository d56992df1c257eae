// A plain HTTP request over HTTP/2: the body gathered, the handler asked, its answer sent under flow control.
import { ByteCollector } from "../bytes.js";
import { encodeLiteralBlock } from "../hpack/encoder.js";
import {
  askHandler,
  BODY_TOO_LARGE,
  toHttpRequest,
  TOO_MANY_UNFINISHED,
  toWire,
} from "../http-message.js";
import type { HttpResponse } from "../service.js";
import type { RequestHead } from "./request-head.js";
import type { Session } from "./session.js";
import { ENDING, type Exchange, type Stream } from "./stream.js";

export class HttpCall implements Exchange {
  readonly #session: Session;
  readonly #head: RequestHead;
  readonly #stream: Stream;
  #body: ByteCollector = new ByteCollector();
  #heldBytes = 0;
  #isOver = false;

  constructor(session: Session, head: RequestHead, stream: Stream) {
    this.#session = session;
    this.#head = head;
    this.#stream = stream;
  }

  data(chunk: Uint8Array, start: number, end: number): void {
    if (this.#isOver) {
      return;
    }
    if (this.#body.length + end - start > this.#session.context.limits.messageBytesMax) {
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
    const headers = new Map<string, string>();
    for (const { name, value } of this.#head.fields) {
      if (!name.startsWith(":")) {
        const before = headers.get(name);
        headers.set(name, before === undefined ? value : `${before}, ${value}`);
      }
    }
    if (this.#head.authority !== "") {
      headers.set("host", this.#head.authority);
    }
    const { context, socket } = this.#session;
    context.counters.httpRequests += 1;
    const request = toHttpRequest(
      this.#head.method,
      this.#head.path,
      headers,
      this.#body.bytes,
      socket.peer,
    );
    askHandler(context, request, (response) => {
      this.#answer(response);
    });
  }

  aborted(): void {
    this.#over();
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
    const session = this.#session;
    const stream = this.#stream;
    const { headers, body } = toWire(response);
    const block = encodeLiteralBlock([
      [":status", String(response.status)],
      ...headers,
      ["content-length", String(body.length)],
    ]);
    const bodyless = this.#head.method === "HEAD" || body.length === 0;
    stream.exchange = undefined;
    stream.headWritten = true;
    if (bodyless) {
      session.finish(stream, ENDING.TRAILERS, block);
      return;
    }
    session.pings.workDone = true;
    session.writer.headers(stream.id, block, false);
    session.sender.queue(stream, body);
    session.finish(stream, ENDING.PLAIN, undefined);
  }
}
