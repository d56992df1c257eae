// The life of one HTTP/2 connection: its socket's events, settings, keepalive, slow readers, drain and end. A broken
// protocol or limit ends the connection, never the process.
import type { Timer } from "../../runtime/clock.js";
import type { TransportContext } from "../context.js";
import type { Socket, SocketEvents } from "../socket.js";
import { DRAIN_PING, FrameReader } from "./frames/frame-reader.js";
import {
  ConnectionError,
  ERROR,
  FRAME_BYTES_MAX,
  SETTING,
  STREAM_ID_MAX,
  WINDOW_BYTES_DEFAULT,
} from "./frames/frames.js";
import { Requests } from "./requests.js";
import { Session } from "./session.js";

const KEEPALIVE_PING: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
/** A client that does not answer the drain's PING is told the last stream anyway. */
const DRAIN_PING_TIMEOUT_MS = 5000;

export class Http2Connection implements SocketEvents {
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #requests: Requests;
  readonly #reader: FrameReader;
  readonly #onClosed: () => void;
  /** Chunks that wait until the client has read more of its answers. */
  #backlog: Uint8Array[] = [];
  #isPaused = false;
  /** open → draining (first GOAWAY) → leaving (second) → lingering (nothing more is read) → closed. */
  #phase: "open" | "draining" | "leaving" | "lingering" | "closed" = "open";
  #lastReadMs: number;
  #keepaliveTimer: Timer | undefined;
  #settingsTimer: Timer | undefined;
  #stallTimer: Timer | undefined;
  #closeTimer: Timer | undefined;

  /** The client's preface has been read already. `onClosed` is called once, when the connection is gone. */
  constructor(context: TransportContext, socket: Socket, onClosed: () => void) {
    this.#context = context;
    this.#socket = socket;
    this.#onClosed = onClosed;
    this.#session = new Session(context, socket);
    this.#requests = new Requests(this.#session);
    this.#reader = new FrameReader(this.#session, this.#requests, () => {
      this.#leave();
    });
    this.#session.onSocketFull = (): void => {
      this.#watchStall();
    };
    const { limits, clock } = context;
    this.#lastReadMs = clock.monotonicMs();
    this.#armKeepalive(limits.keepaliveMs);
    this.#settingsTimer = clock.after(limits.handshakeTimeoutMs, () => {
      if (!this.#reader.settingsSeen) {
        this.#fail(new ConnectionError(ERROR.SETTINGS_TIMEOUT, "no SETTINGS came"));
      }
    });
    this.#session.writer.settings([
      [SETTING.MAX_CONCURRENT_STREAMS, limits.concurrentStreamsMax],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
      [SETTING.MAX_FRAME_SIZE, FRAME_BYTES_MAX],
      [SETTING.MAX_HEADER_LIST_SIZE, limits.headerListBytesMax],
    ]);
    this.#session.writer.windowUpdate(0, limits.connectionWindowBytes - WINDOW_BYTES_DEFAULT);
    this.#session.flush();
  }

  // ---- what the socket tells ----

  data(chunk: Uint8Array): void {
    this.#context.counters.bytesReceived += chunk.length;
    if (this.#phase === "lingering" || this.#phase === "closed") {
      return;
    }
    this.#lastReadMs = this.#context.clock.monotonicMs();
    if (this.#isPaused) {
      this.#backlog.push(chunk);
      return;
    }
    this.#turn(chunk);
  }

  drained(): void {
    this.#session.flush();
    if (this.#isPaused && this.#socket.queuedBytes < this.#context.limits.outputBytesMax) {
      this.#resume();
    }
  }

  ended(): void {
    // The client will not open windows or send requests any more: what it left unfinished is over.
    this.#session.flush();
    this.#session.close();
    this.#linger();
  }

  closed(): void {
    if (this.#phase === "closed") {
      return;
    }
    this.#phase = "closed";
    this.#session.close();
    this.#cancelTimers();
    this.#closeTimer?.cancel();
    this.#backlog = [];
    this.#onClosed();
  }

  // ---- ends ----

  /** Lets running calls finish and takes no new ones; closes when the last is done. */
  drain(): void {
    if (this.#phase !== "open") {
      return;
    }
    this.#phase = "draining";
    const { writer } = this.#session;
    writer.goaway(STREAM_ID_MAX, ERROR.NO_ERROR, "");
    writer.ping(DRAIN_PING, false);
    this.#session.flush();
    this.#closeTimer = this.#context.clock.after(DRAIN_PING_TIMEOUT_MS, () => {
      this.#leave();
    });
  }

  destroy(): void {
    this.#socket.destroy();
    this.closed();
  }

  /** Second step of a drain: requests that crossed the first GOAWAY were still taken, later ones are not. */
  #leave(): void {
    if (this.#phase !== "draining") {
      return;
    }
    this.#phase = "leaving";
    this.#closeTimer?.cancel();
    this.#requests.settlePending();
    this.#requests.lastAcceptedId = this.#requests.lastStreamId;
    this.#session.writer.goaway(this.#requests.lastStreamId, ERROR.NO_ERROR, "");
    this.#session.requestFlush();
    const closeWhenIdle = (): void => {
      if (this.#session.streams.size === 0) {
        this.#context.clock.nextTurn(() => {
          this.#closeIfIdle();
        });
      }
    };
    this.#session.onIdle = closeWhenIdle;
    closeWhenIdle();
  }

  #closeIfIdle(): void {
    if (this.#phase === "leaving" && this.#session.streams.size === 0) {
      this.#session.flush();
      this.#session.close();
      this.#linger();
    }
  }

  #fail(error: ConnectionError): void {
    if (this.#phase === "lingering" || this.#phase === "closed") {
      return;
    }
    this.#context.counters.connectionsRefused += 1;
    this.#session.writer.goaway(this.#requests.lastStreamId, error.code, error.message);
    this.#session.output.flush();
    this.#session.close();
    this.#linger();
  }

  /** Sends the end of the stream and reads on without looking, so that the client gets our last words. */
  #linger(): void {
    if (this.#phase === "lingering" || this.#phase === "closed") {
      return;
    }
    this.#phase = "lingering";
    this.#cancelTimers();
    this.#backlog = [];
    this.#socket.end();
    this.#socket.resume();
    this.#closeTimer?.cancel();
    this.#closeTimer = this.#context.clock.after(this.#context.limits.lingerMs, () => {
      this.destroy();
    });
  }

  #cancelTimers(): void {
    this.#keepaliveTimer?.cancel();
    this.#settingsTimer?.cancel();
    this.#stallTimer?.cancel();
  }

  // ---- reading ----

  /** One turn of reading: answers given in it leave in one write at its end. */
  #turn(chunk: Uint8Array): void {
    const session = this.#session;
    session.inTurn = true;
    try {
      const rest = this.#reader.consume(chunk);
      this.#requests.settlePending();
      this.#requests.widenConnection();
      if (rest.length > 0) {
        this.#backlog.unshift(rest);
      }
    } catch (error) {
      session.inTurn = false;
      if (error instanceof ConnectionError) {
        this.#fail(error);
      } else {
        this.#context.reportError(error);
        this.#fail(new ConnectionError(ERROR.INTERNAL_ERROR, "internal error"));
      }
      return;
    }
    session.inTurn = false;
    session.flush();
    if (
      this.#backlog.length > 0 ||
      this.#socket.queuedBytes > this.#context.limits.outputBytesMax
    ) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  /** The client has read: go on with what waits. */
  #resume(): void {
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const [i, chunk] of backlog.entries()) {
      if (this.#phase === "lingering" || this.#phase === "closed") {
        return;
      }
      this.#turn(chunk);
      if (this.#isPausedNow()) {
        this.#backlog.push(...backlog.slice(i + 1));
        return;
      }
    }
    this.#socket.resume();
  }

  #isPausedNow(): boolean {
    return this.#isPaused;
  }

  // ---- slow readers ----

  /** A client that takes nothing at all is cut off: its answers would be kept for ever. */
  #watchStall(): void {
    if (this.#stallTimer !== undefined) {
      return;
    }
    const taken = (): number => this.#session.output.flushedBytes - this.#socket.queuedBytes;
    const before = taken();
    this.#stallTimer = this.#context.clock.after(this.#context.limits.stalledReaderMs, () => {
      this.#stallTimer = undefined;
      if (this.#socket.queuedBytes === 0) {
        return;
      }
      if (taken() === before) {
        this.#context.counters.connectionsRefused += 1;
        this.destroy();
      } else {
        this.#watchStall();
      }
    });
  }

  // ---- keepalive ----

  /** After a time of silence a PING is sent; if nothing at all comes in answer, the client is gone. */
  #armKeepalive(delayMs: number): void {
    this.#keepaliveTimer = this.#context.clock.after(delayMs, () => {
      const { clock, limits } = this.#context;
      const silentMs = clock.monotonicMs() - this.#lastReadMs;
      if (silentMs < limits.keepaliveMs) {
        this.#armKeepalive(limits.keepaliveMs - silentMs);
        return;
      }
      const askedMs = clock.monotonicMs();
      this.#session.writer.ping(KEEPALIVE_PING, false);
      this.#session.flush();
      this.#keepaliveTimer = clock.after(limits.keepaliveTimeoutMs, () => {
        if (this.#lastReadMs < askedMs) {
          this.destroy();
        } else {
          this.#armKeepalive(limits.keepaliveMs - (clock.monotonicMs() - this.#lastReadMs));
        }
      });
    });
  }
}
