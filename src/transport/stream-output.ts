// The sending side of a connection that is one stream (HTTP/1.1 chunks, a websocket): what is sent in one turn leaves in
// one write, a full queue is seen by the sender, and a client that takes nothing is cut off.
import type { Timer } from "../runtime/clock.js";
import type { Flushable, TransportContext } from "./context.js";
import type { Socket } from "./socket.js";

export class StreamOutput implements Flushable {
  flushQueued = false;
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #onStalled: () => void;
  #pieces: Uint8Array[] = [];
  #pendingBytes = 0;
  /** All bytes ever handed to the socket. */
  #flushedBytes = 0;
  #onDrain: (() => void) | undefined = undefined;
  /** The queue has been long: whoever stopped because of that is told when it no longer is. */
  #drainOwed = false;
  #stallTimer: Timer | undefined = undefined;
  #isClosed = false;

  constructor(context: TransportContext, socket: Socket, onStalled: () => void) {
    this.#context = context;
    this.#socket = socket;
    this.#onStalled = onStalled;
  }

  get bufferedBytes(): number {
    return this.#pendingBytes + this.#socket.queuedBytes;
  }

  get highWaterBytes(): number {
    return this.#context.limits.streamHighWaterBytes;
  }

  get isFull(): boolean {
    return this.bufferedBytes >= this.highWaterBytes;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  /** Queues bytes for the end of this turn. */
  write(...pieces: readonly Uint8Array[]): void {
    if (this.#isClosed) {
      return;
    }
    for (const piece of pieces) {
      this.#pendingBytes += piece.length;
      this.#pieces.push(piece);
    }
    this.#drainOwed ||= this.bufferedBytes >= this.highWaterBytes / 2;
    this.#context.flushes.add(this);
  }

  flush(): void {
    if (this.#pendingBytes > 0 && !this.#isClosed) {
      const pieces = this.#pieces;
      this.#context.counters.bytesSent += this.#pendingBytes;
      this.#flushedBytes += this.#pendingBytes;
      this.#pieces = [];
      this.#pendingBytes = 0;
      this.#socket.write(pieces);
    }
    if (this.#socket.queuedBytes === 0) {
      this.drained();
    } else {
      this.#watchStall();
    }
  }

  /**
   * The socket has nothing queued any more. What was written since may be much, and leaves only at the end of this turn:
   * then nobody is told before that has drained too, because whoever is told now would find the queue full and wait on.
   */
  drained(): void {
    if (this.#drainOwed && !this.#isClosed && this.bufferedBytes < this.highWaterBytes / 2) {
      this.#drainOwed = false;
      this.#onDrain?.();
    }
  }

  /** Nothing is sent or told any more. */
  close(): void {
    this.#isClosed = true;
    this.#pieces = [];
    this.#pendingBytes = 0;
    this.#stallTimer?.cancel();
    this.#stallTimer = undefined;
  }

  #watchStall(): void {
    if (this.#stallTimer !== undefined || this.#isClosed) {
      return;
    }
    const taken = (): number => this.#flushedBytes - this.#socket.queuedBytes;
    const before = taken();
    this.#stallTimer = this.#context.clock.after(this.#context.limits.stalledReaderMs, () => {
      this.#stallTimer = undefined;
      if (this.#socket.queuedBytes === 0) {
        return;
      }
      if (taken() === before) {
        this.#context.counters.connectionsRefused += 1;
        this.#onStalled();
      } else {
        this.#watchStall();
      }
    });
  }
}
