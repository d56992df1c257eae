// One HTTP/1.1 request whose body and answer flow at the same time. The answer leaves in chunks, each of them one piece
// that the service sent, so that a client which reads by chunks reads what was sent together together.
import { latin1Bytes } from "../../lib/bytes.js";
import type { TransportContext } from "../context.js";
import { INTERNAL_ERROR, StreamService } from "../http-message.js";
import type { HttpResponse, HttpStreamCall, HttpStreamHandler } from "../service.js";
import type { StreamOutput } from "../stream-output.js";

const CHUNK_END: Uint8Array = latin1Bytes("\r\n");
const LAST_CHUNK: Uint8Array = latin1Bytes("0\r\n\r\n");

/** The connection, as its stream needs it. */
export interface Http1StreamOwner {
  /** The head of an answer whose body follows. */
  streamHead(status: number, headers: Readonly<Record<string, string>>): Uint8Array;
  /** The stream is over; `response` is the whole answer if nothing was sent yet. */
  streamOver(response: HttpResponse | undefined): void;
  /** The stream cannot be ended in order: the connection is cut. */
  destroy(): void;
}

export class Http1Stream implements HttpStreamCall {
  readonly #output: StreamOutput;
  readonly #owner: Http1StreamOwner;
  /** HTTP/1.0 knows no chunks: there the end of the connection ends the body. */
  readonly #isChunked: boolean;
  readonly #service: StreamService;
  #hasBegun = false;

  constructor(
    context: TransportContext,
    output: StreamOutput,
    owner: Http1StreamOwner,
    isChunked: boolean,
  ) {
    this.#output = output;
    this.#owner = owner;
    this.#isChunked = isChunked;
    this.#service = new StreamService(context, () => {
      if (this.#hasBegun) {
        owner.destroy();
      } else {
        owner.streamOver(INTERNAL_ERROR);
      }
    });
  }

  get isOver(): boolean {
    return this.#service.isOver;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get bufferedBytes(): number {
    return this.#output.bufferedBytes;
  }

  get highWaterBytes(): number {
    return this.#output.highWaterBytes;
  }

  // ---- what the service does ----

  answer(response: HttpResponse): void {
    if (this.#service.end()) {
      this.#owner.streamOver(response);
    }
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (!this.#service.isOver) {
      this.#hasBegun = true;
      this.#output.write(this.#owner.streamHead(status, headers));
    }
  }

  send(bytes: Uint8Array): void {
    if (this.#service.isOver || bytes.length === 0) {
      return;
    }
    if (this.#isChunked) {
      this.#output.write(latin1Bytes(`${bytes.length.toString(16)}\r\n`), bytes, CHUNK_END);
    } else {
      this.#output.write(bytes);
    }
  }

  onDrain(listener: () => void): void {
    this.#service.onDrain(listener);
  }

  end(): void {
    if (this.#service.end()) {
      if (this.#isChunked) {
        this.#output.write(LAST_CHUNK);
      }
      this.#owner.streamOver(undefined);
    }
  }

  // ---- what the connection tells ----

  open(handler: HttpStreamHandler): void {
    this.#service.open(handler, this);
  }

  data(chunk: Uint8Array, start: number, end: number): void {
    this.#service.data(chunk, start, end);
  }

  bodyEnded(): void {
    this.#service.bodyEnded();
  }

  drained(): void {
    this.#service.drained();
  }

  /** The client is gone. */
  cancel(): void {
    this.#service.cancel();
  }
}
