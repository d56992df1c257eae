// What all connections of one server share.
import type { Clock } from "../runtime/clock.js";
import type { TransportCounters } from "./counters.js";
import { MethodCounters } from "./counters.js";
import type { Deadlines } from "./deadlines.js";
import type { OutputSlab } from "./http2/output.js";
import type { TransportLimits } from "./limits.js";
import type { HttpHandler, HttpStreams, Method, ServiceMap } from "./service.js";

/** A method with its counters. */
export interface Route {
  readonly path: string;
  readonly method: Method;
  readonly counters: MethodCounters;
}

export interface Routes {
  readonly byPath: ReadonlyMap<string, Route>;
  /** Service names ("etcdserverpb.KV"), to tell an unknown method from an unknown service. */
  readonly services: ReadonlySet<string>;
}

/** Decompresses a gzip body; undefined if it is no gzip, "too-large" if it would be larger than `bytesMax`. */
export type Gunzip = (body: Uint8Array, bytesMax: number) => Uint8Array | "too-large" | undefined;

export interface TransportContext {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly counters: TransportCounters;
  readonly routes: Routes;
  readonly httpHandler: HttpHandler;
  readonly httpStreams: HttpStreams;
  readonly slab: OutputSlab;
  readonly flushes: FlushQueue;
  readonly deadlines: Deadlines;
  readonly gunzip: Gunzip;
  /** A handler threw: a bug in a service. The call was answered with INTERNAL. */
  readonly reportError: (error: unknown) => void;
}

export function makeRoutes(services: ServiceMap, counters: TransportCounters): Routes {
  const byPath = new Map<string, Route>();
  const names = new Set<string>();
  for (const [path, method] of services) {
    const methodCounters = new MethodCounters(method.kind);
    counters.methods.set(path, methodCounters);
    byPath.set(path, { path, method, counters: methodCounters });
    names.add(path.slice(1, path.lastIndexOf("/")));
  }
  return { byPath, services: names };
}

export interface Flushable {
  /** Kept by the queue. */
  flushQueued: boolean;
  flush(): void;
}

/** Connections with output made outside their own turn: all are flushed once, after the I/O of this turn. */
export class FlushQueue {
  readonly #clock: Clock;
  #queue: Flushable[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: Flushable): void {
    if (connection.flushQueued) {
      return;
    }
    connection.flushQueued = true;
    if (this.#queue.push(connection) === 1) {
      this.#clock.nextTurn(() => {
        this.#run();
      });
    }
  }

  #run(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const connection of queue) {
      connection.flushQueued = false;
      connection.flush();
    }
  }
}
