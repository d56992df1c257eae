// The data directory that a restore writes into, in place: it may be a mount point. A marker says that what is there does not
// count yet; what makes it count is the identity that the caller writes when all is done. So a crash at any moment leaves a
// directory that the next start empties, or one that is whole.
// Must never: touch a directory that has an identity.
import { utf8, utf8Bytes } from "../../lib/bytes.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { readWholeFile, writeWholeFile } from "../../runtime/disk/whole-file.js";

/** Where a data directory keeps its log and its store. */
export const WAL_DIRECTORY: string = "wal";
export const STORE_DIRECTORY: string = "store";
/** There while a restore writes into a directory that has no identity yet. */
export const RESTORING_NAME: string = "restoring.json";
/** There from a restore until something is durable in the log: the log may be empty although the store is not. */
export const RESTORED_NAME: string = "restored.json";

/** Where a directory begins that did not begin with an empty log. */
export interface RestoredRecord {
  /** The last entry that it has. */
  readonly index: LogIndex;
  readonly revision: Revision;
  readonly term: Term;
  readonly wallMs: number;
  readonly checkpoint: string | null;
  readonly raiseRevisionBy: number;
}

export class RestoringDirectory {
  readonly path: string;
  readonly #disk: Disk;

  /** The caller holds the directory's lock, and it has no identity. */
  constructor(path: string, disk: Disk) {
    this.path = path;
    this.#disk = disk;
  }

  get walDirectory(): string {
    return `${this.path}/${WAL_DIRECTORY}`;
  }

  get storeDirectory(): string {
    return `${this.path}/${STORE_DIRECTORY}`;
  }

  /** Marks it and makes it empty: what an earlier try has left may be of any form. */
  clear(): void {
    if (!this.#disk.exists(`${this.path}/${RESTORING_NAME}`)) {
      this.write(RESTORING_NAME, utf8Bytes("{}\n"));
    }
    for (const directory of [this.walDirectory, this.storeDirectory]) {
      this.#disk.makeDirectory(directory);
      removeFiles(directory, this.#disk);
    }
  }

  /** Gives a file in it its content, durably, whole or not at all. */
  write(name: string, content: Uint8Array): void {
    writeWholeFile(this.#disk, this.path, name, content);
  }

  /** Says until the log has entries that it may have none. Durable, as all that it tells of must be before. */
  writeRestored(restored: RestoredRecord): void {
    const { index, revision, term, wallMs, checkpoint, raiseRevisionBy } = restored;
    const fields = {
      format: 1,
      index,
      revision,
      term,
      wallMs,
      checkpoint,
      raiseRevisionBy,
    };
    this.write(RESTORED_NAME, utf8Bytes(`${JSON.stringify(fields, null, 2)}\n`));
  }

  /** It counts now. */
  finish(): void {
    removeMarker(this.path, RESTORING_NAME, this.#disk);
  }
}

/** After a crash, with the directory's lock: what a restore left counts if there is an identity, and is removed if not. */
export function finishRestore(path: string, hasIdentity: boolean, disk: Disk): void {
  if (!disk.exists(`${path}/${RESTORING_NAME}`)) {
    return;
  }
  if (!hasIdentity) {
    removeFiles(`${path}/${WAL_DIRECTORY}`, disk);
    removeFiles(`${path}/${STORE_DIRECTORY}`, disk);
    removeMarker(path, RESTORED_NAME, disk);
    // The marker stays: without it and an identity, the empty directories would be somebody else's.
    return;
  }
  removeMarker(path, RESTORING_NAME, disk);
}

/** Whether the log may have no segments, because its directory was restored and nothing has been written since. */
export function isFreshlyRestored(path: string, disk: Disk): boolean {
  return disk.exists(`${path}/${RESTORED_NAME}`);
}

/**
 * By how much the first leadership after a restore raises the revision; 0 if nobody has asked for it, or if it is done: what
 * it appends comes as one with the log's first entry after the restored ones. Throws T4_CORRUPT.
 */
export function raiseAfterRestore(path: string, tipIndex: LogIndex, disk: Disk): number {
  const name = `${path}/${RESTORED_NAME}`;
  if (!disk.exists(name)) {
    return 0;
  }
  const { index, raiseRevisionBy } = parseFields(readWholeFile(disk, name), name);
  if (raiseRevisionBy === undefined || index !== tipIndex) {
    return 0;
  }
  if (!Number.isSafeInteger(raiseRevisionBy) || (raiseRevisionBy as number) < 0) {
    throw corrupt(name);
  }
  return raiseRevisionBy as number;
}

function parseFields(content: Uint8Array, name: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(utf8(content, 0, content.length)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw corrupt(name, cause);
  }
}

function corrupt(name: string, cause?: unknown): T4Error {
  return new T4Error("T4_CORRUPT", `${name} does not hold what was written to it`, { cause });
}

/** Something is durable in the log: from now on it has segments, or has lost them. */
export function forgetRestore(path: string, disk: Disk): void {
  removeMarker(path, RESTORED_NAME, disk);
}

function removeMarker(path: string, name: string, disk: Disk): void {
  if (disk.exists(`${path}/${name}`)) {
    disk.remove(`${path}/${name}`);
    disk.syncDirectory(path);
  }
}

function removeFiles(directory: string, disk: Disk): void {
  if (disk.exists(directory)) {
    for (const name of disk.list(directory)) {
      disk.remove(`${directory}/${name}`);
    }
    disk.syncDirectory(directory);
  }
}
