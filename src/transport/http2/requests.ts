// What becomes of HEADERS and DATA: requests are checked, matched with their stream, and given to calls. The fast path
// is a unary request whose message follows its headers in one DATA frame: it is answered without a stream.
import { HpackDecoder, HpackError } from "../hpack/decoder.js";
import { FIELD, type HeaderField } from "../hpack/field.js";
import { encodeLiteralBlock } from "../hpack/encoder.js";
import { streamRoute } from "../http-message.js";
import { GRPC_STATUS } from "../service.js";
import { ConnectionError, ERROR, FLAG, type Http2ErrorCode, readUint32 } from "./frames/frames.js";
import { ACCEPTED_ENCODINGS, trailersOnlyBlock } from "../grpc/status.js";
import { HeadCache } from "./head-cache.js";
import { HttpCall, httpRequestHead } from "./http-call.js";
import { HttpStreamExchange } from "./http-stream.js";
import {
  BAD_TIMEOUT,
  makeRequestHead,
  NO_TIMEOUT,
  REQUEST,
  type RequestHead,
} from "./request-head.js";
import { MESSAGE_HEAD_BYTES, type Session } from "./session.js";
import type { Stream } from "./stream.js";
import { callStream } from "../grpc/stream-call.js";
import { callUnary, UnaryRequest } from "../grpc/unary-call.js";

export class Requests {
  /** Highest stream the client has opened. */
  lastStreamId = 0;
  /** New requests are ignored: the client was told that they will be (GOAWAY with this as last stream). */
  lastAcceptedId: number = Number.MAX_SAFE_INTEGER;
  readonly #session: Session;
  readonly #decoder: HpackDecoder;
  readonly #cache: HeadCache = new HeadCache();
  readonly #fields: HeaderField[] = [];
  /** A unary request whose first DATA frame is awaited, and that has no stream yet; 0 if none. */
  #pendingId = 0;
  #pendingHead: RequestHead | undefined = undefined;
  /** Newest run of stream ids the client has skipped: those were closed without being used. */
  #skippedFrom = 0;
  #skippedTo = 0;
  #receiveWindow: number;
  #receivedBytes = 0;

  constructor(session: Session) {
    this.#session = session;
    this.#decoder = new HpackDecoder(session.context.limits.headerListBytesMax);
    this.#receiveWindow = session.context.limits.connectionWindowBytes;
  }

  /** A whole header block. `isFaulty`: the frame around it already made it a stream error. */
  headers(
    block: Uint8Array,
    start: number,
    end: number,
    flags: number,
    id: number,
    isFaulty: boolean,
  ): void {
    this.settlePending();
    const remoteClosed = (flags & FLAG.END_STREAM) !== 0;
    if (id <= this.lastStreamId) {
      const count = this.#decode(block, start, end);
      this.#trailers(id, count, remoteClosed);
      return;
    }
    if (id > this.lastStreamId + 2) {
      this.#skippedFrom = this.lastStreamId + 2;
      this.#skippedTo = id - 2;
    }
    this.lastStreamId = id;
    const head = this.#head(block, start, end);
    if (id > this.lastAcceptedId) {
      return;
    }
    const session = this.#session;
    session.context.counters.streamsStarted += 1;
    if (head === undefined || isFaulty || (remoteClosed && head.contentLength > 0)) {
      if (this.#decoder.listTooLarge) {
        session.answerWithBlock(id, encodeLiteralBlock([[":status", "431"]]), remoteClosed);
        return;
      }
      session.resetStream(id, ERROR.PROTOCOL_ERROR, true);
      return;
    }
    const limits = session.context.limits;
    if (
      session.streams.size >= limits.concurrentStreamsMax ||
      session.sender.queuedBytes > limits.queuedBytesMax / 2
    ) {
      session.resetStream(id, ERROR.REFUSED_STREAM, true);
      return;
    }
    this.#begin(id, head, remoteClosed);
  }

  /** DATA: `chunk[start, end)` without padding; `frameBytes` counts for flow control. */
  data(
    chunk: Uint8Array,
    start: number,
    end: number,
    flags: number,
    id: number,
    frameBytes: number,
  ): void {
    this.#receiveWindow -= frameBytes;
    this.#receivedBytes += frameBytes;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "the connection's window is overrun");
    }
    const remoteClosed = (flags & FLAG.END_STREAM) !== 0;
    if (id === this.#pendingId) {
      const head = this.#pendingHead as RequestHead;
      const messageBytes = end - start - MESSAGE_HEAD_BYTES;
      if (
        remoteClosed &&
        messageBytes >= 0 &&
        chunk[start] === 0 &&
        readUint32(chunk, start + 1) === messageBytes &&
        messageBytes <= this.#session.context.limits.messageBytesMax &&
        (head.contentLength < 0 || head.contentLength === end - start)
      ) {
        this.#pendingId = 0;
        const route = head.route as NonNullable<RequestHead["route"]>;
        callUnary(
          this.#session,
          id,
          head,
          route,
          undefined,
          chunk,
          start + MESSAGE_HEAD_BYTES,
          end,
        );
        return;
      }
      this.settlePending();
    }
    const stream = this.#session.streams.get(id);
    if (stream === undefined || stream.remoteClosed) {
      this.#lateData(id, stream);
      return;
    }
    stream.receiveWindow -= frameBytes;
    if (stream.receiveWindow < 0) {
      this.#session.resetStream(id, ERROR.FLOW_CONTROL_ERROR, true);
      return;
    }
    if (!this.#countContent(stream, end - start, remoteClosed)) {
      return;
    }
    stream.exchange?.data(chunk, start, end, remoteClosed);
    if (remoteClosed) {
      this.#remoteEnded(stream);
    } else {
      this.#widenStream(stream);
    }
  }

  /** The client has reset a stream. */
  reset(id: number): void {
    if (id > this.lastStreamId) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "RST_STREAM on an idle stream");
    }
    this.settlePending();
    const stream = this.#session.streams.get(id);
    if (stream === undefined) {
      return;
    }
    if (!this.#session.resetBudget.take(1)) {
      throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too many streams are reset");
    }
    this.#session.abortStream(stream);
  }

  /** The client has widened a stream's window. */
  widen(id: number, bytes: number): void {
    if (id > this.lastStreamId) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream");
    }
    this.settlePending();
    const stream = this.#session.streams.get(id);
    if (stream === undefined) {
      return;
    }
    if (bytes === 0) {
      this.#session.resetStream(id, ERROR.PROTOCOL_ERROR, true);
    } else if (!this.#session.sender.widenStream(stream, bytes)) {
      this.#session.resetStream(id, ERROR.FLOW_CONTROL_ERROR, true);
    }
  }

  /** A fault of the client on a stream that may or may not exist (PRIORITY). */
  fault(id: number, code: Http2ErrorCode): void {
    this.settlePending();
    if (!this.#session.streams.has(id)) {
      throw new ConnectionError(code, "a malformed frame on a stream that is not open");
    }
    this.#session.resetStream(id, code, true);
  }

  /** Gives a stream to the request that was awaiting its DATA: something else came first. */
  settlePending(): void {
    const id = this.#pendingId;
    if (id === 0) {
      return;
    }
    this.#pendingId = 0;
    const head = this.#pendingHead as RequestHead;
    const stream = this.#open(id, head, false);
    const route = head.route as NonNullable<RequestHead["route"]>;
    stream.exchange = new UnaryRequest(this.#session, head, route, stream);
    this.#session.setDeadline(stream, head.timeoutMs);
  }

  /** Gives the connection's window back, at most twice per window: called at the end of each chunk. */
  widenConnection(): void {
    const bytes = this.#receivedBytes;
    if (bytes > this.#session.context.limits.connectionWindowBytes / 2) {
      this.#session.writer.windowUpdate(0, bytes);
      this.#receiveWindow += bytes;
      this.#receivedBytes = 0;
    }
  }

  // ---- HEADERS ----

  #decode(block: Uint8Array, start: number, end: number): number {
    try {
      return this.#decoder.decode(block, start, end, this.#fields);
    } catch (error) {
      if (error instanceof HpackError) {
        throw new ConnectionError(ERROR.COMPRESSION_ERROR, error.message);
      }
      throw error;
    }
  }

  /** The request's head; undefined if it is malformed or too large. */
  #head(block: Uint8Array, start: number, end: number): RequestHead | undefined {
    const mutations = this.#decoder.mutations;
    const known = this.#cache.get(block, start, end, mutations);
    if (known !== undefined) {
      return known;
    }
    const count = this.#decode(block, start, end);
    if (this.#decoder.listTooLarge) {
      return undefined;
    }
    const head = makeRequestHead(this.#fields, count, this.#session.context.routes);
    // A timeout differs from call to call, so that head would never be met again.
    if (head?.timeoutMs === NO_TIMEOUT && this.#decoder.mutations === mutations) {
      this.#cache.put(block, start, end, mutations, head);
    }
    return head;
  }

  /** HEADERS on a stream that was opened before: trailers, or a mistake. */
  #trailers(id: number, count: number, remoteClosed: boolean): void {
    const session = this.#session;
    const stream = session.streams.get(id);
    if (stream === undefined) {
      if (session.wasStopped(id) || id > this.lastAcceptedId) {
        return;
      }
      const isSkipped = id >= this.#skippedFrom && id <= this.#skippedTo;
      throw isSkipped
        ? new ConnectionError(ERROR.PROTOCOL_ERROR, "a stream id lower than one before it")
        : new ConnectionError(ERROR.STREAM_CLOSED, "HEADERS on a closed stream");
    }
    if (stream.remoteClosed) {
      session.resetStream(id, ERROR.STREAM_CLOSED, true);
      return;
    }
    const isMalformed = this.#fields
      .slice(0, count)
      .some((field) => field.kind === FIELD.FORBIDDEN || field.name.startsWith(":"));
    if (!remoteClosed || isMalformed || stream.contentBytesLeft > 0) {
      session.resetStream(id, ERROR.PROTOCOL_ERROR, true);
      return;
    }
    this.#remoteEnded(stream);
  }

  #open(id: number, head: RequestHead, remoteClosed: boolean): Stream {
    const stream = this.#session.openStream(id, undefined, remoteClosed);
    stream.contentBytesLeft = head.contentLength;
    return stream;
  }

  #begin(id: number, head: RequestHead, remoteClosed: boolean): void {
    switch (head.kind) {
      case REQUEST.GRPC:
        this.#beginGrpc(id, head, remoteClosed);
        return;
      case REQUEST.HTTP:
        this.#beginHttp(id, head, remoteClosed);
        return;
      default:
        this.#refuse(id, head, remoteClosed);
    }
  }

  #beginHttp(id: number, head: RequestHead, remoteClosed: boolean): void {
    const session = this.#session;
    const { context } = session;
    const stream = this.#open(id, head, remoteClosed);
    const request = httpRequestHead(head, session.socket);
    const route = streamRoute(context, request, false);
    if (route === undefined) {
      const call = new HttpCall(session, request, stream);
      stream.exchange = call;
      if (remoteClosed) {
        call.remoteEnded();
      }
      return;
    }
    context.counters.httpRequests += 1;
    const exchange = new HttpStreamExchange(session, stream);
    stream.exchange = exchange;
    exchange.open(route.open);
    if (remoteClosed) {
      exchange.remoteEnded();
    }
  }

  #beginGrpc(id: number, head: RequestHead, remoteClosed: boolean): void {
    const route = head.route as NonNullable<RequestHead["route"]>;
    route.counters.started += 1;
    if (!this.#acceptsGrpc(id, head, remoteClosed)) {
      return;
    }
    if (route.method.kind === "unary") {
      this.#pendingId = id;
      this.#pendingHead = head;
      if (remoteClosed) {
        this.settlePending();
        const stream = this.#session.streams.get(id) as Stream;
        this.#remoteEnded(stream);
      }
      return;
    }
    const stream = this.#open(id, head, remoteClosed);
    callStream(this.#session, head, route, stream);
    if (remoteClosed) {
      stream.exchange?.remoteEnded();
    }
  }

  /** What gRPC itself asks of a request's headers, answered in the words of grpc-go. */
  #acceptsGrpc(id: number, head: RequestHead, remoteClosed: boolean): boolean {
    const encoding = head.encoding;
    let block: Uint8Array | undefined;
    let status: number = GRPC_STATUS.INTERNAL;
    if (head.timeoutMs === BAD_TIMEOUT) {
      block = trailersOnlyBlock(GRPC_STATUS.INTERNAL, "malformed grpc-timeout");
    } else if (encoding !== "" && encoding !== "identity" && encoding !== "gzip") {
      status = GRPC_STATUS.UNIMPLEMENTED;
      block = trailersOnlyBlock(
        GRPC_STATUS.UNIMPLEMENTED,
        `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`,
        200,
        [["grpc-accept-encoding", ACCEPTED_ENCODINGS]],
      );
    }
    if (block === undefined) {
      return true;
    }
    const handled = head.route?.counters.handled;
    if (handled !== undefined) {
      handled[status] = (handled[status] ?? 0) + 1;
    }
    this.#session.answerWithBlock(id, block, remoteClosed);
    return false;
  }

  #refuse(id: number, head: RequestHead, remoteClosed: boolean): void {
    let block: Uint8Array;
    if (head.kind === REQUEST.GRPC_UNKNOWN_PATH) {
      block = trailersOnlyBlock(GRPC_STATUS.UNIMPLEMENTED, this.#unknownPath(head.path));
    } else if (head.kind === REQUEST.GRPC_BAD_METHOD) {
      const text = `Received a HEADERS frame with :method "${head.method}" which should be POST`;
      block = trailersOnlyBlock(GRPC_STATUS.INTERNAL, text, 405);
    } else {
      const text = `invalid gRPC request content-type "${head.contentType}"`;
      block = trailersOnlyBlock(GRPC_STATUS.INVALID_ARGUMENT, text, 415);
    }
    this.#session.answerWithBlock(id, block, remoteClosed);
  }

  /** As grpc-go's server words it. */
  #unknownPath(path: string): string {
    const text = path.startsWith("/") ? path.slice(1) : path;
    const slash = text.lastIndexOf("/");
    if (slash < 0) {
      return `malformed method name: "${path}"`;
    }
    const service = text.slice(0, slash);
    return this.#session.context.routes.services.has(service)
      ? `unknown method ${text.slice(slash + 1)} for service ${service}`
      : `unknown service ${service}`;
  }

  // ---- DATA ----

  #lateData(id: number, stream: Stream | undefined): void {
    if (id > this.lastStreamId) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "DATA on an idle stream");
    }
    if (stream === undefined && (this.#session.wasStopped(id) || id > this.lastAcceptedId)) {
      return;
    }
    this.#session.resetStream(id, ERROR.STREAM_CLOSED, true);
  }

  /** Compares the body with content-length (RFC 9113, 8.1.1); false if the stream was reset. */
  #countContent(stream: Stream, bytes: number, remoteClosed: boolean): boolean {
    if (stream.contentBytesLeft < 0) {
      return true;
    }
    const left = stream.contentBytesLeft - bytes;
    stream.contentBytesLeft = Math.max(left, 0);
    if (left < 0 || (remoteClosed && left > 0)) {
      this.#session.resetStream(stream.id, ERROR.PROTOCOL_ERROR, true);
      return false;
    }
    return true;
  }

  #widenStream(stream: Stream): void {
    const windowBytes = this.#session.context.limits.streamWindowBytes;
    if (!stream.isClosed && stream.receiveWindow < windowBytes / 2) {
      this.#session.writer.windowUpdate(stream.id, windowBytes - stream.receiveWindow);
      stream.receiveWindow = windowBytes;
    }
  }

  #remoteEnded(stream: Stream): void {
    stream.remoteClosed = true;
    stream.exchange?.remoteEnded();
  }
}
