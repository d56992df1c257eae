// A plain HTTP request over HTTP/2 whose body and answer flow at the same time.
import { encodeLiteralBlock } from "../hpack/encoder.js";
import { toWire } from "../http-message.js";
import type {
  HttpResponse,
  HttpStreamCall,
  HttpStreamHandler,
  HttpStreamReceiver,
} from "../service.js";
import { ERROR } from "./frames.js";
import { answerHttp } from "./http-call.js";
import type { Session } from "./session.js";
import { ENDING, type Exchange, type Stream } from "./stream.js";

const INTERNAL_ERROR: HttpResponse = { status: 500, headers: {}, body: "internal error\n" };

export class HttpStreamExchange implements HttpStreamCall, Exchange {
  readonly #session: Session;
  readonly #stream: Stream;
  #receiver: HttpStreamReceiver | undefined = undefined;
  #onDrain: (() => void) | undefined = undefined;
  #isOver = false;

  constructor(session: Session, stream: Stream) {
    this.#session = session;
    this.#stream = stream;
  }

  open(handler: HttpStreamHandler): void {
    this.#guarded(() => {
      this.#receiver = handler(this);
    });
  }

  // ---- what the service does ----

  get bufferedBytes(): number {
    return this.#stream.queuedBytes;
  }

  get highWaterBytes(): number {
    return this.#session.context.limits.streamHighWaterBytes;
  }

  answer(response: HttpResponse): void {
    if (!this.#isOver) {
      this.#isOver = true;
      answerHttp(this.#session, this.#stream, response, false);
    }
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#isOver) {
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
    if (!this.#isOver) {
      this.#session.sender.queue(this.#stream, bytes);
      this.#session.requestFlush();
    }
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  end(): void {
    if (!this.#isOver) {
      this.#isOver = true;
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
    if (!this.#isOver) {
      this.#guarded(() => this.#receiver?.data(chunk, start, end));
    }
  }

  remoteEnded(): void {
    if (!this.#isOver) {
      this.#guarded(() => this.#receiver?.ended());
    }
  }

  aborted(): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    try {
      this.#receiver?.cancelled();
    } catch (error) {
      this.#session.context.reportError(error);
    }
  }

  expired(): void {
    // Plain HTTP requests have no deadline here.
  }

  drained(): void {
    if (!this.#isOver && this.#onDrain !== undefined) {
      this.#guarded(this.#onDrain);
    }
  }

  /** Runs the service; if it throws, the call is broken off and the service is told that it is over. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#session.context.reportError(error);
      if (this.#isOver) {
        return;
      }
      if (this.#stream.headWritten) {
        this.#session.resetStream(this.#stream.id, ERROR.INTERNAL_ERROR, false);
      } else {
        this.aborted();
        answerHttp(this.#session, this.#stream, INTERNAL_ERROR, false);
      }
    }
  }
}
