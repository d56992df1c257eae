// A connection that has become a websocket: each message of the client is a piece of the request's body, each piece of the
// answer a text message. Pings are answered, and both ways of closing follow RFC 6455, 7.
import { concatBytes, NO_BYTES } from "../bytes.js";
import type { TransportContext } from "../context.js";
import { HeldBytes } from "../held-bytes.js";
import { StreamService } from "../http-message.js";
import { Budget } from "../http2/budget.js";
import type { HttpResponse, HttpStreamCall, HttpStreamHandler } from "../service.js";
import type { Timer } from "../../runtime/clock.js";
import { utf8Bytes } from "../../lib/bytes.js";
import type { Socket, SocketEvents } from "../socket.js";
import { StreamOutput } from "../stream-output.js";
import { CLOSE, FrameReader, type FrameSink, OPCODE } from "./frame-reader.js";

/** The head of a frame of the server: never masked, never in pieces. */
function frameHead(opcode: number, payloadBytes: number): Uint8Array {
  if (payloadBytes < 126) {
    return Uint8Array.of(0x80 | opcode, payloadBytes);
  }
  const isLong = payloadBytes > 0xffff;
  const head = new Uint8Array(isLong ? 10 : 4);
  const view = new DataView(head.buffer);
  head[0] = 0x80 | opcode;
  head[1] = isLong ? 127 : 126;
  if (isLong) {
    view.setBigUint64(2, BigInt(payloadBytes));
  } else {
    view.setUint16(2, payloadBytes);
  }
  return head;
}

function closePayload(code: number, reason: string): Uint8Array {
  const text = utf8Bytes(reason);
  return concatBytes(Uint8Array.of(code >>> 8, code & 0xff), text);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export class WebSocketConnection implements SocketEvents, HttpStreamCall, FrameSink {
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #onClosed: () => void;
  readonly #output: StreamOutput;
  readonly #held: HeldBytes;
  readonly #reader: FrameReader;
  readonly #budget: Budget;
  readonly #service: StreamService;
  /** open → closing (our close frame is sent, the client's awaited) → ending (the socket's end is sent) → closed. */
  #phase: "open" | "closing" | "ending" | "closed" = "open";
  #isPaused = false;
  #backlog: Uint8Array = NO_BYTES;
  #timer: Timer | undefined = undefined;

  constructor(context: TransportContext, socket: Socket, onClosed: () => void) {
    const { limits, clock } = context;
    this.#context = context;
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#held = new HeldBytes(context);
    this.#output = new StreamOutput(context, socket, () => {
      this.destroy();
    });
    this.#output.onDrain(() => {
      this.#service.drained();
      this.#resume();
    });
    this.#service = new StreamService(context, () => {
      this.#close(CLOSE.INTERNAL, "internal error");
    });
    this.#budget = new Budget(clock, limits.controlFramesBurst, limits.controlFramesPerSecond);
    this.#reader = new FrameReader(limits.httpBodyBytesMax, this);
  }

  /** Sends the handshake's answer and begins the call. */
  open(accept: Uint8Array, handler: HttpStreamHandler): void {
    this.#output.write(accept);
    this.#service.open(handler, this);
  }

  // ---- what the service does ----

  get bufferedBytes(): number {
    return this.#output.bufferedBytes;
  }

  get highWaterBytes(): number {
    return this.#output.highWaterBytes;
  }

  answer(response: HttpResponse): void {
    if (this.#service.isOver) {
      return;
    }
    const body = typeof response.body === "string" ? utf8Bytes(response.body) : response.body;
    this.send(body);
    this.#service.end();
    const refused = response.status < 500 ? CLOSE.POLICY : CLOSE.INTERNAL;
    this.#close(response.status < 400 ? CLOSE.NORMAL : refused, "");
  }

  begin(): void {
    // A websocket has no head of an answer.
  }

  send(bytes: Uint8Array): void {
    if (!this.#service.isOver) {
      this.#output.write(frameHead(OPCODE.TEXT, bytes.length), bytes);
    }
  }

  onDrain(listener: () => void): void {
    this.#service.onDrain(listener);
  }

  end(): void {
    if (this.#service.end()) {
      this.#close(CLOSE.NORMAL, "");
    }
  }

  // ---- what the socket tells ----

  data(chunk: Uint8Array): void {
    if (this.#phase === "ending" || this.#phase === "closed") {
      return;
    }
    if (this.#isPaused) {
      this.#backlog = concatBytes(this.#backlog, chunk);
      return;
    }
    this.#reader.push(chunk);
    if (this.#output.isFull && this.#phase === "open") {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  drained(): void {
    this.#output.drained();
  }

  ended(): void {
    this.#service.cancel();
    this.#end();
  }

  closed(): void {
    if (this.#phase === "closed") {
      return;
    }
    this.#phase = "closed";
    this.#timer?.cancel();
    this.#service.cancel();
    this.#reader.stop();
    this.#held.release(this.#reader.heldBytes);
    this.#output.close();
    this.#onClosed();
  }

  /** The server stops: tells the client to go elsewhere. */
  drain(): void {
    this.#service.cancel();
    this.#close(CLOSE.GOING_AWAY, "");
  }

  destroy(): void {
    this.#socket.destroy();
    this.closed();
  }

  // ---- what the frame reader tells ----

  message(bytes: Uint8Array, isText: boolean): void {
    if (this.#service.isOver) {
      return;
    }
    if (isText && !isUtf8(bytes)) {
      this.fault(CLOSE.BAD_DATA, "a text message is not UTF-8");
      return;
    }
    this.#service.data(bytes, 0, bytes.length);
  }

  ping(payload: Uint8Array): void {
    if (this.#phase === "open") {
      this.#output.write(frameHead(OPCODE.PONG, payload.length), payload);
    }
  }

  close(code: number): void {
    this.#service.cancel();
    if (this.#phase === "open") {
      this.#writeClose(code === CLOSE.NO_STATUS ? CLOSE.NORMAL : code, "");
    }
    this.#end();
  }

  fault(code: number, reason: string): void {
    this.#context.counters.connectionsRefused += 1;
    this.#reader.stop();
    this.#service.cancel();
    if (this.#phase === "open") {
      this.#writeClose(code, reason);
    }
    this.#end();
  }

  hold(bytes: number): boolean {
    return this.#held.hold(bytes);
  }

  idleFrame(): boolean {
    return this.#budget.take(1);
  }

  // ---- ends ----

  #writeClose(code: number, reason: string): void {
    const payload = closePayload(code, reason);
    this.#output.write(frameHead(OPCODE.CLOSE, payload.length), payload);
  }

  /** Sends our close frame and waits a while for the client's. */
  #close(code: number, reason: string): void {
    if (this.#phase !== "open") {
      return;
    }
    this.#phase = "closing";
    this.#writeClose(code, reason);
    this.#resume();
    this.#timer = this.#context.clock.after(this.#context.limits.lingerMs, () => {
      this.#end();
    });
  }

  /** Sends what is queued and the end of the stream, and waits a while for the client's. */
  #end(): void {
    if (this.#phase === "ending" || this.#phase === "closed") {
      return;
    }
    this.#phase = "ending";
    this.#timer?.cancel();
    this.#output.flush();
    this.#socket.end();
    this.#socket.resume();
    this.#timer = this.#context.clock.after(this.#context.limits.lingerMs, () => {
      this.destroy();
    });
  }

  /** The client has read: goes on with what it sent meanwhile. */
  #resume(): void {
    if (!this.#isPaused) {
      return;
    }
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = NO_BYTES;
    this.#socket.resume();
    if (backlog.length > 0) {
      this.#reader.push(backlog);
    }
  }
}
