// The sending side's flow control: what may leave now, what waits in its stream's queue, and whose turn it is. Streams
// with queued data take turns, one frame each, so that a large answer never holds up the others.
import type { TransportContext } from "../context.js";
import type { Socket } from "../socket.js";
import {
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_MAX,
  writeFrameHead,
} from "./frames/frames.js";
import { ENDING, type Stream } from "./stream.js";
import type { FrameWriter } from "./frames/writer.js";

export class Sender {
  /** Bytes of DATA the peer takes on the whole connection, and on a new stream. The latter may be negative later on. */
  window: number = WINDOW_BYTES_DEFAULT;
  initialWindow: number = WINDOW_BYTES_DEFAULT;
  /** Streams wait for the connection's window: nobody may pass them. */
  isBlocked = false;
  /** Bytes in all queues. */
  queuedBytes = 0;
  readonly #context: TransportContext;
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  /** Called when a stream's last frame has been written. */
  readonly #sent: (stream: Stream) => void;
  /** Called for every frame of DATA: it pays for the WINDOW_UPDATE frames that answer it. */
  readonly #dataWritten: () => void;
  #firstReady: Stream | undefined = undefined;
  #lastReady: Stream | undefined = undefined;

  constructor(
    context: TransportContext,
    socket: Socket,
    writer: FrameWriter,
    sent: (stream: Stream) => void,
    dataWritten: () => void,
  ) {
    this.#context = context;
    this.#socket = socket;
    this.#writer = writer;
    this.#sent = sent;
    this.#dataWritten = dataWritten;
  }

  /** Whether queued data could leave now if the socket takes it. */
  get canPump(): boolean {
    return this.#firstReady !== undefined && !this.isBlocked;
  }

  /** Whether one DATA frame of `bytes` may leave at once without passing older data. */
  mayPass(stream: Stream, bytes: number): boolean {
    return (
      stream.queuedBytes === 0 &&
      bytes <= stream.sendWindow &&
      bytes <= this.window &&
      bytes <= FRAME_BYTES_MAX &&
      !this.isBlocked &&
      this.#writer.output.pendingBytes + this.#socket.queuedBytes <
        this.#context.limits.outputBytesPerTurn
    );
  }

  /** Begins a DATA frame of exactly `bytes`, which `mayPass`; returns the payload's offset in the output. */
  beginData(stream: Stream, bytes: number): number {
    this.window -= bytes;
    stream.sendWindow -= bytes;
    this.#dataWritten();
    const at = this.#writer.output.reserve(FRAME_HEAD_BYTES + bytes);
    return writeFrameHead(this.#writer.output.buffer, at, bytes, FRAME.DATA, 0, stream.id);
  }

  /** Queues bytes that must not change any more. */
  queue(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length === 0) {
      return;
    }
    stream.queue.push(bytes);
    stream.queuedBytes += bytes.length;
    this.queuedBytes += bytes.length;
    if (stream.queuedBytes >= this.#context.limits.streamHighWaterBytes / 2) {
      stream.drainOwed = true;
    }
    this.ready(stream);
  }

  dropQueue(stream: Stream): void {
    this.queuedBytes -= stream.queuedBytes;
    stream.queuedBytes = 0;
    stream.queue = [];
  }

  /** Appends a stream to the list of those with something to send. */
  ready(stream: Stream): void {
    if (stream.isReady || stream.isClosed) {
      return;
    }
    stream.isReady = true;
    stream.nextReady = undefined;
    if (this.#lastReady === undefined) {
      this.#firstReady = stream;
    } else {
      this.#lastReady.nextReady = stream;
    }
    this.#lastReady = stream;
  }

  /** The peer has widened the connection's window; false if it is now wider than allowed. */
  widen(bytes: number): boolean {
    this.window += bytes;
    this.isBlocked = false;
    return this.window <= WINDOW_BYTES_MAX;
  }

  /** The peer has widened a stream's window; false if it is now wider than allowed. */
  widenStream(stream: Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.queuedBytes > 0) {
      this.ready(stream);
    }
    return stream.sendWindow <= WINDOW_BYTES_MAX;
  }

  /** Turns queues into frames, one stream after the other, until windows, queues or this turn's share are used up. */
  pump(): void {
    const bytesMax = this.#context.limits.outputBytesPerTurn - this.#socket.queuedBytes;
    while (this.#firstReady !== undefined && this.#writer.output.pendingBytes < bytesMax) {
      const stream = this.#firstReady;
      if (!stream.isClosed && stream.queuedBytes > 0 && stream.sendWindow > 0 && this.window <= 0) {
        this.isBlocked = true;
        return;
      }
      this.#firstReady = stream.nextReady;
      if (this.#firstReady === undefined) {
        this.#lastReady = undefined;
      }
      stream.nextReady = undefined;
      stream.isReady = false;
      if (!stream.isClosed) {
        this.#step(stream);
      }
    }
    if (this.#firstReady === undefined) {
      this.isBlocked = false;
    }
  }

  /** One frame of one stream, and its end if that was the last. */
  #step(stream: Stream): void {
    if (stream.queuedBytes > 0) {
      if (stream.sendWindow <= 0) {
        return; // It becomes ready again with its window.
      }
      this.#writeHead(stream);
      this.#writeData(stream);
    }
    if (stream.queuedBytes > 0) {
      this.ready(stream);
    } else if (stream.ending !== ENDING.NOT_YET) {
      this.#writeEnd(stream);
      return;
    }
    if (stream.drainOwed && stream.queuedBytes < this.#context.limits.streamHighWaterBytes / 2) {
      stream.drainOwed = false;
      stream.exchange?.drained();
    }
  }

  /** The head of a gRPC answer, if nothing was sent yet. */
  #writeHead(stream: Stream): void {
    if (!stream.headWritten) {
      stream.headWritten = true;
      this.#writer.headers(stream.id, this.#writer.encoder.grpcBlocks().head, false);
    }
  }

  /** As `#writeHead`, for a message that does not wait in the queue. */
  writeHead(stream: Stream): void {
    this.#writeHead(stream);
  }

  #writeData(stream: Stream): void {
    const bytes = Math.min(stream.queuedBytes, FRAME_BYTES_MAX, this.window, stream.sendWindow);
    const isLast = bytes === stream.queuedBytes && stream.ending === ENDING.PLAIN;
    const start = this.beginData(stream, bytes);
    const target = this.#writer.output.buffer;
    if (isLast) {
      target[start - FRAME_HEAD_BYTES + 4] = FLAG.END_STREAM;
    }
    let written = 0;
    while (written < bytes) {
      const chunk = stream.queue[0] as Uint8Array;
      const take = Math.min(chunk.length - stream.queueOffset, bytes - written);
      target.set(chunk.subarray(stream.queueOffset, stream.queueOffset + take), start + written);
      written += take;
      stream.queueOffset += take;
      if (stream.queueOffset === chunk.length) {
        stream.queue.shift();
        stream.queueOffset = 0;
      }
    }
    stream.queuedBytes -= bytes;
    this.queuedBytes -= bytes;
    if (isLast) {
      stream.ending = ENDING.NOT_YET;
      this.#sent(stream);
    }
  }

  #writeEnd(stream: Stream): void {
    switch (stream.ending) {
      case ENDING.NOT_YET:
        return;
      case ENDING.PLAIN: {
        // A body that was already sent in full, or is empty: an empty DATA frame ends it.
        const at = this.beginData(stream, 0);
        this.#writer.output.buffer[at - FRAME_HEAD_BYTES + 4] = FLAG.END_STREAM;
        break;
      }
      case ENDING.STATUS_OK:
        this.#writeHead(stream);
        this.#writer.headers(stream.id, this.#writer.encoder.grpcBlocks().trailers, true);
        break;
      case ENDING.TRAILERS:
        this.#writer.headers(stream.id, stream.trailers ?? new Uint8Array(0), true);
        break;
      default:
    }
    stream.ending = ENDING.NOT_YET;
    this.#sent(stream);
  }
}
