// `t4 run`: a node and its port, from the first line printed to a clean exit.
import { resolve } from "node:path";
import { T4Error } from "../../core/errors.js";
import { shownAddress } from "../../lib/address.js";
import type { ArchiveSettings } from "../../node/archive/archive-settings.js";
import { openNode, type NodeConfig } from "../../node/open-node.js";
import type { Node } from "../../node/node.js";
import type { Logger } from "../../runtime/logger.js";
import { lateLogger, type LateLogger } from "../../runtime/pino-logger.js";
import { PrometheusMetrics } from "../../runtime/metrics/prometheus-metrics.js";
import type { Runtime } from "../../runtime/runtime.js";
import { stayAlive } from "../../runtime/stay-alive.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import type { Thread } from "../../runtime/threads.js";
import type { Server } from "../../server/server.js";
import { ROOT_PASSWORD_VARIABLE } from "../flags/auth-flags.js";
import { unknownVariables } from "../flags/environment.js";
import { archiveSettings } from "../object-store.js";
import { CommandError, EXIT_FAILED, EXIT_OK } from "../exit.js";
import { runOptions, type RunFlags } from "../flags/flags.js";
import { listen, type ListenSettings } from "./listen.js";
import { autoCompactionOf } from "../flags/maintenance-flags.js";
import { abortedBySignal, stopRequested } from "../signals.js";

/** How long after the start the log is opened: the clients that wait for a server come first. */
const LOG_DELAY_MS = 50;
/** A start that takes longer, because it waits for a lock or restores, is not kept quiet. */
const SLOW_START_MS = 500;

/** In what `t4 run` and `t4 etcd` differ. */
export interface RunManner {
  /** The flags that say where to listen, for messages. */
  readonly listenFlags: string;
  makeLogger(flags: RunFlags): LateLogger;
  /** What is said before anything is done. */
  begin(logger: Logger): void;
  /** Resolves to where to listen; rejects with a CommandError for certificates that cannot be used. */
  listening(flags: RunFlags): Promise<ListenSettings>;
  /** Requests are answered from now on. */
  ready(server: Server, dataDir: string, node: Node, logger: LateLogger): void;
  /** All is closed. */
  stopped(signal: NodeJS.Signals): void;
}

const T4_MANNER: RunManner = {
  listenFlags: "--listen (or --metrics-addr)",
  makeLogger: ({ logLevel, logFormat }) => lateLogger(logLevel, logFormat),
  begin(logger) {
    for (const message of unknownVariables(process.env, knownVariables())) {
      logger.warn(message);
    }
  },
  listening: listenSettings,
  ready(server, dataDir, node, logger) {
    announce(server, dataDir, node);
    // Not before the first answers: it takes some 50 ms.
    setTimeout(() => {
      logger.open();
    }, LOG_DELAY_MS);
  },
  stopped() {
    // The exit code says all.
  },
};

/**
 * Runs until a signal or a failure; resolves to the exit code. Rejects with what it could not start for. `logThread` is from
 * `startLogThread` and ends with this.
 */
export async function run(
  flags: RunFlags,
  logThread: Thread,
  manner: RunManner = T4_MANNER,
): Promise<number> {
  const logger = manner.makeLogger(flags);
  try {
    return await serve(flags, logThread, manner, logger);
  } finally {
    // What led to an error is told before it.
    logger.open();
    await logThread.terminate();
  }
}

async function serve(
  flags: RunFlags,
  logThread: Thread,
  manner: RunManner,
  logger: LateLogger,
): Promise<number> {
  manner.begin(logger);
  const stop = stopRequested();
  const places = await manner.listening(flags);
  const dataDir = resolve(flags.dataDir);
  logger.info("opening the data directory", { dataDir });
  const metrics = new PrometheusMetrics();
  const runtime = systemRuntime({ logger, metrics });
  const config = {
    dataDirectory: dataDir,
    nodeId: flags.nodeId ?? null,
    segmentBytesMax: flags.segmentMaxSizeMb * 1024 * 1024,
    segmentAgeMsMax: flags.segmentMaxAgeSec * 1000,
    quotaBytes: flags.quotaBackendBytes,
    autoCompaction: autoCompactionOf(flags),
    logThread,
  };
  const settings = archiveSettings(flags);
  const running = { metrics, runtime, logger, stop, manner, places };
  if (settings === null) {
    return serveNode(flags, dataDir, openNode(config, runtime), running);
  }
  return serveArchived(flags, config, settings, running);
}

async function serveArchived(
  flags: RunFlags,
  config: NodeConfig & { readonly dataDirectory: string },
  settings: ArchiveSettings,
  running: Running,
): Promise<number> {
  const { logger, runtime } = running;
  // Nothing is lost by giving up a start.
  const starting = abortedBySignal(
    (name) => new CommandError(`stopped by ${name} before it was ready`, EXIT_FAILED),
    running.stop,
  );
  // A start that waits for a lock, or restores, says so meanwhile.
  const slow = setTimeout(() => {
    logger.open();
  }, SLOW_START_MS);
  try {
    return await stayAlive(async () => {
      const { openRunArchive } = await import("./run-archive.js");
      const archive = await openRunArchive(flags, settings, runtime, starting);
      try {
        const opening = openNode({ ...config, archive: archive.config }, runtime);
        return await serveNode(flags, config.dataDirectory, opening, running);
      } finally {
        await archive.close();
      }
    });
  } catch (error) {
    const isGivenUp = starting.aborted && error instanceof T4Error && error.code === "T4_CANCELLED";
    throw isGivenUp ? starting.reason : error;
  } finally {
    clearTimeout(slow);
  }
}

interface Running {
  readonly metrics: PrometheusMetrics;
  readonly runtime: Runtime;
  readonly logger: LateLogger;
  readonly stop: ReturnType<typeof stopRequested>;
  readonly manner: RunManner;
  readonly places: ListenSettings;
}

async function serveNode(
  flags: RunFlags,
  dataDir: string,
  opening: Promise<Node>,
  { metrics, runtime, logger, stop, manner, places }: Running,
): Promise<number> {
  const node = await opening;
  let server: Server;
  try {
    server = await listen(flags, places, node, metrics, runtime, manner.listenFlags);
  } catch (error) {
    await node.close();
    throw error;
  }
  manner.ready(server, dataDir, node, logger);
  const signal = await serveUntilStopped(node, server, stop, logger);
  if (signal === null) {
    return EXIT_FAILED;
  }
  manner.stopped(signal);
  return EXIT_OK;
}

function knownVariables(): string[] {
  return [...runOptions().flatMap((option) => option.envVar ?? []), ROOT_PASSWORD_VARIABLE];
}

async function listenSettings(flags: RunFlags): Promise<ListenSettings> {
  const { listen, metricsAddr } = flags;
  const asksTls = [
    ...[flags.clientTlsCert, flags.clientTlsKey, flags.clientTlsCa, flags.clientCrlFile],
    flags.clientCertAllowedHostname,
  ];
  const tls = asksTls.some((given) => given !== undefined)
    ? (await import("./tls.js")).readTls(flags, Date.now())
    : null;
  return {
    listen,
    ...(tls === null ? {} : { tls }),
    ...(metricsAddr === undefined || metricsAddr === null ? {} : { metricsListen: metricsAddr }),
  };
}

/** For people and scripts: one line on standard output once requests are answered. */
function announce(server: Server, dataDir: string, node: Node): void {
  const { host, port } = server.address;
  process.stdout.write(
    `t4 is ready: etcd v3 clients at ${shownAddress(host, port)}, data in ${dataDir}, revision ${String(node.revision)}\n`,
  );
}

/** Resolves to the signal that ended it, after running calls were answered; null for a node that stopped by itself. */
async function serveUntilStopped(
  node: Node,
  server: Server,
  stop: ReturnType<typeof stopRequested>,
  logger: Logger,
): Promise<NodeJS.Signals | null> {
  const ended = await Promise.race([stop, node.stopped]);
  if (ended !== null && "signal" in ended) {
    logger.info("stopping: running calls are answered first", { signal: ended.signal });
    await server.close();
    await node.close();
    logger.info("stopped");
    return ended.signal;
  }
  logger.error("the node stopped by itself", { error: ended ?? undefined });
  await server.close(0);
  if (ended !== null) {
    throw ended;
  }
  return null;
}
