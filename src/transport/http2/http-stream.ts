// A plain HTTP request over HTTP/2 whose body and answer flow at the same time.
import { encodeLiteralBlock } from "../hpack/encoder.js";
import { INTERNAL_ERROR, StreamService, toWire } from "../http-message.js";
import type { HttpResponse, HttpStreamCall, HttpStreamHandler } from "../service.js";
import { ERROR } from "./frames/frames.js";
import { answerHttp } from "./http-call.js";
import type { Session } from "./session.js";
import { ENDING, type Exchange, type Stream } from "./stream.js";

export class HttpStreamExchange implements HttpStreamCall, Exchange {
  readonly #session: Session;
  readonly #stream: Stream;
  readonly #service: StreamService;

  constructor(session: Session, stream: Stream) {
    this.#session = session;
    this.#stream = stream;
    this.#service = new StreamService(session.context, () => {
      if (stream.headWritten) {
        session.resetStream(stream.id, ERROR.INTERNAL_ERROR, false);
      } else {
        answerHttp(session, stream, INTERNAL_ERROR, false);
      }
    });
  }

  open(handler: HttpStreamHandler): void {
    this.#service.open(handler, this);
  }

  // ---- what the service does ----

  get bufferedBytes(): number {
    return this.#stream.queuedBytes;
  }

  get highWaterBytes(): number {
    return this.#session.context.limits.streamHighWaterBytes;
  }

  answer(response: HttpResponse): void {
    if (this.#service.end()) {
      answerHttp(this.#session, this.#stream, response, false);
    }
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#service.isOver) {
      return;
    }
    const wire = toWire({ status, headers, body: "" });
    const block = encodeLiteralBlock([[":status", String(status)], ...wire.headers]);
    this.#session.pings.workDone = true;
    this.#stream.headWritten = true;
    this.#session.writer.headers(this.#stream.id, block, false);
    this.#session.requestFlush();
  }

  send(bytes: Uint8Array): void {
    if (!this.#service.isOver) {
      this.#session.sender.queue(this.#stream, bytes);
      this.#session.requestFlush();
    }
  }

  onDrain(listener: () => void): void {
    this.#service.onDrain(listener);
  }

  end(): void {
    if (this.#service.end()) {
      this.#stream.exchange = undefined;
      this.#session.finish(this.#stream, ENDING.PLAIN, undefined);
    }
  }

  // ---- what the connection tells ----

  data(chunk: Uint8Array, start: number, end: number): void {
    const { limits } = this.#session.context;
    if (this.#stream.queuedBytes > limits.httpBodyBytesMax + limits.outputBytesMax) {
      // It asks and asks, and does not read the answers.
      this.#session.resetStream(this.#stream.id, ERROR.ENHANCE_YOUR_CALM, true);
      return;
    }
    this.#service.data(chunk, start, end);
  }

  remoteEnded(): void {
    this.#service.bodyEnded();
  }

  aborted(): void {
    this.#service.cancel();
  }

  expired(): void {
    // Plain HTTP requests have no deadline here.
  }

  drained(): void {
    this.#service.drained();
  }
}
