// One accepted connection whose protocol is not known yet: gathers its first bytes, then hands everything to HTTP/2 or
// HTTP/1.1. A client that sends nothing is closed after a time.
import type { Timer } from "../runtime/clock.js";
import { concatBytes, NO_BYTES } from "./bytes.js";
import type { TransportContext } from "./context.js";
import { Http1Connection } from "./http1/connection.js";
import { Http2Connection } from "./http2/connection.js";
import { PREFACE } from "./http2/frames/frames.js";
import type { Socket, SocketEvents } from "./socket.js";

/** What both protocols' connections can do. */
interface Protocol extends SocketEvents {
  drain(): void;
  destroy(): void;
}

/** "PRI * HTTP/2.0\r\n": whoever sends this means HTTP/2, even if the rest of the preface is wrong. */
const HTTP2_REQUEST_LINE_BYTES = 16;

/** A method's first letter, or an empty line before it. TLS on a plaintext port begins with 22. */
function beginsLikeHttp1(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x0d;
}

export class PortConnection implements SocketEvents {
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #agreed: "h2" | "http/1.1" | undefined;
  readonly #onClosed: () => void;
  readonly #timer: Timer;
  #first: Uint8Array = NO_BYTES;
  #protocol: Protocol | undefined = undefined;
  #isClosed = false;
  #isDraining = false;

  constructor(
    context: TransportContext,
    socket: Socket,
    agreed: "h2" | "http/1.1" | undefined,
    onClosed: () => void,
  ) {
    this.#context = context;
    this.#socket = socket;
    this.#agreed = agreed;
    this.#onClosed = onClosed;
    context.counters.connectionsOpen += 1;
    context.counters.connectionsTotal += 1;
    this.#timer = context.clock.after(context.limits.handshakeTimeoutMs, () => {
      if (this.#protocol === undefined) {
        this.#refuse();
      }
    });
    if (agreed === "http/1.1") {
      this.#become(new Http1Connection(context, socket, this.#closed));
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#protocol !== undefined) {
      this.#protocol.data(chunk);
      return;
    }
    if (this.#isClosed) {
      return;
    }
    const first = this.#first.length === 0 ? chunk : concatBytes(this.#first, chunk);
    const compared = Math.min(first.length, PREFACE.length);
    let equal = 0;
    while (equal < compared && first[equal] === PREFACE[equal]) {
      equal += 1;
    }
    if (equal === PREFACE.length) {
      this.#context.counters.bytesReceived += PREFACE.length;
      this.#begin(new Http2Connection(this.#context, this.#socket, this.#closed), first, equal);
    } else if (equal === first.length) {
      this.#first = first;
    } else if (
      this.#agreed === "h2" ||
      equal >= HTTP2_REQUEST_LINE_BYTES ||
      !beginsLikeHttp1(first[0] as number)
    ) {
      this.#context.counters.bytesReceived += first.length;
      this.#refuse();
    } else {
      this.#begin(new Http1Connection(this.#context, this.#socket, this.#closed), first, 0);
    }
  }

  drained(): void {
    this.#protocol?.drained();
  }

  ended(): void {
    if (this.#protocol === undefined) {
      this.#socket.end();
    } else {
      this.#protocol.ended();
    }
  }

  closed(): void {
    if (this.#protocol === undefined) {
      this.#closed();
    } else {
      this.#protocol.closed();
    }
  }

  drain(): void {
    this.#isDraining = true;
    if (this.#protocol === undefined) {
      this.destroy();
    } else {
      this.#protocol.drain();
    }
  }

  destroy(): void {
    if (this.#protocol === undefined) {
      this.#socket.destroy();
      this.#closed();
    } else {
      this.#protocol.destroy();
    }
  }

  readonly #closed = (): void => {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#timer.cancel();
      this.#context.counters.connectionsOpen -= 1;
      this.#onClosed();
    }
  };

  #refuse(): void {
    this.#context.counters.connectionsRefused += 1;
    this.destroy();
  }

  #become(protocol: Protocol): void {
    this.#protocol = protocol;
    this.#timer.cancel();
    if (this.#isDraining) {
      protocol.drain();
    }
  }

  #begin(protocol: Protocol, first: Uint8Array, consumed: number): void {
    this.#become(protocol);
    this.#first = NO_BYTES;
    if (consumed < first.length) {
      protocol.data(first.subarray(consumed));
    }
  }
}
