// A data directory made from an object store, as a database of its own: it shares its history with the source, and nothing
// that is written from then on.
import {
  restoreInto,
  type RestoreProgress,
  type Restored,
} from "../../checkpoint/restore/restore.js";
import type { HistoryTarget } from "../../checkpoint/restore/history.js";
import { T4Error } from "../../core/errors.js";
import { hexOfId } from "../../lib/hex.js";
import type { ObjectStore } from "../../object/object-store.js";
import type { Runtime } from "../../runtime/runtime.js";
import { claimDirectory, takeDataDirectory } from "../directory/data-directory.js";
import { makeIdentity } from "../directory/identity.js";
import { readDirectoryEnd } from "../read-only.js";

export interface RestoreDirectoryOptions {
  readonly store: ObjectStore;
  readonly target: HistoryTarget;
  readonly runtime: Runtime;
  readonly directory: string;
  /** Null: a random one. */
  readonly nodeId: string | null;
  /** By how much its first start raises the revision; 0: not at all. */
  readonly raiseRevisionBy: number;
  /** Ends the restore; what was made so far is removed when the directory is taken again. */
  readonly signal: AbortSignal;
  readonly progress?: (progress: RestoreProgress) => void;
}

/**
 * Fills a directory that is empty or new, and reads back what it made. Throws T4_DATA_DIR_UNUSABLE for one that holds a
 * database, T4_NOT_RETAINED, T4_FUTURE_REVISION, T4_CORRUPT, T4_NO_SPACE, T4_IO or an ObjectStoreError.
 */
export async function restoreDirectory(options: RestoreDirectoryOptions): Promise<Restored> {
  const { store, target, runtime, directory, nodeId, raiseRevisionBy, signal, progress } = options;
  const { disk, random, logger } = runtime;
  const taken = await takeDataDirectory(directory, null, disk);
  let restored: Restored;
  try {
    if (taken.identity !== null) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `${directory} holds a database already: choose an empty or new directory`,
      );
    }
    restored = await restoreInto({
      store,
      target,
      directory,
      disk,
      logger,
      raiseRevisionBy,
      progress: (told) => {
        signal.throwIfAborted();
        progress?.(told);
      },
      complete: () => {
        claimDirectory(taken, makeIdentity(random, nodeId), disk);
      },
    });
  } finally {
    await taken.lock.release();
  }
  await assertEnd(directory, restored, runtime);
  return restored;
}

/** Reads what was made, and looks whether it ends where it should. */
async function assertEnd(directory: string, restored: Restored, runtime: Runtime): Promise<void> {
  const { revision, index } = await readDirectoryEnd(directory, runtime);
  if (revision !== restored.revision || index !== restored.index) {
    throw new T4Error(
      "T4_CORRUPT",
      `${directory} ends at revision ${revision} instead of ${restored.revision}: do not use it ` +
        `(cluster ${hexOfId(restored.clusterId)})`,
    );
  }
}
