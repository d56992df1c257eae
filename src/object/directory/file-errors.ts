// What a file system's refusals mean to whoever uses a directory as an object store, and what to do about each.
import type { DiskErrorCode } from "../../runtime/disk/disk.js";
import { diskError } from "../../runtime/disk/disk-error.js";
import { ObjectStoreError, type ObjectStoreErrorCode } from "../object-store.js";
import { hasErrorCode } from "./files.js";

const CODES: Readonly<Record<DiskErrorCode, ObjectStoreErrorCode>> = {
  "not-found": "not-found",
  "not-a-directory": "not-found",
  exists: "not-found",
  permission: "denied",
  "no-space": "full",
  "in-use": "unavailable",
  io: "unavailable",
};

/** The port's error for what a file system threw at `path`; anything else is returned as it is. */
export function fileError(action: string, path: string, error: unknown): unknown {
  if (
    error instanceof ObjectStoreError ||
    typeof (error as { errno?: unknown }).errno !== "number"
  ) {
    return error;
  }
  if (hasErrorCode(error, "ENAMETOOLONG")) {
    return new ObjectStoreError(
      "unsupported",
      `cannot ${action} ${path}: its file system does not take names or paths so long: choose a shorter path`,
      { cause: error },
    );
  }
  const { code, message } = diskError(action, path, error);
  return new ObjectStoreError(CODES[code], message, { cause: error });
}

export function notADirectory(path: string, cause: unknown): ObjectStoreError {
  return new ObjectStoreError(
    "not-found",
    `cannot use ${path} as an object store: it is a file, or lies below one: name a directory, which is created if it is not there`,
    { cause },
  );
}

/** The directory that was opened is no longer there, as when a volume is unmounted. */
export function directoryGone(path: string, cause?: unknown): ObjectStoreError {
  return new ObjectStoreError(
    "not-found",
    `the directory ${path} is not the one that was opened: look whether its volume is still mounted, then restart`,
    { cause },
  );
}
