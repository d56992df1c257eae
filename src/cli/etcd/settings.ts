// What etcd's flags come to: the arguments of `t4 run`, and what these cannot say. Pure but for a look at the data directory,
// which it is given.
import type { LogFormat, LogLevel } from "../../runtime/logger.js";
import type { LogOutput } from "../../runtime/pino-logger.js";
import { CommandError, EXIT_FAILED } from "../exit.js";
import { parseGoDuration, parseList } from "../flags/flag-parsers.js";
import type { EtcdValues } from "./arguments.js";
import { ETCD_FLAGS } from "./flag-table.js";
import { type ListenUrl, parseListenUrls, reachableUrl } from "./urls.js";

/** Something that is said at start. */
export interface Note {
  readonly level: "info" | "warn";
  readonly message: string;
}

export interface EtcdSettings {
  readonly nodeId: string;
  readonly dataDir: string;
  /** Of `t4 run`; every value in its own argument. */
  readonly runArguments: readonly string[];
  /** The first is TCP. */
  readonly clientUrls: readonly [ListenUrl, ...ListenUrl[]];
  readonly metricsUrls: readonly ListenUrl[];
  readonly clientCertAuth: boolean;
  readonly autoTls: { readonly validityYears: number } | null;
  readonly watchProgressMs: number;
  readonly log: {
    readonly level: LogLevel;
    readonly format: LogFormat;
    readonly outputs: readonly LogOutput[];
    readonly timeKey: string;
  };
  readonly notes: readonly Note[];
}

/** What must be known of the world. */
export interface EtcdWorld {
  /** Long flags that `t4 run` has. */
  readonly runFlags: ReadonlySet<string>;
  /** Whose data a directory holds; null if it holds none. */
  readonly nodeIdIn: (dataDir: string) => string | null;
}

function refuse(message: string): CommandError {
  return new CommandError(message, EXIT_FAILED);
}

class Reader {
  readonly values: EtcdValues;

  constructor(values: EtcdValues) {
    this.values = values;
  }

  text(name: string): string {
    return this.values.get(name) ?? ETCD_FLAGS.get(name)?.normal ?? "";
  }

  isOn(name: string): boolean {
    return this.text(name) === "true";
  }

  urls(name: string): readonly ListenUrl[] {
    const parsed = parseListenUrls(this.text(name));
    if (!parsed.ok) {
      throw refuse(`invalid value "${this.text(name)}" for flag -${name}: ${parsed.problem}`);
    }
    return parsed.urls;
  }
}

/** Throws a CommandError for what cannot be served; all else that is not as in etcd is a note. */
export function etcdSettings(values: EtcdValues, world: EtcdWorld): EtcdSettings {
  const read = new Reader(values);
  const name = read.text("name");
  const given = values.get("data-dir") ?? "";
  const dataDir = given === "" ? `${name}.etcd` : given;
  const notes = [...flagNotes(values, world)];
  checkCluster(read, name, dataDir, world);
  const clientUrls = clientUrlsOf(read);
  const metricsUrls = read.urls("listen-metrics-urls");
  const isTls = [...clientUrls, ...metricsUrls].some((url) => url.isTls);
  const hasFiles = read.text("cert-file") !== "" || read.text("key-file") !== "";
  const autoTls = isTls && !hasFiles && read.isOn("auto-tls");
  if (isTls && !hasFiles && !autoTls) {
    const url = [...clientUrls, ...metricsUrls].find((each) => each.isTls)?.text ?? "";
    throw refuse(
      `TLS key/cert (--cert-file, --key-file) must be provided for client url ${url} with HTTPS scheme`,
    );
  }
  if (!isTls && hasFiles) {
    notes.push({
      level: "warn",
      message:
        "the scheme of every client URL is http while key and certificate are given: they are ignored, and clients are served in plaintext",
    });
  }
  if (!isTls && read.isOn("client-cert-auth")) {
    notes.push({
      level: "warn",
      message:
        "the scheme of every client URL is http while --client-cert-auth is given: no certificate is asked for",
    });
  }
  const hasTlsFiles = isTls && hasFiles;
  const isVerifying =
    hasTlsFiles && (read.isOn("client-cert-auth") || read.text("trusted-ca-file") !== "");
  if (!isVerifying && read.text(ALLOWED_HOSTS) !== "") {
    notes.push({
      level: "warn",
      message:
        `--${ALLOWED_HOSTS} keeps nobody out: clients show no certificate that is checked. ` +
        "Listen at https:// with --cert-file, --key-file and --trusted-ca-file",
    });
  }
  return {
    nodeId: nodeIdOf(values, name, dataDir, world),
    dataDir,
    runArguments: [
      ...runArguments(values, world, (flag) =>
        flag === ALLOWED_HOSTS ? isVerifying : hasTlsFiles || !TLS_FILES.has(flag),
      ),
      `--data-dir=${dataDir}`,
      ...advertised(read, clientUrls),
    ],
    clientUrls,
    metricsUrls,
    clientCertAuth: read.isOn("client-cert-auth"),
    autoTls: autoTls ? { validityYears: validityYears(read) } : null,
    watchProgressMs: watchProgressMs(values),
    log: logSettings(read),
    notes,
  };
}

/** The name that was given, and else the directory's own: an import or a restore may have made it under another. */
function nodeIdOf(values: EtcdValues, name: string, dataDir: string, world: EtcdWorld): string {
  const own = world.nodeIdIn(dataDir) ?? name;
  if (own !== name && values.has("name")) {
    throw refuse(
      `${dataDir} belongs to node "${own}", not to "${name}": leave --name out to go on as that node, give --name ${own}, ` +
        "or name another --data-dir",
    );
  }
  return own;
}

function validityYears(read: Reader): number {
  const years = Number(read.text("self-signed-cert-validity"));
  if (years < 1 || years > 100) {
    throw refuse("selfSignedCertValidity is invalid,it should be greater than 0 (and at most 100)");
  }
  return years;
}

/** Flags that do not do here what they do in etcd, each with its reason. */
function* flagNotes(values: EtcdValues, { runFlags }: EtcdWorld): Generator<Note> {
  for (const [name, value] of values) {
    const flag = ETCD_FLAGS.get(name);
    if (flag === undefined || value === flag.normal || value === "") {
      continue;
    }
    const { treatment } = flag;
    switch (treatment.does) {
      case "used":
        break;
      case "passed":
        if (!runFlags.has(treatment.to)) {
          const message = `--${name} is ignored: this version has nothing like it`;
          yield { level: "warn", message };
        }
        break;
      case "harmless":
        yield { level: "info", message: `--${name} is ignored: ${treatment.why}` };
        break;
      case "absent":
        yield { level: "warn", message: `--${name} is ignored: ${treatment.why}` };
        break;
      case "refused":
        throw refuse(`--${name} ${value} cannot be served: ${treatment.why}`);
    }
  }
}

function checkCluster(read: Reader, name: string, dataDir: string, world: EtcdWorld): void {
  const given = read.values.get("initial-cluster") ?? "";
  const names = parseList(given).map((part) => part.split("=")[0]?.trim() ?? "");
  const members = new Set(names.filter((each) => each !== ""));
  if (members.size > 1) {
    throw refuse(
      `--initial-cluster names ${String(members.size)} members (${[...members].join(", ")}), and this is one: ` +
        "serve it alone (leave the flag out), and keep its data safe with --object-store",
    );
  }
  if (members.size === 1 && !members.has(name)) {
    throw refuse(`couldn't find local name "${name}" in the initial cluster configuration`);
  }
  const state = read.text("initial-cluster-state");
  if (state !== "new" && state !== "existing") {
    throw refuse(`unexpected clusterState "${state}"`);
  }
  if (state === "existing" && world.nodeIdIn(dataDir) === null) {
    throw refuse(
      `--initial-cluster-state existing joins a cluster, which is not possible here, and ${dataDir} holds no data yet: ` +
        "start with new, or import the cluster's data with t4 import",
    );
  }
}

function clientUrlsOf(read: Reader): readonly [ListenUrl, ...ListenUrl[]] {
  const urls = [...read.urls("listen-client-urls"), ...read.urls("listen-client-http-urls")];
  const tcp = urls.find(({ endpoint }) => "port" in endpoint);
  if (tcp === undefined) {
    throw refuse(
      "--listen-client-urls names no http:// or https:// URL: sockets of the file system are served only beside one",
    );
  }
  const seen = new Map<string, string>();
  for (const { endpoint, text } of urls) {
    const place = JSON.stringify(endpoint);
    const before = seen.get(place);
    if (before !== undefined && before !== text && !place.includes('"port":0')) {
      throw refuse(`${before} and ${text} are one address: a port speaks either http or https`);
    }
    seen.set(place, text);
  }
  return [tcp, ...urls.filter((url) => url !== tcp)];
}

function advertised(read: Reader, clientUrls: readonly ListenUrl[]): string[] {
  const given = read.values.get("advertise-client-urls");
  if (given !== undefined && given !== "") {
    const urls = read.urls("advertise-client-urls").flatMap((url) => reachable(url, url.text));
    return urls.length === 0 ? [] : [`--advertise-client-urls=${urls.join(",")}`];
  }
  const isFree = clientUrls.some(({ endpoint }) => "port" in endpoint && endpoint.port === 0);
  // A port that is not known yet is told by the server itself.
  const urls = isFree ? [] : clientUrls.flatMap((url) => reachable(url, reachableUrl(url) ?? ""));
  return urls.length === 0 ? [] : [`--advertise-client-urls=${urls.join(",")}`];
}

function reachable({ endpoint }: ListenUrl, text: string): string[] {
  return "path" in endpoint ? [] : [text];
}

function runArguments(
  values: EtcdValues,
  { runFlags }: EtcdWorld,
  isLookedAt: (flag: string) => boolean,
): string[] {
  const made: string[] = [];
  for (const [name, value] of values) {
    const flag = ETCD_FLAGS.get(name);
    if (flag?.treatment.does !== "passed" || value === "" || !runFlags.has(flag.treatment.to)) {
      continue;
    }
    // Below zero switches the quota off in etcd; here it is off unless it is asked for.
    const isOff = name === "quota-backend-bytes" && Number(value) <= 0;
    if (!isOff && isLookedAt(name)) {
      made.push(`${flag.treatment.to}=${value}`);
    }
  }
  return made;
}

/** Without TLS they are not looked at, as in etcd. */
const TLS_FILES: ReadonlySet<string> = new Set([
  "cert-file",
  "key-file",
  "trusted-ca-file",
  "client-crl-file",
]);

const ALLOWED_HOSTS = "client-cert-allowed-hostname";

function watchProgressMs(values: EtcdValues): number {
  const text =
    values.get("watch-progress-notify-interval") ??
    values.get("experimental-watch-progress-notify-interval") ??
    "10m";
  const ms = parseGoDuration(text);
  if (ms === null) {
    throw refuse(`invalid value "${text}" for flag -watch-progress-notify-interval: parse error`);
  }
  return Math.max(100, Math.round(ms));
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  ...{ debug: "debug", info: "info", warn: "warn", warning: "warn", error: "error" },
  ...{ dpanic: "error", panic: "error", fatal: "error" },
};

function logSettings(read: Reader): EtcdSettings["log"] {
  const level = LEVELS[read.text("log-level").toLowerCase()];
  if (level === undefined) {
    throw refuse(`unrecognized level: "${read.text("log-level")}"`);
  }
  const logger = read.text("logger");
  if (logger !== "zap" && logger !== "capnslog") {
    throw refuse(`unknown logger option "${logger}"`);
  }
  const isText = logger === "capnslog" || read.text("log-format") === "console";
  const outputs = read
    .text("log-outputs")
    .split(",")
    .map((output): LogOutput => {
      switch (output.trim()) {
        case "stdout":
          return 1;
        case "":
        case "default":
        case "stderr":
        case "systemd/journal":
          return 2;
        default:
          return { path: output.trim() };
      }
    });
  return {
    level: read.isOn("debug") ? "debug" : level,
    format: isText ? "text" : "json",
    outputs: [...new Map(outputs.map((output) => [JSON.stringify(output), output])).values()],
    timeKey: isText ? "time" : "ts",
  };
}
