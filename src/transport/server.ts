// The transport's server: one port that speaks gRPC over HTTP/2 and plain HTTP over HTTP/2 and HTTP/1.1. The first bytes
// of a connection decide which. It knows nothing of what it serves.
import { assert } from "../lib/assert.js";
import type { Clock } from "../runtime/clock.js";
import { type Logger, silentLogger } from "../runtime/logger.js";
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
  type Endpoint,
  listen,
  ListenError,
  type Listener,
  type SocketPath,
} from "./sockets.js";
import type { TlsOptions } from "./tls/material.js";

export { ListenError };
export type { Address, Endpoint, SocketPath, TlsOptions };
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
  /** Told of clients that fail in the TLS handshake, and of certificates that change; default: nobody is. */
  readonly logger?: Logger;
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
  #listeners: readonly Listener[] = [];
  #phase: "open" | "draining" | "closed" = "open";
  #onEmpty: (() => void) | undefined = undefined;

  constructor(options: TransportServerOptions) {
    this.#options = options;
    this.#context = makeTransportContext(options, this.counters, gunzip);
  }

  /** Begins to listen. Rejects with a ListenError that says why it cannot. */
  async listen(): Promise<Address> {
    const { host, port, tls } = this.#options;
    const address = await this.listenAt({ host, port }, tls);
    assert("port" in address, "a host and a port are listened at as such");
    return address;
  }

  /** Listens at one more place; all lead to the same services. Resolves to it with the port that was found. */
  async listenAt(endpoint: Endpoint, tls?: TlsOptions): Promise<Endpoint> {
    const { limits, clock } = this.#context;
    const listener = await listen(
      {
        endpoint,
        ...(tls === undefined ? {} : { tls }),
        handshakeTimeoutMs: limits.handshakeTimeoutMs,
        pendingHandshakesMax: limits.pendingHandshakesMax,
        clock,
        logger: this.#options.logger ?? silentLogger,
      },
      (accepted) => {
        this.#accept(accepted);
      },
      () => {
        this.counters.handshakesFailed += 1;
      },
    );
    this.#listeners = [...this.#listeners, listener];
    if (this.#phase !== "open") {
      listener.close();
    }
    return listener.endpoint;
  }

  /** Where it listened first; undefined before `listen` has resolved. */
  get address(): Address | undefined {
    const endpoint = this.#listeners[0]?.endpoint;
    return endpoint !== undefined && "port" in endpoint ? endpoint : undefined;
  }

  #stopListening(): void {
    for (const listener of this.#listeners) {
      listener.close();
    }
  }

  /**
   * Stops accepting, lets running calls finish, and resolves when all connections are closed; after `graceMs` those that
   * are left are cut. Calls that never end by themselves (watches) should be ended by their service before.
   */
  async drain(graceMs: number): Promise<void> {
    if (this.#phase === "open") {
      this.#phase = "draining";
    }
    this.#stopListening();
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
    this.#stopListening();
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
