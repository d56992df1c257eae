// Every flag that etcd 3.4 to 3.7 knows, and what `t4 etcd` does with it. As data: the command line, the environment, the
// configuration file, --help and docs/etcd-flags.md are all made from it.

/** How a value is written, as Go's flag package reads it. */
export type ValueKind = "switch" | "text" | "number" | "duration" | "urls";

export type Treatment =
  /** Means the same here. */
  | { readonly does: "used"; readonly how: string }
  /** Means what this flag of `t4 run` means; noted as absent where the server has no such flag. */
  | { readonly does: "passed"; readonly to: string }
  /** Says something about a matter that does not exist here; whatever it says, nobody misses it. */
  | { readonly does: "harmless"; readonly why: string }
  /** Asks for something that is not here. Noted as a warning. */
  | { readonly does: "absent"; readonly why: string }
  /** Asks for another cluster or other data than would be served: the start ends. */
  | { readonly does: "refused"; readonly why: string };

export interface EtcdFlag {
  readonly kind: ValueKind;
  /** etcd's default: with this value nothing is asked for. */
  readonly normal: string;
  readonly treatment: Treatment;
}

type Table = Record<string, EtcdFlag>;

function flags(
  kind: ValueKind,
  treatment: Treatment,
  names: Readonly<Record<string, string>>,
): Table {
  return Object.fromEntries(
    Object.entries(names).map(([name, normal]) => [name, { kind, normal, treatment }]),
  );
}

function used(kind: ValueKind, name: string, normal: string, how: string): Table {
  return flags(kind, { does: "used", how }, { [name]: normal });
}

function passed(kind: ValueKind, name: string, normal: string, to: string = `--${name}`): Table {
  return flags(kind, { does: "passed", to }, { [name]: normal });
}

const harmless = (why: string): Treatment => ({ does: "harmless", why });
const absent = (why: string): Treatment => ({ does: "absent", why });
const refused = (why: string): Treatment => ({ does: "refused", why });

const member: Table = {
  ...used(
    "text",
    "name",
    "default",
    "this node's name, and the start of the data directory's default",
  ),
  ...used("text", "data-dir", "${name}.etcd", "a directory in T4's own format"),
  ...used(
    "urls",
    "listen-client-urls",
    "http://localhost:2379",
    "each is served; unix:// only beside http:// or https://",
  ),
  ...used(
    "urls",
    "listen-client-http-urls",
    "",
    "served like --listen-client-urls: every port speaks both",
  ),
  ...used(
    "urls",
    "advertise-client-urls",
    "http://localhost:2379",
    "as etcd; default: made from --listen-client-urls",
  ),
  ...used(
    "urls",
    "listen-metrics-urls",
    "",
    "metrics and probes; https:// with the certificates of clients",
  ),
  ...passed("number", "quota-backend-bytes", "0"),
  ...passed("number", "max-txn-ops", "128"),
  ...passed("number", "max-request-bytes", "1572864"),
  ...passed("text", "auto-compaction-mode", "periodic"),
  ...passed("text", "auto-compaction-retention", "0"),
  ...used("duration", "watch-progress-notify-interval", "10m", "as etcd"),
  ...used("duration", "experimental-watch-progress-notify-interval", "10m", "as etcd"),
  ...flags("text", absent("the log is kept in the data directory"), { "wal-dir": "" }),
  ...flags("switch", absent("every write is synced"), { "unsafe-no-fsync": "false" }),
  ...flags("number", absent("the limit is 10,000 streams"), {
    "max-concurrent-streams": "4294967295",
  }),
  ...flags(
    "duration",
    absent(
      "the limits are etcd's defaults: pings at most every 5s, own ones after 2h, answered in 20s",
    ),
    {
      "grpc-keepalive-min-time": "5s",
      "grpc-keepalive-interval": "2h",
      "grpc-keepalive-timeout": "20s",
    },
  ),
  ...flags("switch", absent("a port belongs to one process"), {
    "socket-reuse-port": "false",
    "socket-reuse-address": "false",
  }),
  ...flags("switch", harmless("the JSON gateway is part of the port"), {
    "enable-grpc-gateway": "true",
  }),
  ...flags(
    "number",
    harmless("the log is cut and the store written by size and age, by themselves"),
    {
      "snapshot-count": "10000",
      "max-snapshots": "5",
      "max-wals": "5",
      "backend-batch-limit": "0",
      "snapshot-catchup-entries": "5000",
      "experimental-snapshot-catchup-entries": "5000",
    },
  ),
  ...flags(
    "duration",
    harmless("writes that wait together are written together, without a timer"),
    {
      "backend-batch-interval": "0s",
    },
  ),
  ...flags("text", harmless("there is no bbolt file"), {
    "backend-bbolt-freelist-type": "map",
    "experimental-backend-bbolt-freelist-type": "array",
  }),
};

const ONE_NODE = "nothing is elected among peers: the shortest lease stays 2s";
const NO_PEERS = "there are no peers to speak to";
const JOIN =
  "a cluster is not joined by etcd's means: serve one node, or import the data with t4 import";

const cluster: Table = {
  ...used(
    "text",
    "initial-cluster",
    "default=http://localhost:2380",
    "accepted with this member alone; several are refused",
  ),
  ...used(
    "text",
    "initial-cluster-state",
    "new",
    "accepted; existing is refused on an empty data directory",
  ),
  ...flags("number", harmless(ONE_NODE), {
    "heartbeat-interval": "100",
    "election-timeout": "1000",
  }),
  ...flags("switch", harmless(ONE_NODE), {
    "initial-election-tick-advance": "true",
    "pre-vote": "true",
    "strict-reconfig-check": "true",
  }),
  ...flags("urls", harmless(NO_PEERS), {
    "listen-peer-urls": "http://localhost:2380",
    "initial-advertise-peer-urls": "http://localhost:2380",
  }),
  ...flags("text", harmless("the cluster's id is random and kept in the data directory"), {
    "initial-cluster-token": "etcd-cluster",
  }),
  ...flags("duration", harmless(NO_PEERS), {
    "raft-read-timeout": "5s",
    "raft-write-timeout": "5s",
  }),
  ...flags("number", harmless(NO_PEERS), { "max-learners": "1", "experimental-max-learners": "1" }),
  ...flags("switch", refused("there is no cluster to make one node of; start without it"), {
    "force-new-cluster": "false",
  }),
  ...flags("text", refused(JOIN), {
    discovery: "",
    "discovery-srv": "",
    "discovery-endpoints": "",
    "discovery-token": "",
  }),
  ...flags("text", harmless("it says something only beside --discovery"), {
    "discovery-fallback": "exit",
    "discovery-proxy": "",
    "discovery-srv-name": "",
    "discovery-cert": "",
    "discovery-key": "",
    "discovery-cacert": "",
    "discovery-user": "",
    "discovery-password": "",
  }),
  ...flags("duration", harmless("it says something only beside --discovery-endpoints"), {
    "discovery-dial-timeout": "2s",
    "discovery-request-timeout": "5s",
    "discovery-keepalive-time": "2s",
    "discovery-keepalive-timeout": "6s",
  }),
  ...flags("switch", harmless("it says something only beside --discovery-endpoints"), {
    "discovery-insecure-transport": "true",
    "discovery-insecure-skip-tls-verify": "false",
  }),
  ...flags("text", refused("this is no proxy; point clients at the server"), { proxy: "off" }),
  ...flags("number", harmless("it says something only beside --proxy"), {
    "proxy-failure-wait": "5000",
    "proxy-refresh-interval": "30000",
    "proxy-dial-timeout": "1000",
    "proxy-write-timeout": "5000",
    "proxy-read-timeout": "0",
  }),
};

const security: Table = {
  ...passed("text", "cert-file", "", "--client-tls-cert"),
  ...passed("text", "key-file", "", "--client-tls-key"),
  ...passed("text", "trusted-ca-file", "", "--client-tls-ca"),
  ...passed("text", "client-crl-file", ""),
  ...passed("text", "client-cert-allowed-hostname", ""),
  ...passed("text", "cipher-suites", ""),
  ...passed("text", "tls-min-version", "TLS1.2"),
  ...passed("text", "tls-max-version", ""),
  ...passed("text", "cors", "*"),
  ...passed("text", "host-whitelist", "*"),
  ...passed("text", "auth-token", "simple"),
  ...passed("number", "auth-token-ttl", "300", "--token-ttl"),
  ...passed("number", "bcrypt-cost", "10"),
  ...used(
    "switch",
    "client-cert-auth",
    "false",
    "as etcd; without --trusted-ca-file the authorities that Node brings are trusted",
  ),
  ...used("switch", "auto-tls", "false", "a self-signed certificate in <data-dir>.auto-tls"),
  ...used("number", "self-signed-cert-validity", "1", "years, of --auto-tls"),
  ...flags("text", harmless("the server never is a client of itself"), {
    "client-cert-file": "",
    "client-key-file": "",
  }),
  ...flags("text", harmless(NO_PEERS), {
    "peer-cert-file": "",
    "peer-key-file": "",
    "peer-trusted-ca-file": "",
    "peer-cert-allowed-cn": "",
    "peer-cert-allowed-hostname": "",
    "peer-crl-file": "",
    "peer-client-cert-file": "",
    "peer-client-key-file": "",
  }),
  ...flags("switch", harmless(NO_PEERS), {
    "peer-client-cert-auth": "false",
    "peer-auto-tls": "false",
    "peer-skip-client-san-verification": "false",
    "experimental-peer-skip-client-san-verification": "false",
  }),
};

const observing: Table = {
  ...used(
    "text",
    "logger",
    "zap",
    "zap: JSON lines with level, ts and msg; capnslog: lines for people",
  ),
  ...used(
    "text",
    "log-outputs",
    "default",
    "stderr (default, also for systemd/journal), stdout, or files; several at once",
  ),
  ...used("text", "log-level", "info", "debug, info, warn, error; panic and fatal count as error"),
  ...used("text", "log-format", "json", "json or console"),
  ...flags("switch", absent("rotate the file with logrotate (copytruncate)"), {
    "enable-log-rotation": "false",
  }),
  ...flags("text", harmless("it says something only beside --enable-log-rotation"), {
    "log-rotation-config-json": "",
  }),
  ...flags("switch", harmless("no log line is left out"), { "disable-log-sampling": "false" }),
  ...used("switch", "debug", "false", "the same as --log-level debug"),
  ...flags("text", absent("there is one log level; use --log-level"), { "log-package-levels": "" }),
  ...flags("text", harmless("there is one set of metrics"), { metrics: "basic" }),
  ...flags("switch", absent("Node has its own profiler: start with node --cpu-prof"), {
    "enable-pprof": "false",
  }),
  ...flags("switch", absent("requests are not traced"), {
    "enable-distributed-tracing": "false",
    "experimental-enable-distributed-tracing": "false",
  }),
  ...flags("text", harmless("requests are not traced"), {
    "distributed-tracing-address": "localhost:4317",
    "distributed-tracing-service-name": "etcd",
    "distributed-tracing-instance-id": "",
    "experimental-distributed-tracing-address": "localhost:4317",
    "experimental-distributed-tracing-service-name": "etcd",
    "experimental-distributed-tracing-instance-id": "",
  }),
  ...flags("number", harmless("requests are not traced"), {
    "distributed-tracing-sampling-rate": "0",
    "experimental-distributed-tracing-sampling-rate": "0",
  }),
  ...flags("duration", harmless("slow requests are seen in the metrics"), {
    "warning-apply-duration": "100ms",
    "experimental-warning-apply-duration": "100ms",
    "warning-unary-request-duration": "300ms",
    "experimental-warning-unary-request-duration": "0s",
  }),
};

const CHECKED = "every block that is read is checked against its checksum";
const NO_PAUSE = "compaction never holds up other work";
const NO_V2 = "the v2 API is not served";

const others: Table = {
  ...used(
    "text",
    "config-file",
    "",
    "YAML with etcd's names; other flags and variables are then ignored, as in etcd",
  ),
  ...used("switch", "version", "false", "prints the version"),
  ...flags("switch", harmless(CHECKED), {
    "experimental-initial-corrupt-check": "false",
    "experimental-compact-hash-check-enabled": "false",
  }),
  ...flags("duration", harmless(CHECKED), {
    "corrupt-check-time": "0s",
    "experimental-corrupt-check-time": "0s",
    "compact-hash-check-time": "1m",
    "experimental-compact-hash-check-time": "1m",
  }),
  ...flags("number", harmless(NO_PAUSE), {
    "compaction-batch-limit": "1000",
    "experimental-compaction-batch-limit": "1000",
    "bootstrap-defrag-threshold-megabytes": "0",
    "experimental-bootstrap-defrag-threshold-megabytes": "0",
  }),
  ...flags("duration", harmless(NO_PAUSE), {
    "compaction-sleep-interval": "10ms",
    "experimental-compaction-sleep-interval": "10ms",
  }),
  ...flags("switch", harmless("a restart never shortens or lengthens a lease"), {
    "experimental-enable-lease-checkpoint": "false",
    "experimental-enable-lease-checkpoint-persist": "false",
  }),
  ...flags("duration", harmless("there are no older members to go back to"), {
    "downgrade-check-time": "5s",
    "experimental-downgrade-check-time": "5s",
  }),
  ...flags("switch", absent("memory is not locked: the store's files are not mapped"), {
    "memory-mlock": "false",
    "experimental-memory-mlock": "false",
  }),
  ...flags("switch", harmless("a transaction never copies the store's buffer"), {
    "experimental-txn-mode-write-with-shared-buffer": "true",
  }),
  ...flags("switch", harmless("defragmentation does not stop the server"), {
    "experimental-stop-grpc-service-on-defrag": "false",
  }),
  ...flags("text", harmless("the features behind etcd's gates are always on, or not there"), {
    "feature-gates": "",
  }),
  ...flags("switch", absent(NO_V2), { "enable-v2": "false" }),
  ...flags("text", absent(NO_V2), { "experimental-enable-v2v3": "" }),
  ...flags("text", harmless(NO_V2), { "v2-deprecation": "write-only" }),
  ...flags("text", harmless("etcd ignores it too"), {
    "cluster-active-size": "",
    "cluster-remove-delay": "",
    "cluster-sync-interval": "",
    config: "",
    force: "",
    "max-result-buffer": "",
    "max-retry-attempts": "",
    "peer-heartbeat-interval": "",
    "peer-election-timeout": "",
    "retry-interval": "",
    snapshot: "",
    v: "",
    vv: "",
    "test.coverprofile": "",
    "test.outputdir": "",
  }),
};

/** By title, in etcd's own order. */
export const ETCD_FLAG_GROUPS: Readonly<Record<string, Readonly<Table>>> = {
  Member: member,
  Clustering: cluster,
  "Security and auth": security,
  "Logging, profiling and monitoring": observing,
  Others: others,
};

export const ETCD_FLAGS: ReadonlyMap<string, EtcdFlag> = new Map(
  Object.values(ETCD_FLAG_GROUPS).flatMap((group) => Object.entries(group)),
);

/** What a flag does here, in words. */
export function describeTreatment({ treatment }: EtcdFlag): string {
  switch (treatment.does) {
    case "used":
      return treatment.how;
    case "passed":
      return `the same as ${treatment.to} of t4 run`;
    case "harmless":
      return `ignored: ${treatment.why}`;
    case "absent":
      return `ignored with a warning: ${treatment.why}`;
    case "refused":
      return `refused: ${treatment.why}`;
  }
}
