// What the operating system's error codes mean to whoever meets them, and what to do about each.
import { DiskError, type DiskErrorCode } from "./disk.js";

const CODES: Readonly<Record<string, readonly [DiskErrorCode, string]>> = {
  ENOENT: ["not-found", "it does not exist"],
  EEXIST: ["exists", "it exists already"],
  ENOTEMPTY: ["exists", "it is a directory that is not empty"],
  EBUSY: ["in-use", "the system uses it: a mount point cannot be replaced, use a directory in it"],
  ENOSPC: ["no-space", "the disk is full: free some space"],
  EDQUOT: ["no-space", "the disk quota is used up: raise it or free some space"],
  EACCES: ["permission", "permission denied: check owner and mode of the file and its directories"],
  EPERM: ["permission", "not permitted: check owner, mode and attributes of the file"],
  EROFS: ["permission", "the file system is mounted read-only"],
  ENOTDIR: ["not-a-directory", "a part of the path is a file where a directory is needed"],
  EMFILE: ["io", "this process has too many open files: raise its limit (ulimit -n)"],
  ENFILE: ["io", "the system has too many open files: raise fs.file-max"],
  EIO: ["io", "the device failed: check the kernel's log and the drive"],
};

/** The port's error for what node:fs threw. */
export function diskError(action: string, path: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) {
    return cause;
  }
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const [mapped, advice] = CODES[code] ?? (["io", (cause as Error).message] as const);
  return new DiskError(mapped, path, `cannot ${action} ${path}: ${advice} (${code})`, cause);
}
