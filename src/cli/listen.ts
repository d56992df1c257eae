// The port of `t4 run`. A module of its own, so that the server is loaded while the data directory is being opened.
import type { Node } from "../node/node.js";
import type { ScrapedMetrics } from "../runtime/prometheus-metrics.js";
import type { Runtime } from "../runtime/runtime.js";
import { startServer, type Server, type StartOptions } from "../server/server.js";
import { ListenError, type TlsOptions } from "../transport/server.js";
import { authSettings, enforceAuth } from "./auth.js";
import { CommandError, EXIT_FAILED } from "./exit.js";
import type { RunFlags } from "./flags.js";

/** Listens as the flags say, with auth on if they ask for it; says what to change where it cannot. */
export async function listen(
  flags: RunFlags,
  tls: TlsOptions | null,
  node: Node,
  metrics: ScrapedMetrics,
  runtime: Runtime,
): Promise<Server> {
  const options: StartOptions = {
    node,
    metrics,
    listen: flags.listen,
    auth: authSettings(flags),
    readConsistency: flags.readConsistency,
    requestBytesMax: flags.maxRequestBytes,
    txnOperationsMax: flags.maxTxnOps,
    access: { cors: flags.cors, hostWhitelist: flags.hostWhitelist },
    ...(tls === null ? {} : { tls }),
    ...(flags.advertiseClientUrls === undefined
      ? {}
      : { advertiseClientUrls: flags.advertiseClientUrls }),
    ...(flags.metricsAddr === undefined || flags.metricsAddr === null
      ? {}
      : { metricsListen: flags.metricsAddr }),
  };
  await enforceAuth(flags, node, runtime);
  try {
    return await startServer(options, runtime);
  } catch (error) {
    if (error instanceof ListenError) {
      throw new CommandError(
        `${error.message}. Choose another address with --listen (or --metrics-addr)`,
        EXIT_FAILED,
        error,
      );
    }
    throw error;
  }
}
