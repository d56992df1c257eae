// One streaming call made for a client of the gateway: each JSON message of the body is a request message, each answer a
// line {"result": …}. The call begins with the first message, so that a body that is none is refused before it.
import { GATEWAY_MESSAGE_BYTES_MAX } from "../../core/limits.js";
import type { MethodDescriptor } from "../../etcd/descriptor.js";
import { utf8Bytes } from "../../lib/bytes.js";
import type { Timer } from "../../runtime/clock.js";
import {
  GRPC_STATUS,
  type GrpcStatus,
  type HttpStreamCall,
  type HttpStreamReceiver,
  type StreamCall,
  type StreamHandler,
  type StreamReceiver,
} from "../../transport/service.js";
import { JsonFault } from "./json-reader.js";
import { JsonSplitter } from "./json-splitter.js";
import { answerTooLarge, failureLine, failureResponse, SUCCESS_HEADERS } from "./status.js";
import type { CallOptions } from "./unary-call.js";
import { wireToJson } from "./wire-to-json.js";

export interface StreamOptions extends CallOptions {
  readonly descriptor: MethodDescriptor;
  readonly open: StreamHandler;
  /** Turns a JSON message into the bytes of a request. Throws a JsonFault. */
  readonly decode: (message: Uint8Array) => Uint8Array;
  /** Largest JSON message. */
  readonly jsonBytesMax: number;
  /** Largest request message. */
  readonly messageBytesMax: number;
  /** Behind every line; nothing over a websocket, which has messages. */
  readonly lineEnd: string;
  /** For every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

export class GatewayStreamCall implements StreamCall {
  readonly peer: string;
  /** As for unary calls: a certificate says nothing here. */
  readonly peerCommonName: undefined = undefined;
  readonly #options: StreamOptions;
  readonly #http: HttpStreamCall;
  readonly #splitter: JsonSplitter;
  #receiver: StreamReceiver | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #isOpen = false;
  #hasBegun = false;
  #isHalfClosed = false;
  #isOver = false;
  #cancelled = false;

  constructor(options: StreamOptions, http: HttpStreamCall) {
    this.#options = options;
    this.#http = http;
    this.peer = options.peer;
    this.#splitter = new JsonSplitter(options.jsonBytesMax);
  }

  // ---- what the service does ----

  get cancelled(): boolean {
    return this.#cancelled;
  }

  get bufferedBytes(): number {
    return this.#http.bufferedBytes;
  }

  get highWaterBytes(): number {
    return this.#http.highWaterBytes;
  }

  metadata(name: string): string | undefined {
    return this.#options.metadata(name);
  }

  onDrain(listener: () => void): void {
    this.#http.onDrain(listener);
  }

  send(...parts: readonly Uint8Array[]): void {
    if (this.#isOver) {
      return;
    }
    const messageBytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (messageBytes > GATEWAY_MESSAGE_BYTES_MAX) {
      this.#refuseAnswer(messageBytes);
      return;
    }
    const { descriptor, counters, method, lineEnd } = this.#options;
    const message = concatenated(parts);
    counters.messageBytesSent += message.length;
    if (method !== undefined) {
      method.messagesSent += 1;
    }
    this.#begin();
    const json = wireToJson(descriptor.response, message, 0, message.length);
    this.#http.send(utf8Bytes(`{"result":${json}}${lineEnd}`));
  }

  end(): void {
    if (this.#over(GRPC_STATUS.OK)) {
      this.#begin();
      this.#http.end();
    }
  }

  fail(status: GrpcStatus, message: string): void {
    if (this.#over(status)) {
      this.#answerFailure(status, message);
    }
  }

  // ---- what the transport tells ----

  /** The half that the transport feeds. */
  receiver(): HttpStreamReceiver {
    return {
      data: (chunk, start, end): void => {
        this.#data(chunk, start, end);
      },
      ended: (): void => {
        this.#bodyEnded();
      },
      cancelled: (): void => {
        this.#cancel(GRPC_STATUS.CANCELLED);
      },
    };
  }

  #data(chunk: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#isOver && !this.#isHalfClosed) {
      const next = this.#decoded(chunk, at, end);
      if (next === null) {
        return;
      }
      at = next.at;
      if (next.request !== null) {
        this.#pass(next.request);
      }
    }
  }

  /** The next message up to `end`, if it is complete; null if the call was refused because it is none. */
  #decoded(
    chunk: Uint8Array,
    start: number,
    end: number,
  ): { readonly at: number; readonly request: Uint8Array | null } | null {
    try {
      const { at, message } = this.#splitter.next(chunk, start, end);
      return { at, request: message === null ? null : this.#options.decode(message) };
    } catch (error) {
      if (!(error instanceof JsonFault)) {
        throw error;
      }
      this.#refuse(error);
      return null;
    }
  }

  #bodyEnded(): void {
    if (this.#isOver || this.#isHalfClosed) {
      return;
    }
    if (this.#splitter.isInMessage) {
      this.#refuse(new JsonFault("unexpected EOF"));
    } else if (!this.#isOpen && !this.#options.descriptor.clientStreams) {
      // An empty body is an empty message.
      this.#pass(new Uint8Array(0));
    } else {
      this.#open();
      this.#halfClose();
    }
  }

  #open(): void {
    if (this.#isOpen) {
      return;
    }
    this.#isOpen = true;
    const { method, timeoutMs, clock, open } = this.#options;
    if (method !== undefined) {
      method.started += 1;
    }
    if (timeoutMs !== undefined) {
      this.#timer = clock.after(timeoutMs, () => {
        this.#breakOff(GRPC_STATUS.DEADLINE_EXCEEDED, "context deadline exceeded");
      });
    }
    this.#receiver = open(this);
  }

  #pass(request: Uint8Array): void {
    const { counters, method, messageBytesMax, descriptor } = this.#options;
    this.#open();
    if (request.length > messageBytesMax) {
      this.#breakOff(
        GRPC_STATUS.RESOURCE_EXHAUSTED,
        `grpc: received message larger than max (${request.length} vs. ${messageBytesMax})`,
      );
      return;
    }
    if (this.#isOver) {
      return;
    }
    counters.messageBytesReceived += request.length;
    if (method !== undefined) {
      method.messagesReceived += 1;
    }
    this.#receiver?.message(request, 0, request.length);
    if (!descriptor.clientStreams) {
      this.#halfClose();
    }
  }

  #halfClose(): void {
    this.#isHalfClosed = true;
    if (!this.#isOver) {
      this.#receiver?.halfClosed();
    }
  }

  // ---- ends ----

  #begin(): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#http.begin(200, { ...this.#options.headers, ...SUCCESS_HEADERS });
    }
  }

  /** A body that is not what the method takes: refused before the call begins, or ends it. */
  #refuse(fault: JsonFault): void {
    if (this.#isOpen) {
      this.#breakOff(GRPC_STATUS.INVALID_ARGUMENT, fault.message);
      return;
    }
    this.#isOver = true;
    const refusal = { status: GRPC_STATUS.INVALID_ARGUMENT, message: fault.message };
    const response = failureResponse(refusal);
    this.#http.answer({ ...response, headers: { ...this.#options.headers, ...response.headers } });
  }

  /** Ends the call for an answer that cannot be sent: at once, so that the service cannot end it as complete. */
  #refuseAnswer(messageBytes: number): void {
    const { status, message } = answerTooLarge(messageBytes);
    this.#over(status);
    this.#cancelled = true;
    this.#answerFailure(status, message);
    // The service is in the midst of sending: it is told when it has returned.
    queueMicrotask(() => {
      this.#receiver?.cancelled();
    });
  }

  /** Ends the call from this side, but not by the service. */
  #breakOff(status: GrpcStatus, message: string): void {
    if (!this.#isOver) {
      this.#cancel(status);
      this.#answerFailure(status, message);
    }
  }

  #cancel(status: GrpcStatus): void {
    if (this.#isOpen && this.#over(status)) {
      this.#cancelled = true;
      this.#receiver?.cancelled();
    }
    this.#isOver = true;
  }

  /** False if the call has ended before. */
  #over(status: GrpcStatus): boolean {
    if (this.#isOver) {
      return false;
    }
    this.#isOver = true;
    this.#timer?.cancel();
    const handled = this.#options.method?.handled;
    if (handled !== undefined) {
      handled[status] = (handled[status] ?? 0) + 1;
    }
    return true;
  }

  #answerFailure(status: GrpcStatus, message: string): void {
    const { lineEnd, headers } = this.#options;
    if (this.#hasBegun) {
      this.#http.send(utf8Bytes(failureLine({ status, message }) + lineEnd));
      this.#http.end();
      return;
    }
    const response = failureResponse({ status, message });
    this.#http.answer({
      status: response.status,
      headers: { ...headers, ...response.headers },
      body: failureLine({ status, message }) + lineEnd,
    });
  }
}
