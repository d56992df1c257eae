// Tells what a power loss left from what a broken disk made of a segment, behind its last whole group.
//
// What the writer guarantees: groups are written one at a time, each durable before the next is begun, only over zeros
// that are durable themselves, in a file that held nothing before. So a power loss leaves, behind the last whole group:
//   - zeros only; or
//   - of one group, some sectors as written and the others zero, and nothing but zeros behind it.
// All else was written whole, was perhaps acknowledged, and is damaged now: it is refused, never cut.
// The limit: damage to the last group that also zeroes a whole sector of it looks like a torn write.
import { assert } from "../../lib/assert.js";
import type { LogIndex } from "../../core/words.js";
import {
  decodeGroupHeader,
  FRAME_ALIGNMENT_BYTES,
  frameLengthAt,
  isFrameLength,
  SECTOR_BYTES,
} from "./format.js";

export type TailJudgement = "clean" | "torn" | { readonly damage: string };

/**
 * `rest` is all of the file behind its last whole group, which ends at `offset`; `nextIndex` is the index that the next
 * group would have started with.
 */
export function judgeTail(rest: Uint8Array, offset: number, nextIndex: LogIndex): TailJudgement {
  assert(offset % FRAME_ALIGNMENT_BYTES === 0, "frames are aligned");
  if (isZero(rest, 0, rest.length)) {
    return "clean";
  }
  const later = findLaterGroup(rest, nextIndex);
  if (later !== null) {
    return {
      damage: `the group here is bad, and a good one follows at byte ${offset + later}`,
    };
  }
  const sectorEnd = SECTOR_BYTES - (offset % SECTOR_BYTES);
  const length = frameLengthAt(rest, 0);
  if (length === 0) {
    // The group's first sector is missing: how far it reached is not known.
    return isZero(rest, 0, Math.min(sectorEnd, rest.length))
      ? "torn"
      : { damage: "a group has lost its length" };
  }
  if (!isFrameLength(length, rest.length)) {
    return { damage: `a group cannot be ${length} bytes long` };
  }
  if (!isZero(rest, length, rest.length)) {
    return { damage: "the last group is bad, and bytes follow it" };
  }
  for (let start = 0, end = sectorEnd; start < length; start = end, end += SECTOR_BYTES) {
    if (isZero(rest, start, Math.min(end, length))) {
      return "torn";
    }
  }
  return { damage: "the last group is bad though every sector of it was written" };
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== 0) {
      return false;
    }
  }
  return true;
}

/** Offset in `rest` of a whole group that comes after the one that should be at 0; null if there is none. */
function findLaterGroup(rest: Uint8Array, nextIndex: LogIndex): number | null {
  for (let at = FRAME_ALIGNMENT_BYTES; at < rest.length; at += FRAME_ALIGNMENT_BYTES) {
    const length = frameLengthAt(rest, at);
    if (isFrameLength(length, rest.length - at)) {
      const header = decodeGroupHeader(rest.subarray(at, at + length));
      if (header !== null && header.firstIndex > nextIndex) {
        return at;
      }
    }
  }
  return null;
}
