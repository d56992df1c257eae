// Where answers are written. All connections share one slab of memory: an answer is put at its end, and what a
// connection wrote during one turn of the event loop leaves in one write. Measured: one buffer per answer would cost
// more than the whole HTTP/2 framing.
import { copyBytes } from "../bytes.js";
import type { TransportCounters } from "../counters.js";
import type { Socket } from "../socket.js";

const SLAB_BYTES = 128 * 1024;

/** A piece this small is copied when its client reads slowly, lest it keep a whole slab in memory. */
const COPIED_PIECE_BYTES_MAX = SLAB_BYTES / 2;

/** Slabs kept for reuse: as many as the events of one turn to a thousand watchers need. */
const FREE_SLABS_MAX = 32;

/** A piece of memory that answers lie in. */
interface Slab {
  readonly buffer: Uint8Array;
  /** Pieces of it that the operating system may still have to take. */
  held: number;
}

function makeSlab(bytes: number): Slab {
  return { buffer: Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES)), held: 0 };
}

/**
 * The shared memory. Bytes `[#start, position)` belong to `owner` and are not yet among its pieces. Slabs whose pieces have
 * all left are used again: watchers by the hundred are sent hundreds of megabytes a second, and new memory for those
 * makes the garbage collector go over the whole heap ten times a second.
 */
export class OutputSlab {
  position = 0;
  owner: Output | undefined = undefined;
  #slab: Slab = makeSlab(SLAB_BYTES);
  #start = 0;
  readonly #free: Slab[] = [];

  get buffer(): Uint8Array {
    return this.#slab.buffer;
  }

  /** Hands the owner what it has written since it became one. */
  seal(): void {
    if (this.owner !== undefined && this.position > this.#start) {
      this.owner.pieces.push(this.#slab.buffer.subarray(this.#start, this.position));
      this.owner.slabs.push(this.#slab);
      this.#slab.held += 1;
    }
    this.#start = this.position;
  }

  changeOwner(owner: Output): void {
    this.seal();
    this.owner = owner;
  }

  /** Begins another slab with room for at least `bytes`. */
  renew(bytes: number): void {
    this.seal();
    this.#slab = (bytes <= SLAB_BYTES ? this.#free.pop() : undefined) ?? makeSlab(bytes);
    this.position = 0;
    this.#start = 0;
  }

  /** Pieces of these slabs, one each, are not read any more. */
  release(slabs: readonly Slab[]): void {
    for (const slab of slabs) {
      slab.held -= 1;
      if (slab.held === 0) {
        this.#reuse(slab);
      }
    }
  }

  #reuse(slab: Slab): void {
    if (slab === this.#slab) {
      if (this.position === this.#start) {
        this.position = 0;
        this.#start = 0;
      }
    } else if (slab.buffer.length === SLAB_BYTES && this.#free.length < FREE_SLABS_MAX) {
      this.#free.push(slab);
    }
  }
}

/** One connection's end of the slab. */
export class Output {
  /** Sealed pieces of this turn, in order. */
  pieces: Uint8Array[] = [];
  /** Where each of the pieces lies. */
  slabs: Slab[] = [];
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
    const { pieces, slabs } = this;
    this.pieces = [];
    this.slabs = [];
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
    if (this.#socket.queuedBytes === 0) {
      this.#slab.release(slabs);
    }
  }

  /** Forgets what was written and not handed over: the client is gone. */
  discard(): void {
    if (this.#slab.owner === this) {
      this.#slab.seal();
      this.#slab.owner = undefined;
    }
    this.#slab.release(this.slabs);
    this.pieces = [];
    this.slabs = [];
    this.pendingBytes = 0;
  }
}
