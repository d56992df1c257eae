// A streaming call, both halves. Small messages leave straight into the output; what does not fit the client's windows
// waits in the stream's queue, where the service can see it and stop.
import { assert } from "../../lib/assert.js";
import type { Route } from "../context.js";
import {
  GRPC_STATUS,
  type GrpcStatus,
  type StreamCall,
  type StreamReceiver,
  type HeaderMemo,
} from "../service.js";
import { writeUint32 } from "../http2/frames/frames.js";
import { trailersBlock, trailersOnlyBlock } from "./status.js";
import { MessageReader, type MessageSink } from "./message-reader.js";
import type { RequestHead } from "../http2/request-head.js";
import { MESSAGE_HEAD_BYTES, type Session } from "../http2/session.js";
import { ENDING, type Exchange, type Stream } from "../http2/stream.js";
import { DEADLINE_EXCEEDED, guarded } from "./unary-call.js";

/** A queued message up to this size is copied into one piece: fewer, larger pieces are cheaper to send. */
const JOINED_MESSAGE_BYTES_MAX = 4096;

class StreamCallState implements StreamCall, Exchange, MessageSink {
  readonly #session: Session;
  readonly #head: RequestHead;
  readonly #route: Route;
  readonly #stream: Stream;
  readonly #reader: MessageReader;
  #receiver: StreamReceiver | undefined = undefined;
  #onDrain: (() => void) | undefined = undefined;
  #ended = false;
  #cancelled = false;

  constructor(session: Session, head: RequestHead, route: Route, stream: Stream) {
    this.#session = session;
    this.#head = head;
    this.#route = route;
    this.#stream = stream;
    this.#reader = new MessageReader(session, head.encoding, this);
  }

  get peer(): string {
    return this.#session.socket.peer;
  }

  get peerCommonName(): string | undefined {
    return this.#session.socket.peerCommonName;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  get bufferedBytes(): number {
    return this.#stream.queuedBytes;
  }

  get highWaterBytes(): number {
    return this.#session.context.limits.streamHighWaterBytes;
  }

  get memo(): HeaderMemo {
    return this.#head.memo;
  }

  metadata(name: string): string | undefined {
    return this.#head.header(name);
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  open(): void {
    const method = this.#route.method;
    assert(method.kind === "stream", "a streaming call is of a streaming method");
    this.#guarded(() => {
      this.#receiver = method.open(this);
    });
  }

  send(...parts: readonly Uint8Array[]): void {
    if (this.#cancelled) {
      return;
    }
    assert(!this.#ended, "nothing is sent after the end of a call");
    let messageBytes = 0;
    for (const part of parts) {
      messageBytes += part.length;
    }
    this.#route.counters.messagesSent += 1;
    this.#session.context.counters.messageBytesSent += messageBytes;
    const bytes = MESSAGE_HEAD_BYTES + messageBytes;
    const sender = this.#session.sender;
    if (sender.mayPass(this.#stream, bytes)) {
      sender.writeHead(this.#stream);
      const at = sender.beginData(this.#stream, bytes);
      writeMessage(this.#session.output.buffer, at, messageBytes, parts);
    } else if (bytes <= JOINED_MESSAGE_BYTES_MAX) {
      const joined = Buffer.allocUnsafeSlow(bytes);
      writeMessage(joined, 0, messageBytes, parts);
      sender.queue(this.#stream, joined);
    } else {
      const head = new Uint8Array(MESSAGE_HEAD_BYTES);
      writeUint32(head, 1, messageBytes);
      sender.queue(this.#stream, head);
      for (const part of parts) {
        sender.queue(this.#stream, part);
      }
    }
    this.#session.requestFlush();
  }

  end(): void {
    if (this.#cancelled) {
      return;
    }
    this.#over(GRPC_STATUS.OK);
    this.#session.finish(this.#stream, ENDING.STATUS_OK, undefined);
  }

  fail(status: GrpcStatus, message: string): void {
    if (this.#cancelled) {
      return;
    }
    this.#over(status);
    this.#session.finish(this.#stream, ENDING.TRAILERS, this.#trailers(status, message));
  }

  // ---- what the connection tells ----

  data(chunk: Uint8Array, start: number, end: number): void {
    this.#reader.push(chunk, start, end);
  }

  message(buffer: Uint8Array, start: number, end: number): void {
    this.#route.counters.messagesReceived += 1;
    this.#session.context.counters.messageBytesReceived += end - start;
    this.#guarded(() => {
      this.#receiver?.message(buffer, start, end);
    });
  }

  remoteEnded(): void {
    if (this.#ended || this.#cancelled) {
      return;
    }
    if (this.#reader.isInMessage) {
      this.unreadable(GRPC_STATUS.INTERNAL, "unexpected EOF");
      return;
    }
    this.#guarded(() => {
      this.#receiver?.halfClosed();
    });
  }

  unreadable(status: GrpcStatus, message: string): void {
    this.#breakOff(status, message);
  }

  expired(): void {
    this.#breakOff(GRPC_STATUS.DEADLINE_EXCEEDED, DEADLINE_EXCEEDED);
  }

  aborted(): void {
    this.#cancel(GRPC_STATUS.CANCELLED);
  }

  drained(): void {
    const listener = this.#onDrain;
    if (listener !== undefined && !this.#ended) {
      this.#guarded(listener);
    }
  }

  // ---- ends ----

  /** Ends the call from this side, but not by the service. */
  #breakOff(status: GrpcStatus, message: string): void {
    if (this.#ended || this.#cancelled) {
      return;
    }
    this.#cancel(status);
    this.#session.finishNow(this.#stream, this.#trailers(status, message));
  }

  #cancel(status: GrpcStatus): void {
    if (this.#ended || this.#cancelled) {
      return;
    }
    this.#cancelled = true;
    this.#count(status);
    this.#reader.stop();
    guarded(this.#session, () => this.#receiver?.cancelled());
  }

  #over(status: GrpcStatus): void {
    assert(!this.#ended, "a call ends once");
    this.#ended = true;
    this.#count(status);
    this.#reader.stop();
  }

  #count(status: GrpcStatus): void {
    this.#route.counters.handled[status] = (this.#route.counters.handled[status] ?? 0) + 1;
  }

  #trailers(status: GrpcStatus, message: string): Uint8Array {
    return this.#stream.headWritten || this.#stream.queuedBytes > 0
      ? trailersBlock(status, message)
      : trailersOnlyBlock(status, message);
  }

  /** Runs the service; if it throws, the call fails and the service is told that it is over. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#session.context.reportError(error);
      this.#breakOff(GRPC_STATUS.INTERNAL, "internal error");
    }
  }
}

function writeMessage(
  target: Uint8Array,
  start: number,
  messageBytes: number,
  parts: readonly Uint8Array[],
): void {
  target[start] = 0;
  let at = writeUint32(target, start + 1, messageBytes);
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
}

/** Opens a streaming call on a stream whose request body is still to come, or empty. */
export function callStream(
  session: Session,
  head: RequestHead,
  route: Route,
  stream: Stream,
): void {
  const call = new StreamCallState(session, head, route, stream);
  stream.exchange = call;
  session.setDeadline(stream, head.timeoutMs);
  call.open();
}
