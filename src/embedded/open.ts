// Opening a database in this process. What a database is made of is loaded with the first one, so that a program that
// may open one starts as fast as one that does not.
import { T4Error } from "../core/errors.js";
import type { NodeConfig } from "../node/open-node.js";
import type { Thread } from "../runtime/threads.js";
import { checkLimits, codecOf, type OpenConfig } from "./config.js";
import type { Db } from "./db.js";
import type { ValueCodec } from "./encoding.js";

/**
 * Opens the database in a directory, or one in memory. Close it when done: with `await using`, or `db.close()`.
 *
 * @throws T4Error T4_INVALID_ARGUMENT, T4_DATA_DIR_IN_USE, T4_DATA_DIR_UNUSABLE, T4_CORRUPT, T4_FORMAT_TOO_NEW, T4_NO_SPACE, T4_IO; with an
 *   object store also T4_OBJECT_STORE_UNUSABLE, T4_OBJECT_STORE_UNFIT, T4_LOCKED, T4_FENCED, T4_NOT_RETAINED, T4_UNAVAILABLE
 * @example
 * await using db = await open({ dataDir: "./data" });
 * await db.put("greeting", "hello");
 *
 * @example
 * // Values of one type, kept as JSON.
 * interface Settings { theme: string }
 * await using settings = await open<Settings>({ memory: true, valueEncoding: "json" });
 * await settings.put("alice", { theme: "dark" });
 */
export async function open<Value = unknown>(
  config: OpenConfig & { readonly valueEncoding: "json" },
): Promise<Db<Value, Value>>;
export async function open(
  config: OpenConfig & { readonly valueEncoding: "buffer" },
): Promise<Db<Uint8Array>>;
export async function open(config: OpenConfig & { readonly valueEncoding?: "utf8" }): Promise<Db>;
export async function open<Value, Input>(config: OpenConfig): Promise<Db<Value, Input>> {
  const { dataDir, memory, nodeId, valueEncoding, logger, metrics, ...rest } = config;
  const { segmentBytesMax, segmentAgeMsMax, quotaBytes, autoCompaction, ...settings } = rest;
  // The types see to it that there is exactly one; callers in JavaScript have no types.
  if ((typeof dataDir === "string" && dataDir !== "") === (memory === true)) {
    throw new T4Error("T4_INVALID_ARGUMENT", "open() takes either a dataDir or memory: true");
  }
  checkLimits(config);
  // What the codec reads and takes is what the overloads say.
  const codec = codecOf(valueEncoding) as ValueCodec<Value, Input>;
  const node: NodeConfig = {
    dataDirectory: dataDir ?? null,
    nodeId: nodeId ?? null,
    ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
    ...(segmentAgeMsMax === undefined ? {} : { segmentAgeMsMax }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(autoCompaction === undefined ? {} : { autoCompaction }),
  };
  const told = {
    ...(logger === undefined ? {} : { logger }),
    ...(metrics === undefined ? {} : { metrics }),
  };
  const archive = settings.objectStore === undefined ? null : settings;
  if (node.dataDirectory === null) {
    const { openLocal } = await import("./open-local.js");
    return openLocal(node, archive, codec, told);
  }
  const logThread = await startThread();
  try {
    const { openLocal } = await import("./open-local.js");
    return await openLocal({ ...node, logThread }, archive, codec, told);
  } catch (error) {
    await logThread.terminate();
    throw error;
  }
}

/** The thread of the log starts while all else is loaded: at the first call both take as long. */
async function startThread(): Promise<Thread> {
  const { nodeThreads } = await import("../runtime/node-threads.js");
  const { startLogThread } = await import("../log/log-thread.js");
  return startLogThread(nodeThreads);
}
