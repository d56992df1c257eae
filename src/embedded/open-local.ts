// A database over a node of its own, on the real clock, disk and threads.
import { openNode, type NodeConfig } from "../node/open-node.js";
import type { Logger } from "../runtime/logger.js";
import { noMetrics } from "../runtime/metrics.js";
import { nodeDisk } from "../runtime/node-disk.js";
import { nodeThreads } from "../runtime/node-threads.js";
import type { Runtime } from "../runtime/runtime.js";
import { systemClock } from "../runtime/system-clock.js";
import { systemRandom } from "../runtime/system-random.js";
import { Db } from "./db.js";
import type { ValueCodec } from "./encoding.js";

export async function openLocal<Value, Input>(
  config: NodeConfig,
  codec: ValueCodec<Value, Input>,
  logger: Logger,
): Promise<Db<Value, Input>> {
  const runtime: Runtime = {
    clock: systemClock,
    random: systemRandom,
    disk: nodeDisk,
    threads: nodeThreads,
    metrics: noMetrics,
    logger,
  };
  return new Db(await openNode(config, runtime), codec, runtime);
}
