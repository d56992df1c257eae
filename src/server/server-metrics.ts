// What a server counts beside its node: calls by method and status, bytes, connections, watches.
import type { EtcdServices } from "../etcd/services.js";
import { CLUSTER_VERSION, SERVER_VERSION } from "../etcd/version.js";
import type { Metrics, Sample } from "../runtime/metrics/metrics.js";
import type { MethodCounters, TransportCounters } from "../transport/counters.js";
import { GRPC_STATUS_NAMES } from "../transport/service.js";

/** Streaming methods in which only the server streams; the others stream both ways. */
const serverStreams = new Set([
  "/etcdserverpb.KV/RangeStream",
  "/etcdserverpb.Maintenance/Snapshot",
  "/v3electionpb.Election/Observe",
  "/grpc.health.v1.Health/Watch",
]);

/** The labels that all metrics of a method have. */
export function methodLabels(
  path: string,
  kind: "unary" | "stream",
): Readonly<Record<"grpc_service" | "grpc_method" | "grpc_type", string>> {
  const slash = path.lastIndexOf("/");
  const streamType = serverStreams.has(path) ? "server_stream" : "bidi_stream";
  return {
    grpc_service: path.slice(1, slash),
    grpc_method: path.slice(slash + 1),
    grpc_type: kind === "unary" ? "unary" : streamType,
  };
}

export function declareServerMetrics(
  metrics: Metrics,
  services: EtcdServices,
  counters: TransportCounters,
): void {
  declareCalls(metrics, counters.methods);
  metrics.counter(
    "etcd_network_client_grpc_received_bytes_total",
    "Bytes of messages received from clients.",
    () => counters.messageBytesReceived,
  );
  metrics.counter(
    "etcd_network_client_grpc_sent_bytes_total",
    "Bytes of messages sent to clients.",
    () => counters.messageBytesSent,
  );
  const version = (label: string, value: string): readonly Sample[] => [
    { labels: { [label]: value }, value: 1 },
  ];
  metrics.family("gauge", "etcd_server_version", "The version.", ["server_version"], () =>
    version("server_version", SERVER_VERSION),
  );
  metrics.family("gauge", "etcd_cluster_version", "The version.", ["cluster_version"], () =>
    version("cluster_version", CLUSTER_VERSION.split(".").slice(0, 2).join(".")),
  );
  metrics.gauge(
    "etcd_debugging_mvcc_watch_stream_total",
    "Open watch streams.",
    () => services.watchStreams,
  );
  declareAuth(metrics, services);
  metrics.gauge("t4_connections", "Open connections.", () => counters.connectionsOpen);
  metrics.counter("t4_connections_total", "Connections accepted.", () => counters.connectionsTotal);
  metrics.counter(
    "t4_connections_refused_total",
    "Connections closed because the client broke a limit or the protocol.",
    () => counters.connectionsRefused,
  );
  metrics.counter(
    "t4_tls_handshakes_failed_total",
    "TLS handshakes that failed or took too long.",
    () => counters.handshakesFailed,
  );
  metrics.counter("t4_http_requests_total", "Plain HTTP requests.", () => counters.httpRequests);
  metrics.counter("t4_received_bytes_total", "Bytes received.", () => counters.bytesReceived);
  metrics.counter("t4_sent_bytes_total", "Bytes sent.", () => counters.bytesSent);
}

function declareAuth(metrics: Metrics, services: EtcdServices): void {
  metrics.gauge(
    "etcd_debugging_auth_revision",
    "The revision of users, roles and permissions.",
    () => services.auth.revision,
  );
  metrics.gauge("t4_auth_enabled", "Whether auth is on. 1: yes, 0: no.", () =>
    Number(services.auth.enabled),
  );
  metrics.gauge("t4_auth_tokens", "Tokens that are known.", () => services.auth.tokens);
  metrics.counter(
    "t4_auth_invalid_tokens_total",
    "Requests with a token that is none, or no longer one.",
    () => services.auth.invalidTokens,
  );
  metrics.family(
    "counter",
    "t4_auth_logins_total",
    "Logins: with the right password, with a wrong one, refused because too many failed.",
    ["result"],
    () => {
      const { loginsSucceeded, loginsFailed, loginsPaused } = services.auth;
      return [
        { labels: { result: "success" }, value: loginsSucceeded },
        { labels: { result: "failure" }, value: loginsFailed },
        { labels: { result: "paused" }, value: loginsPaused },
      ];
    },
  );
}

function declareCalls(metrics: Metrics, methods: ReadonlyMap<string, MethodCounters>): void {
  const labelNames = ["grpc_service", "grpc_method", "grpc_type"];
  const perMethod = (read: (counters: MethodCounters) => number) => (): readonly Sample[] =>
    [...methods].map(([path, counters]) => ({
      labels: methodLabels(path, counters.kind),
      value: read(counters),
    }));
  metrics.family(
    "counter",
    "grpc_server_started_total",
    "Calls started.",
    labelNames,
    perMethod((counters) => counters.started),
  );
  metrics.family(
    "counter",
    "grpc_server_msg_received_total",
    "Messages received.",
    labelNames,
    perMethod((counters) => counters.messagesReceived),
  );
  metrics.family(
    "counter",
    "grpc_server_msg_sent_total",
    "Messages sent.",
    labelNames,
    perMethod((counters) => counters.messagesSent),
  );
  metrics.family(
    "counter",
    "grpc_server_handled_total",
    "Calls ended, by status.",
    [...labelNames, "grpc_code"],
    () =>
      [...methods].flatMap(([path, counters]) =>
        GRPC_STATUS_NAMES.map((name, status) => ({
          labels: { ...methodLabels(path, counters.kind), grpc_code: name },
          value: counters.handled[status] ?? 0,
        })),
      ),
  );
}
