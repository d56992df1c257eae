// One HTTP/2 stream that could not be answered in the pass that read it: its windows, its queue, and who handles it.
// A unary call answered at once never has one.

import type { Timed } from "../deadlines.js";

/** Who deals with a stream: a gRPC call, an HTTP request, or a request still being read. */
export interface Exchange {
  /** Bytes of the request body, `chunk[start, end)`. If `isLast`, they stay valid until `remoteEnded`, called next. */
  data(chunk: Uint8Array, start: number, end: number, isLast: boolean): void;
  /** The client has ended the request. Never called after `aborted` or `expired`. */
  remoteEnded(): void;
  /** The stream is gone before this side had ended it. */
  aborted(): void;
  /** The call's deadline is over and it was not ended by this side. */
  expired(): void;
  /** The queue has drained below half of its high-water mark. */
  drained(): void;
}

/** How the sending side ends once its queue is empty. */
export const ENDING = {
  NOT_YET: 0,
  /** END_STREAM on the last DATA frame. */
  PLAIN: 1,
  /** grpc-status 0. */
  STATUS_OK: 2,
  /** A prepared block of trailers. */
  TRAILERS: 3,
} as const;

export type Ending = (typeof ENDING)[keyof typeof ENDING];

export class Stream implements Timed {
  readonly id: number;
  exchange: Exchange | undefined;
  /** Nothing is sent, received or reported any more. */
  isClosed = false;
  remoteClosed: boolean;
  sendWindow: number;
  receiveWindow: number;
  /** Body bytes that content-length still promises; −1 if it was not sent. */
  contentBytesLeft = -1;

  headWritten = false;
  /** Chunks to send as DATA; the first `queueOffset` bytes of the first are sent. */
  queue: Uint8Array[] = [];
  queueOffset = 0;
  queuedBytes = 0;
  ending: Ending = ENDING.NOT_YET;
  trailers: Uint8Array | undefined = undefined;
  /** Linked in the sender's list of streams with something to send. */
  isReady = false;
  nextReady: Stream | undefined = undefined;
  /** `drained` is owed when the queue has shrunk. */
  drainOwed = false;

  /** Monotonic time at which the call fails; −1 if it has no deadline. */
  deadlineMs = -1;
  wheelSlot = -1;
  nextInSlot: Timed | undefined = undefined;
  previousInSlot: Timed | undefined = undefined;

  constructor(id: number, sendWindow: number, receiveWindow: number, remoteClosed: boolean) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.remoteClosed = remoteClosed;
  }

  /** Run by the deadline wheel. */
  expired(): void {
    this.exchange?.expired();
  }
}
