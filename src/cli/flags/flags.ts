// The flags of `t4 run` as one table: the command line, the environment and docs/configuration.md are all made from it.
import { Option } from "../commander.js";
import {
  option,
  parseListenAddress,
  parseNodeId,
  parseOptionalListenAddress,
  parseUrls,
  wholeNumber,
  type ListenAddress,
} from "./flag-parsers.js";
import { archiveOptions, type ArchiveFlags } from "./archive-flags.js";
import { maintenanceOptions, type MaintenanceFlags } from "./maintenance-flags.js";
import { authOptions, type AuthFlags } from "./auth-flags.js";
import { gatewayOptions, type GatewayFlags } from "./gateway-flags.js";
import { tlsOptions, type TlsFlags } from "./tls-flags.js";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../../runtime/logger.js";

/** The flags of `t4 run`, as the command line's parser leaves them. */
export interface RunFlags
  extends ArchiveFlags, AuthFlags, GatewayFlags, MaintenanceFlags, TlsFlags {
  readonly dataDir: string;
  readonly listen: ListenAddress;
  readonly advertiseClientUrls?: readonly string[];
  readonly nodeId?: string;
  readonly segmentMaxSizeMb: number;
  readonly segmentMaxAgeSec: number;
  readonly readConsistency: "linearizable" | "serializable";
  readonly metricsAddr?: ListenAddress | null;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

export const DEFAULT_LISTEN = "0.0.0.0:3379";
export const DEFAULT_DATA_DIR = "./t4-data";

export function dataDirOption(): Option {
  return option("--data-dir <dir>", "where the log and the store's files live").default(
    DEFAULT_DATA_DIR,
  );
}

/** Of the commands that make a data directory. */
export function newNodeIdOption(): Option {
  return new Option("--node-id <name>", "the new node's name (default: random)").argParser(
    parseNodeId,
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
    ...archiveOptions(),
    ...maintenanceOptions(),
    ...authOptions(),
    option("--read-consistency <mode>", "of reads that do not ask for serializable")
      .choices(["linearizable", "serializable"])
      .default("linearizable"),
    ...tlsOptions(),
    option(
      "--metrics-addr <host:port>",
      "serve /metrics and the health probes here as well (default: only on --listen)",
    ).argParser(parseOptionalListenAddress),
    ...gatewayOptions(),
    option("--log-level <level>", "least severe message that is logged")
      .choices(LOG_LEVELS)
      .default("info"),
    option("--log-format <format>", "of the log on standard error")
      .choices(LOG_FORMATS)
      .default("text"),
  ];
}
