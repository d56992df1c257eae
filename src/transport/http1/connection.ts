// One HTTP/1.1 connection: requests one after the other, pipelined or not, each answered before the next is read.
// It must never buffer more than one request and what came with it.
import type { Timer } from "../../runtime/clock.js";
import { latin1, latin1Bytes } from "../../lib/bytes.js";
import { concatBytes, NO_BYTES } from "../bytes.js";
import type { TransportContext } from "../context.js";
import { HeldBytes } from "../held-bytes.js";
import { askHandler, toHttpRequest, TOO_MANY_UNFINISHED, toWire } from "../http-message.js";
import type { HttpResponse } from "../service.js";
import type { Socket, SocketEvents } from "../socket.js";
import { BodyReader } from "./body.js";
import { type Http1Head, isRefusal, readHead, type Refusal } from "./request.js";

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

const CONTINUE: Uint8Array = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

export class Http1Connection implements SocketEvents {
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #onClosed: () => void;
  readonly #held: HeldBytes;
  #input: Uint8Array = NO_BYTES;
  /** Where to go on looking for the end of the head. */
  #searchedBytes = 0;
  #head: Http1Head | undefined = undefined;
  #body: BodyReader | undefined = undefined;
  #heldBytes = 0;
  /** reading → handling → (writing →) reading; or lingering → closed. */
  #phase: "reading" | "handling" | "writing" | "lingering" | "closed" = "reading";
  #closeAfter = false;
  #inputEnded = false;
  #timer: Timer | undefined = undefined;

  constructor(context: TransportContext, socket: Socket, onClosed: () => void) {
    this.#context = context;
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#held = new HeldBytes(context);
    this.#arm(context.limits.http1HeadTimeoutMs);
  }

  // ---- what the socket tells ----

  data(chunk: Uint8Array): void {
    this.#context.counters.bytesReceived += chunk.length;
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
    }
  }

  drained(): void {
    if (this.#phase === "writing") {
      this.#next();
    }
  }

  ended(): void {
    this.#inputEnded = true;
    if (this.#phase === "reading") {
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
    this.#onClosed();
  }

  drain(): void {
    this.#closeAfter = true;
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
    this.#skipEmptyLines();
    const end = this.#headEnd();
    const limits = this.#context.limits;
    if ((end < 0 ? this.#input.length : end) > limits.http1HeadBytesMax) {
      this.#refuse({ status: 431, reason: "request head too large" });
      return false;
    }
    if (end < 0) {
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
    this.#body = new BodyReader(head.body, limits.messageBytesMax);
    if (!this.#body.isDone) {
      this.#arm(limits.http1BodyTimeoutMs);
      if (head.expectsContinue && this.#input.length === 0) {
        this.#write([CONTINUE]);
      }
    }
    return true;
  }

  /** Empty lines before a request are allowed (RFC 9112, 2.2). */
  #skipEmptyLines(): void {
    let at = 0;
    while (this.#input[at] === CARRIAGE_RETURN && this.#input[at + 1] === LINE_FEED) {
      at += 2;
    }
    if (at > 0) {
      this.#input = this.#input.subarray(at);
    }
  }

  /** Offset of the empty line that ends the head; −1 if it has not come. */
  #headEnd(): number {
    const input = this.#input;
    let at = input.indexOf(CARRIAGE_RETURN, Math.max(0, this.#searchedBytes - 3));
    while (at >= 0) {
      if (
        input[at + 1] === LINE_FEED &&
        input[at + 2] === CARRIAGE_RETURN &&
        input[at + 3] === LINE_FEED
      ) {
        return at;
      }
      at = input.indexOf(CARRIAGE_RETURN, at + 1);
    }
    this.#searchedBytes = input.length;
    return -1;
  }

  #handle(head: Http1Head, body: Uint8Array): void {
    this.#phase = "handling";
    this.#timer?.cancel();
    this.#socket.pause();
    this.#context.counters.httpRequests += 1;
    const request = toHttpRequest(head.method, head.target, head.headers, body, this.#socket.peer);
    askHandler(this.#context, request, (response) => {
      if (this.#phase === "handling") {
        this.#answer(head, response);
      }
    });
  }

  #answer(head: Http1Head, response: HttpResponse): void {
    this.#closeAfter ||= !head.keepAlive || this.#inputEnded;
    this.#release();
    this.#writeResponse(response, head.method === "HEAD");
    this.#head = undefined;
    this.#body = undefined;
    if (this.#closeAfter) {
      this.#linger();
    } else if (this.#socket.queuedBytes > this.#context.limits.outputBytesMax) {
      this.#phase = "writing";
      this.#arm(this.#context.limits.stalledReaderMs);
    } else {
      this.#next();
    }
  }

  /** Goes on to the next request, part of which may have come already. */
  #next(): void {
    this.#phase = "reading";
    this.#socket.resume();
    const { http1HeadTimeoutMs, http1IdleTimeoutMs } = this.#context.limits;
    this.#arm(this.#input.length === 0 ? http1IdleTimeoutMs : http1HeadTimeoutMs);
    if (this.#input.length > 0) {
      this.#advance();
    }
  }

  // ---- output ----

  #writeResponse(response: HttpResponse, isHead: boolean): void {
    const { headers, body } = toWire(response);
    const status = response.status;
    const isBodyless = status === 204 || status === 304;
    let text = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "Status"}\r\n`;
    for (const [name, value] of headers) {
      text += `${name}: ${value}\r\n`;
    }
    if (!isBodyless) {
      text += `content-length: ${body.length}\r\n`;
    }
    text += this.#closeAfter ? "connection: close\r\n\r\n" : "\r\n";
    const head = latin1Bytes(text);
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
