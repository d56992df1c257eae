// `t4db/server`: serves an embedded database to etcd v3 clients.
import { NODE, type HasNode } from "../node/has-node.js";
import type { Consistency, Node } from "../node/node.js";
import type { Logger } from "../runtime/logger.js";
import { silentLogger } from "../runtime/logger.js";
import { nodeThreads } from "../runtime/node-threads.js";
import { PrometheusMetrics, type ScrapedMetrics } from "../runtime/metrics/prometheus-metrics.js";
import { systemClock } from "../runtime/system-clock.js";
import { systemRandom } from "../runtime/system-random.js";
import type { Address, TlsOptions } from "../transport/server.js";
import { readTlsFiles, TlsFileError, type TlsFiles } from "../transport/tls/files.js";
import type { TlsMaterial } from "../transport/tls/material.js";
import type { AccessOptions } from "./access.js";
import { type Server, startServer } from "./server.js";

export { readTlsFiles, TlsFileError };
export type {
  AccessOptions,
  Address,
  Logger,
  ScrapedMetrics,
  Server,
  TlsFiles,
  TlsMaterial,
  TlsOptions,
};
export { ListenError } from "../transport/server.js";

export interface ServeOptions {
  /** Default "127.0.0.1": only this machine. "0.0.0.0" is every IPv4 interface. */
  readonly host?: string;
  /** Default 3379; 0: any free port, told by `Server.address`. */
  readonly port?: number;
  /** PEM certificate and key; without it the port is plaintext. `readTlsFiles` reads them, and again when they change. */
  readonly tls?: TlsOptions;
  /** URLs by which clients reach this server: they are told these, and connect to them. By default host and port. */
  readonly advertiseClientUrls?: readonly string[];
  /** A second, plaintext port with the health and metrics endpoints alone. */
  readonly metricsListen?: Address;
  /** What /metrics shows. Open the database with the same one to see its figures too; see `createMetrics`. */
  readonly metrics?: ScrapedMetrics;
  readonly logger?: Logger;
  /** How current reads are whose callers do not say that they take old ones; default "linearizable". */
  readonly readConsistency?: Consistency;
  /** How often an idle watcher that asked for it is told the revision, in ms; default 10 min, least 100. */
  readonly watchProgressIntervalMs?: number;
  /** Largest write request in bytes; default 1.5 MiB. */
  readonly requestBytesMax?: number;
  /** Most operations in one list of a transaction; default 128. */
  readonly txnOperationsMax?: number;
  /** Which web pages may read answers over plain HTTP, and by which host names the server may be addressed; default: all. */
  readonly access?: AccessOptions;
}

/** A registry of metrics, to be given to one database and its server alike. */
export function createMetrics(): ScrapedMetrics {
  return new PrometheusMetrics();
}

/**
 * Serves a database on a port of its own: gRPC as etcd v3 (KV, Watch, Lease, Cluster, Maintenance, health) and plain HTTP
 * (the same as JSON under /v3/, /version, /health, /livez, /readyz, /metrics, /openapi.json). The database stays its owner's: close the server first, then it.
 * Rejects with a `ListenError` if the port cannot be had.
 */
export async function serve(database: HasNode | Node, options: ServeOptions = {}): Promise<Server> {
  const { host = "127.0.0.1", port = 3379, metrics, logger = silentLogger, ...more } = options;
  return startServer(
    {
      ...more,
      node: NODE in database ? database[NODE] : database,
      listen: { host, port },
      metrics: metrics ?? createMetrics(),
    },
    { clock: systemClock, random: systemRandom, threads: nodeThreads, logger },
  );
}
