// The transport's server: one port that speaks gRPC over HTTP/2 and plain HTTP over HTTP/2 and HTTP/1.1. The first bytes
// of a connection decide which. It knows nothing of what it serves.
import type { Clock } from "../runtime/clock.js";
import { FlushQueue, type Gunzip, makeRoutes, type TransportContext } from "./context.js";
import { TransportCounters } from "./counters.js";
import { Deadlines } from "./deadlines.js";
import { gunzip } from "./gzip.js";
import { OutputSlab } from "./http2/output.js";
import { defaultLimits, type TransportLimits } from "./limits.js";
import type { HttpHandler, HttpStreams, ServiceMap } from "./service.js";
import { PortConnection } from "./port-connection.js";
import {
  type Accepted,
  type Address,
  listen,
  ListenError,
  type Listener,
  type TlsOptions,
} from "./sockets.js";

export { ListenError };
export type { Address, TlsOptions };
export type { ListenErrorCode } from "./sockets.js";

export interface TransportServerOptions {
  readonly clock: Clock;
  readonly services: ServiceMap;
  /** Answers every request that is no gRPC call, nor streamed. */
  readonly httpHandler: HttpHandler;
  /** Says which requests are streamed; without it, none. */
  readonly httpStreams?: HttpStreams;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: TlsOptions;
  /** Each limit not given has its default. */
  readonly limits?: Partial<TransportLimits>;
  /** A handler threw or rejected: a bug of a service. The caller got INTERNAL or 500; what else happens is decided here. */
  readonly onError: (error: unknown) => void;
}

export class TransportServer {
  readonly counters: TransportCounters = new TransportCounters();
  readonly #options: TransportServerOptions;
  readonly #context: TransportContext;
  readonly #connections: Set<PortConnection> = new Set<PortConnection>();
  #listener: Listener | undefined = undefined;
  #phase: "open" | "draining" | "closed" = "open";
  #onEmpty: (() => void) | undefined = undefined;

  constructor(options: TransportServerOptions) {
    this.#options = options;
    this.#context = makeTransportContext(options, this.counters, gunzip);
  }

  /** Begins to listen. Rejects with a ListenError that says why it cannot. */
  async listen(): Promise<Address> {
    const { host, port, tls } = this.#options;
    const listener = await listen(
      {
        host,
        port,
        ...(tls === undefined ? {} : { tls }),
        handshakeTimeoutMs: this.#context.limits.handshakeTimeoutMs,
      },
      (accepted) => {
        this.#accept(accepted);
      },
      () => {
        this.counters.handshakesFailed += 1;
      },
    );
    this.#listener = listener;
    if (this.#phase !== "open") {
      listener.close();
    }
    return listener.address;
  }

  /** Where it listens; undefined before `listen` has resolved. */
  get address(): Address | undefined {
    return this.#listener?.address;
  }

  /**
   * Stops accepting, lets running calls finish, and resolves when all connections are closed; after `graceMs` those that
   * are left are cut. Calls that never end by themselves (watches) should be ended by their service before.
   */
  async drain(graceMs: number): Promise<void> {
    if (this.#phase === "open") {
      this.#phase = "draining";
    }
    this.#listener?.close();
    for (const connection of this.#connections) {
      connection.drain();
    }
    if (this.#connections.size > 0) {
      const over = new AbortController();
      const empty = new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
      const grace = this.#context.clock.sleep(graceMs, over.signal).catch(() => {
        // Aborted: all connections have closed in time.
      });
      await Promise.race([empty, grace]);
      over.abort();
    }
    this.#destroy();
  }

  /** Cuts all connections at once. */
  async close(): Promise<void> {
    this.#listener?.close();
    this.#destroy();
    return Promise.resolve();
  }

  #destroy(): void {
    this.#phase = "closed";
    for (const connection of [...this.#connections]) {
      connection.destroy();
    }
    this.#context.deadlines.close();
  }

  #accept(accepted: Accepted): void {
    if (this.#phase !== "open") {
      accepted.socket.destroy();
      return;
    }
    const connection = new PortConnection(this.#context, accepted.socket, accepted.protocol, () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) {
        this.#onEmpty?.();
      }
    });
    this.#connections.add(connection);
    accepted.start(connection);
  }
}

/** What the connections of a server share; also made by tests that bring their own sockets. */
export function makeTransportContext(
  options: Pick<
    TransportServerOptions,
    "clock" | "services" | "httpHandler" | "httpStreams" | "limits" | "onError"
  >,
  counters: TransportCounters,
  decompress: Gunzip,
): TransportContext {
  return {
    clock: options.clock,
    limits: { ...defaultLimits, ...options.limits },
    counters,
    routes: makeRoutes(options.services, counters),
    httpHandler: options.httpHandler,
    httpStreams: options.httpStreams ?? ((): undefined => undefined),
    slab: new OutputSlab(),
    flushes: new FlushQueue(options.clock),
    deadlines: new Deadlines(options.clock),
    gunzip: decompress,
    reportError: options.onError,
  };
}
