// The system snapshot: what the node keeps beside keys, as bytes that mean nothing here.
//
// Format: 4 bytes "T4SY" | u32 version | u32 crc32 of the 8 bytes before and the state | state
import { latin1 } from "../../lib/bytes.js";
import { crc32 } from "../../lib/hashes/crc32.js";
import { T4Error } from "../../core/errors.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { corrupt } from "../file/file-errors.js";
import { readU32 } from "../file/fixed.js";

export const SYSTEM_MAGIC = "T4SY";
export const SYSTEM_VERSION = 1;

/** Throws T4_CORRUPT or T4_FORMAT_TOO_NEW. */
export function readSystemFile(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, { mode: "read" });
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(file.size());
    if (file.read(bytes, 0) !== bytes.length || bytes.length < 12) {
      throw corrupt(path, bytes.length, "the system snapshot ends early");
    }
  } finally {
    file.close();
  }
  const state = bytes.subarray(12);
  const isWhole = crc32(state, crc32(bytes.subarray(0, 8))) === readU32(bytes, 8);
  if (!isWhole || latin1(bytes, 0, 4) !== SYSTEM_MAGIC) {
    throw corrupt(path, 0, "the system snapshot's checksum does not match");
  }
  const version = readU32(bytes, 4);
  if (version > SYSTEM_VERSION) {
    throw new T4Error(
      "T4_FORMAT_TOO_NEW",
      `${path} has format version ${version}; this program knows up to ${SYSTEM_VERSION}`,
    );
  }
  return state;
}
