// Cuts the body of a gRPC request into messages. A message that lies whole in one chunk is passed on where it lies;
// others are put together in a buffer that grows with what has come, not with what was announced.
import type { Gunzip } from "../context.js";
import { GRPC_STATUS, type GrpcStatus } from "../service.js";
import { readUint32 } from "../http2/frames/frames.js";
import { MESSAGE_HEAD_BYTES, type Session } from "../http2/session.js";

export interface MessageSink {
  /** One message, `buffer[start, end)`. `isOwned`: the buffer was made for it and may be kept. */
  message(buffer: Uint8Array, start: number, end: number, isOwned: boolean): void;
  /** The request cannot be read on: the call fails with this. */
  unreadable(status: GrpcStatus, message: string): void;
}

const FIRST_BUFFER_BYTES = 16 * 1024;
const EMPTY = new Uint8Array(0);

export class MessageReader {
  readonly #session: Session;
  readonly #encoding: string;
  readonly #sink: MessageSink;
  readonly #head: Uint8Array = new Uint8Array(MESSAGE_HEAD_BYTES);
  /** Bytes of the next message's head and body that have come. */
  #headBytes = 0;
  #body: Uint8Array = EMPTY;
  #bodyBytes = 0;
  #messageBytes = 0;
  #heldBytes = 0;
  #isOver = false;

  constructor(session: Session, encoding: string, sink: MessageSink) {
    this.#session = session;
    this.#encoding = encoding;
    this.#sink = sink;
  }

  /** Whether a message has begun and not ended. */
  get isInMessage(): boolean {
    return this.#headBytes > 0;
  }

  push(chunk: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#isOver) {
      at =
        this.#headBytes < MESSAGE_HEAD_BYTES
          ? this.#readHead(chunk, at, end)
          : this.#readBody(chunk, at, end);
    }
  }

  /** Nothing more is read: gives back what it holds. */
  stop(): void {
    this.#isOver = true;
    this.#reset();
  }

  /** Takes what there is of the present message; returns the offset behind it. */
  #readBody(chunk: Uint8Array, start: number, end: number): number {
    const missing = this.#messageBytes - this.#bodyBytes;
    const next = start + Math.min(missing, end - start);
    if (this.#bodyBytes === 0 && next === start + missing) {
      this.#complete(chunk, start, next, false);
    } else if (this.#append(chunk, start, next) && this.#bodyBytes === this.#messageBytes) {
      this.#complete(this.#body, 0, this.#messageBytes, true);
    }
    return next;
  }

  #readHead(chunk: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#headBytes < MESSAGE_HEAD_BYTES) {
      this.#head[this.#headBytes] = chunk[at] as number;
      this.#headBytes += 1;
      at += 1;
    }
    if (this.#headBytes === MESSAGE_HEAD_BYTES) {
      this.#messageBytes = readUint32(this.#head, 1);
      this.#checkHead();
      // An empty message is complete with its head.
      if (this.#messageBytes === 0 && !this.#isOver) {
        this.#complete(EMPTY, 0, 0, true);
      }
    }
    return at;
  }

  /** In the order and the words of grpc-go. */
  #checkHead(): void {
    const bytesMax = this.#session.context.limits.messageBytesMax;
    const flag = this.#head[0] as number;
    if (this.#messageBytes > bytesMax) {
      this.#fail(
        GRPC_STATUS.RESOURCE_EXHAUSTED,
        `grpc: received message larger than max (${this.#messageBytes} vs. ${bytesMax})`,
      );
    } else if (flag > 1) {
      this.#fail(GRPC_STATUS.INTERNAL, `grpc: received unexpected payload format ${flag}`);
    } else if (flag === 1 && (this.#encoding === "" || this.#encoding === "identity")) {
      this.#fail(GRPC_STATUS.INTERNAL, "grpc: compressed flag set with identity or empty encoding");
    }
  }

  #append(chunk: Uint8Array, start: number, end: number): boolean {
    const needed = this.#bodyBytes + end - start;
    if (needed > this.#body.length) {
      const bytes = Math.min(
        this.#messageBytes,
        Math.max(needed, this.#body.length * 2, FIRST_BUFFER_BYTES),
      );
      if (!this.#session.held.hold(bytes - this.#heldBytes)) {
        this.#fail(
          GRPC_STATUS.RESOURCE_EXHAUSTED,
          "grpc: too many bytes of unfinished requests are held",
        );
        return false;
      }
      this.#heldBytes = bytes;
      const body = Buffer.allocUnsafeSlow(bytes);
      body.set(this.#body.subarray(0, this.#bodyBytes), 0);
      this.#body = body;
    }
    this.#body.set(chunk.subarray(start, end), this.#bodyBytes);
    this.#bodyBytes = needed;
    return true;
  }

  #complete(buffer: Uint8Array, start: number, end: number, isOwned: boolean): void {
    const isCompressed = this.#head[0] === 1;
    this.#reset();
    if (!isCompressed) {
      this.#sink.message(buffer, start, end, isOwned);
      return;
    }
    const { gunzip, limits }: { gunzip: Gunzip; limits: { messageBytesMax: number } } =
      this.#session.context;
    const message = gunzip(buffer.subarray(start, end), limits.messageBytesMax);
    if (message === "too-large") {
      this.#fail(
        GRPC_STATUS.RESOURCE_EXHAUSTED,
        `grpc: received message after decompression larger than max ${limits.messageBytesMax}`,
      );
    } else if (message === undefined) {
      this.#fail(GRPC_STATUS.INTERNAL, "grpc: failed to decompress the received message: not gzip");
    } else {
      this.#sink.message(message, 0, message.length, true);
    }
  }

  #fail(status: GrpcStatus, message: string): void {
    this.stop();
    this.#sink.unreadable(status, message);
  }

  #reset(): void {
    this.#headBytes = 0;
    this.#body = EMPTY;
    this.#bodyBytes = 0;
    this.#session.held.release(this.#heldBytes);
    this.#heldBytes = 0;
  }
}
