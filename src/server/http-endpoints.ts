// The plain HTTP side of the port: version, health and metrics, with etcd's paths and bodies.
import { CLUSTER_VERSION, SERVER_VERSION, STORAGE_VERSION } from "../etcd/version.js";
import type { ScrapedMetrics } from "../runtime/metrics/prometheus-metrics.js";
import type { HttpHandler, HttpRequest, HttpResponse } from "../transport/service.js";
import type { HealthChecks, Probe } from "./health-checks.js";

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const ERROR_TEXT = { ...TEXT, "x-content-type-options": "nosniff" };

/** An error page as Go's HTTP server makes them. */
function errorPage(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { status, headers: { ...ERROR_TEXT, ...headers }, body: `${text}\n` };
}

const NOT_FOUND = errorPage(404, "404 page not found");
export const NOT_GET: HttpResponse = errorPage(405, "Method Not Allowed", { allow: "GET" });

/** The document that describes all that is served over plain HTTP. */
export const OPEN_API_PATH = "/openapi.json";

/**
 * etcd's JSON, and two line ends that bring it to 64 bytes: the HTTP/2 conformance suite needs that much from a GET to
 * test flow control.
 */
const VERSION: HttpResponse = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: `${JSON.stringify({
    etcdserver: SERVER_VERSION,
    etcdcluster: CLUSTER_VERSION,
    storage: STORAGE_VERSION,
  })}\n\n`,
};

/** What a path asks for: all checks of a probe, or one. */
export interface ProbePath {
  readonly probe: Probe;
  readonly name: string | null;
}

export function probePaths(checks: HealthChecks): ReadonlyMap<string, ProbePath> {
  const probes = new Map<string, ProbePath>();
  for (const probe of ["livez", "readyz"] as const) {
    probes.set(`/${probe}`, { probe, name: null });
    for (const name of checks.names(probe)) {
      probes.set(`/${probe}/${name}`, { probe, name });
    }
  }
  probes.set("/healthz", { probe: "livez", name: null });
  return probes;
}

export function httpEndpoints(checks: HealthChecks, metrics: ScrapedMetrics): HttpHandler {
  const probes = probePaths(checks);
  return async (request) => {
    const found = probes.get(request.path);
    if (found !== undefined) {
      return request.method === "GET"
        ? answerProbe(checks, request, found.probe, found.name)
        : NOT_GET;
    }
    switch (request.path) {
      case "/version":
        return request.method === "GET" ? VERSION : NOT_GET;
      case "/health":
        return request.method === "GET" ? answerHealth(checks, request) : NOT_GET;
      case "/metrics":
        return request.method === "GET"
          ? {
              status: 200,
              headers: { "content-type": metrics.contentType },
              body: await metrics.text(),
            }
          : NOT_GET;
      default:
        return NOT_FOUND;
    }
  };
}

/** Values of a query parameter that may be given more than once. */
function valuesOf(request: HttpRequest, name: string): ReadonlySet<string> {
  return new Set(request.query.getAll(name).filter((value) => value !== ""));
}

async function answerProbe(
  checks: HealthChecks,
  request: HttpRequest,
  probe: Probe,
  name: string | null,
): Promise<HttpResponse> {
  const excluded = valuesOf(request, "exclude");
  const names = name === null ? checks.names(probe).filter((each) => !excluded.has(each)) : [name];
  const { isHealthy, lines } = await checks.run(probe, names);
  if (!isHealthy) {
    return errorPage(503, lines);
  }
  const body = request.query.has("verbose") ? `${lines}ok\n` : "ok\n";
  return { status: 200, headers: ERROR_TEXT, body };
}

async function answerHealth(checks: HealthChecks, request: HttpRequest): Promise<HttpResponse> {
  const serializable = request.query.get("serializable") === "true";
  const reason = await checks.health(valuesOf(request, "exclude"), serializable);
  const body = JSON.stringify({
    health: reason === null ? "true" : "false",
    reason: reason ?? "",
  });
  return reason === null ? { status: 200, headers: TEXT, body } : errorPage(503, body);
}
