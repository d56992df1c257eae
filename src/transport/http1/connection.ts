// One HTTP/1.1 connection: requests one after the other, pipelined or not, each answered before the next is read.
// It must never buffer more than one request and what came with it.
import type { Timer } from "../../runtime/clock.js";
import { latin1, latin1Bytes } from "../../lib/bytes.js";
import { concatBytes, NO_BYTES } from "../bytes.js";
import type { TransportContext } from "../context.js";
import { HeldBytes } from "../held-bytes.js";
import {
  askHandler,
  Cancellation,
  streamRoute,
  toHttpRequestHead,
  TOO_MANY_UNFINISHED,
  toWire,
} from "../http-message.js";
import type { HttpRequestHead, HttpResponse, HttpStreamHandler } from "../service.js";
import type { HttpStreamRoute } from "../service.js";
import type { Socket, SocketEvents } from "../socket.js";
import { StreamOutput } from "../stream-output.js";
import { WebSocketConnection } from "../websocket/connection.js";
import { acceptWebSocket, asksWebSocket } from "../websocket/handshake.js";
import { answerHead } from "./answer-head.js";
import { BodyReader } from "./body.js";
import {
  findHeadEnd,
  type Http1Head,
  isRefusal,
  readHead,
  type Refusal,
  withoutEmptyLines,
} from "./request.js";
import { Http1Stream, type Http1StreamOwner } from "./stream.js";

const CONTINUE: Uint8Array = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");

export class Http1Connection implements SocketEvents, Http1StreamOwner {
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #onClosed: () => void;
  readonly #held: HeldBytes;
  #input: Uint8Array = NO_BYTES;
  /** Where to go on looking for the end of the head. */
  #searchedBytes = 0;
  #head: Http1Head | undefined = undefined;
  #request: HttpRequestHead | undefined = undefined;
  #body: BodyReader | undefined = undefined;
  #heldBytes = 0;
  /** reading → (handling | streaming) → (writing →) reading; or lingering → closed. */
  #phase: "reading" | "handling" | "streaming" | "writing" | "lingering" | "closed" = "reading";
  /** Of the request that is read or handled: its client may go away before the answer. */
  #cancellation: Cancellation = new Cancellation();
  readonly #output: StreamOutput;
  #stream: Http1Stream | undefined = undefined;
  /** The answer of a stream that sent nothing else. */
  #wholeAnswer: HttpResponse | undefined = undefined;
  #isFeeding = false;
  #hasToldEnd = false;
  #isPaused = false;
  /** What the connection has become; it gets all that the socket tells. */
  #webSocket: WebSocketConnection | undefined = undefined;
  #closeAfter = false;
  #inputEnded = false;
  #timer: Timer | undefined = undefined;

  constructor(context: TransportContext, socket: Socket, onClosed: () => void) {
    this.#context = context;
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#held = new HeldBytes(context);
    this.#output = new StreamOutput(context, socket, () => {
      this.destroy();
    });
    this.#output.onDrain(() => {
      this.#stream?.drained();
      this.#unblockStream();
    });
    this.#arm(context.limits.http1HeadTimeoutMs);
  }

  // ---- what the socket tells ----

  data(chunk: Uint8Array): void {
    this.#context.counters.bytesReceived += chunk.length;
    if (this.#webSocket !== undefined) {
      this.#webSocket.data(chunk);
      return;
    }
    if (this.#phase === "lingering" || this.#phase === "closed") {
      return;
    }
    if (this.#input.length === 0 && this.#head === undefined && this.#phase === "reading") {
      // The first byte of a request: its head must be complete in time.
      this.#arm(this.#context.limits.http1HeadTimeoutMs);
    }
    this.#input = this.#input.length === 0 ? chunk : concatBytes(this.#input, chunk);
    if (this.#phase === "reading") {
      this.#advance();
    } else if (this.#phase === "streaming" && !this.#isPaused) {
      this.#feedStream();
    } else {
      // The next request: one chunk of it is kept, the rest waits with the client.
      this.#pause();
    }
  }

  drained(): void {
    if (this.#webSocket !== undefined) {
      this.#webSocket.drained();
    } else if (this.#phase === "writing") {
      this.#next();
    } else {
      this.#output.drained();
      this.#unblockStream();
    }
  }

  ended(): void {
    if (this.#webSocket !== undefined) {
      this.#webSocket.ended();
      return;
    }
    this.#inputEnded = true;
    if (this.#phase === "reading") {
      this.#linger();
    } else if (this.#phase === "handling") {
      // Half closed or gone: only who would wait for long needs to care.
      this.#cancellation.cancel();
    } else if (this.#phase === "streaming") {
      this.#stream?.cancel();
      this.#linger();
    }
  }

  closed(): void {
    if (this.#phase === "closed") {
      return;
    }
    this.#phase = "closed";
    this.#timer?.cancel();
    this.#release();
    this.#input = NO_BYTES;
    this.#webSocket?.closed();
    this.#stream?.cancel();
    this.#output.close();
    this.#cancellation.cancel();
    this.#onClosed();
  }

  drain(): void {
    this.#closeAfter = true;
    this.#webSocket?.drain();
    if (this.#phase === "reading" && this.#input.length === 0 && this.#head === undefined) {
      this.#linger();
    }
  }

  destroy(): void {
    this.#socket.destroy();
    this.closed();
  }

  // ---- requests ----

  /** Reads as much as there is of the present request; hands it over when it is whole. */
  #advance(): void {
    if (this.#head === undefined && !this.#readHead()) {
      return;
    }
    if (this.#phase === "streaming") {
      this.#feedStream();
      return;
    }
    const body = this.#body as BodyReader;
    const taken = body.read(this.#input, 0);
    if (typeof taken !== "number") {
      this.#refuse(taken);
      return;
    }
    this.#input = this.#input.subarray(taken);
    const bytes = body.bytes.length;
    if (bytes > this.#heldBytes) {
      if (!this.#held.hold(bytes - this.#heldBytes)) {
        this.#refuse({
          status: TOO_MANY_UNFINISHED.status,
          reason: "too many unfinished requests",
        });
        return;
      }
      this.#heldBytes = bytes;
    }
    if (body.isDone) {
      this.#handle(this.#head as Http1Head, body.bytes);
    }
  }

  /** True when the head is complete and good. */
  #readHead(): boolean {
    this.#input = withoutEmptyLines(this.#input);
    const end = findHeadEnd(this.#input, this.#searchedBytes);
    const limits = this.#context.limits;
    if ((end < 0 ? this.#input.length : end) > limits.http1HeadBytesMax) {
      this.#refuse({ status: 431, reason: "request head too large" });
      return false;
    }
    if (end < 0) {
      this.#searchedBytes = this.#input.length;
      return false;
    }
    const head = readHead(latin1(this.#input, 0, end), limits);
    if (head === "not-http") {
      this.#context.counters.connectionsRefused += 1;
      this.#linger();
      return false;
    }
    if (isRefusal(head)) {
      this.#refuse(head);
      return false;
    }
    this.#input = this.#input.subarray(end + 4);
    this.#searchedBytes = 0;
    this.#head = head;
    this.#request = toHttpRequestHead(head.method, head.target, head.headers, this.#socket);
    const route = streamRoute(this.#context, this.#request, asksWebSocket(head));
    if (route?.kind === "websocket") {
      this.#upgrade(head, route);
      return false;
    }
    const sink = route === undefined ? undefined : this.#sink;
    this.#body = new BodyReader(head.body, limits.httpBodyBytesMax, sink);
    if (!this.#body.isDone) {
      this.#arm(limits.http1BodyTimeoutMs);
      if (head.expectsContinue && this.#input.length === 0) {
        this.#write([CONTINUE]);
      }
    }
    if (route !== undefined) {
      this.#openStream(head, route.open);
    }
    return true;
  }

  #handle(head: Http1Head, body: Uint8Array): void {
    this.#phase = "handling";
    this.#timer?.cancel();
    // Read on, so that a client that leaves is noticed; but never past the next request's beginning.
    if (this.#input.length > 0) {
      this.#pause();
    }
    this.#context.counters.httpRequests += 1;
    const { onCancel } = this.#cancellation;
    const request = { ...(this.#request as HttpRequestHead), body, onCancel };
    askHandler(this.#context, request, (response) => {
      if (this.#phase === "handling") {
        this.#answer(head, response);
      }
    });
  }

  #answer(head: Http1Head, response: HttpResponse): void {
    this.#closeAfter ||= !head.keepAlive || this.#inputEnded || this.#body?.isDone === false;
    this.#release();
    this.#writeResponse(response, head.method === "HEAD");
    this.#answered();
  }

  #answered(): void {
    this.#head = undefined;
    this.#request = undefined;
    this.#body = undefined;
    // Who answered is told nothing more, and what it knows (the request and its body) is let go.
    this.#cancellation = new Cancellation();
    if (this.#closeAfter) {
      this.#linger();
    } else if (this.#socket.queuedBytes > this.#context.limits.outputBytesMax) {
      this.#phase = "writing";
      this.#pause();
      this.#arm(this.#context.limits.stalledReaderMs);
    } else {
      this.#next();
    }
  }

  /** Goes on to the next request, part of which may have come already. */
  #next(): void {
    this.#phase = "reading";
    this.#resume();
    const { http1HeadTimeoutMs, http1IdleTimeoutMs } = this.#context.limits;
    this.#arm(this.#input.length === 0 ? http1IdleTimeoutMs : http1HeadTimeoutMs);
    if (this.#input.length > 0) {
      this.#advance();
    }
  }

  #pause(): void {
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  #resume(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
  }

  // ---- streams ----

  readonly #sink = (input: Uint8Array, start: number, end: number): void => {
    this.#stream?.data(input, start, end);
  };

  #openStream(head: Http1Head, handler: HttpStreamHandler): void {
    this.#phase = "streaming";
    this.#timer?.cancel();
    this.#context.counters.httpRequests += 1;
    const stream = new Http1Stream(this.#context, this.#output, this, !head.isVersion10);
    this.#stream = stream;
    this.#isFeeding = true;
    stream.open(handler);
    this.#isFeeding = false;
  }

  /** Passes on what has come of the body. */
  #feedStream(): void {
    const stream = this.#stream as Http1Stream;
    const body = this.#body as BodyReader;
    this.#isFeeding = true;
    const wasDone = body.isDone && this.#hasToldEnd;
    const taken = wasDone ? 0 : body.read(this.#input, 0);
    if (typeof taken !== "number") {
      this.#isFeeding = false;
      this.#refuseStream(stream, taken);
      return;
    }
    this.#input = this.#input.subarray(taken);
    if (body.isDone && !wasDone) {
      this.#hasToldEnd = true;
      stream.bodyEnded();
    }
    this.#isFeeding = false;
    if (this.#phase === "streaming" && stream.isOver) {
      this.#finishStream();
    } else if (this.#output.isFull || (body.isDone && this.#input.length > 0)) {
      this.#pause();
    }
  }

  /** A body that is no longer one: the answer, if it has begun, cannot be ended in order. */
  #refuseStream(stream: Http1Stream, refusal: Refusal): void {
    stream.cancel();
    if (stream.hasBegun) {
      this.#context.counters.connectionsRefused += 1;
      this.destroy();
    } else {
      this.#refuse(refusal);
    }
  }

  /** The client has read: takes up its body again. Also called while a stream that is over is flushed: it takes no more. */
  #unblockStream(): void {
    const isOpen = this.#phase === "streaming" && this.#stream !== undefined;
    if (isOpen && this.#isPaused && !this.#output.isFull) {
      this.#resume();
      this.#feedStream();
    }
  }

  streamHead(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
    const head = this.#head as Http1Head;
    this.#closeAfter ||= !head.keepAlive || head.isVersion10;
    const wire = toWire({ status, headers, body: "" });
    const framing = head.isVersion10 ? "" : "transfer-encoding: chunked\r\n";
    return answerHead(status, wire.headers, framing, this.#closeAfter);
  }

  streamOver(response: HttpResponse | undefined): void {
    this.#wholeAnswer = response;
    if (!this.#isFeeding && this.#phase === "streaming") {
      this.#finishStream();
    }
  }

  #finishStream(): void {
    const response = this.#wholeAnswer;
    this.#stream = undefined;
    this.#wholeAnswer = undefined;
    this.#hasToldEnd = false;
    this.#output.flush();
    if (this.#phase !== "streaming") {
      return;
    }
    if (response !== undefined) {
      this.#answer(this.#head as Http1Head, response);
      return;
    }
    // What is left of a body that nobody wants is not read: the connection cannot go on behind it.
    this.#closeAfter ||= this.#body?.isDone === false;
    this.#answered();
  }

  #upgrade(head: Http1Head, route: HttpStreamRoute & { kind: "websocket" }): void {
    const accepted = acceptWebSocket(head, route.subprotocol);
    if (!(accepted instanceof Uint8Array)) {
      this.#refuse(accepted);
      return;
    }
    this.#context.counters.httpRequests += 1;
    this.#timer?.cancel();
    const rest = this.#input;
    this.#input = NO_BYTES;
    const webSocket = new WebSocketConnection(this.#context, this.#socket, () => {
      this.closed();
    });
    this.#webSocket = webSocket;
    webSocket.open(accepted, route.open);
    if (this.#closeAfter) {
      webSocket.drain();
    }
    if (rest.length > 0) {
      webSocket.data(rest);
    }
  }

  // ---- output ----

  #writeResponse(response: HttpResponse, isHead: boolean): void {
    const { headers, body } = toWire(response);
    const status = response.status;
    const isBodyless = status === 204 || status === 304;
    const length = isBodyless ? "" : `content-length: ${body.length}\r\n`;
    const head = answerHead(status, headers, length, this.#closeAfter);
    this.#write(isHead || isBodyless || body.length === 0 ? [head] : [head, body]);
  }

  #write(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#context.counters.bytesSent += part.length;
    }
    this.#socket.write(parts);
  }

  // ---- ends ----

  #refuse(refusal: Refusal): void {
    this.#context.counters.connectionsRefused += 1;
    this.#closeAfter = true;
    this.#writeResponse(
      { status: refusal.status, headers: {}, body: `${refusal.reason}\n` },
      false,
    );
    this.#linger();
  }

  /** Sends the end and reads on without looking: closing with unread input would lose our answer on the way. */
  #linger(): void {
    this.#phase = "lingering";
    this.#release();
    this.#input = NO_BYTES;
    this.#stream?.cancel();
    this.#output.flush();
    this.#socket.end();
    this.#socket.resume();
    this.#timer?.cancel();
    this.#timer = this.#context.clock.after(this.#context.limits.lingerMs, () => {
      this.destroy();
    });
  }

  /** What must happen next must happen within `delayMs`. */
  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.after(delayMs, () => {
      const isIdle = this.#head === undefined && this.#input.length === 0;
      if (this.#phase === "reading" && !isIdle) {
        this.#refuse({ status: 408, reason: "the request took too long" });
      } else if (this.#phase === "reading") {
        this.#linger();
      } else {
        this.destroy();
      }
    });
  }

  #release(): void {
    this.#held.release(this.#heldBytes);
    this.#heldBytes = 0;
  }
}
