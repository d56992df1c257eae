// Opens a node: in memory, or on a data directory, where it goes on from the newest manifest and the log after it.
import { T4Error } from "../core/errors.js";
import type { LogIndex, Term } from "../core/words.js";
import { assert } from "../lib/assert.js";
import { MemoryLog } from "../log/memory-log.js";
import { listSegments } from "../log/log-reader.js";
import { openLogInSteps, type ReplayPause } from "../log/open-log.js";
import type { Log, LogListener } from "../log/log.js";
import { startLogThread } from "../log/log-thread.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Thread } from "../runtime/threads.js";
import { openDiskStore } from "../store/disk/open-disk-store.js";
import { MemoryStore } from "../store/memory-store.js";
import type { Store, StoreListener } from "../store/store.js";
import {
  forgetRestore,
  isFreshlyRestored,
  raiseAfterRestore,
} from "../checkpoint/restore/restoring-directory.js";
import type { ArchiveConfig } from "./archive/archive-config.js";
import { aloneRule, type CommitRule } from "./write/commit-rule.js";
import { openDataDirectory, type DataDirectory } from "./directory/data-directory.js";
import { makeIdentity } from "./directory/identity.js";
import { readAcknowledgeRule, writeAcknowledgeRule } from "./directory/replaced-data.js";
import { LocalNode, type NodeParts } from "./local-node.js";
import type { AutoCompaction } from "./maintenance/auto-compaction.js";
import type { Node } from "./node.js";
import { SystemState } from "./system-state.js";

/** How often a replay says how far it is. */
const REPLAY_TOLD_MS = 1_000;

export interface NodeConfig {
  /** Null: everything is kept in memory and gone when the node closes. */
  readonly dataDirectory: string | null;
  /** Null: random at the first start, the same ever after. */
  readonly nodeId: string | null;
  readonly segmentBytesMax?: number;
  readonly segmentAgeMsMax?: number;
  /** Memory for blocks of the store's files. */
  readonly blockCacheBytesMax?: number;
  /** Memory for single rows that are read often. */
  readonly rowCacheBytesMax?: number;
  /** Memory for rows waiting to become files, above which writers are held back. */
  readonly waitingRowsBytesMax?: number;
  /** Bytes that the store may have before writes are refused; 0 or absent: no limit but the disk's. */
  readonly quotaBytes?: number;
  /** Null or absent: history is kept until somebody compacts it. */
  readonly autoCompaction?: AutoCompaction | null;
  /**
   * Takes a directory into which keys are being copied: the caller copies them. No lease runs out meanwhile: nobody who
   * would renew it knows this node, and keys that are copied would go with it.
   */
  readonly isCopying?: boolean;
  /** The object store that holds the log and checkpoints as well; null: none. */
  readonly archive?: ArchiveConfig | null;
  /** From `startLogThread`, by a caller with other work before this: the node ends it, the caller if opening fails. */
  readonly logThread?: Thread;
}

/**
 * Resolves when the node leads and serves. Throws T4_DATA_DIR_IN_USE, T4_DATA_DIR_UNUSABLE, T4_FORMAT_TOO_NEW,
 * T4_CORRUPT, T4_NO_SPACE, T4_IO, and T4_INVALID_ARGUMENT for a directory that belongs to another node id.
 */
export async function openNode(config: NodeConfig, runtime: Runtime): Promise<Node> {
  return config.dataDirectory === null
    ? openInMemory(config, runtime)
    : openOnDisk(config, config.dataDirectory, runtime);
}

async function openInMemory(config: NodeConfig, runtime: Runtime): Promise<Node> {
  const link = new NodeLink();
  const system = new SystemState();
  const store = new MemoryStore(runtime.clock);
  const log = new MemoryLog(link.logListener(() => store));
  const identity = makeIdentity(runtime.random, config.nodeId);
  const rule = aloneRule((log.tipTerm + 1) as Term);
  const parts = { identity, log, store, system, rule, lock: null, runtime };
  return link.start(new LocalNode({ ...parts, ...limitsOf(config) }));
}

function limitsOf({
  quotaBytes,
  autoCompaction,
  isCopying,
}: NodeConfig): Pick<NodeParts, "quotaBytes" | "autoCompaction" | "leasesExpire"> {
  return {
    quotaBytes: quotaBytes ?? 0,
    autoCompaction: autoCompaction ?? null,
    leasesExpire: isCopying !== true,
  };
}

async function openOnDisk(config: NodeConfig, path: string, runtime: Runtime): Promise<Node> {
  const link = new NodeLink();
  const { archive } = config;
  if (archive === undefined || archive === null) {
    const { nodeId, isCopying = false } = config;
    const { disk, random } = runtime;
    const directory = await openDataDirectory(path, nodeId, disk, random, isCopying);
    if (readAcknowledgeRule(path, runtime.disk) !== null) {
      // Should an object store come back, it lacks what is acknowledged from here on.
      writeAcknowledgeRule(path, "local", runtime.disk);
    }
    const node = await recover(config, directory, runtime, link, aloneBehind);
    return begin(node, directory, runtime, link);
  }
  const { openArchived } = await import("./archive/open-archived.js");
  return openArchived(archive, path, config.nodeId, runtime, async (directory, ruleOf) => {
    const node = await recover(config, directory, runtime, link, ruleOf);
    return begin(node, directory, runtime, link);
  });
}

async function begin(
  node: LocalNode,
  { path }: DataDirectory,
  { disk }: Runtime,
  link: NodeLink,
): Promise<LocalNode> {
  await link.start(node);
  forgetRestore(path, disk);
  return node;
}

async function aloneBehind(log: Log): Promise<CommitRule> {
  return Promise.resolve(aloneRule((log.tipTerm + 1) as Term));
}

/** From the files to a node that has not started. Gives the directory back if that fails. */
async function recover(
  config: NodeConfig,
  directory: DataDirectory,
  runtime: Runtime,
  link: NodeLink,
  ruleOf: (log: Log) => Promise<CommitRule>,
): Promise<LocalNode> {
  const { identity, lock } = directory;
  const opened: { store: Store | null; log: Log | null } = { store: null, log: null };
  // Before all else: it takes as long to start as the log to be read.
  const logThread = config.logThread ?? startLogThread(runtime.threads);
  try {
    const system = new SystemState();
    const listener = link.storeListener(system);
    assertStorePresent(directory, runtime);
    const store = openStore(config, directory, runtime, listener);
    opened.store = store;
    if (store.systemState !== null) {
      system.restore(store.systemState, runtime.clock.monotonicMs());
    }
    const log = await replayLog(config, directory, runtime, store, system, link, logThread);
    opened.log = log;
    runtime.logger.info("data directory opened", {
      index: log.tipIndex,
      revision: store.tipRevision,
      replayedEntries: log.tipIndex - store.persistedIndex,
    });
    const raiseRevisionBy = raiseAfterRestore(directory.path, log.tipIndex, runtime.disk);
    const rule = await ruleOf(log);
    const { path } = directory;
    const parts = { identity, log, store, system, rule, raiseRevisionBy, lock, runtime };
    return new LocalNode({ ...parts, directory: path, ...limitsOf(config) });
  } catch (error) {
    await Promise.allSettled([opened.log?.close() ?? logThread.terminate(), opened.store?.close()]);
    await lock.release();
    throw error;
  }
}

/**
 * A store that is opened in an empty directory begins anew. Throws T4_CORRUPT where the log shows that there was one
 * before, so that nothing is written into a directory that has lost a part.
 */
function assertStorePresent(
  { walDirectory, storeDirectory }: DataDirectory,
  { disk }: Runtime,
): void {
  const first = disk.exists(walDirectory) ? listSegments(disk, walDirectory)[0] : undefined;
  if (first !== undefined && first.firstIndex > 1 && disk.list(storeDirectory).length === 0) {
    throw new T4Error(
      "T4_CORRUPT",
      `${storeDirectory} is empty, and the log in ${walDirectory} begins with index ${first.firstIndex}: ` +
        "what was written before is missing (is the directory's volume mounted?)",
    );
  }
}

function openStore(
  config: NodeConfig,
  { storeDirectory }: DataDirectory,
  runtime: Runtime,
  listener: StoreListener,
): ReturnType<typeof openDiskStore> {
  const { blockCacheBytesMax, rowCacheBytesMax, waitingRowsBytesMax } = config;
  return openDiskStore(
    {
      directory: storeDirectory,
      runtime,
      ...(blockCacheBytesMax === undefined ? {} : { blockCacheBytesMax }),
      ...(rowCacheBytesMax === undefined ? {} : { rowCacheBytesMax }),
      ...(waitingRowsBytesMax === undefined ? {} : { waitingRowsBytesMax }),
    },
    listener,
  );
}

/**
 * Alone, what the log holds is committed: nobody else could say otherwise. Entries go the way they went before, seal
 * points included, so that the store freezes where it did.
 */
async function replayLog(
  config: NodeConfig,
  { path, walDirectory }: DataDirectory,
  runtime: Runtime,
  store: Store,
  system: SystemState,
  link: NodeLink,
  thread: Thread,
): Promise<Log> {
  const nowMs = runtime.clock.monotonicMs();
  const { segmentBytesMax, segmentAgeMsMax } = config;
  return openLogInSteps(
    {
      runtime,
      directory: walDirectory,
      thread,
      listener: link.logListener(() => store),
      afterIndex: store.persistedIndex,
      afterTerm: store.persistedTerm,
      mayBeEmpty: isFreshlyRestored(path, runtime.disk),
      ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
      ...(segmentAgeMsMax === undefined ? {} : { segmentAgeMsMax }),
    },
    {
      entry: (entry) => {
        store.append(entry);
        system.commit(entry, nowMs);
        store.commit(entry);
      },
      segmentEnd: (segment) => {
        if (segment.lastIndex === store.committedIndex) {
          store.sealed({ index: segment.lastIndex, bytes: segment.bytes });
        }
        store.segmentClosed(segment);
      },
    },
    replayPause(store, runtime, link),
  );
}

/**
 * After a restore there may be far more of the log than fits into memory: what is replayed becomes files meanwhile, unless
 * there is no room for them.
 */
function replayPause(store: Store, { clock, logger }: Runtime, link: NodeLink): ReplayPause {
  let toldMs = clock.monotonicMs();
  return async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs >= REPLAY_TOLD_MS) {
      toldMs = nowMs;
      logger.info("replaying the log", {
        index: store.committedIndex,
        revision: store.committedRevision,
      });
    }
    while (store.isBehind && store.hasSpace && !link.hasFailed) {
      await link.admission();
    }
  };
}

/** Joins log and store to a node that is made after them: what they tell before it serves is kept for it. */
class NodeLink {
  #node: LocalNode | null = null;
  #failure: T4Error | null = null;
  /** Of who replays. */
  #admitted: (() => void) | null = null;

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Resolves when the store may be less behind than it was, or has failed. */
  async admission(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#admitted = resolve;
    });
  }

  logListener(store: () => Store): LogListener {
    return {
      durable: (index: LogIndex) => this.#node?.durable(index),
      sealed: (point) => {
        assert(this.#node !== null, "the log is appended to by a node");
        this.#node.sealed(point);
      },
      segmentClosed: (segment) => {
        store().segmentClosed(segment);
      },
      failed: (error) => {
        this.#fail(error);
      },
    };
  }

  storeListener(system: SystemState): StoreListener {
    return {
      encodeSystemState: () => system.encode(),
      persisted: () => this.#node?.persisted(),
      admissionChanged: () => {
        this.#admit();
        this.#node?.admissionChanged();
      },
      failed: (error) => {
        this.#fail(
          error instanceof T4Error
            ? error
            : new T4Error("T4_IO", `the store has failed: ${error.message}`, { cause: error }),
        );
      },
    };
  }

  async start(node: LocalNode): Promise<LocalNode> {
    this.#node = node;
    if (this.#failure !== null) {
      node.fail(this.#failure);
    }
    try {
      await node.start();
    } catch (error) {
      await node.close();
      throw error;
    }
    return node;
  }

  #admit(): void {
    this.#admitted?.();
    this.#admitted = null;
  }

  #fail(error: T4Error): void {
    if (this.#node === null) {
      this.#failure ??= error;
      this.#admit();
    } else {
      this.#node.fail(error);
    }
  }
}
