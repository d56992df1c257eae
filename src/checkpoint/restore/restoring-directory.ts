// The directory in which a restore gathers a data directory before it has its name: `<data directory>.restoring`. Only a whole
// one is moved into place, so a crash at any moment leaves the old state, or one that the next restore begins anew.
import { T4Error } from "../../core/errors.js";
import { DiskError, type DirectoryLock, type Disk } from "../../runtime/disk.js";
import { fromDiskError } from "../../store/file/file-errors.js";

/** Where a data directory keeps its log and its store. */
export const WAL_DIRECTORY: string = "wal";
export const STORE_DIRECTORY: string = "store";
/** Made by the disk's lock. */
const LOCK = "lock";
/** What a file system puts at its root: the rest of such a directory is empty. */
const HARMLESS: ReadonlySet<string> = new Set([LOCK, "lost+found"]);

export class RestoringDirectory {
  readonly path: string;
  readonly #target: string;
  readonly #disk: Disk;
  readonly #lock: DirectoryLock;
  /** Keeps others out of an empty directory that is there already. */
  #targetLock: DirectoryLock | null;

  private constructor(
    target: string,
    disk: Disk,
    lock: DirectoryLock,
    targetLock: DirectoryLock | null,
  ) {
    this.#target = target;
    this.path = restoringPath(target);
    this.#disk = disk;
    this.#lock = lock;
    this.#targetLock = targetLock;
  }

  /**
   * For the data directory `target`, which must be missing or empty. Throws T4_DATA_DIR_IN_USE if another process restores
   * it, T4_DATA_DIR_UNUSABLE if it is not empty.
   */
  static async open(target: string, disk: Disk): Promise<RestoringDirectory> {
    const path = trimmed(target);
    assertReplaceable(path, disk);
    const restoring = restoringPath(path);
    const targetLock = disk.exists(path) ? await lockForRestore(path, disk) : null;
    try {
      disk.makeDirectory(restoring);
      const lock = await lockForRestore(restoring, disk);
      return new RestoringDirectory(path, disk, lock, targetLock);
    } catch (error) {
      await targetLock?.release();
      throw error;
    }
  }

  get walDirectory(): string {
    return `${this.path}/${WAL_DIRECTORY}`;
  }

  get storeDirectory(): string {
    return `${this.path}/${STORE_DIRECTORY}`;
  }

  /** Makes it empty: what an earlier try has left may be of any form. */
  clear(): void {
    clearDirectory(this.path, this.#disk);
    this.#disk.makeDirectory(this.walDirectory);
    this.#disk.makeDirectory(this.storeDirectory);
  }

  /** Gives a file in it its content, durably. */
  write(name: string, content: Uint8Array): void {
    const file = this.#disk.open(`${this.path}/${name}`, { mode: "create" });
    try {
      file.write(content, 0);
      file.sync();
    } finally {
      file.close();
    }
  }

  /** All that is in it is synced: it becomes the data directory. */
  async moveIntoPlace(): Promise<void> {
    this.#disk.syncDirectory(this.path);
    await this.#releaseTarget();
    assertReplaceable(this.#target, this.#disk);
    if (this.#disk.exists(this.#target)) {
      // Who has taken it since is noticed: it is not empty then.
      removeEmpty(this.#target, this.#disk);
    }
    this.#disk.rename(this.path, this.#target);
    this.#disk.syncDirectory(parentOf(this.#target));
  }

  async close(): Promise<void> {
    await this.#releaseTarget();
    await this.#lock.release();
  }

  async #releaseTarget(): Promise<void> {
    const lock = this.#targetLock;
    this.#targetLock = null;
    await lock?.release();
  }
}

/** Removes what an interrupted restore has left, for a start that wants none. Throws T4_DATA_DIR_IN_USE while one runs. */
export async function discardRestore(target: string, disk: Disk): Promise<void> {
  const path = restoringPath(trimmed(target));
  if (!disk.exists(path)) {
    return;
  }
  const lock = await lockForRestore(path, disk);
  try {
    clearDirectory(path, disk);
  } finally {
    await lock.release();
  }
  removeEmpty(path, disk);
  disk.syncDirectory(parentOf(path));
}

/** What a disk refused, as a restore tells it. */
export function restoreError(error: unknown): unknown {
  return error instanceof DiskError && error.code === "in-use"
    ? new T4Error("T4_DATA_DIR_IN_USE", error.message, { cause: error })
    : fromDiskError(error);
}

async function lockForRestore(path: string, disk: Disk): Promise<DirectoryLock> {
  try {
    return await disk.lockDirectory(path);
  } catch (error) {
    throw restoreError(error);
  }
}

function assertReplaceable(target: string, disk: Disk): void {
  const foreign = disk.exists(target)
    ? disk.list(target).find((name) => !HARMLESS.has(name))
    : undefined;
  if (foreign !== undefined) {
    throw new T4Error(
      "T4_DATA_DIR_UNUSABLE",
      `${target} is not empty (it holds ${foreign}), and a restore replaces nothing: choose a new directory, or move this one away`,
    );
  }
}

function clearDirectory(path: string, disk: Disk): void {
  for (const name of disk.list(path)) {
    const inner = `${path}/${name}`;
    if (name === WAL_DIRECTORY || name === STORE_DIRECTORY) {
      for (const file of disk.list(inner)) {
        disk.remove(`${inner}/${file}`);
      }
      disk.removeDirectory(inner);
    } else if (name !== LOCK) {
      disk.remove(inner);
    }
  }
  disk.syncDirectory(path);
}

/** A directory that holds at most the places of dead locks. */
function removeEmpty(path: string, disk: Disk): void {
  if (disk.exists(`${path}/${LOCK}`)) {
    for (const name of disk.list(`${path}/${LOCK}`)) {
      disk.remove(`${path}/${LOCK}/${name}`);
    }
    disk.removeDirectory(`${path}/${LOCK}`);
  }
  disk.removeDirectory(path);
}

function restoringPath(target: string): string {
  return `${trimmed(target)}.restoring`;
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.replace(/\/+$/, "") : path;
}

function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : path.slice(0, at);
}
