// A server: one port with etcd's gRPC services and the plain HTTP endpoints, over a node that is already running.
// Must never: close the node, which belongs to who opened it.
import { REQUEST_BYTES_MAX, REQUEST_OVERHEAD_BYTES } from "../core/limits.js";
import { shownAddress } from "../lib/address.js";
import type { HttpHandler, HttpResponse, HttpStreams } from "../transport/service.js";
import { createServices, type ServiceOptions } from "../etcd/services.js";
import type { Consistency, Node } from "../node/node.js";
import { bcryptPasswords } from "../runtime/credentials/bcrypt-passwords.js";
import { declareProcessMetrics } from "../runtime/metrics/process-metrics.js";
import type { ScrapedMetrics } from "../runtime/metrics/prometheus-metrics.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Signatures } from "../runtime/credentials/signatures.js";
import {
  type Address,
  type Endpoint,
  type TlsOptions,
  TransportServer,
} from "../transport/server.js";
import { AccessControl, type AccessOptions, OPEN_ACCESS } from "./access.js";
import { LazyGateway } from "./gateway/lazy-gateway.js";
import { HealthChecks } from "./health-checks.js";
import { httpEndpoints, NOT_GET, OPEN_API_PATH, probePaths } from "./http-endpoints.js";
import { declareServerMetrics } from "./server-metrics.js";

/** One more place to listen at. */
export interface ListenPlace {
  readonly endpoint: Endpoint;
  readonly tls?: TlsOptions;
}

export interface StartOptions {
  readonly node: Node;
  readonly listen: Address;
  /** Of `listen`. */
  readonly tls?: TlsOptions;
  /** Served exactly as `listen` is. */
  readonly alsoListen?: readonly ListenPlace[];
  /** Where clients reach this member, as URLs. By default the address listened at; localhost if that is any. */
  readonly advertiseClientUrls?: readonly string[];
  /** A second port for the HTTP endpoints alone, without TLS. */
  readonly metricsListen?: Address;
  /** More ports of that kind; with TLS, clients are checked as strictly as everywhere. */
  readonly metricsAlsoListen?: readonly ListenPlace[];
  /** The registry that /metrics shows; the node's own metrics are in it if it was opened with it. */
  readonly metrics: ScrapedMetrics;
  /** How current reads are whose callers do not say that they take old ones; default linearizable. */
  readonly readConsistency?: Consistency;
  readonly watchProgressIntervalMs?: number;
  readonly requestBytesMax?: number;
  readonly txnOperationsMax?: number;
  readonly auth?: ServerAuthOptions;
  /** Which pages may read answers over plain HTTP, and by which names the server may be addressed; default: all. */
  readonly access?: AccessOptions;
}

export interface ServerAuthOptions {
  /** Signs tokens (JWT); without it they are words that the server remembers. */
  readonly signatures?: Signatures;
  /** How long a token lives: a remembered one after its last use, a signed one after it was made. Default 300 s. */
  readonly tokenTtlMs?: number;
  /** Each step up doubles the time that a password takes to be checked; default 10. */
  readonly bcryptCost?: number;
}

export interface Server {
  readonly address: Address;
  readonly metricsAddress: Address | null;
  /** Where it was asked to listen besides. */
  readonly alsoListening: readonly Endpoint[];
  readonly clientUrls: readonly string[];
  /**
   * Ends watches and keepalives so that clients turn elsewhere, lets running calls finish for at most `graceMs`, and
   * closes the port.
   */
  close(graceMs?: number): Promise<void>;
}

/** What a server needs of the world. */
export type ServerRuntime = Pick<Runtime, "clock" | "random" | "logger" | "threads">;

const GRACE_MS = 5000;

/** What JSON puts around the bytes of the largest message. */
const JSON_OVERHEAD_BYTES = 64 * 1024;

/** Listens; rejects with a ListenError where it cannot. */
export async function startServer(options: StartOptions, runtime: ServerRuntime): Promise<Server> {
  const { node, metrics, listen, tls } = options;
  const requestBytesMax = options.requestBytesMax ?? REQUEST_BYTES_MAX;
  let clientUrls = options.advertiseClientUrls ?? [];
  const { bcryptCost, ...auth } = options.auth ?? {};
  const passwords = bcryptPasswords(runtime.threads, bcryptCost);
  const services = createServices({
    ...servicesOptions(options, runtime),
    members: () => [{ id: node.memberId, name: node.status().nodeId, peerUrls: [], clientUrls }],
    requestBytesMax,
    auth: { ...auth, passwords },
  });
  const checks = new HealthChecks(node, runtime.clock);
  const messageBytesMax = requestBytesMax + REQUEST_OVERHEAD_BYTES;
  const httpBodyBytesMax = Math.ceil((messageBytesMax * 4) / 3) + JSON_OVERHEAD_BYTES;
  const endpoints = httpEndpoints(checks, metrics);
  const control = new AccessControl(options.access ?? OPEN_ACCESS);
  const common = {
    clock: runtime.clock,
    logger: runtime.logger,
    limits: { messageBytesMax, httpBodyBytesMax },
    onError: (error: unknown) => {
      stopForBug(error, runtime);
    },
  };
  const gateway = new LazyGateway({
    services: services.methods,
    counters: () => main.counters,
    clock: runtime.clock,
    messageBytesMax,
    jsonBytesMax: httpBodyBytesMax,
  });
  const main: TransportServer = new TransportServer({
    ...common,
    ...httpSide(control, gateway, checks, endpoints),
    services: services.methods,
    ...listen,
    ...(tls === undefined ? {} : { tls }),
  });
  const address = await main.listen();
  const alsoListening = await listenAlso(main, options.alsoListen ?? []);
  if (options.advertiseClientUrls === undefined) {
    clientUrls = [urlOf(address, tls !== undefined)];
  }
  const probes = await startProbes(
    options,
    { ...common, httpHandler: control.guard(endpoints) },
    main,
  );
  // Only now: a registry takes each name once, and a server that cannot listen may be tried again.
  declareServerMetrics(metrics, services, main.counters);
  checks.declareMetrics(metrics);
  declareProcessMetrics(metrics);
  runtime.logger.info("serving", { address: urlOf(address, tls !== undefined) });
  return {
    address,
    metricsAddress: probes?.address ?? null,
    alsoListening,
    clientUrls,
    async close(graceMs = GRACE_MS) {
      services.stopServing();
      services.endStreams();
      await Promise.all([main.drain(graceMs), probes?.close()]);
      await passwords.close();
    },
  };
}

/** What the services take over as it was given. */
function servicesOptions(
  { node, txnOperationsMax, readConsistency, watchProgressIntervalMs }: StartOptions,
  { clock, random }: ServerRuntime,
): Pick<
  ServiceOptions,
  "node" | "clock" | "random" | "txnOperationsMax" | "readConsistency" | "watchProgressIntervalMs"
> {
  return {
    node,
    clock,
    random,
    ...(txnOperationsMax === undefined ? {} : { txnOperationsMax }),
    ...(readConsistency === undefined ? {} : { readConsistency }),
    ...(watchProgressIntervalMs === undefined ? {} : { watchProgressIntervalMs }),
  };
}

/** A bug stops the process: going on with a state that nobody foresaw would be worse. */
function stopForBug(error: unknown, { logger, clock }: ServerRuntime): void {
  logger.error("a request met a bug", {
    error: error instanceof Error ? error : new Error(String(error)),
  });
  clock.nextTurn(() => {
    throw error;
  });
}

/** The endpoints, the gateway and the document that describes both, behind the rules of access. */
function httpSide(
  control: AccessControl,
  gateway: LazyGateway,
  checks: HealthChecks,
  endpoints: HttpHandler,
): { readonly httpHandler: HttpHandler; readonly httpStreams: HttpStreams } {
  let described: Promise<HttpResponse> | null = null;
  return {
    httpHandler: control.guard(async (request) => {
      if (gateway.serves(request.path)) {
        return gateway.handle(request);
      }
      if (request.path === OPEN_API_PATH) {
        if (request.method !== "GET") {
          return NOT_GET;
        }
        // Most servers are never asked: made by the first who asks.
        described ??= describe(checks);
        return described;
      }
      return endpoints(request);
    }),
    httpStreams: control.guardStreams((head, asksWebSocket, headers) =>
      gateway.stream(head, asksWebSocket, headers),
    ),
  };
}

async function describe(checks: HealthChecks): Promise<HttpResponse> {
  const { openApiDocument } = await import("./gateway/open-api.js");
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: openApiDocument([...probePaths(checks).keys()]),
  };
}

/** All or none: what cannot listen everywhere it was told to is closed. */
async function listenAlso(
  server: TransportServer,
  places: readonly ListenPlace[],
): Promise<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  try {
    for (const { endpoint, tls } of places) {
      endpoints.push(await server.listenAt(endpoint, tls));
    }
  } catch (error) {
    await server.close();
    throw error;
  }
  return endpoints;
}

/** The server of the second ports, if there are to be any. */
async function startProbes(
  { metricsListen, metricsAlsoListen = [] }: StartOptions,
  common: Omit<ConstructorParameters<typeof TransportServer>[0], "services" | "host" | "port">,
  main: TransportServer,
): Promise<TransportServer | null> {
  if (metricsListen === undefined && metricsAlsoListen.length === 0) {
    return null;
  }
  const first = metricsListen === undefined ? [] : [{ endpoint: metricsListen }];
  const probes = new TransportServer({ ...common, services: new Map(), host: "", port: 0 });
  try {
    await listenAlso(probes, [...first, ...metricsAlsoListen]);
  } catch (error) {
    await main.close();
    throw error;
  }
  return probes;
}

function urlOf(address: Address, isTls: boolean): string {
  const isAny = address.host === "0.0.0.0" || address.host === "::";
  const host = isAny ? "localhost" : address.host;
  return `${isTls ? "https" : "http"}://${shownAddress(host, address.port)}`;
}
