// The port of `t4 run`: a server over its node, as the flags say.
import type { Node } from "../../node/node.js";
import type { ScrapedMetrics } from "../../runtime/metrics/prometheus-metrics.js";
import type { Runtime } from "../../runtime/runtime.js";
import { startServer, type Server, type StartOptions } from "../../server/server.js";
import { ListenError } from "../../transport/server.js";
import { authSettings, enforceAuth } from "./auth.js";
import { CommandError, EXIT_FAILED } from "../exit.js";
import type { RunFlags } from "../flags/flags.js";

/** Where to listen, and how. */
export type ListenSettings = Pick<
  StartOptions,
  | "listen"
  | "tls"
  | "alsoListen"
  | "metricsListen"
  | "metricsAlsoListen"
  | "watchProgressIntervalMs"
>;

/** Listens as the flags say, with auth on if they ask for it; says what to change where it cannot. */
export async function listen(
  flags: RunFlags,
  places: ListenSettings,
  node: Node,
  metrics: ScrapedMetrics,
  runtime: Runtime,
  flagNames: string,
): Promise<Server> {
  const options: StartOptions = {
    node,
    metrics,
    ...places,
    readConsistency: flags.readConsistency,
    requestBytesMax: flags.maxRequestBytes,
    txnOperationsMax: flags.maxTxnOps,
    auth: authSettings(flags),
    access: { cors: flags.cors, hostWhitelist: flags.hostWhitelist },
    ...(flags.advertiseClientUrls === undefined
      ? {}
      : { advertiseClientUrls: flags.advertiseClientUrls }),
  };
  await enforceAuth(flags, node, runtime);
  try {
    return await startServer(options, runtime);
  } catch (error) {
    if (error instanceof ListenError) {
      throw new CommandError(
        `${error.message}. Choose another address with ${flagNames}`,
        EXIT_FAILED,
        error,
      );
    }
    throw error;
  }
}
