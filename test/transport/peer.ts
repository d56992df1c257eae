// A client made of raw frames, wired to a connection without any real socket.
import { gunzip } from "../../src/transport/gzip.js";
import { TransportCounters } from "../../src/transport/counters.js";
import type { TransportContext } from "../../src/transport/context.js";
import { encodeLiteralBlock } from "../../src/transport/hpack/encoder.js";
import { HpackDecoder } from "../../src/transport/hpack/decoder.js";
import type { HeaderField } from "../../src/transport/hpack/field.js";
import type { TransportLimits } from "../../src/transport/limits.js";
import { PortConnection } from "../../src/transport/port-connection.js";
import { makeTransportContext } from "../../src/transport/server.js";
import type { Socket } from "../../src/transport/socket.js";
import { makeEchoService, type EchoState } from "./echo-service.js";
import { VirtualClock } from "./virtual-clock.js";

export const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A socket whose reader can stop reading. */
export class FakeSocket implements Socket {
  readonly peer = "192.0.2.1:1234";
  readonly isSecure: boolean = false;
  readonly peerCommonName: string | undefined = undefined;
  /** Everything the client has read. */
  received: Buffer[] = [];
  writes = 0;
  isPaused = false;
  isEnded = false;
  isDestroyed = false;
  onDestroy: (() => void) | undefined = undefined;
  readonly #queue: Uint8Array[] = [];
  #reads = true;

  get queuedBytes(): number {
    return this.#queue.reduce((sum, part) => sum + part.length, 0);
  }

  /** Whether the client takes what is sent to it. */
  set reads(reads: boolean) {
    this.#reads = reads;
    if (reads) {
      this.received.push(...this.#queue.splice(0).map((part) => Buffer.from(part)));
    }
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.isEnded || this.isDestroyed) {
      return;
    }
    this.writes += 1;
    if (this.#reads) {
      this.received.push(...parts.map((part) => Buffer.from(part)));
    } else {
      this.#queue.push(...parts);
    }
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    if (!this.isDestroyed) {
      this.isDestroyed = true;
      this.onDestroy?.();
    }
  }
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = new Uint8Array(0),
  length: number = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id >>> 0, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value >>> 0, 2);
  return bytes;
}

export type Fields = Readonly<Record<string, string | undefined>>;

/** A literal header block of a call of /test.Echo/Unary, with changes. */
export function headers(changes: Fields = {}): Uint8Array {
  const fields: Fields = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/test.Echo/Unary",
    ":authority": "test",
    "content-type": "application/grpc",
    te: "trailers",
    ...changes,
  };
  return encodeLiteralBlock(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export function literal(name: string, value: string): Uint8Array {
  return encodeLiteralBlock([[name, value]]);
}

export function message(text: string | Uint8Array, flag = 0): Buffer {
  const body = Buffer.from(text as string);
  return Buffer.concat([Buffer.from([flag]), uint32(body.length), body]);
}

export function request(id: number, changes: Fields = {}, text = "hello"): Buffer {
  return Buffer.concat([frame(1, 4, id, headers(changes)), frame(0, 1, id, message(text))]);
}

export interface Rig {
  readonly clock: VirtualClock;
  readonly context: TransportContext;
  readonly counters: TransportCounters;
  readonly state: EchoState;
}

export function makeRig(limits: Partial<TransportLimits> = {}): Rig {
  const clock = new VirtualClock();
  const counters = new TransportCounters();
  const echo = makeEchoService();
  const context = makeTransportContext(
    {
      clock,
      services: echo.services,
      httpHandler: echo.httpHandler,
      httpStreams: echo.httpStreams,
      limits,
      onError: (error) => {
        echo.state.errors.push(error);
      },
    },
    counters,
    gunzip,
  );
  return { clock, context, counters, state: echo.state };
}

/** One connection of a rig, and what its client sees. */
export class Peer {
  readonly rig: Rig;
  readonly socket: FakeSocket = new FakeSocket();
  readonly connection: PortConnection;
  readonly frames: Frame[] = [];
  isClosed = false;
  readonly #decoder: HpackDecoder = new HpackDecoder(1 << 20);
  readonly #headers: Map<Frame, Map<string, string>> = new Map<Frame, Map<string, string>>();
  #unparsed: Buffer = Buffer.alloc(0);

  constructor(rig: Rig, agreed?: "h2" | "http/1.1") {
    this.rig = rig;
    this.connection = new PortConnection(rig.context, this.socket, agreed, () => {
      this.isClosed = true;
    });
    this.socket.onDestroy = (): void => {
      this.connection.closed();
    };
  }

  /** Sends bytes as one chunk. */
  send(...parts: Uint8Array[]): this {
    if (!this.socket.isDestroyed) {
      this.connection.data(Buffer.concat(parts));
    }
    return this;
  }

  /** Preface and empty SETTINGS, then `parts`. */
  start(...parts: Uint8Array[]): this {
    return this.send(PREFACE, frame(4, 0, 0), ...parts);
  }

  /** Lets the next turns run and reads what has come. */
  read(): this {
    this.rig.clock.settle();
    this.#parse();
    return this;
  }

  /** As `read`, after promises had their turn. */
  async readSoon(): Promise<this> {
    for (let i = 0; i < 3; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      this.rig.clock.settle();
    }
    return this.read();
  }

  /** Everything received, as text. */
  get text(): string {
    return Buffer.concat(this.socket.received).toString("latin1");
  }

  of(type: number, id: number): Frame[] {
    return this.frames.filter((f) => f.type === type && f.id === id);
  }

  get goawayCode(): number | undefined {
    return this.of(7, 0).at(-1)?.payload.readUInt32BE(4);
  }

  get goawayText(): string | undefined {
    return this.of(7, 0).at(-1)?.payload.subarray(8).toString("latin1");
  }

  resetCode(id: number): number | undefined {
    return this.of(3, id)[0]?.payload.readUInt32BE(0);
  }

  /** Whether END_STREAM came. */
  isDone(id: number): boolean {
    return this.frames.some((f) => f.id === id && f.type <= 1 && (f.flags & 1) === 1);
  }

  body(id: number): Buffer {
    return Buffer.concat(this.of(0, id).map((f) => f.payload));
  }

  /** All headers and trailers of a stream together. */
  fields(id: number): Map<string, string> {
    const all = new Map<string, string>();
    for (const f of this.of(1, id)) {
      for (const [name, value] of this.#headers.get(f) ?? []) {
        all.set(name, value);
      }
    }
    return all;
  }

  status(id: number): string | undefined {
    return this.fields(id).get("grpc-status");
  }

  #parse(): void {
    const bytes = Buffer.concat([this.#unparsed, ...this.socket.received.splice(0)]);
    let at = 0;
    while (bytes.length - at >= 9) {
      const length = bytes.readUIntBE(at, 3);
      if (bytes.length - at < 9 + length) {
        break;
      }
      const f: Frame = {
        type: bytes[at + 3]!,
        flags: bytes[at + 4]!,
        id: bytes.readUInt32BE(at + 5),
        payload: bytes.subarray(at + 9, at + 9 + length),
      };
      this.frames.push(f);
      if (f.type === 1) {
        const fields: HeaderField[] = [];
        const count = this.#decoder.decode(f.payload, 0, f.payload.length, fields);
        this.#headers.set(f, new Map(fields.slice(0, count).map((x) => [x.name, x.value])));
      }
      at += 9 + length;
    }
    this.#unparsed = bytes.subarray(at);
  }
}
