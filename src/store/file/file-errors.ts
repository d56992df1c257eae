// How what is wrong with a file is told: always with its path and the offset.
import { T4Error } from "../../core/errors.js";
import { DiskError } from "../../runtime/disk/disk.js";

/** A file that does not hold what was written to it. */
export function corrupt(path: string, offset: number, what: string, cause?: unknown): T4Error {
  return new T4Error("T4_CORRUPT", `${path} at offset ${offset}: ${what}`, { cause });
}

/** What a failed disk operation means to a caller; anything else is returned as it is. */
export function fromDiskError(error: unknown): unknown {
  if (!(error instanceof DiskError)) {
    return error;
  }
  switch (error.code) {
    case "no-space":
      return new T4Error("T4_NO_SPACE", error.message, { cause: error });
    case "not-found":
      return new T4Error("T4_CORRUPT", `${error.path} is missing`, { cause: error });
    case "permission":
    case "not-a-directory":
      return new T4Error("T4_DATA_DIR_UNUSABLE", error.message, { cause: error });
    case "exists":
    case "in-use":
    case "io":
      return new T4Error("T4_IO", error.message, { cause: error });
    default:
      return error;
  }
}
