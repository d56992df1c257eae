// Opens a node that leads with an object store beside its log. Loaded only where there is one.
import { T4Error } from "../../core/errors.js";
import { onAbort, orAborted } from "../../lib/abort-listeners.js";
import type { Log } from "../../log/log.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError } from "../../object/object-store.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { CommitRule } from "../write/commit-rule.js";
import type { ArchiveRule } from "./archive-rule.js";
import { takeDataDirectory, type DataDirectory } from "../directory/data-directory.js";
import type { LocalNode } from "../local-node.js";
import type { ArchiveConfig } from "./archive-config.js";
import { Fence, leadArchived } from "./lead-archived.js";
import { prepareArchived, type Prepared } from "./prepare-archived.js";

/** Opens log and store of a directory and begins to lead under the rule that is made for the log. */
export type StartNode = (
  directory: DataDirectory,
  ruleOf: (log: Log) => Promise<CommitRule>,
) => Promise<LocalNode>;

export async function openArchived(
  config: ArchiveConfig,
  path: string,
  nodeId: string | null,
  runtime: Runtime,
  start: StartNode,
): Promise<LocalNode> {
  const { signal } = config;
  const fence = new Fence();
  // What waits for the first entries to be archived listens to nothing else.
  const release =
    signal === undefined
      ? null
      : onAbort(signal, () => {
          fence.fail(givenUpError(signal));
        });
  try {
    const prepared = await prepare(config, path, nodeId, runtime, fence);
    return await lead(prepared, config, runtime, fence, start);
  } catch (error) {
    if (signal?.aborted === true) {
      throw givenUpError(signal);
    }
    throw error instanceof ObjectStoreError ? objectStoreT4Error(error) : error;
  } finally {
    release?.();
    config.started?.();
  }
}

function givenUpError({ reason }: AbortSignal): T4Error {
  return reason instanceof T4Error
    ? reason
    : new T4Error("T4_CANCELLED", "the start was given up by its caller", { cause: reason });
}

async function prepare(
  archive: ArchiveConfig,
  path: string,
  nodeId: string | null,
  runtime: Runtime,
  fence: Fence,
): Promise<Prepared> {
  const taken = await takeDataDirectory(path, nodeId, runtime.disk);
  const { pinned } = archive;
  try {
    return await prepareArchived({
      taken:
        pinned === undefined
          ? taken
          : await (
              await import("./begin-at-point.js")
            ).beginAtPoint(taken, nodeId, { ...archive, pinned }, runtime),
      nodeId,
      archive,
      runtime,
      lost: (by) => {
        fence.lockLost(archive.store.url, by);
      },
    });
  } catch (error) {
    await taken.lock.release();
    throw error;
  }
}

/** From here on the node closes the directory's lock, and its rule the leader's. */
async function lead(
  prepared: Prepared,
  config: ArchiveConfig,
  runtime: Runtime,
  fence: Fence,
  start: StartNode,
): Promise<LocalNode> {
  const given: { rule: ArchiveRule | null } = { rule: null };
  let node: LocalNode;
  try {
    node = await start(prepared.directory, async (log) => {
      given.rule = await leadArchived(prepared, config, fence, log, runtime);
      return given.rule;
    });
  } catch (error) {
    if (given.rule === null) {
      await prepared.giveUp();
    }
    throw error;
  }
  if (prepared.raiseRevisionBy > 0) {
    try {
      // Before anything is acknowledged: should this disk be lost as well, the next one must not raise to the same revisions.
      await orAborted(given.rule?.wholeArchive() ?? Promise.resolve(), config.signal);
      await orAborted(prepared.lock.settleLoss(), config.signal);
    } catch (error) {
      await node.close();
      throw fence.error ?? error;
    }
  }
  if (prepared.needsCheckpoint) {
    try {
      await node.checkpoint();
    } catch (error) {
      await node.close();
      throw new T4Error(
        "T4_UNAVAILABLE",
        `what the data directory held before could not be copied to ${config.store.url}`,
        { cause: error },
      );
    }
  }
  return node;
}
