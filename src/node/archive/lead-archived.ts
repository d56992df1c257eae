// From a prepared directory and its opened log to the rule under which the node leads: what the log has and the archive has not
// goes first, so that a rule that promises more than the last one is only in force when its promise holds.
import { Archive } from "../../archive/archive.js";
import type { LockRecord } from "../../election/lock-record.js";
import { T4Error } from "../../core/errors.js";
import { orAborted } from "../../lib/abort-listeners.js";
import type { Log } from "../../log/log.js";
import type { Runtime } from "../../runtime/runtime.js";
import { writeAcknowledgeRule } from "../directory/replaced-data.js";
import type { ArchiveConfig } from "./archive-config.js";
import { ArchiveRule } from "./archive-rule.js";
import { CheckpointKeeper } from "./checkpoint-keeper.js";
import type { Prepared } from "./prepare-archived.js";

/** Holds what ends the leadership until there is a rule to be told. */
export class Fence {
  #rule: ArchiveRule | null = null;
  #error: T4Error | null = null;

  get error(): T4Error | null {
    return this.#error;
  }

  fail(error: T4Error): void {
    this.#error ??= error;
    this.#rule?.failed(error);
  }

  attach(rule: ArchiveRule): void {
    this.#rule = rule;
    if (this.#error !== null) {
      rule.failed(this.#error);
    }
  }

  lockLost(url: string, by: LockRecord | null): void {
    const who =
      by === null
        ? "somebody has removed or replaced the lock"
        : `node ${by.nodeId} at ${by.address} leads in term ${String(by.term)}`;
    this.fail(new T4Error("T4_FENCED", `this node does not lead on ${url} any more: ${who}`));
  }
}

/** Rejects if the backlog cannot be archived before the configuration's signal, or the leadership ends first. */
export async function leadArchived(
  prepared: Prepared,
  config: ArchiveConfig,
  fence: Fence,
  log: Log,
  runtime: Runtime,
): Promise<ArchiveRule> {
  const { directory, lock, position } = prepared;
  const { clusterId } = directory.identity;
  const { store } = config;
  let rule: ArchiveRule | null = null;
  const archive = new Archive({
    runtime,
    store,
    clusterId,
    directory: directory.walDirectory,
    position,
    sealedSegments: log.sealedSegments,
    mode: config.syncUpload ? "sync" : "async",
    listener: {
      archived: (index) => rule?.archived(index),
      fenced: (error) => {
        fence.fail(error);
      },
      failed: (error) => {
        fence.fail(error);
      },
    },
    ...(config.lingerMs === undefined ? {} : { lingerMs: config.lingerMs }),
    ...(config.batchBytesMax === undefined ? {} : { batchBytesMax: config.batchBytesMax }),
    ...(config.putsPerSecondMax === undefined ? {} : { putsPerSecondMax: config.putsPerSecondMax }),
  });
  try {
    archive.offer(log.durableIndex);
    if (config.syncUpload) {
      await orAborted(archive.flush(), config.signal);
      await orAborted(lock.changeRule("archive"), config.signal);
      writeAcknowledgeRule(directory.path, "archive", runtime.disk);
    }
    if (fence.error !== null) {
      throw fence.error;
    }
  } catch (error) {
    await archive.close();
    throw fence.error ?? error;
  }
  rule = new ArchiveRule({
    rule: config.syncUpload ? "archive" : "local",
    archive,
    lock,
    keeper: keeperOf(prepared, config, fence, archive, runtime),
    raiseRevisionBy: prepared.raiseRevisionBy,
    clock: runtime.clock,
    logger: runtime.logger,
    url: store.url,
  });
  fence.attach(rule);
  return rule;
}

function keeperOf(
  { directory, lock, context, since }: Prepared,
  config: ArchiveConfig,
  fence: Fence,
  archive: Archive,
  runtime: Runtime,
): CheckpointKeeper {
  return new CheckpointKeeper({
    config: config.checkpoints,
    since,
    archive,
    context,
    clusterId: directory.identity.clusterId,
    term: lock.term,
    directory: directory.storeDirectory,
    runtime,
    isLeading: async () => (await lock.confirm()).kind === "ours",
    fenced: (error) => {
      fence.fail(error);
    },
  });
}
