// A data directory: whether it may be used, who holds it, and who it belongs to.
// Layout: identity.json, lock (made by the disk), wal/ and store/.
// Must never: write into a directory before it is known to be ours, empty or new.
import { T4Error } from "../core/errors.js";
import { DiskError, type DirectoryLock, type Disk } from "../runtime/disk.js";
import type { Random } from "../runtime/random.js";
import { decodeIdentity, encodeIdentity, makeIdentity, type Identity } from "./identity.js";

const IDENTITY = "identity.json";
/** What a first start that was interrupted leaves, and what a file system puts at its root. */
const HARMLESS = new Set(["lock", `${IDENTITY}.tmp`, "lost+found"]);
/** Longest identity file that is read. */
const IDENTITY_BYTES_MAX = 64 * 1024;

export interface DataDirectory {
  readonly identity: Identity;
  readonly lock: DirectoryLock;
  readonly walDirectory: string;
  readonly storeDirectory: string;
}

/**
 * Takes a directory for this process; a new or empty one gets an identity. Throws T4_DATA_DIR_IN_USE,
 * T4_DATA_DIR_UNUSABLE, T4_FORMAT_TOO_NEW, T4_CORRUPT, and T4_INVALID_ARGUMENT if it belongs to another node id.
 */
export async function openDataDirectory(
  path: string,
  nodeId: string | null,
  disk: Disk,
  random: Random,
): Promise<DataDirectory> {
  assertUsable(path, disk);
  const lock = await takeLock(path, disk);
  try {
    // Read under the lock: another process may have made it meanwhile.
    const identity = disk.exists(join(path, IDENTITY))
      ? readIdentity(path, disk)
      : writeIdentity(path, disk, makeIdentity(random, nodeId));
    if (nodeId !== null && nodeId !== identity.nodeId) {
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `${path} belongs to node "${identity.nodeId}", not to "${nodeId}": use that node id, or another directory`,
      );
    }
    const { walDirectory, storeDirectory } = placesIn(path);
    disk.makeDirectory(walDirectory);
    disk.makeDirectory(storeDirectory);
    return { identity, lock, walDirectory, storeDirectory };
  } catch (error) {
    await lock.release();
    throw unusable(path, error);
  }
}

export function placesIn(path: string): { walDirectory: string; storeDirectory: string } {
  return { walDirectory: join(path, "wal"), storeDirectory: join(path, "store") };
}

/** Throws T4_DATA_DIR_UNUSABLE if there is no identity to read. */
export function readIdentity(path: string, disk: Disk): Identity {
  const name = join(path, IDENTITY);
  let bytes: Uint8Array;
  try {
    const file = disk.open(name, { mode: "read" });
    try {
      bytes = new Uint8Array(Math.min(file.size(), IDENTITY_BYTES_MAX));
      bytes = bytes.subarray(0, file.read(bytes, 0));
    } finally {
      file.close();
    }
  } catch (error) {
    throw unusable(path, error);
  }
  return decodeIdentity(new TextDecoder().decode(bytes), name);
}

/** Each step survives a crash: the name appears with the whole content or not at all. */
function writeIdentity(path: string, disk: Disk, identity: Identity): Identity {
  const temporary = join(path, `${IDENTITY}.tmp`);
  if (disk.exists(temporary)) {
    disk.remove(temporary);
  }
  const file = disk.open(temporary, { mode: "create" });
  try {
    file.write(new TextEncoder().encode(encodeIdentity(identity)), 0);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, join(path, IDENTITY));
  disk.syncDirectory(path);
  return identity;
}

function assertUsable(path: string, disk: Disk): void {
  try {
    if (!disk.exists(path)) {
      disk.makeDirectory(path);
      return;
    }
    const names = disk.list(path);
    if (names.includes(IDENTITY)) {
      return;
    }
    const foreign = names.find((name) => !HARMLESS.has(name));
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

async function takeLock(path: string, disk: Disk): Promise<DirectoryLock> {
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

function join(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}
