// Files as a port. Every file access of the store and the log goes through it, so that a test can lose, tear and
// reorder unsynced writes, fill the disk, or stop the world at any operation.
//
// All operations are synchronous: they run in worker threads (log, table making), at start-up, or are reads of a few
// KiB that the page cache answers in microseconds. The libuv pool is never used: password hashing or uploads in
// it would delay a commit (measured: 0.13 ms against 7 ms).

export type DiskErrorCode =
  "not-found" | "exists" | "no-space" | "permission" | "not-a-directory" | "in-use" | "io";

/** What the file system refused, by a code that can be matched; `path` names the file. */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: DiskErrorCode;
  readonly path: string;

  constructor(code: DiskErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}

/** An open file. Offsets and lengths are bytes. Every method may throw a DiskError. */
export interface DiskFile {
  readonly path: string;
  /** Reads into all of `target` from `offset`; returns the bytes read, fewer only at the end of the file. */
  read(target: Uint8Array, offset: number): number;
  /** Writes all of `bytes` at `offset`. Durable on return only if the file was opened with `durableWrites`. */
  write(bytes: Uint8Array, offset: number): void;
  /**
   * Makes everything written so far survive a power loss (not the file's name: `syncDirectory`). After it failed, what
   * was written may be gone although it can still be read: never try again on the same file.
   */
  sync(): void;
  /** Cuts the file, or lengthens it with zeros. Durable after `sync`. */
  truncate(length: number): void;
  size(): number;
  close(): void;
}

export interface OpenOptions {
  /** read: must exist. create: must not exist. write: must exist. */
  readonly mode: "read" | "create" | "write";
  /**
   * Each write is durable when it returns (O_DSYNC where that reaches the device; elsewhere the file syncs after each
   * write).
   */
  readonly durableWrites?: boolean;
}

/** Holds a directory for one process until released or until the process dies, however it dies. */
export interface DirectoryLock {
  release(): Promise<void>;
}

export interface Disk {
  open(path: string, options: OpenOptions): DiskFile;
  exists(path: string): boolean;
  /** Names (not paths) of the entries of a directory, sorted. */
  list(directory: string): string[];
  /** Creates a directory and those above it; it may exist. Durable on return. */
  makeDirectory(path: string): void;
  /**
   * Atomically; durable after `syncDirectory`. A file replaces the file `to` if there is one. A directory is moved with all
   * it holds, to a name that is free.
   */
  rename(from: string, to: string): void;
  remove(path: string): void;
  syncDirectory(path: string): void;
}

/** What the thread that opens a directory needs of a disk besides. */
export interface LockableDisk extends Disk {
  /** Takes a directory for this process; rejects with a DiskError "in-use" that names the holder. */
  lockDirectory(path: string): Promise<DirectoryLock>;
}
