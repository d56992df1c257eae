// `t4 etcd`: a server that is started as etcd is, with etcd's flags, variables and configuration file, and ends as etcd does.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "../commander.js";
import { decodeIdentity, IDENTITY_NAME } from "../../node/directory/identity.js";
import { lateLogger, type LateLogger } from "../../runtime/pino-logger.js";
import { CLUSTER_VERSION, SERVER_VERSION } from "../../etcd/version.js";
import type { TlsOptions } from "../../transport/server.js";
import { CommandError, EXIT_FAILED, EXIT_OK } from "../exit.js";
import { parseNodeId } from "../flags/flag-parsers.js";
import { runOptions, type RunFlags } from "../flags/flags.js";
import type { ListenSettings } from "../run/listen.js";
import { objectStoreUrl } from "../object-store.js";
import { loadRun } from "../run/load-run.js";
import type { RunManner } from "../run/run.js";
import { parseArguments, valuesOfEnvironment, type EtcdValues, type OwnFlag } from "./arguments.js";
import { describeTreatment, ETCD_FLAG_GROUPS } from "./flag-table.js";
import { etcdSettings, type EtcdSettings, type Note } from "./settings.js";
import { notifySystemd } from "./systemd.js";
import type { ListenUrl } from "./urls.js";

const USAGE = `Usage:

  t4 etcd [flags]          Serve etcd v3 clients, started as etcd is.
  t4 etcd --version        Show the version of etcd that is spoken.
  t4 etcd -h | --help      Show what each of etcd's flags does here.
  t4 etcd --config-file    Path to a configuration file of etcd. Other flags and variables are then ignored.

Every flag can be given with one dash or two, or as ETCD_<NAME> in the environment. The flags of t4 run that etcd does
not have (--object-store, --wal-sync-upload and others; see t4 run --help) can be given as well.
`;

function help(): string {
  const lines = [USAGE];
  for (const [title, group] of Object.entries(ETCD_FLAG_GROUPS)) {
    lines.push(`${title}:`);
    for (const [name, flag] of Object.entries(group)) {
      lines.push(`  --${name} '${flag.normal}'`, `    ${describeTreatment(flag)}`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

function version(packageVersion: string): string {
  return [
    `etcd Version: ${SERVER_VERSION}`,
    `etcd Cluster Version: ${CLUSTER_VERSION}`,
    `T4 for TypeScript: ${packageVersion}`,
    `Node Version: ${process.version}`,
    `OS/Arch: ${process.platform}/${process.arch}`,
    "",
  ].join("\n");
}

function ownFlags(): OwnFlag[] {
  return runOptions().map((option) => ({
    name: (option.long ?? "").slice(2),
    takesValue: option.required,
  }));
}

interface Asked {
  readonly values: EtcdValues;
  readonly own: readonly string[];
  readonly notes: readonly Note[];
}

async function gather(args: readonly string[]): Promise<Asked | "help"> {
  const { values, own, asksHelp } = parseArguments(args, ownFlags());
  if (asksHelp) {
    return "help";
  }
  const file = values.get("config-file") ?? process.env["ETCD_CONFIG_FILE"] ?? "";
  if (file !== "") {
    const { readConfigFile } = await import("./config-file.js");
    const { values: fromFile, unknown } = readConfigFile(file);
    const notes: Note[] = unknown.map((key) => ({
      level: "warn",
      message: `${key} in ${file} means nothing here`,
    }));
    notes.unshift({
      level: "info",
      message: `loaded server configuration from ${file}, other etcd flags and environment variables are ignored`,
    });
    return { values: fromFile, own, notes };
  }
  const environment = valuesOfEnvironment(process.env, values);
  return {
    values: new Map([...environment.values, ...values]),
    own,
    notes: environment.unknown.map((variable) => ({
      level: "warn",
      message: `unrecognized environment variable ${variable}`,
    })),
  };
}

/** Runs to the end; resolves to the exit code. After a signal the process ends by that signal, as etcd's does. */
export async function runEtcd(args: readonly string[], packageVersion: string): Promise<number> {
  const [first] = args;
  if (first === "gateway" || first === "grpc-proxy") {
    throw new CommandError(
      `etcd ${first} is not part of this: point clients at the server`,
      EXIT_FAILED,
    );
  }
  const asked = await gather(args);
  if (asked === "help") {
    process.stdout.write(help());
    return EXIT_OK;
  }
  if (asked.values.get("version") === "true") {
    process.stdout.write(version(packageVersion));
    return EXIT_OK;
  }
  const settings = etcdSettings(asked.values, {
    runFlags: new Set(runOptions().map((option) => option.long ?? "")),
    nodeIdIn,
  });
  refuseForeignData(settings.dataDir);
  const ending: { by: NodeJS.Signals | null } = { by: null };
  const manner = etcdManner(settings, asked.notes, (signal) => {
    ending.by = signal;
  });
  const flags = runFlags([...settings.runArguments, ...asked.own], settings);
  const run = await loadRun();
  const code = await run(flags, manner);
  if (ending.by !== null && process.pid !== 1) {
    process.removeAllListeners(ending.by);
    process.kill(process.pid, ending.by);
  }
  return code;
}

function nodeIdIn(dataDir: string): string | null {
  const path = join(dataDir, IDENTITY_NAME);
  return existsSync(path) ? decodeIdentity(readFileSync(path, "utf8"), path).nodeId : null;
}

/** A directory of etcd's is left alone, and there is a way to take it over. */
function refuseForeignData(dataDir: string): void {
  if (existsSync(join(dataDir, "member"))) {
    throw new CommandError(
      `${dataDir} is a data directory of etcd, in another format: take a snapshot of it (etcdctl snapshot save), ` +
        "import that with t4 import, and name another --data-dir",
      EXIT_FAILED,
    );
  }
}

/** Through the same parser as `t4 run`, so that values are checked and `T4_…` variables count. */
function runFlags(args: readonly string[], settings: EtcdSettings): RunFlags {
  const command = new Command("t4 etcd").allowExcessArguments(false).exitOverride();
  for (const option of runOptions()) {
    command.addOption(option);
  }
  const { endpoint } = settings.clientUrls[0];
  command.parse([...args], { from: "user" });
  const flags = command.opts<RunFlags>();
  if (objectStoreUrl(flags) !== null) {
    checkName(settings.nodeId);
  }
  return {
    ...flags,
    nodeId: settings.nodeId,
    ...("port" in endpoint ? { listen: endpoint } : {}),
  };
}

/** etcd takes any name; beside others in an object store it must be one of `t4 run`. */
function checkName(name: string): void {
  try {
    parseNodeId(name);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `--name ${name} cannot be used with an object store. ${reason}`,
      EXIT_FAILED,
    );
  }
}

function etcdManner(
  settings: EtcdSettings,
  notes: readonly Note[],
  stopped: (signal: NodeJS.Signals) => void,
): RunManner {
  const { log, clientUrls } = settings;
  return {
    listenFlags: "--listen-client-urls (or --listen-metrics-urls)",
    makeLogger: () => lateLogger(log.level, log.format, log),
    begin(logger) {
      for (const { level, message } of [...notes, ...settings.notes]) {
        logger[level](message);
      }
    },
    listening: async (flags) => listenSettings(flags, settings),
    ready(_server, _dataDir, _node, logger) {
      announce(clientUrls, logger);
      notifySystemd(logger);
    },
    stopped,
  };
}

/** Test harnesses wait for the first of these lines. */
function announce(urls: readonly ListenUrl[], logger: LateLogger): void {
  for (const url of urls) {
    logger.info("ready to serve client requests");
    logger.info(
      url.isTls
        ? "serving client traffic securely"
        : "serving client traffic insecurely; this is strongly discouraged!",
      { address: url.text },
    );
  }
  logger.open();
}

async function tlsOf(flags: RunFlags, settings: EtcdSettings): Promise<TlsOptions | null> {
  const { clientUrls, metricsUrls, clientCertAuth, autoTls, dataDir } = settings;
  if (![...clientUrls, ...metricsUrls].some(({ isTls }) => isTls)) {
    return null;
  }
  const { readTls } = await import("../run/tls.js");
  let tlsFlags = flags;
  if (autoTls !== null) {
    const { selfSignedFiles } = await import("./auto-tls.js");
    const { cert, key } = selfSignedFiles(`${dataDir}.auto-tls`, clientUrls, autoTls.validityYears);
    tlsFlags = { ...flags, clientTlsCert: cert, clientTlsKey: key };
  }
  return readTls(tlsFlags, Date.now(), ETCD_TLS_FLAGS, {
    verifyClients: clientCertAuth,
    userFromCertificate: clientCertAuth,
  });
}

const ETCD_TLS_FLAGS = {
  cert: "--cert-file",
  key: "--key-file",
  ca: "--trusted-ca-file",
  crl: "--client-crl-file",
};

async function listenSettings(flags: RunFlags, settings: EtcdSettings): Promise<ListenSettings> {
  const tls = await tlsOf(flags, settings);
  const place = ({
    endpoint,
    isTls,
  }: ListenUrl): NonNullable<ListenSettings["alsoListen"]>[number] => ({
    endpoint,
    ...(isTls && tls !== null ? { tls } : {}),
  });
  const [first, ...others] = settings.clientUrls;
  return {
    listen: flags.listen,
    ...(first.isTls && tls !== null ? { tls } : {}),
    alsoListen: others.map(place),
    metricsAlsoListen: settings.metricsUrls.map(place),
    watchProgressIntervalMs: settings.watchProgressMs,
  };
}
