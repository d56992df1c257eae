// The nonces under which this data directory took the lock, kept in it: together with the directory's own lock they prove that
// the process that holds the object is dead, so a restart takes it back at once.
// A nonce is durable here before it is in the object; those before it stay, since a put without an answer may still show.
// Format: the file leader-lock.json, `{"formatVersion": 1, "nonces": [oldest, …]}`.
import { utf8, utf8Bytes } from "../lib/bytes.js";
import { T4Error } from "../core/errors.js";
import type { Disk } from "../runtime/disk/disk.js";
import { readWholeFile, writeWholeFile } from "../runtime/disk/whole-file.js";

export const LOCK_NONCES_NAME: string = "leader-lock.json";
const FORMAT_VERSION = 1;
/** More than one is needed only after a crash between writing it here and knowing it in the object. */
const NONCES_MAX = 8;

/** Oldest first; none if the file is missing. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or a DiskError. */
export function readLockNonces(disk: Disk, directory: string): string[] {
  const path = `${directory}/${LOCK_NONCES_NAME}`;
  if (!disk.exists(path)) {
    return [];
  }
  const bytes = readWholeFile(disk, path);
  return decodeNonces(utf8(bytes, 0, bytes.length), path);
}

function decodeNonces(text: string, path: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new T4Error("T4_CORRUPT", `${path} does not hold what was written to it`, { cause });
  }
  const { formatVersion, nonces } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof formatVersion === "number" && formatVersion > FORMAT_VERSION) {
    throw new T4Error(
      "T4_FORMAT_TOO_NEW",
      `${path} has format ${formatVersion}; this program knows ${FORMAT_VERSION}`,
    );
  }
  if (
    formatVersion !== FORMAT_VERSION ||
    !Array.isArray(nonces) ||
    !nonces.every((nonce): nonce is string => typeof nonce === "string")
  ) {
    throw new T4Error("T4_CORRUPT", `${path} does not hold what was written to it`);
  }
  return nonces;
}

/** Adds a nonce, durably. Throws as `readLockNonces`. */
export function addLockNonce(disk: Disk, directory: string, nonce: string): void {
  const nonces = [...readLockNonces(disk, directory), nonce].slice(-NONCES_MAX);
  const text = `${JSON.stringify({ formatVersion: FORMAT_VERSION, nonces }, null, 2)}\n`;
  writeWholeFile(disk, directory, LOCK_NONCES_NAME, utf8Bytes(text));
}
