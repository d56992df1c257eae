// The world as it is: every port in its real form.
import { silentLogger, type Logger } from "./logger.js";
import { noMetrics, type Metrics } from "./metrics/metrics.js";
import { nodeDisk } from "./disk/node-disk.js";
import { nodeThreads } from "./node-threads.js";
import type { Runtime } from "./runtime.js";
import { systemClock } from "./system-clock.js";
import { systemRandom } from "./system-random.js";

/** Logs nothing and counts nothing unless told where. */
export function systemRuntime(
  parts: { readonly logger?: Logger; readonly metrics?: Metrics } = {},
): Runtime {
  const { logger = silentLogger, metrics = noMetrics } = parts;
  return {
    clock: systemClock,
    disk: nodeDisk,
    random: systemRandom,
    threads: nodeThreads,
    logger,
    metrics,
  };
}
