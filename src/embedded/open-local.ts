// A database over a node of its own, on the real clock, disk and threads.
import { openNode, type NodeConfig } from "../node/open-node.js";
import type { Logger } from "../runtime/logger.js";
import { systemRuntime } from "../runtime/system-runtime.js";
import { Db } from "./db.js";
import type { ValueCodec } from "./encoding.js";

export async function openLocal<Value, Input>(
  config: NodeConfig,
  codec: ValueCodec<Value, Input>,
  logger: Logger,
): Promise<Db<Value, Input>> {
  const runtime = systemRuntime({ logger });
  return new Db(await openNode(config, runtime), codec, runtime);
}
