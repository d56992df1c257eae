// A unary call: the request put together if it comes in pieces, the handler run, the answer written. The common case, a
// whole request in one DATA frame and an answer before the handler returns, makes one small object and no stream.
import { assert } from "../../lib/assert.js";
import { NO_BYTES, copyBytes } from "../bytes.js";
import type { Route } from "../context.js";
import { GRPC_STATUS, type GrpcStatus, type UnaryCall, type HeaderMemo } from "../service.js";
import { writeUint32 } from "../http2/frames/frames.js";
import { trailersOnlyBlock } from "./status.js";
import { MessageReader, type MessageSink } from "./message-reader.js";
import type { RequestHead } from "../http2/request-head.js";
import { MESSAGE_HEAD_BYTES, type Session } from "../http2/session.js";
import { ENDING, type Exchange, type Stream } from "../http2/stream.js";

export const DEADLINE_EXCEEDED = "context deadline exceeded";
const HANDLER_THREW = "internal error";

const PHASE = { OPEN: 0, ANSWERED: 1, CANCELLED: 2 } as const;
type Phase = (typeof PHASE)[keyof typeof PHASE];

class UnaryCallState implements UnaryCall, Exchange {
  readonly #session: Session;
  readonly #id: number;
  readonly #head: RequestHead;
  readonly #route: Route;
  /** Only of a call that was not answered in the pass that read it. */
  #stream: Stream | undefined;
  #phase: Phase = PHASE.OPEN;
  #listener: (() => void) | undefined = undefined;
  /** Where the answer is written if not in the output. */
  #own: Uint8Array | undefined = undefined;

  constructor(
    session: Session,
    id: number,
    head: RequestHead,
    route: Route,
    stream: Stream | undefined,
  ) {
    this.#session = session;
    this.#id = id;
    this.#head = head;
    this.#route = route;
    this.#stream = stream;
  }

  get peer(): string {
    return this.#session.socket.peer;
  }

  get peerCommonName(): string | undefined {
    return this.#session.socket.peerCommonName;
  }

  get cancelled(): boolean {
    return this.#phase === PHASE.CANCELLED;
  }

  get output(): Uint8Array {
    return this.#own ?? this.#session.output.buffer;
  }

  get memo(): HeaderMemo {
    return this.#head.memo;
  }

  metadata(name: string): string | undefined {
    return this.#head.header(name);
  }

  onCancel(listener: () => void): void {
    if (this.#phase === PHASE.CANCELLED) {
      // It was cancelled before the service asked, say while it awaited something: it must still learn it.
      guarded(this.#session, listener);
    } else {
      this.#listener = listener;
    }
  }

  reply(messageBytes: number): number {
    if (this.#phase !== PHASE.OPEN) {
      assert(this.#phase === PHASE.CANCELLED, "a unary call is answered once");
      this.#own = new Uint8Array(messageBytes);
      return 0;
    }
    this.#phase = PHASE.ANSWERED;
    const at = this.#session.unaryReply(this.#id, this.#stream, messageBytes);
    if (at < 0) {
      return this.#replyQueued(messageBytes);
    }
    this.#countReply(messageBytes);
    return at;
  }

  fail(status: GrpcStatus, message: string): void {
    if (this.#phase !== PHASE.OPEN) {
      assert(this.#phase === PHASE.CANCELLED, "a unary call is answered once");
      return;
    }
    this.#phase = PHASE.ANSWERED;
    this.#end(status, message);
  }

  /** The handler has returned or thrown. */
  settle(error: unknown, threw: boolean): void {
    if (threw) {
      this.#session.context.reportError(error);
      if (this.#phase === PHASE.OPEN) {
        this.fail(GRPC_STATUS.INTERNAL, HANDLER_THREW);
      }
      return;
    }
    if (this.#phase === PHASE.OPEN && this.#stream === undefined) {
      this.#stream = this.#session.openStream(this.#id, this, true);
      this.#session.setDeadline(this.#stream, this.#head.timeoutMs);
    }
  }

  data(): void {
    // Nothing comes after the end of the request.
  }

  remoteEnded(): void {
    // The request has ended before the call began.
  }

  drained(): void {
    // One message needs no pacing.
  }

  aborted(): void {
    this.#cancel(GRPC_STATUS.CANCELLED);
  }

  expired(): void {
    if (this.#phase === PHASE.OPEN) {
      this.#cancel(GRPC_STATUS.DEADLINE_EXCEEDED);
      if (this.#stream !== undefined) {
        this.#session.finishNow(
          this.#stream,
          trailersOnlyBlock(GRPC_STATUS.DEADLINE_EXCEEDED, DEADLINE_EXCEEDED),
        );
      }
    }
  }

  #cancel(status: GrpcStatus): void {
    if (this.#phase !== PHASE.OPEN) {
      return;
    }
    this.#phase = PHASE.CANCELLED;
    this.#route.counters.handled[status] = (this.#route.counters.handled[status] ?? 0) + 1;
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener !== undefined) {
      guarded(this.#session, listener);
    }
  }

  #countReply(messageBytes: number): void {
    const counters = this.#route.counters;
    counters.handled[0] = (counters.handled[0] as number) + 1;
    counters.messagesSent += 1;
    this.#session.context.counters.messageBytesSent += messageBytes;
  }

  /** An answer that waits for the client's windows, or is larger than a frame. */
  #replyQueued(messageBytes: number): number {
    const bytes = MESSAGE_HEAD_BYTES + messageBytes;
    const own = Buffer.allocUnsafeSlow(bytes);
    own[0] = 0;
    writeUint32(own, 1, messageBytes);
    this.#own = own;
    if (!this.#session.mayQueue(bytes)) {
      this.#end(
        GRPC_STATUS.RESOURCE_EXHAUSTED,
        "grpc: the client does not read its answers: too many are waiting",
      );
      return MESSAGE_HEAD_BYTES;
    }
    this.#countReply(messageBytes);
    const stream = this.#stream ?? this.#session.openStream(this.#id, undefined, true);
    // It is answered: neither its deadline nor a reset concern the service any more.
    stream.exchange = undefined;
    this.#session.sender.queue(stream, own);
    this.#session.finish(stream, ENDING.STATUS_OK, undefined);
    return MESSAGE_HEAD_BYTES;
  }

  #end(status: GrpcStatus, message: string): void {
    this.#route.counters.handled[status] = (this.#route.counters.handled[status] ?? 0) + 1;
    const block = trailersOnlyBlock(status, message);
    if (this.#stream === undefined) {
      this.#session.answerWithBlock(this.#id, block, true);
    } else {
      this.#stream.exchange = undefined;
      this.#session.finish(this.#stream, ENDING.TRAILERS, block);
    }
  }
}

/** Runs a listener of a service: what it throws is reported and goes no further. */
export function guarded(session: Session, run: () => void): void {
  try {
    run();
  } catch (error) {
    session.context.reportError(error);
  }
}

/** Runs the handler with the request `buffer[start, end)`. `stream` is the request's, if it came in pieces. */
export function callUnary(
  session: Session,
  id: number,
  head: RequestHead,
  route: Route,
  stream: Stream | undefined,
  buffer: Uint8Array,
  start: number,
  end: number,
): void {
  const method = route.method;
  assert(method.kind === "unary", "a unary call is of a unary method");
  const counters = route.counters;
  counters.messagesReceived += 1;
  session.context.counters.messageBytesReceived += end - start;
  const call = new UnaryCallState(session, id, head, route, stream);
  if (stream !== undefined) {
    stream.exchange = call;
  }
  let error: unknown;
  let threw = false;
  try {
    method.handle(call, buffer, start, end);
  } catch (thrown) {
    error = thrown;
    threw = true;
  }
  call.settle(error, threw);
}

/** A unary request that did not come in one piece. */
export class UnaryRequest implements Exchange, MessageSink {
  readonly #session: Session;
  readonly #head: RequestHead;
  readonly #route: Route;
  readonly #stream: Stream;
  readonly #reader: MessageReader;
  #message: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  #messages = 0;
  #heldBytes = 0;
  #isLast = false;
  #isOver = false;

  constructor(session: Session, head: RequestHead, route: Route, stream: Stream) {
    this.#session = session;
    this.#head = head;
    this.#route = route;
    this.#stream = stream;
    this.#reader = new MessageReader(session, head.encoding, this);
  }

  data(chunk: Uint8Array, start: number, end: number, isLast: boolean): void {
    this.#isLast = isLast;
    this.#reader.push(chunk, start, end);
  }

  message(buffer: Uint8Array, start: number, end: number, isOwned: boolean): void {
    this.#messages += 1;
    if (this.#messages > 1) {
      this.unreadable(GRPC_STATUS.INTERNAL, "grpc: more than one request message");
      return;
    }
    const mustCopy = !isOwned && !this.#isLast;
    this.#message = mustCopy ? copyBytes(buffer, start, end) : buffer;
    this.#start = mustCopy ? 0 : start;
    this.#end = mustCopy ? end - start : end;
    if (!this.#session.held.hold(end - start)) {
      this.unreadable(
        GRPC_STATUS.RESOURCE_EXHAUSTED,
        "grpc: too many bytes of unfinished requests are held",
      );
      return;
    }
    this.#heldBytes = end - start;
  }

  unreadable(status: GrpcStatus, message: string): void {
    this.#over(status);
    this.#session.finishNow(this.#stream, trailersOnlyBlock(status, message));
  }

  remoteEnded(): void {
    if (this.#isOver) {
      return;
    }
    if (this.#messages === 0 || this.#reader.isInMessage) {
      this.unreadable(
        GRPC_STATUS.INTERNAL,
        this.#reader.isInMessage ? "unexpected EOF" : "grpc: no request message",
      );
      return;
    }
    this.#release();
    callUnary(
      this.#session,
      this.#stream.id,
      this.#head,
      this.#route,
      this.#stream,
      this.#message,
      this.#start,
      this.#end,
    );
  }

  aborted(): void {
    this.#over(GRPC_STATUS.CANCELLED);
  }

  expired(): void {
    this.unreadable(GRPC_STATUS.DEADLINE_EXCEEDED, DEADLINE_EXCEEDED);
  }

  drained(): void {
    // Nothing was sent.
  }

  #over(status: GrpcStatus): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#route.counters.handled[status] = (this.#route.counters.handled[status] ?? 0) + 1;
      this.#reader.stop();
      this.#release();
      this.#stream.exchange = undefined;
    }
  }

  #release(): void {
    this.#session.held.release(this.#heldBytes);
    this.#heldBytes = 0;
  }
}
