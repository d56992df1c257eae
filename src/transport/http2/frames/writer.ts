// Writes whole frames other than DATA into a connection's output.
import { HpackEncoder } from "../../hpack/encoder.js";
import {
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  type Http2ErrorCode,
  writeFrameHead,
  writeUint32,
} from "./frames.js";
import type { Output } from "../output.js";

export class FrameWriter {
  readonly output: Output;
  readonly encoder: HpackEncoder = new HpackEncoder();

  constructor(output: Output) {
    this.output = output;
  }

  /** HEADERS, with CONTINUATION frames if the block needs them. The block must not touch the peer's table. */
  headers(streamId: number, block: Uint8Array, endStream: boolean): void {
    let rest = block;
    const updates = this.encoder.takeSizeUpdates();
    if (updates.length > 0) {
      rest = new Uint8Array(updates.length + block.length);
      rest.set(updates, 0);
      rest.set(block, updates.length);
    }
    let type: number = FRAME.HEADERS;
    let flags: number = endStream ? FLAG.END_STREAM : 0;
    while (rest.length > FRAME_BYTES_MAX) {
      this.#frame(type, flags, streamId, rest.subarray(0, FRAME_BYTES_MAX));
      rest = rest.subarray(FRAME_BYTES_MAX);
      type = FRAME.CONTINUATION;
      flags = 0;
    }
    this.#frame(type, flags | FLAG.END_HEADERS, streamId, rest);
  }

  resetStream(streamId: number, code: Http2ErrorCode): void {
    const at = this.#begin(FRAME.RST_STREAM, 0, streamId, 4);
    writeUint32(this.output.buffer, at, code);
  }

  windowUpdate(streamId: number, bytes: number): void {
    const at = this.#begin(FRAME.WINDOW_UPDATE, 0, streamId, 4);
    writeUint32(this.output.buffer, at, bytes);
  }

  settings(values: readonly (readonly [setting: number, value: number])[]): void {
    let at = this.#begin(FRAME.SETTINGS, 0, 0, values.length * 6);
    const buffer = this.output.buffer;
    for (const [setting, value] of values) {
      buffer[at] = setting >>> 8;
      buffer[at + 1] = setting;
      at = writeUint32(buffer, at + 2, value);
    }
  }

  settingsAck(): void {
    this.#begin(FRAME.SETTINGS, FLAG.ACK, 0, 0);
  }

  ping(data: Uint8Array, isAck: boolean): void {
    this.#frame(FRAME.PING, isAck ? FLAG.ACK : 0, 0, data);
  }

  goaway(lastStreamId: number, code: Http2ErrorCode, debugText: string): void {
    const text = debugText.slice(0, 128);
    const start = this.#begin(FRAME.GOAWAY, 0, 0, 8 + text.length);
    const buffer = this.output.buffer;
    let at = writeUint32(buffer, start, lastStreamId);
    at = writeUint32(buffer, at, code);
    for (let i = 0; i < text.length; i += 1) {
      buffer[at + i] = text.charCodeAt(i);
    }
  }

  /** An answer that ended before the request did: the client need not send the rest (RFC 9113, 8.1). */
  stopRequest(streamId: number): void {
    this.resetStream(streamId, ERROR.NO_ERROR);
  }

  #begin(type: number, flags: number, streamId: number, payloadBytes: number): number {
    const at = this.output.reserve(FRAME_HEAD_BYTES + payloadBytes);
    return writeFrameHead(this.output.buffer, at, payloadBytes, type, flags, streamId);
  }

  #frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const at = this.#begin(type, flags, streamId, payload.length);
    this.output.buffer.set(payload, at);
  }
}
