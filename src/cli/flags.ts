// The flags of `t4 run` as one table: the command line, the environment and docs/configuration.md are all made from it.
import { InvalidArgumentError, Option } from "commander";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../runtime/logger.js";

export interface ListenAddress {
  /** A name or address; the empty string stands for every address of the machine. */
  readonly host: string;
  readonly port: number;
}

/** The flags of `t4 run`, as the command line's parser leaves them. */
export interface RunFlags {
  readonly dataDir: string;
  readonly listen: ListenAddress;
  readonly advertiseClientUrls?: readonly string[];
  readonly nodeId?: string;
  readonly segmentMaxSizeMb: number;
  readonly segmentMaxAgeSec: number;
  readonly readConsistency: "linearizable" | "serializable";
  readonly clientTlsCert?: string;
  readonly clientTlsKey?: string;
  readonly clientTlsCa?: string;
  readonly metricsAddr?: ListenAddress | null;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** Reads "host:port", ":port" or "[v6 address]:port". */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError(
      "Expected host:port with a port of 0 to 65535, such as 0.0.0.0:3379 or [::1]:3379.",
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

function parseOptionalListenAddress(text: string): ListenAddress | null {
  return text === "" ? null : parseListenAddress(text);
}

/** Comma-separated http:// or https:// URLs of a host and a port, as etcd takes them. */
export function parseUrls(text: string): string[] {
  const urls = text
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
  for (const text of urls) {
    const url = URL.canParse(text) ? new URL(text) : null;
    const isPlain =
      url !== null &&
      (url.protocol === "http:" || url.protocol === "https:") &&
      url.hostname !== "" &&
      url.pathname === "/" &&
      url.search === "";
    if (!isPlain) {
      throw new InvalidArgumentError(
        `Expected URLs such as http://10.0.0.1:3379, separated by commas; "${text}" is none.`,
      );
    }
  }
  return urls;
}

/** A parser of whole numbers in [least, most]. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(
        `Expected a whole number from ${String(least)} to ${String(most)}.`,
      );
    }
    return value;
  };
}

/** A node's name: what may stand in a file name and a URL. */
export function parseNodeId(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(text)) {
    throw new InvalidArgumentError(
      "Expected 1 to 64 letters, digits, dots, dashes or underscores.",
    );
  }
  return text;
}

/** `--data-dir` is `T4_DATA_DIR` in the environment. */
export function environmentName(flag: string): string {
  return `T4_${flag.replace(/^--/, "").replaceAll("-", "_").toUpperCase()}`;
}

function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  return made.env(environmentName(made.long ?? ""));
}

export const DEFAULT_LISTEN = "0.0.0.0:3379";
export const DEFAULT_DATA_DIR = "./t4-data";

export function dataDirOption(): Option {
  return option("--data-dir <dir>", "where the log and the store's files live").default(
    DEFAULT_DATA_DIR,
  );
}

/** Made anew at each call: an Option keeps state of the parse it took part in. */
export function runOptions(): Option[] {
  return [
    dataDirOption(),
    option("--listen <host:port>", "address for etcd v3 clients (gRPC and HTTP)")
      .default(parseListenAddress(DEFAULT_LISTEN), DEFAULT_LISTEN)
      .argParser(parseListenAddress),
    option(
      "--advertise-client-urls <urls>",
      "comma-separated URLs that clients are told to use (default: made from --listen)",
    ).argParser(parseUrls),
    option(
      "--node-id <name>",
      "this node's name (default: kept in the data directory, random at first start)",
    ).argParser(parseNodeId),
    option("--segment-max-size-mb <n>", "a log segment is ended at this size, in MiB, or earlier")
      .default(50)
      .argParser(wholeNumber(1, 4096)),
    option("--segment-max-age-sec <n>", "a log segment is ended at this age, in seconds")
      .default(10)
      .argParser(wholeNumber(1, 86_400)),
    option("--read-consistency <mode>", "of reads that do not ask for serializable")
      .choices(["linearizable", "serializable"])
      .default("linearizable"),
    option("--client-tls-cert <file>", "PEM certificate; with --client-tls-key clients use TLS"),
    option("--client-tls-key <file>", "PEM private key of --client-tls-cert"),
    option("--client-tls-ca <file>", "PEM CAs; clients must show a certificate signed by one"),
    option(
      "--metrics-addr <host:port>",
      "serve /metrics and the health probes here as well (default: only on --listen)",
    ).argParser(parseOptionalListenAddress),
    option("--log-level <level>", "least severe message that is logged")
      .choices(LOG_LEVELS)
      .default("info"),
    option("--log-format <format>", "of the log on standard error")
      .choices(LOG_FORMATS)
      .default("text"),
  ];
}
