// Reads the frames of a websocket's client (RFC 6455, 5): puts messages together, and refuses what breaks the protocol.
// No extensions are agreed on, so every reserved bit is a fault.
import { ByteCollector } from "../bytes.js";

export const OPCODE = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const;

/** Codes with which a websocket is closed (RFC 6455, 7.4.1). */
export const CLOSE = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  NO_STATUS: 1005,
  BAD_DATA: 1007,
  POLICY: 1008,
  TOO_BIG: 1009,
  INTERNAL: 1011,
} as const;

export interface FrameSink {
  /** A whole message, valid until this returns. */
  message(bytes: Uint8Array, isText: boolean): void;
  ping(payload: Uint8Array): void;
  /** The client closes. `code` is NO_STATUS if it gave none. */
  close(code: number): void;
  /** The client broke the protocol or a limit. Nothing is read any more. */
  fault(code: number, reason: string): void;
  /** Asked before so much more memory is taken for an unfinished message; false refuses it. */
  hold(bytes: number): boolean;
  /** Asked for each frame that brings no data; false refuses it. */
  idleFrame(): boolean;
}

const CONTROL_PAYLOAD_BYTES_MAX = 125;
const CONTROL_BIT = 0x08;

/** Bytes of a frame's head: two, the longer forms of the length, and the mask that every client's frame has. */
function headBytes(lengthCode: number): number {
  const longer = lengthCode === 127 ? 8 : 0;
  return 2 + (lengthCode === 126 ? 2 : longer) + 4;
}

/** Codes that may stand in a close frame. */
function isCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
    (code >= 3000 && code <= 4999)
  );
}

export class FrameReader {
  readonly #bytesMax: number;
  readonly #sink: FrameSink;
  readonly #head: Uint8Array = new Uint8Array(14);
  readonly #mask: Uint8Array = new Uint8Array(4);
  /** Bytes of the next frame's head that have come. */
  #headLength = 0;
  #isInPayload = false;
  #opcode = 0;
  #isLast = false;
  #payloadBytes = 0;
  #readBytes = 0;
  /** The message under way: its first frame's opcode, 0 if there is none. */
  #messageOpcode = 0;
  #message: ByteCollector = new ByteCollector();
  #heldBytes = 0;
  #control: ByteCollector = new ByteCollector();
  #isOver = false;

  constructor(bytesMax: number, sink: FrameSink) {
    this.#bytesMax = bytesMax;
    this.#sink = sink;
  }

  /** Bytes counted by `hold` and not given back. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isOver) {
      at = this.#isInPayload ? this.#readPayload(chunk, at) : this.#readHead(chunk, at);
    }
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isOver = true;
    this.#message = new ByteCollector();
  }

  #fault(code: number, reason: string): void {
    this.stop();
    this.#sink.fault(code, reason);
  }

  #readHead(chunk: Uint8Array, start: number): number {
    this.#head[this.#headLength] = chunk[start] as number;
    this.#headLength += 1;
    const lengthCode = (this.#head[1] as number) & 0x7f;
    if (this.#headLength === 2 && ((this.#head[1] as number) & 0x80) === 0) {
      this.#fault(CLOSE.PROTOCOL_ERROR, "a client's frame is not masked");
    } else if (this.#headLength >= 2 && this.#headLength === headBytes(lengthCode)) {
      this.#beginFrame(lengthCode);
    }
    return start + 1;
  }

  #beginFrame(lengthCode: number): void {
    const head = this.#head;
    const first = head[0] as number;
    const view = new DataView(head.buffer);
    this.#mask.set(head.subarray(this.#headLength - 4, this.#headLength));
    this.#headLength = 0;
    this.#isLast = (first & 0x80) !== 0;
    this.#opcode = first & 0x0f;
    this.#payloadBytes = lengthCode;
    if (lengthCode === 126) {
      this.#payloadBytes = view.getUint16(2);
    } else if (lengthCode === 127) {
      this.#payloadBytes = view.getUint32(2) * 0x1_0000_0000 + view.getUint32(6);
    }
    this.#readBytes = 0;
    const fault = this.#faultOfHead(first);
    if (fault !== undefined) {
      this.#fault(...fault);
      return;
    }
    if ((this.#payloadBytes === 0 || this.#isControl) && !this.#sink.idleFrame()) {
      this.#fault(CLOSE.POLICY, "too many frames without data");
      return;
    }
    if (this.#opcode === OPCODE.TEXT || this.#opcode === OPCODE.BINARY) {
      this.#messageOpcode = this.#opcode;
    }
    this.#isInPayload = true;
    if (this.#payloadBytes === 0) {
      this.#endFrame();
    }
  }

  get #isControl(): boolean {
    return (this.#opcode & CONTROL_BIT) !== 0;
  }

  #faultOfHead(first: number): [code: number, reason: string] | undefined {
    const isBegun = this.#messageOpcode !== 0;
    if ((first & 0x70) !== 0) {
      return [CLOSE.PROTOCOL_ERROR, "a reserved bit is set"];
    }
    switch (this.#opcode) {
      case OPCODE.CLOSE:
      case OPCODE.PING:
      case OPCODE.PONG:
        return !this.#isLast || this.#payloadBytes > CONTROL_PAYLOAD_BYTES_MAX
          ? [CLOSE.PROTOCOL_ERROR, "a control frame is too long or in pieces"]
          : undefined;
      case OPCODE.CONTINUATION:
        if (!isBegun) {
          return [CLOSE.PROTOCOL_ERROR, "a continuation of nothing"];
        }
        break;
      case OPCODE.TEXT:
      case OPCODE.BINARY:
        if (isBegun) {
          return [CLOSE.PROTOCOL_ERROR, "a message within a message"];
        }
        break;
      default:
        return [CLOSE.PROTOCOL_ERROR, "an unknown opcode"];
    }
    return this.#message.length + this.#payloadBytes > this.#bytesMax
      ? [CLOSE.TOO_BIG, "message too large"]
      : undefined;
  }

  #readPayload(chunk: Uint8Array, start: number): number {
    const take = Math.min(this.#payloadBytes - this.#readBytes, chunk.length - start);
    const target = this.#isControl ? this.#control : this.#message;
    if (!this.#isControl) {
      const capacity = target.capacityWith(take);
      if (capacity > this.#heldBytes) {
        if (!this.#sink.hold(capacity - this.#heldBytes)) {
          this.#fault(CLOSE.TOO_BIG, "too many bytes of unfinished messages are held");
          return chunk.length;
        }
        this.#heldBytes = capacity;
      }
    }
    const before = target.length;
    target.append(chunk, start, start + take);
    const bytes = target.bytes;
    for (let i = 0; i < take; i += 1) {
      const masked = bytes[before + i] as number;
      bytes[before + i] = masked ^ (this.#mask[(this.#readBytes + i) & 3] as number);
    }
    this.#readBytes += take;
    if (this.#readBytes === this.#payloadBytes) {
      this.#endFrame();
    }
    return start + take;
  }

  #endFrame(): void {
    this.#isInPayload = false;
    if (this.#isControl) {
      const payload = this.#control.bytes;
      this.#control = new ByteCollector();
      this.#endControl(payload);
    } else if (this.#isLast) {
      const bytes = this.#message.bytes;
      const isText = this.#messageOpcode === OPCODE.TEXT;
      const heldBytes = this.#heldBytes;
      this.#messageOpcode = 0;
      this.#message = new ByteCollector();
      this.#heldBytes = 0;
      this.#sink.hold(-heldBytes);
      this.#sink.message(bytes, isText);
    }
  }

  #endControl(payload: Uint8Array): void {
    if (this.#opcode === OPCODE.PING) {
      this.#sink.ping(payload);
      return;
    }
    if (this.#opcode === OPCODE.PONG) {
      return;
    }
    const code =
      payload.length >= 2
        ? new DataView(payload.buffer, payload.byteOffset).getUint16(0)
        : CLOSE.NO_STATUS;
    if (payload.length === 1 || (payload.length >= 2 && !isCloseCode(code))) {
      this.#fault(CLOSE.PROTOCOL_ERROR, "a close frame without a valid code");
      return;
    }
    this.stop();
    this.#sink.close(code);
  }
}
