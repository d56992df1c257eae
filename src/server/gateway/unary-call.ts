// One unary call made for a client of the gateway: the method is asked as gRPC would ask it.
import { GATEWAY_MESSAGE_BYTES_MAX } from "../../core/limits.js";
import type { Clock } from "../../runtime/clock.js";
import type { MethodCounters, TransportCounters } from "../../transport/counters.js";
import {
  GRPC_STATUS,
  type GrpcStatus,
  type UnaryCall,
  type UnaryHandler,
} from "../../transport/service.js";
import { answerTooLarge, type Failure } from "./status.js";

/** The reply's bytes, or how it failed. */
export type Outcome = Uint8Array | Failure;

export interface CallOptions {
  readonly metadata: (name: string) => string | undefined;
  readonly peer: string;
  readonly timeoutMs: number | undefined;
  readonly clock: Clock;
  readonly counters: TransportCounters;
  readonly method: MethodCounters | undefined;
}

const NO_BYTES = new Uint8Array(0);

export class GatewayUnaryCall implements UnaryCall {
  readonly peer: string;
  /** A certificate says who the client of a connection is; of a call through the gateway it says nothing. */
  readonly peerCommonName: undefined = undefined;
  readonly #options: CallOptions;
  readonly #answer: (outcome: Outcome) => void;
  output: Uint8Array = NO_BYTES;
  #isOver = false;
  #cancelled = false;
  #onCancel: (() => void) | undefined = undefined;

  constructor(options: CallOptions, answer: (outcome: Outcome) => void) {
    this.#options = options;
    this.#answer = answer;
    this.peer = options.peer;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  metadata(name: string): string | undefined {
    return this.#options.metadata(name);
  }

  onCancel(listener: () => void): void {
    this.#onCancel = listener;
  }

  run(handle: UnaryHandler, request: Uint8Array): void {
    const { counters, method, timeoutMs, clock } = this.#options;
    counters.messageBytesReceived += request.length;
    if (method !== undefined) {
      method.started += 1;
      method.messagesReceived += 1;
    }
    if (timeoutMs !== undefined) {
      const timer = clock.after(timeoutMs, () => {
        this.cancel(GRPC_STATUS.DEADLINE_EXCEEDED, "context deadline exceeded");
      });
      const answer = this.#answer;
      this.#finish = (outcome): void => {
        timer.cancel();
        answer(outcome);
      };
    }
    handle(this, request, 0, request.length);
  }

  #finish: (outcome: Outcome) => void = (outcome) => {
    this.#answer(outcome);
  };

  reply(messageBytes: number): number {
    this.output = new Uint8Array(messageBytes);
    if (messageBytes > GATEWAY_MESSAGE_BYTES_MAX) {
      // The service writes it all the same; nobody reads it.
      const { status, message } = answerTooLarge(messageBytes);
      this.fail(status, message);
    } else if (this.#end(GRPC_STATUS.OK)) {
      this.#options.counters.messageBytesSent += messageBytes;
      const { method } = this.#options;
      if (method !== undefined) {
        method.messagesSent += 1;
      }
      const output = this.output;
      // The message is written after this returns, in the same turn.
      queueMicrotask(() => {
        this.#finish(output);
      });
    }
    return 0;
  }

  fail(status: GrpcStatus, message: string): void {
    if (this.#end(status)) {
      this.#finish({ status, message });
    }
  }

  /** Ends the call from outside: its client has gone, or its time is over. */
  cancel(status: GrpcStatus, message: string): void {
    if (this.#end(status)) {
      this.#cancelled = true;
      this.#onCancel?.();
      this.#finish({ status, message });
    }
  }

  /** False if the call has ended before. */
  #end(status: number): boolean {
    if (this.#isOver) {
      return false;
    }
    this.#isOver = true;
    const handled = this.#options.method?.handled;
    if (handled !== undefined) {
      handled[status] = (handled[status] ?? 0) + 1;
    }
    return true;
  }
}
