// Unary calls that wait for something to happen: each ends when its client goes away or the server stops, and cleans up
// behind itself. Failures look as they do with etcd, whose lock and election services are clients of the server
// themselves and pass on the text of what they were refused, but not its code.
import { T4Error } from "../../core/errors.js";
import { GRPC_STATUS, type Method, type UnaryCall } from "../../transport/service.js";
import { ETCD_ERRORS, EtcdError } from "../errors.js";
import { unary, type Decode, type Encoder, type ServiceContext } from "../service-context.js";

/** Answers with a response; `signal` is aborted when the client has gone or the server stops. */
export type WaitingAnswer<Request, Response> = (
  request: Request,
  requestBytes: number,
  signal: AbortSignal,
) => Promise<Response>;

export class WaitingCalls {
  readonly #context: ServiceContext;
  readonly #running = new Set<AbortController>();
  #closed: Error | null = null;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  method<Request, Response>(
    decode: Decode<Request>,
    encoder: Encoder<Response>,
    answer: WaitingAnswer<Request, Response>,
  ): Method {
    return unary(this.#context.node, decode, encoder, async (request, requestBytes, call) =>
      this.#run(call, async (signal) => answer(request, requestBytes, signal)),
    );
  }

  /** Ends what waits with `reason`, and every later call when it comes. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const controller of this.#running) {
      controller.abort(reason);
    }
  }

  async #run<Response>(
    call: UnaryCall,
    answer: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Response> {
    if (this.#closed !== null) {
      throw this.#closed;
    }
    const controller = new AbortController();
    call.onCancel(() => {
      controller.abort(new T4Error("T4_CANCELLED", "the client has gone"));
    });
    this.#running.add(controller);
    try {
      return await answer(controller.signal);
    } catch (error) {
      throw asEtcdsOwnClient(error);
    } finally {
      this.#running.delete(controller);
    }
  }
}

/** What says that another server should be asked keeps its code: clients turn to one by it. */
export function asEtcdsOwnClient(error: unknown): unknown {
  if (error instanceof EtcdError) {
    return error.status === GRPC_STATUS.UNAVAILABLE ? error : unknownError(error.message);
  }
  if (error instanceof T4Error) {
    const known = ETCD_ERRORS[error.code];
    if (known === null || known[0] === GRPC_STATUS.UNAVAILABLE) {
      return error;
    }
    return unknownError(known[1]);
  }
  return error;
}

export function unknownError(message: string): EtcdError {
  return new EtcdError(GRPC_STATUS.UNKNOWN, message);
}
