// A database over a node of its own, on the real clock, disk and threads.
import type { ArchiveSettings } from "../node/archive/archive-settings.js";
import { openNode, type NodeConfig } from "../node/open-node.js";
import type { Logger } from "../runtime/logger.js";
import type { Metrics } from "../runtime/metrics/metrics.js";
import type { Runtime } from "../runtime/runtime.js";
import { stayAlive } from "../runtime/stay-alive.js";
import { systemRuntime } from "../runtime/system-runtime.js";
import { Db } from "./db.js";
import type { ValueCodec } from "./encoding.js";

export async function openLocal<Value, Input>(
  config: NodeConfig,
  settings: ArchiveSettings | null,
  codec: ValueCodec<Value, Input>,
  told: { readonly logger?: Logger; readonly metrics?: Metrics },
): Promise<Db<Value, Input>> {
  const runtime = systemRuntime(told);
  if (settings === null) {
    return new Db(await openNode(config, runtime), codec, runtime);
  }
  // It may wait for a lock to time out, or for an object store to answer.
  return stayAlive(async () => openWithArchive(config, settings, codec, runtime));
}

async function openWithArchive<Value, Input>(
  config: NodeConfig,
  settings: ArchiveSettings,
  codec: ValueCodec<Value, Input>,
  runtime: Runtime,
): Promise<Db<Value, Input>> {
  // Loaded only where there is an object store.
  const { openArchive } = await import("../node/archive/archive-settings.js");
  const archive = await openArchive(settings, "embedded", runtime);
  try {
    const node = await openNode({ ...config, archive: archive.config }, runtime);
    return new Db(node, codec, runtime, archive.close);
  } catch (error) {
    await archive.close();
    throw error;
  }
}
