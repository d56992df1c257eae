// Where things are in a block of an index run (format: run-format.ts): records, then the marks of its restarts.
import { readU32 } from "../file/fixed.js";

/** Where a block's records end and its marks begin. */
export function marksOf(block: Uint8Array): number {
  return block.length - 8 - readU32(block, block.length - 8) * 4;
}

export function restartsOf(block: Uint8Array): number {
  return readU32(block, block.length - 8);
}

/** Where the rows from a restart on begin; for the number of restarts, where the records end. */
export function markAt(block: Uint8Array, restart: number): number {
  const marks = marksOf(block);
  const at = marks + restart * 4;
  return at < block.length - 8 ? readU32(block, at) : marks;
}
