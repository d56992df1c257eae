// The state of one HTTP/2 connection that its parts share: streams, windows, output, budgets; and the few acts that
// calls and the frame reader both need. It knows frames and streams, but neither how frames are read nor what a call is.
import type { Flushable, TransportContext } from "../context.js";
import { HeldBytes } from "../held-bytes.js";
import { INDEXED_GRPC_BLOCKS } from "../hpack/encoder.js";
import type { Socket } from "../socket.js";
import { Budget, PingPolice } from "./budget.js";
import {
  ConnectionError,
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  type Http2ErrorCode,
  writeFrameHead,
  writeUint32,
} from "./frames/frames.js";
import { Output } from "./output.js";
import { Sender } from "./sender.js";
import { ENDING, type Exchange, Stream } from "./stream.js";
import { StreamTable } from "./stream-table.js";
import { FrameWriter } from "./frames/writer.js";

/** gRPC's frame around a message: a flag for compression and the length. */
export const MESSAGE_HEAD_BYTES = 5;

const HEAD_FRAME_BYTES = FRAME_HEAD_BYTES + INDEXED_GRPC_BLOCKS.head.length;
const TRAILERS_FRAME_BYTES = FRAME_HEAD_BYTES + INDEXED_GRPC_BLOCKS.trailers.length;
const HEAD_BYTE_0 = INDEXED_GRPC_BLOCKS.head[0] as number;
const HEAD_BYTE_1 = INDEXED_GRPC_BLOCKS.head[1] as number;
const TRAILERS_BYTE_0 = INDEXED_GRPC_BLOCKS.trailers[0] as number;

/** Streams that we ended and whose late frames are ignored: the newest so many are remembered. */
const STOPPED_STREAMS_MAX = 1024;

export class Session implements Flushable {
  readonly context: TransportContext;
  readonly socket: Socket;
  readonly output: Output;
  readonly writer: FrameWriter;
  readonly sender: Sender;
  readonly streams: StreamTable = new StreamTable();
  readonly pings: PingPolice;
  readonly controlBudget: Budget;
  readonly resetBudget: Budget;
  readonly held: HeldBytes;
  /** Set while a chunk is being read: everything written leaves at its end. */
  inTurn = false;
  flushQueued = false;
  isClosed = false;
  /** Called when the last stream is gone. */
  onIdle: (() => void) | undefined = undefined;
  /** Called when a flush has left bytes that the operating system does not take. */
  onSocketFull: (() => void) | undefined = undefined;
  readonly #stopped: Set<number> = new Set<number>();

  constructor(context: TransportContext, socket: Socket) {
    const limits = context.limits;
    this.context = context;
    this.held = new HeldBytes(context);
    this.socket = socket;
    this.output = new Output(context.slab, socket, context.counters);
    this.writer = new FrameWriter(this.output);
    this.pings = new PingPolice(context.clock, limits.pingIntervalMsMin, limits.pingStrikesMax);
    this.controlBudget = new Budget(
      context.clock,
      limits.controlFramesBurst,
      limits.controlFramesPerSecond,
    );
    this.resetBudget = new Budget(context.clock, limits.resetsBurst, limits.resetsPerSecond);
    this.sender = new Sender(
      context,
      socket,
      this.writer,
      (stream) => {
        this.#ended(stream);
      },
      () => {
        this.pings.workDone = true;
        // A client may answer DATA with a WINDOW_UPDATE for the stream and one for the connection.
        this.controlBudget.credit();
        this.controlBudget.credit();
      },
    );
  }

  // ---- streams ----

  openStream(id: number, exchange: Exchange | undefined, remoteClosed: boolean): Stream {
    const receiveWindow = this.context.limits.streamWindowBytes;
    const stream = new Stream(id, this.sender.initialWindow, receiveWindow, remoteClosed);
    stream.exchange = exchange;
    this.streams.add(stream);
    return stream;
  }

  /** The call fails with `expired` after `timeoutMs`, counted from now; a negative one means never. */
  setDeadline(stream: Stream, timeoutMs: number): void {
    if (timeoutMs >= 0) {
      const nowMs = this.context.clock.monotonicMs();
      stream.deadlineMs = nowMs + timeoutMs;
      this.context.deadlines.add(stream, nowMs);
    }
  }

  /** Whether we ended this stream ourselves a short while ago: what still comes for it is no mistake of the client. */
  wasStopped(id: number): boolean {
    return this.#stopped.has(id);
  }

  noteStopped(id: number): void {
    this.#stopped.add(id);
    if (this.#stopped.size > STOPPED_STREAMS_MAX) {
      for (const oldest of this.#stopped) {
        this.#stopped.delete(oldest);
        break;
      }
    }
  }

  /** Forgets a stream. Nothing more is sent for it. */
  dropStream(stream: Stream): void {
    stream.isClosed = true;
    this.sender.dropQueue(stream);
    this.context.deadlines.remove(stream);
    this.streams.delete(stream.id);
    if (this.streams.size === 0) {
      this.onIdle?.();
    }
  }

  /** Drops a stream whose exchange does not know it yet: reset by the client, or lost with the connection. */
  abortStream(stream: Stream): void {
    const exchange = stream.exchange;
    stream.exchange = undefined;
    this.dropStream(stream);
    exchange?.aborted();
  }

  /**
   * Ends a stream with an error of its own (RFC 9113, 5.4.2). `isFault`: the client broke the protocol, which it may do
   * only so often: a client can make a server reset streams as fast as it could itself (CVE-2025-8671).
   */
  resetStream(id: number, code: Http2ErrorCode, isFault: boolean): void {
    if (isFault && !this.resetBudget.take(1)) {
      throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too many stream errors");
    }
    const stream = this.streams.get(id);
    if (stream !== undefined) {
      this.abortStream(stream);
    }
    this.writer.resetStream(id, code);
    this.noteStopped(id);
    this.requestFlush();
  }

  // ---- answers ----

  /** Whether a call may still queue an answer of `bytes`: a client that opens no window must not fill the memory. */
  mayQueue(bytes: number): boolean {
    const queuedBytes = this.sender.queuedBytes;
    return queuedBytes === 0 || queuedBytes + bytes <= this.context.limits.queuedBytesMax;
  }

  /** Answers a request that has no stream with one block of headers. */
  answerWithBlock(id: number, block: Uint8Array, remoteClosed: boolean): void {
    this.pings.workDone = true;
    this.writer.headers(id, block, true);
    if (!remoteClosed) {
      this.writer.stopRequest(id);
      this.noteStopped(id);
    }
    this.requestFlush();
  }

  /** Ends a stream after what is queued. `trailers` belongs to ENDING.TRAILERS. */
  finish(
    stream: Stream,
    ending: typeof ENDING.PLAIN | typeof ENDING.STATUS_OK | typeof ENDING.TRAILERS,
    trailers: Uint8Array | undefined,
  ): void {
    stream.ending = ending;
    stream.trailers = trailers;
    this.pings.workDone = true;
    this.sender.ready(stream);
    this.requestFlush();
  }

  /** Drops what a stream had queued and ends it now; with RST_STREAM if a message is cut in two by that. */
  finishNow(stream: Stream, trailers: Uint8Array): void {
    if (stream.queuedBytes > 0) {
      stream.exchange = undefined;
      this.resetStream(stream.id, ERROR.CANCEL, false);
      return;
    }
    this.finish(stream, ENDING.TRAILERS, trailers);
  }

  /**
   * Writes a whole unary answer but its message and returns the offset in `output.buffer` where the message belongs; −1
   * if it does not fit the windows or one frame now. One reservation, no object: this is the hot path.
   */
  unaryReply(id: number, stream: Stream | undefined, messageBytes: number): number {
    const payloadBytes = messageBytes + MESSAGE_HEAD_BYTES;
    const sender = this.sender;
    const window = stream === undefined ? sender.initialWindow : stream.sendWindow;
    if (
      payloadBytes > FRAME_BYTES_MAX ||
      payloadBytes > sender.window ||
      payloadBytes > window ||
      sender.isBlocked
    ) {
      return -1;
    }
    sender.window -= payloadBytes;
    this.#creditCall();
    if (stream !== undefined) {
      this.dropStream(stream);
    }
    const at = this.writer.encoder.isSteady
      ? this.#writeSteadyReply(id, messageBytes)
      : this.#writeReply(id, messageBytes);
    if (!this.inTurn) {
      this.context.flushes.add(this);
    }
    return at;
  }

  #writeSteadyReply(id: number, messageBytes: number): number {
    const payloadBytes = messageBytes + MESSAGE_HEAD_BYTES;
    const start = this.output.reserve(
      HEAD_FRAME_BYTES + FRAME_HEAD_BYTES + payloadBytes + TRAILERS_FRAME_BYTES,
    );
    const buffer = this.output.buffer;
    let at = writeFrameHead(buffer, start, 2, FRAME.HEADERS, FLAG.END_HEADERS, id);
    buffer[at] = HEAD_BYTE_0;
    buffer[at + 1] = HEAD_BYTE_1;
    at = writeFrameHead(buffer, at + 2, payloadBytes, FRAME.DATA, 0, id);
    buffer[at] = 0;
    const messageAt = writeUint32(buffer, at + 1, messageBytes);
    at = writeFrameHead(
      buffer,
      messageAt + messageBytes,
      1,
      FRAME.HEADERS,
      FLAG.END_HEADERS | FLAG.END_STREAM,
      id,
    );
    buffer[at] = TRAILERS_BYTE_0;
    return messageAt;
  }

  /** As above while the peer's header table is not in its final state. */
  #writeReply(id: number, messageBytes: number): number {
    const encoder = this.writer.encoder;
    const updates = encoder.takeSizeUpdates();
    const { head, trailers } = encoder.grpcBlocksTogether();
    const payloadBytes = messageBytes + MESSAGE_HEAD_BYTES;
    const headBytes = updates.length + head.length;
    let at = this.output.reserve(3 * FRAME_HEAD_BYTES + headBytes + payloadBytes + trailers.length);
    const buffer = this.output.buffer;
    at = writeFrameHead(buffer, at, headBytes, FRAME.HEADERS, FLAG.END_HEADERS, id);
    buffer.set(updates, at);
    buffer.set(head, at + updates.length);
    at = writeFrameHead(buffer, at + headBytes, payloadBytes, FRAME.DATA, 0, id);
    buffer[at] = 0;
    const messageAt = writeUint32(buffer, at + 1, messageBytes);
    at = writeFrameHead(
      buffer,
      messageAt + messageBytes,
      trailers.length,
      FRAME.HEADERS,
      FLAG.END_HEADERS | FLAG.END_STREAM,
      id,
    );
    buffer.set(trailers, at);
    return messageAt;
  }

  /** Useful work was done: it pays for some control frames and a reset, and makes the next PING welcome. */
  #creditCall(): void {
    this.pings.workDone = true;
    this.controlBudget.credit();
    this.resetBudget.credit();
  }

  /** A stream's last frame was written. */
  #ended(stream: Stream): void {
    this.#creditCall();
    stream.exchange = undefined;
    if (!stream.remoteClosed) {
      this.writer.stopRequest(stream.id);
      this.noteStopped(stream.id);
    }
    this.dropStream(stream);
  }

  // ---- output ----

  /** Output will leave at the end of this connection's turn, or with the others' after the I/O of this one. */
  requestFlush(): void {
    if (!this.inTurn) {
      this.context.flushes.add(this);
    }
  }

  /** Turns queues into frames and hands all output to the socket. */
  flush(): void {
    if (this.isClosed) {
      return;
    }
    if (this.sender.canPump) {
      this.sender.pump();
    }
    this.output.flush();
    if (this.socket.queuedBytes > 0) {
      this.onSocketFull?.();
    }
    // The socket took everything: go on with the rest after other connections had their turn. Else `drained` will.
    if (this.sender.canPump && this.socket.queuedBytes < this.context.limits.outputBytesPerTurn) {
      this.context.flushes.add(this);
    }
  }

  /** The connection is gone: every exchange learns it, nothing is written any more. */
  close(): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.output.discard();
    for (const stream of this.streams.all()) {
      this.abortStream(stream);
    }
  }
}
