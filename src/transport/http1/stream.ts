// One HTTP/1.1 request whose body and answer flow at the same time. The answer leaves in chunks, each of them one piece
// that the service sent, so that a client which reads by chunks reads what was sent together together.
import { latin1Bytes } from "../../lib/bytes.js";
import type { TransportContext } from "../context.js";
import type {
  HttpResponse,
  HttpStreamCall,
  HttpStreamHandler,
  HttpStreamReceiver,
} from "../service.js";
import type { StreamOutput } from "../stream-output.js";

const CHUNK_END: Uint8Array = latin1Bytes("\r\n");
const LAST_CHUNK: Uint8Array = latin1Bytes("0\r\n\r\n");

const INTERNAL_ERROR: HttpResponse = { status: 500, headers: {}, body: "internal error\n" };

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
  readonly #context: TransportContext;
  readonly #output: StreamOutput;
  readonly #owner: Http1StreamOwner;
  /** HTTP/1.0 knows no chunks: there the end of the connection ends the body. */
  readonly #isChunked: boolean;
  #receiver: HttpStreamReceiver | undefined = undefined;
  #onDrain: (() => void) | undefined = undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(
    context: TransportContext,
    output: StreamOutput,
    owner: Http1StreamOwner,
    isChunked: boolean,
  ) {
    this.#context = context;
    this.#output = output;
    this.#owner = owner;
    this.#isChunked = isChunked;
  }

  get isOver(): boolean {
    return this.#isOver;
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
    if (!this.#isOver) {
      this.#isOver = true;
      this.#owner.streamOver(response);
    }
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (!this.#isOver) {
      this.#hasBegun = true;
      this.#output.write(this.#owner.streamHead(status, headers));
    }
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver || bytes.length === 0) {
      return;
    }
    if (this.#isChunked) {
      this.#output.write(latin1Bytes(`${bytes.length.toString(16)}\r\n`), bytes, CHUNK_END);
    } else {
      this.#output.write(bytes);
    }
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  end(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      if (this.#isChunked) {
        this.#output.write(LAST_CHUNK);
      }
      this.#owner.streamOver(undefined);
    }
  }

  // ---- what the connection tells ----

  open(handler: HttpStreamHandler): void {
    this.#guarded(() => {
      this.#receiver = handler(this);
    });
  }

  data(chunk: Uint8Array, start: number, end: number): void {
    if (!this.#isOver) {
      this.#guarded(() => this.#receiver?.data(chunk, start, end));
    }
  }

  bodyEnded(): void {
    if (!this.#isOver) {
      this.#guarded(() => this.#receiver?.ended());
    }
  }

  drained(): void {
    if (!this.#isOver && this.#onDrain !== undefined) {
      this.#guarded(this.#onDrain);
    }
  }

  /** The client is gone. */
  cancel(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      try {
        this.#receiver?.cancelled();
      } catch (error) {
        this.#context.reportError(error);
      }
    }
  }

  /** Runs the service; if it throws, the call is broken off and the service is told that it is over. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#context.reportError(error);
      if (this.#isOver) {
        return;
      }
      this.cancel();
      if (this.#hasBegun) {
        this.#owner.destroy();
      } else {
        this.#owner.streamOver(INTERNAL_ERROR);
      }
    }
  }
}
