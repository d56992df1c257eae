// Looks into a data directory without taking it: for inspection, also while a server runs on it. It sees the state at one
// moment: the newest manifest and the log after it, both of which a server may replace meanwhile; then it looks again.
// Must never: write, lock, or remove anything.
import type { RangeOperation, RangeOutcome } from "../core/command.js";
import { T4Error } from "../core/errors.js";
import type { KeyRange } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import type { Key, LeaseId, LogIndex, Revision } from "../core/words.js";
import { forEachEntry } from "../log/segment/segment-reader.js";
import { assertSegments, listSegments, LogReader } from "../log/log-reader.js";
import {
  DiskError,
  type DiskFile,
  type LockableDisk,
  type OpenOptions,
} from "../runtime/disk/disk.js";
import { noMetrics } from "../runtime/metrics/metrics.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Thread, Threads } from "../runtime/threads.js";
import { fromDiskError } from "../store/file/file-errors.js";
import { openDiskStore } from "../store/disk/open-disk-store.js";
import type { Store, StoreListener } from "../store/store.js";
import type { WorkReply } from "../store/upkeep/table-worker.js";
import { readIdentity } from "./directory/data-directory.js";
import { placesIn } from "./directory/data-places.js";
import type { Identity } from "./directory/identity.js";
import type { NodeStatus } from "./node.js";
import { isFreshlyRestored } from "../checkpoint/restore/restoring-directory.js";
import type { StateCopy } from "./state-copy.js";
import { Reads } from "./reads.js";
import { SystemState } from "./system-state.js";

/** A running server replaces its manifest every few seconds at most; a look takes milliseconds. */
const ATTEMPTS_MAX = 10;

/** How often what looks damaged is looked at again: a server may be in the middle of a write. */
const DAMAGED_ATTEMPTS_MAX = 3;
const DAMAGED_RETRY_MS = 10;

export class ReadOnlyNode {
  readonly identity: Identity;
  readonly #store: Store;
  readonly #system: SystemState;
  readonly #reads: Reads;

  constructor(identity: Identity, store: Store, system: SystemState, runtime: Runtime) {
    this.identity = identity;
    this.#store = store;
    this.#system = system;
    this.#reads = new Reads(store, runtime.clock);
  }

  status(): NodeStatus & { readonly persistedIndex: LogIndex; readonly keys: number } {
    const store = this.#store;
    const { totalBytes, liveBytes } = store.sizes;
    return {
      clusterId: this.identity.clusterId,
      memberId: this.identity.memberId,
      nodeId: this.identity.nodeId,
      term: store.persistedTerm,
      committedIndex: store.committedIndex,
      persistedIndex: store.persistedIndex,
      revision: store.committedRevision,
      compactRevision: store.compactRevision,
      isLeader: false,
      totalBytes,
      liveBytes,
      hasSpace: true,
      keys: this.#system.keysTotal,
    };
  }

  range(operation: RangeOperation): RangeOutcome | Promise<RangeOutcome> {
    return this.#reads.range(operation);
  }

  history(key: Key): Row[] {
    return this.#reads.history(key);
  }

  changes(range: KeyRange, from: number, to: number): AsyncIterable<Row> {
    return this.#reads.changes(range, from, to);
  }

  /** Leases in order of grant, with the time granted; when they end is known to the running server only. */
  leases(): { readonly lease: LeaseId; readonly grantedSeconds: number; readonly keys: Key[] }[] {
    return [...this.#system.leases.all()].map(({ id, ttlSeconds, keys }) => ({
      lease: id,
      grantedSeconds: ttlSeconds,
      keys: [...keys],
    }));
  }

  /** All that is there, to be copied. */
  copyState(): StateCopy {
    const store = this.#store;
    const leases = [...this.#system.leases.all()].map(({ id, ttlSeconds }) => ({ id, ttlSeconds }));
    const auth = this.#system.auth.committed.state;
    const term = store.persistedTerm;
    return this.#reads.copy({ index: store.committedIndex, term, leases, auth });
  }

  async close(): Promise<void> {
    await this.#reads.close(new T4Error("T4_CLOSED", "the directory is closed"));
    await this.#store.close();
  }
}

/**
 * Opens what is in a data directory now. Throws T4_DATA_DIR_UNUSABLE if there is no data directory, T4_CORRUPT and
 * T4_FORMAT_TOO_NEW.
 */
export async function openReadOnly(dataDirectory: string, runtime: Runtime): Promise<ReadOnlyNode> {
  const identity = readIdentity(dataDirectory, runtime.disk);
  const quiet: Runtime = {
    ...runtime,
    disk: readOnlyDisk(runtime.disk),
    threads: idleThreads,
    metrics: noMetrics,
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await look(dataDirectory, identity, quiet);
    } catch (error) {
      const isDamaged = error instanceof T4Error && error.code === "T4_CORRUPT";
      const attemptsMax = isReplaced(error) ? ATTEMPTS_MAX : isDamaged ? DAMAGED_ATTEMPTS_MAX : 1;
      if (attempt >= attemptsMax) {
        throw fromDiskError(error);
      }
      await runtime.clock.sleep(DAMAGED_RETRY_MS);
    }
  }
}

/** Where a data directory's log ends. */
export interface DirectoryEnd {
  readonly index: LogIndex;
  readonly revision: Revision;
}

/**
 * Reads all of a directory that no server runs on: its files' beginnings and ends, and every group of the log behind them,
 * one at a time, so that the log may be of any length. Throws T4_CORRUPT and T4_FORMAT_TOO_NEW.
 */
export async function readDirectoryEnd(path: string, runtime: Runtime): Promise<DirectoryEnd> {
  const { walDirectory, storeDirectory } = placesIn(path);
  const disk = readOnlyDisk(runtime.disk);
  let store: Store | null = null;
  let reader: LogReader | null = null;
  try {
    const quiet = { ...runtime, disk, threads: idleThreads, metrics: noMetrics };
    store = openDiskStore({ directory: storeDirectory, runtime: quiet }, quietListener);
    reader = new LogReader(disk, walDirectory, (store.persistedIndex + 1) as LogIndex);
    let end: DirectoryEnd = { index: store.committedIndex, revision: store.committedRevision };
    for (let group = reader.next(); group !== null; group = reader.next()) {
      forEachEntry(group, ({ index, revision }) => {
        end = index > end.index ? { index, revision } : end;
      });
    }
    reader.assertEnd();
    return end;
  } catch (error) {
    throw fromDiskError(error);
  } finally {
    reader?.close();
    await store?.close();
  }
}

const quietListener: StoreListener = {
  encodeSystemState: () => null,
  persisted: () => {},
  admissionChanged: () => {},
  failed: () => {},
};

async function look(path: string, identity: Identity, runtime: Runtime): Promise<ReadOnlyNode> {
  const { walDirectory, storeDirectory } = placesIn(path);
  const system = new SystemState();
  const store = openDiskStore({ directory: storeDirectory, runtime }, quietListener);
  try {
    const nowMs = runtime.clock.monotonicMs();
    if (store.systemState !== null) {
      system.restore(store.systemState, nowMs);
    }
    const segments = listSegments(runtime.disk, walDirectory);
    if (!isFreshlyRestored(path, runtime.disk)) {
      assertSegments(segments, walDirectory, store.persistedIndex);
    }
    const next = (store.persistedIndex + 1) as LogIndex;
    const reader = new LogReader(runtime.disk, walDirectory, next);
    try {
      for (let group = reader.next(); group !== null; group = reader.next()) {
        forEachEntry(group, (entry) => {
          if (entry.index <= store.committedIndex) {
            return;
          }
          if (entry.index > store.committedIndex + 1) {
            throw new ReplacedError();
          }
          store.append(entry);
          system.commit(entry, nowMs);
          store.commit(entry);
        });
      }
      reader.assertEnd();
    } finally {
      reader.close();
    }
    return new ReadOnlyNode(identity, store, system, runtime);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The log begins after what the manifest holds: a newer manifest has come meanwhile. */
class ReplacedError extends Error {}

/** Whether a file vanished under the look: a newer manifest does not need it. */
function isReplaced(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof ReplacedError || (each instanceof DiskError && each.code === "not-found")) {
      return true;
    }
  }
  return false;
}

/** Reads go through; what would tidy up does nothing; what would write is refused. */
function readOnlyDisk(disk: LockableDisk): LockableDisk {
  const refuse = (path: string): never => {
    throw new DiskError("permission", path, `${path} is opened for reading only`);
  };
  return {
    open: (path: string, options: OpenOptions): DiskFile =>
      options.mode === "read" ? disk.open(path, options) : refuse(path),
    exists: (path) => disk.exists(path),
    list: (directory) => disk.list(directory),
    makeDirectory: () => {},
    rename: refuse,
    remove: () => {},
    syncDirectory: () => {},
    lockDirectory: async (path) => Promise.resolve(refuse(path)),
  };
}

/** Table workers that find nothing to do. */
const idleThreads: Threads = {
  spawn: (): Thread => {
    let tell: (message: unknown) => void = () => {};
    return {
      post: () => {
        const reply: WorkReply = { kind: "done", work: "none", manifest: null, commitMs: 0 };
        queueMicrotask(() => {
          tell(reply);
        });
      },
      onMessage: (listener) => {
        tell = listener;
      },
      onError: () => {},
      hold: () => {},
      release: () => {},
      terminate: async () => Promise.resolve(),
    };
  },
};
