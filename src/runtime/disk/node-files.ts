// Files of the machine, through node:fs's synchronous calls: the disk as a worker thread has it. The lock of a directory,
// which only the thread that opens it needs, is apart: its modules would be a third of what a worker loads.
// Must never: report a write as durable that only the page cache or the drive's volatile cache has.
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { DiskError, type Disk, type DiskFile, type OpenOptions } from "./disk.js";
import { diskError } from "./disk-error.js";

/** O_DSYNC reaches the device on Linux only. Elsewhere libuv's fdatasync does (F_FULLFSYNC, FlushFileBuffers). */
const hasDurableOpen = process.platform === "linux";
/** Windows can neither open a directory nor needs to: its journal orders names by itself. */
const hasDirectorySync = process.platform !== "win32";

/** Runs `operation`; what it throws becomes a DiskError. */
function guarded<Result>(action: string, path: string, operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    throw diskError(action, path, error);
  }
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #syncEachWrite: boolean;
  #closed = false;

  constructor(path: string, descriptor: number, syncEachWrite: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#syncEachWrite = syncEachWrite;
  }

  read(target: Uint8Array, offset: number): number {
    try {
      let done = readSync(this.#descriptor, target, 0, target.length, offset);
      while (done < target.length) {
        const count = readSync(this.#descriptor, target, done, target.length - done, offset + done);
        if (count === 0) {
          break;
        }
        done += count;
      }
      return done;
    } catch (error) {
      throw diskError("read", this.path, error);
    }
  }

  write(bytes: Uint8Array, offset: number): void {
    try {
      let done = writeSync(this.#descriptor, bytes, 0, bytes.length, offset);
      while (done < bytes.length) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done);
      }
      if (this.#syncEachWrite) {
        fdatasyncSync(this.#descriptor);
      }
    } catch (error) {
      throw diskError("write", this.path, error);
    }
  }

  sync(): void {
    guarded("sync", this.path, () => {
      fsyncSync(this.#descriptor);
    });
  }

  truncate(length: number): void {
    guarded("truncate", this.path, () => {
      ftruncateSync(this.#descriptor, length);
    });
  }

  size(): number {
    return guarded("read the size of", this.path, () => fstatSync(this.#descriptor).size);
  }

  close(): void {
    if (!this.#closed) {
      // Set first: a descriptor whose close failed is gone all the same, and its number may serve another file.
      this.#closed = true;
      guarded("close", this.path, () => {
        closeSync(this.#descriptor);
      });
    }
  }
}

function openFlags(options: OpenOptions): number {
  const durable =
    options.durableWrites === true && hasDurableOpen ? constants.O_DSYNC : constants.O_RDONLY;
  switch (options.mode) {
    case "read":
      return constants.O_RDONLY;
    case "create":
      return constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | durable;
    case "write":
      return constants.O_RDWR | durable;
  }
}

/** Creates a directory and those above it, each synced into its parent. */
function makeDirectory(path: string): void {
  const parent = dirname(path);
  if (existsSync(path) || parent === path) {
    if (!guarded("look at", path, () => statSync(path)).isDirectory()) {
      throw new DiskError("not-a-directory", path, `${path} is a file where a directory is needed`);
    }
    return;
  }
  makeDirectory(parent);
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw diskError("create", path, error);
    }
  }
  syncDirectory(parent);
}

function syncDirectory(path: string): void {
  if (!hasDirectorySync) {
    return;
  }
  guarded("sync", path, () => {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

export const nodeFiles: Disk = {
  open(path: string, options: OpenOptions): DiskFile {
    const descriptor = guarded("open", path, () => openSync(path, openFlags(options), 0o600));
    return new NodeFile(path, descriptor, options.durableWrites === true && !hasDurableOpen);
  },
  exists: (path: string): boolean => existsSync(path),
  list: (directory: string): string[] =>
    guarded("list", directory, () => readdirSync(directory)).sort(),
  makeDirectory(path: string): void {
    makeDirectory(resolve(path));
  },
  rename(from: string, to: string): void {
    guarded("rename", from, () => {
      renameSync(from, to);
    });
  },
  remove(path: string): void {
    guarded("remove", path, () => {
      unlinkSync(path);
    });
  },
  syncDirectory,
};
