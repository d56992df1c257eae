// Where answers are written. All connections share one slab of memory: an answer is put at its end, and what a
// connection wrote during one turn of the event loop leaves in one write. Measured: one buffer per answer would cost
// more than the whole HTTP/2 framing.
import { copyBytes } from "../bytes.js";
import type { TransportCounters } from "../counters.js";
import type { Socket } from "../socket.js";

const SLAB_BYTES = 128 * 1024;

/** A piece this small is copied when its client reads slowly, lest it keep a whole slab in memory. */
const COPIED_PIECE_BYTES_MAX = SLAB_BYTES / 2;

/** The shared memory. Bytes `[#start, position)` belong to `owner` and are not yet among its pieces. */
export class OutputSlab {
  buffer: Uint8Array = Buffer.allocUnsafeSlow(SLAB_BYTES);
  position = 0;
  owner: Output | undefined = undefined;
  #start = 0;

  /** Hands the owner what it has written since it became one. */
  seal(): void {
    if (this.owner !== undefined && this.position > this.#start) {
      this.owner.pieces.push(this.buffer.subarray(this.#start, this.position));
    }
    this.#start = this.position;
  }

  changeOwner(owner: Output): void {
    this.seal();
    this.owner = owner;
  }

  /** Begins a new slab with room for at least `bytes`. */
  renew(bytes: number): void {
    this.seal();
    this.buffer = Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES));
    this.position = 0;
    this.#start = 0;
  }
}

/** One connection's end of the slab. */
export class Output {
  /** Sealed pieces of this turn, in order. */
  pieces: Uint8Array[] = [];
  /** Bytes written and not yet handed to the socket. */
  pendingBytes = 0;
  /** All bytes ever handed to the socket. */
  flushedBytes = 0;
  readonly #slab: OutputSlab;
  readonly #socket: Socket;
  readonly #counters: TransportCounters;

  constructor(slab: OutputSlab, socket: Socket, counters: TransportCounters) {
    this.#slab = slab;
    this.#socket = socket;
    this.#counters = counters;
  }

  /** The memory that the last `reserve` reserved in. */
  get buffer(): Uint8Array {
    return this.#slab.buffer;
  }

  /** Reserves `bytes` and returns their offset in `buffer`; the caller writes them all before anything else is reserved. */
  reserve(bytes: number): number {
    const slab = this.#slab;
    if (slab.owner !== this) {
      slab.changeOwner(this);
    }
    if (slab.buffer.length - slab.position < bytes) {
      slab.renew(bytes);
    }
    const at = slab.position;
    slab.position = at + bytes;
    this.pendingBytes += bytes;
    return at;
  }

  /** Hands everything written so far to the socket, in one write. */
  flush(): void {
    if (this.pendingBytes === 0) {
      return;
    }
    if (this.#slab.owner === this) {
      this.#slab.seal();
    }
    const pieces = this.pieces;
    this.pieces = [];
    this.#counters.bytesSent += this.pendingBytes;
    this.flushedBytes += this.pendingBytes;
    this.pendingBytes = 0;
    if (this.#socket.queuedBytes > 0) {
      for (let i = 0; i < pieces.length; i += 1) {
        const piece = pieces[i] as Uint8Array;
        if (piece.length <= COPIED_PIECE_BYTES_MAX) {
          pieces[i] = copyBytes(piece, 0, piece.length);
        }
      }
    }
    this.#socket.write(pieces);
  }

  /** Forgets what was written and not handed over: the client is gone. */
  discard(): void {
    if (this.#slab.owner === this) {
      this.#slab.seal();
      this.#slab.owner = undefined;
    }
    this.pieces = [];
    this.pendingBytes = 0;
  }
}
