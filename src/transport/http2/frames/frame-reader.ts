// Cuts what a client sends into frames, in one pass over each chunk, and acts on them. It trusts nothing that comes:
// what breaks the protocol or a limit throws a ConnectionError or resets a stream.
import { concatBytes, copyBytes, NO_BYTES } from "../../bytes.js";
import {
  ConnectionError,
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES_LIMIT,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  readUint16,
  readUint32,
  SETTING,
  STREAM_ID_MAX,
  WINDOW_BYTES_MAX,
} from "./frames.js";
import type { Requests } from "../requests.js";
import type { Session } from "../session.js";

/** A SETTINGS frame costs more than others: every open stream's window may change with it. */
const SETTINGS_COST = 10;

/** The PING between the two GOAWAYs of a drain: its answer says that the client has seen the first. */
export const DRAIN_PING: Uint8Array = Uint8Array.of(1, 6, 1, 8, 0, 3, 3, 9);

export class FrameReader {
  /** The client's SETTINGS have come. */
  settingsSeen = false;
  readonly #session: Session;
  readonly #requests: Requests;
  readonly #drainAnswered: () => void;
  /** The begin of a frame whose end has not come. */
  #partial: Uint8Array = NO_BYTES;
  /** Header block in the making: its stream (0: none), flags, bytes, and CONTINUATION frames so far. */
  #blockStreamId = 0;
  #blockFlags = 0;
  #blockIsFaulty = false;
  #block: Uint8Array = NO_BYTES;
  #continuations = 0;

  /** `drainAnswered` is called when the client has answered DRAIN_PING. */
  constructor(session: Session, requests: Requests, drainAnswered: () => void) {
    this.#session = session;
    this.#requests = requests;
    this.#drainAnswered = drainAnswered;
  }

  /**
   * Acts on a chunk: first on what completes the frame begun before, then on the rest where it lies. Returns what was
   * left because the client has too much unread, to be given again later.
   */
  consume(chunk: Uint8Array): Uint8Array {
    let at = 0;
    while (this.#partial.length > 0 && at < chunk.length) {
      const known = this.#partial.length;
      const wanted =
        known < FRAME_HEAD_BYTES
          ? FRAME_HEAD_BYTES
          : FRAME_HEAD_BYTES + this.#payloadBytes(this.#partial, 0);
      const take = Math.min(wanted - known, chunk.length - at);
      const joined = concatBytes(this.#partial, chunk.subarray(at, at + take));
      at += take;
      this.#partial = NO_BYTES;
      this.#parse(joined, 0);
      if (!this.#hasRoom()) {
        return chunk.subarray(at);
      }
    }
    return at < chunk.length ? chunk.subarray(this.#parse(chunk, at)) : NO_BYTES;
  }

  /** Hands over what was written so far; false if the client has so much unread that reading must stop. */
  #hasRoom(): boolean {
    const { output, socket, context } = this.#session;
    if (output.pendingBytes > context.limits.outputBytesMax) {
      output.flush();
    }
    return socket.queuedBytes <= context.limits.outputBytesMax;
  }

  #payloadBytes(bytes: Uint8Array, at: number): number {
    const length =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    if (length > FRAME_BYTES_MAX) {
      throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, "a frame larger than allowed");
    }
    return length;
  }

  /** Acts on the whole frames of `bytes`; returns where it stopped: at the end, or where the output was full. */
  #parse(bytes: Uint8Array, from: number): number {
    const end = bytes.length;
    const outputBytesMax = this.#session.context.limits.outputBytesMax;
    const output = this.#session.output;
    let at = from;
    while (end - at >= FRAME_HEAD_BYTES) {
      const payloadBytes = this.#payloadBytes(bytes, at);
      const next = at + FRAME_HEAD_BYTES + payloadBytes;
      if (next > end) {
        break;
      }
      this.#frame(bytes, at + FRAME_HEAD_BYTES, next);
      at = next;
      if (output.pendingBytes > outputBytesMax && !this.#hasRoom()) {
        return at;
      }
    }
    if (at < end) {
      this.#partial = at === 0 ? bytes : bytes.subarray(at);
    }
    return end;
  }

  /** One frame, its payload at `bytes[start, end)`, its head before it. */
  #frame(bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start - 6] as number;
    const flags = bytes[start - 5] as number;
    const id = readUint32(bytes, start - 4) & STREAM_ID_MAX;
    if (this.#blockStreamId !== 0 && (type !== FRAME.CONTINUATION || id !== this.#blockStreamId)) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "a header block is interrupted");
    }
    if (!this.settingsSeen) {
      this.#firstFrame(type, flags);
    }
    switch (type) {
      case FRAME.DATA:
        this.#dataFrame(bytes, start, end, flags, id);
        return;
      case FRAME.HEADERS:
        this.#headersFrame(bytes, start, end, flags, id);
        return;
      case FRAME.CONTINUATION:
        this.#continuationFrame(bytes, start, end, flags, id);
        return;
      default:
        this.#controlFrame(type, bytes, start, end, flags, id);
    }
  }

  #firstFrame(type: number, flags: number): void {
    if (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "the first frame is not SETTINGS");
    }
    this.settingsSeen = true;
  }

  #dataFrame(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    if (id === 0) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "DATA on stream 0");
    }
    let from = start;
    let to = end;
    if ((flags & FLAG.PADDED) !== 0) {
      to -= this.#padding(bytes, start, end);
      from += 1;
    }
    if (from === to && (flags & FLAG.END_STREAM) === 0) {
      this.#spend(1);
    }
    this.#requests.data(bytes, from, to, flags, id, end - start);
  }

  /** Bytes of padding at a frame's end (RFC 9113, 6.1). */
  #padding(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) {
      throw new ConnectionError(
        ERROR.FRAME_SIZE_ERROR,
        "a padded frame without its padding's length",
      );
    }
    const padding = bytes[start] as number;
    if (padding > end - start - 1) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "padding longer than its frame");
    }
    return padding;
  }

  #headersFrame(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    if ((id & 1) === 0) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "HEADERS on a stream that is no client's");
    }
    let from = start;
    let to = end;
    if ((flags & FLAG.PADDED) !== 0) {
      to -= this.#padding(bytes, start, end);
      from += 1;
    }
    let isFaulty = false;
    if ((flags & FLAG.PRIORITY) !== 0) {
      if (to - from < 5) {
        throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, "HEADERS too short for their priority");
      }
      isFaulty = (readUint32(bytes, from) & STREAM_ID_MAX) === id;
      from += 5;
    }
    if ((flags & FLAG.END_HEADERS) !== 0) {
      this.#requests.headers(bytes, from, to, flags, id, isFaulty);
      return;
    }
    this.#blockStreamId = id;
    this.#blockFlags = flags;
    this.#blockIsFaulty = isFaulty;
    this.#block = copyBytes(bytes, from, to);
    this.#continuations = 0;
  }

  #continuationFrame(
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    id: number,
  ): void {
    if (this.#blockStreamId === 0) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "CONTINUATION without HEADERS");
    }
    const limits = this.#session.context.limits;
    this.#continuations += 1;
    if (
      this.#continuations > limits.continuationFramesMax ||
      this.#block.length + end - start > limits.headerBlockBytesMax
    ) {
      throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "a header block is too large");
    }
    const block = concatBytes(this.#block, bytes.subarray(start, end));
    if ((flags & FLAG.END_HEADERS) === 0) {
      this.#block = block;
      return;
    }
    this.#blockStreamId = 0;
    this.#block = NO_BYTES;
    this.#requests.headers(block, 0, block.length, this.#blockFlags, id, this.#blockIsFaulty);
  }

  #controlFrame(
    type: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    id: number,
  ): void {
    this.#spend(type === FRAME.SETTINGS ? SETTINGS_COST : 1);
    switch (type) {
      case FRAME.PRIORITY:
        this.#priorityFrame(bytes, start, end, id);
        return;
      case FRAME.RST_STREAM:
        this.#expect(id !== 0, ERROR.PROTOCOL_ERROR, "RST_STREAM on stream 0");
        this.#expect(end - start === 4, ERROR.FRAME_SIZE_ERROR, "RST_STREAM of a wrong length");
        this.#requests.reset(id);
        return;
      case FRAME.SETTINGS:
        this.#settingsFrame(bytes, start, end, flags, id);
        return;
      case FRAME.PUSH_PROMISE:
        throw new ConnectionError(ERROR.PROTOCOL_ERROR, "PUSH_PROMISE from a client");
      case FRAME.PING:
        this.#pingFrame(bytes, start, end, flags, id);
        return;
      case FRAME.GOAWAY:
        // It says what the client will not accept from us: pushed streams, and we push none.
        this.#expect(id === 0, ERROR.PROTOCOL_ERROR, "GOAWAY on a stream");
        this.#expect(end - start >= 8, ERROR.FRAME_SIZE_ERROR, "GOAWAY of a wrong length");
        return;
      case FRAME.WINDOW_UPDATE:
        this.#windowUpdateFrame(bytes, start, end, id);
        return;
      default:
      // Frames of unknown types are ignored (RFC 9113, 5.5).
    }
  }

  #expect(holds: boolean, code: ConnectionError["code"], message: string): void {
    if (!holds) {
      throw new ConnectionError(code, message);
    }
  }

  /** Frames that do no work are rationed. */
  #spend(cost: number): void {
    if (!this.#session.controlBudget.take(cost)) {
      throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too many control frames");
    }
  }

  /** Priorities are deprecated (RFC 9113, 5.3): checked and forgotten. */
  #priorityFrame(bytes: Uint8Array, start: number, end: number, id: number): void {
    this.#expect(id !== 0, ERROR.PROTOCOL_ERROR, "PRIORITY on stream 0");
    if (end - start !== 5) {
      this.#requests.fault(id, ERROR.FRAME_SIZE_ERROR);
    } else if ((readUint32(bytes, start) & STREAM_ID_MAX) === id) {
      this.#requests.fault(id, ERROR.PROTOCOL_ERROR);
    }
  }

  #settingsFrame(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    this.#expect(id === 0, ERROR.PROTOCOL_ERROR, "SETTINGS on a stream");
    if ((flags & FLAG.ACK) !== 0) {
      this.#expect(end === start, ERROR.FRAME_SIZE_ERROR, "an acknowledgement with settings");
      return;
    }
    this.#expect((end - start) % 6 === 0, ERROR.FRAME_SIZE_ERROR, "SETTINGS of a wrong length");
    this.#requests.settlePending();
    const { sender, writer } = this.#session;
    let initialWindow = sender.initialWindow;
    for (let at = start; at < end; at += 6) {
      const value = readUint32(bytes, at + 2);
      switch (readUint16(bytes, at)) {
        case SETTING.HEADER_TABLE_SIZE:
          writer.encoder.peerTableBytes(value);
          break;
        case SETTING.ENABLE_PUSH:
        case SETTING.NO_RFC7540_PRIORITIES:
          this.#expect(value <= 1, ERROR.PROTOCOL_ERROR, "a setting is neither 0 nor 1");
          break;
        case SETTING.INITIAL_WINDOW_SIZE:
          this.#expect(value <= WINDOW_BYTES_MAX, ERROR.FLOW_CONTROL_ERROR, "a window too large");
          initialWindow = value;
          break;
        case SETTING.MAX_FRAME_SIZE:
          // We never send frames larger than the least that this can be set to.
          this.#expect(
            value >= FRAME_BYTES_MAX && value <= FRAME_BYTES_LIMIT,
            ERROR.PROTOCOL_ERROR,
            "a frame size out of range",
          );
          break;
        default:
        // Unknown settings are ignored (RFC 9113, 6.5.2); the others limit pushes and header lists we do not send.
      }
    }
    this.#setInitialWindow(initialWindow);
    writer.settingsAck();
  }

  /** Moves all open streams' windows, once a frame however often it is set in it. They may become negative. */
  #setInitialWindow(bytes: number): void {
    const { sender, streams } = this.#session;
    const change = bytes - sender.initialWindow;
    if (change === 0) {
      return;
    }
    sender.initialWindow = bytes;
    for (const stream of streams.all()) {
      this.#expect(
        sender.widenStream(stream, change),
        ERROR.FLOW_CONTROL_ERROR,
        "a stream's window is widened too far",
      );
    }
  }

  #pingFrame(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    this.#expect(id === 0, ERROR.PROTOCOL_ERROR, "PING on a stream");
    this.#expect(end - start === 8, ERROR.FRAME_SIZE_ERROR, "PING of a wrong length");
    const data = bytes.subarray(start, end);
    if ((flags & FLAG.ACK) !== 0) {
      if (DRAIN_PING.every((byte, i) => byte === data[i])) {
        this.#drainAnswered();
      }
      return;
    }
    this.#session.writer.ping(data, true);
    this.#expect(this.#session.pings.ping(), ERROR.ENHANCE_YOUR_CALM, "too_many_pings");
  }

  #windowUpdateFrame(bytes: Uint8Array, start: number, end: number, id: number): void {
    this.#expect(end - start === 4, ERROR.FRAME_SIZE_ERROR, "WINDOW_UPDATE of a wrong length");
    const increment = readUint32(bytes, start) & WINDOW_BYTES_MAX;
    if (id !== 0) {
      this.#requests.widen(id, increment);
      return;
    }
    this.#expect(increment !== 0, ERROR.PROTOCOL_ERROR, "a window is widened by nothing");
    this.#expect(
      this.#session.sender.widen(increment),
      ERROR.FLOW_CONTROL_ERROR,
      "the connection's window is widened too far",
    );
  }
}
