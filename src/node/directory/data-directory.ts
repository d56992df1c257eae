// A data directory: whether it may be used, who holds it, and who it belongs to.
// Layout: identity.json, lock (made by the disk), wal/ and store/; with an object store also what replaced-data.ts and the
// leader lock keep there.
// Must never: write into a directory before it is known to be ours, empty or new.
import { T4Error } from "../../core/errors.js";
import { RESTORING_NAME } from "../../checkpoint/restore/restoring-directory.js";
import { utf8Bytes } from "../../lib/bytes.js";
import {
  DiskError,
  type DirectoryLock,
  type Disk,
  type LockableDisk,
} from "../../runtime/disk/disk.js";
import type { Random } from "../../runtime/random.js";
import { readWholeFile, writeWholeFile } from "../../runtime/disk/whole-file.js";
import {
  decodeIdentity,
  encodeIdentity,
  IDENTITY_NAME,
  makeIdentity,
  type Identity,
} from "./identity.js";
import { removeScratch } from "./scratch-file.js";
import { join, placesIn, type DataPlaces } from "./data-places.js";
import { COPYING_NAME, finishInterrupted, isOurs } from "./replaced-data.js";

export interface DataDirectory extends DataPlaces {
  readonly identity: Identity;
  readonly lock: DirectoryLock;
}

/** A directory that this process holds; it may be new. */
export interface TakenDirectory extends DataPlaces {
  readonly lock: DirectoryLock;
  /** Null: nothing has ever been written there. */
  readonly identity: Identity | null;
}

/**
 * Takes a directory for this process; a new or empty one gets an identity. Throws T4_DATA_DIR_IN_USE,
 * T4_DATA_DIR_UNUSABLE, T4_FORMAT_TOO_NEW, T4_CORRUPT, and T4_INVALID_ARGUMENT if it belongs to another node id.
 */
export async function openDataDirectory(
  path: string,
  nodeId: string | null,
  disk: LockableDisk,
  random: Random,
  isCopying = false,
): Promise<DataDirectory> {
  const taken = await takeDataDirectory(path, nodeId, disk, isCopying);
  try {
    if (taken.identity === null && disk.exists(join(path, RESTORING_NAME))) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `a restore or an import into ${path} was interrupted, so no database is there: run the same command again, or remove the directory`,
      );
    }
    const identity = taken.identity ?? makeIdentity(random, nodeId);
    return claimDirectory(taken, identity, disk);
  } catch (error) {
    await taken.lock.release();
    throw error;
  }
}

/**
 * The first half of `openDataDirectory`: takes the directory, and finishes what a crash interrupted in it. `isCopying`:
 * takes one into which keys are being copied, which is no database for others.
 */
export async function takeDataDirectory(
  path: string,
  nodeId: string | null,
  disk: LockableDisk,
  isCopying = false,
): Promise<TakenDirectory> {
  assertUsable(path, disk);
  const lock = await takeLock(path, disk);
  try {
    // Read under the lock: another process may have made it meanwhile.
    finishInterrupted(placesIn(path), disk);
    removeScratch(path, disk);
    if (!isCopying && disk.exists(join(path, COPYING_NAME))) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `keys were being copied into ${path}, and not all are there: run the same t4 import again, or remove the directory`,
      );
    }
    const identity = disk.exists(join(path, IDENTITY_NAME)) ? readIdentity(path, disk) : null;
    if (nodeId !== null && identity !== null && nodeId !== identity.nodeId) {
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `${path} belongs to node "${identity.nodeId}", not to "${nodeId}": use that node id, or another directory`,
      );
    }
    return { ...placesIn(path), lock, identity };
  } catch (error) {
    await lock.release();
    throw unusable(path, error);
  }
}

/** The second half: the directory is `identity`'s from now on. */
export function claimDirectory(
  taken: TakenDirectory,
  identity: Identity,
  disk: Disk,
): DataDirectory {
  const { path, walDirectory, storeDirectory } = taken;
  try {
    if (taken.identity === null) {
      // Each step survives a crash: the name appears with the whole content or not at all.
      writeWholeFile(disk, path, IDENTITY_NAME, utf8Bytes(encodeIdentity(identity)));
    }
    disk.makeDirectory(walDirectory);
    disk.makeDirectory(storeDirectory);
    return { ...taken, identity };
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Throws T4_DATA_DIR_UNUSABLE if there is no identity to read. */
export function readIdentity(path: string, disk: Disk): Identity {
  try {
    const text = new TextDecoder().decode(readWholeFile(disk, join(path, IDENTITY_NAME)));
    return decodeIdentity(text, join(path, IDENTITY_NAME));
  } catch (error) {
    throw unusable(path, error);
  }
}

function assertUsable(path: string, disk: Disk): void {
  try {
    if (!disk.exists(path)) {
      disk.makeDirectory(path);
      return;
    }
    const names = disk.list(path);
    if (names.includes(IDENTITY_NAME)) {
      return;
    }
    const isRestoring = names.includes(RESTORING_NAME);
    const foreign = names.find((name) => !isHarmless(name, isRestoring));
    if (foreign !== undefined) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `${path} is no data directory and holds other files (${foreign}): choose an empty or new one`,
      );
    }
  } catch (error) {
    throw unusable(path, error);
  }
}

/** What a first start that was interrupted leaves, what is kept aside, and what a file system puts at its root. */
function isHarmless(name: string, isRestoring: boolean): boolean {
  return (
    ["lock", `${IDENTITY_NAME}.tmp`, "lost+found"].includes(name) ||
    isOurs(name) ||
    (isRestoring && ["wal", "store"].includes(name))
  );
}

async function takeLock(path: string, disk: LockableDisk): Promise<DirectoryLock> {
  try {
    return await disk.lockDirectory(path);
  } catch (error) {
    if (error instanceof DiskError && error.code === "in-use") {
      throw new T4Error("T4_DATA_DIR_IN_USE", error.message, { cause: error });
    }
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): unknown {
  return error instanceof DiskError
    ? new T4Error("T4_DATA_DIR_UNUSABLE", `${path} cannot be used: ${error.message}`, {
        cause: error,
      })
    : error;
}
