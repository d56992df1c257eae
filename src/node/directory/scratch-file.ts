// Files for what is too large for memory and needed for a moment: gone when they are closed, and what a crash leaves of
// them is removed when the directory is taken next.
import type { Disk } from "../../runtime/disk/disk.js";
import { fromDiskError } from "../../store/file/file-errors.js";

/** Its methods throw T4_NO_SPACE or T4_IO. */
export interface ScratchFile {
  /** Reads into `target` from `offset`; fewer bytes only at the end. */
  read(target: Uint8Array, offset: number): number;
  write(bytes: Uint8Array, offset: number): void;
  size(): number;
  close(): void;
}

const NAME = /^scratch-(\d+)\.tmp$/;

/** A file in a data directory that this process holds. Throws T4_NO_SPACE, T4_DATA_DIR_UNUSABLE or T4_IO. */
export function openScratch(directory: string, disk: Disk): ScratchFile {
  const taken = disk.list(directory).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
  const path = `${directory}/scratch-${String(Math.max(0, ...taken) + 1)}.tmp`;
  const file = told(() => disk.open(path, { mode: "create" }));
  return {
    read: (target, offset) => told(() => file.read(target, offset)),
    write: (bytes, offset) => {
      told(() => {
        file.write(bytes, offset);
      });
    },
    size: () => told(() => file.size()),
    close: () => {
      told(() => {
        file.close();
        // Whoever took the directory meanwhile has removed it.
        if (disk.exists(path)) {
          disk.remove(path);
        }
      });
    },
  };
}

function told<Result>(operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    throw fromDiskError(error);
  }
}

/** Of a node that keeps everything in memory: so is this. */
export function openMemoryScratch(): ScratchFile {
  let bytes = new Uint8Array(0);
  let size = 0;
  return {
    read: (target, offset) => {
      const part = bytes.subarray(offset, Math.min(size, offset + target.length));
      target.set(part);
      return part.length;
    },
    write: (written, offset) => {
      const end = offset + written.length;
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.max(end, bytes.length * 2));
        larger.set(bytes.subarray(0, size));
        bytes = larger;
      }
      bytes.set(written, offset);
      size = Math.max(size, end);
    },
    size: () => size,
    close: () => {
      bytes = new Uint8Array(0);
      size = 0;
    },
  };
}

/** Removes what a crash has left. The caller holds the directory. */
export function removeScratch(directory: string, disk: Disk): void {
  for (const name of disk.list(directory)) {
    if (NAME.test(name)) {
      disk.remove(`${directory}/${name}`);
    }
  }
}
