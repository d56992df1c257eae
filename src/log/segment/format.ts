// The bytes of a log segment's header and of a group's frame.
// Format (docs/formats.md has the same tables; all numbers little-endian):
//   A segment is named `<first index, 16 digits>.wal`, so that the order of names is the order of the log.
//   header   0 u8[8] magic | 8 u32 format version | 12 u32 CRC-32 of the other header bytes | 16 u64 first index
//            | 24 u64 term | 32 u64 revision after the first entry | 40 u8[24] zero
//   groups   each at a multiple of 8 bytes, the first at 64; a length of zero, or the end of the file, ends the segment
//   group    0 u32 length of the frame, a multiple of 8 | 4 u32 entries | 8 u32 CRC-32 of the frame's other bytes
//            | 12 u32 flags, zero | 16 u64 term | 24 u64 first index | 32 u64 revision after the first entry
//            | 40 u64 committed index when the group was written | 48 u64 wall clock in ms, never less than in the
//            group before | 56 entries (core/entry-codec.ts), then zeros up to the length
// Frames start at multiples of 8, so no number of a frame's header lies across two sectors of a disk: it is there or not.
import { assert } from "../../lib/assert.js";
import { crc32 } from "../../lib/hashes/crc32.js";
import type { GroupBase } from "../../core/entry-codec.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";

export const FORMAT_VERSION: number = 1;
export const SEGMENT_HEADER_BYTES: number = 64;
export const GROUP_HEADER_BYTES: number = 56;
export const FRAME_ALIGNMENT_BYTES: number = 8;
/** A disk writes at least this much at once: what a power loss tears a write into. */
export const SECTOR_BYTES: number = 512;
/** A frame's length is a u32; typed arrays of this size still work everywhere. */
export const FRAME_BYTES_MAX: number = 2 ** 31 - FRAME_ALIGNMENT_BYTES;

/** A file of zeros that becomes the next segment when it has a header; any left behind is removed at start. */
export const NEXT_SEGMENT_NAME: string = "next.tmp";

const MAGIC = Uint8Array.of(0x89, 0x54, 0x34, 0x4c, 0x4f, 0x47, 0x0d, 0x0a); // \x89 T4LOG \r \n
const NAME_PATTERN = /^(\d{16})\.wal$/;

export function segmentName(firstIndex: LogIndex): string {
  return `${String(firstIndex).padStart(16, "0")}.wal`;
}

/** The first index that a segment's name tells; null if the name is not a segment's. */
export function firstIndexOfName(name: string): LogIndex | null {
  const digits = NAME_PATTERN.exec(name)?.[1];
  return digits === undefined ? null : (Number(digits) as LogIndex);
}

/** `length` rounded up to where the next frame may start. */
export function aligned(length: number): number {
  return Math.ceil(length / FRAME_ALIGNMENT_BYTES) * FRAME_ALIGNMENT_BYTES;
}

/** A group's header, beside what its entries share. */
export interface GroupHeader extends GroupBase {
  /** Bytes of the whole frame. */
  readonly length: number;
  readonly entryCount: number;
  readonly committedIndex: LogIndex;
  readonly wallMs: number;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** A number beyond 2^53 reads as NaN: no valid one is. */
function readUint64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

export function encodeSegmentHeader(base: GroupBase): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(MAGIC, 0);
  view.setUint32(8, FORMAT_VERSION, true);
  writeUint64(view, 16, base.firstIndex);
  writeUint64(view, 24, base.term);
  writeUint64(view, 32, base.firstRevision);
  view.setUint32(12, segmentHeaderChecksum(bytes), true);
  return bytes;
}

function segmentHeaderChecksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(16, SEGMENT_HEADER_BYTES), crc32(bytes.subarray(0, 12)));
}

/** Throws T4_FORMAT_TOO_NEW for a version this one does not know, T4_CORRUPT for anything else that is no header. */
export function decodeSegmentHeader(bytes: Uint8Array, path: string): GroupBase {
  if (bytes.length < SEGMENT_HEADER_BYTES || !MAGIC.every((byte, at) => byte === bytes[at])) {
    throw corrupt(path, 0, "the file is not a log segment");
  }
  const view = viewOf(bytes);
  const version = view.getUint32(8, true);
  // Before the checksum: a newer version may have another header.
  if (version > FORMAT_VERSION) {
    throw new T4Error(
      "T4_FORMAT_TOO_NEW",
      `${path} has format version ${version}, and this version of T4 reads up to ${FORMAT_VERSION}: use a newer one`,
    );
  }
  if (version === 0 || view.getUint32(12, true) !== segmentHeaderChecksum(bytes)) {
    throw corrupt(path, 0, "the segment's header does not match its checksum");
  }
  return {
    firstIndex: readUint64(view, 16) as LogIndex,
    term: readUint64(view, 24) as Term,
    firstRevision: readUint64(view, 32) as Revision,
  };
}

/** Fills in the header of a frame whose entries are in place, but for its checksum. `view` begins where the frame does. */
export function writeGroupHeader(view: DataView, header: GroupHeader): void {
  assert(
    header.length <= view.byteLength &&
      header.length % FRAME_ALIGNMENT_BYTES === 0 &&
      header.length <= FRAME_BYTES_MAX,
    "a frame fits into the memory it is written to",
  );
  view.setUint32(0, header.length, true);
  view.setUint32(4, header.entryCount, true);
  view.setUint32(12, 0, true);
  writeUint64(view, 16, header.term);
  writeUint64(view, 24, header.firstIndex);
  writeUint64(view, 32, header.firstRevision);
  writeUint64(view, 40, header.committedIndex);
  writeUint64(view, 48, header.wallMs);
}

function groupChecksum(frame: Uint8Array): number {
  return crc32(frame.subarray(12), crc32(frame.subarray(0, 8)));
}

/** The last thing that is written into a frame. */
export function writeGroupChecksum(frame: Uint8Array): void {
  viewOf(frame).setUint32(8, groupChecksum(frame), true);
}

/** A frame's length as its header has it, or 0 if there is no room for a header at `at`. */
export function frameLengthAt(bytes: Uint8Array, at: number): number {
  return at + GROUP_HEADER_BYTES <= bytes.length
    ? ((bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24)) >>>
        0
    : 0;
}

/** Whether a frame can have this length with `room` bytes left in its file. */
export function isFrameLength(length: number, room: number): boolean {
  return length > GROUP_HEADER_BYTES && length <= room && length % FRAME_ALIGNMENT_BYTES === 0;
}

/** What the entries of a frame share, from a header that was just written. */
export function readGroupBase(frame: Uint8Array): GroupBase {
  const view = viewOf(frame);
  return {
    term: readUint64(view, 16) as Term,
    firstIndex: readUint64(view, 24) as LogIndex,
    firstRevision: readUint64(view, 32) as Revision,
  };
}

export function readEntryCount(frame: Uint8Array): number {
  return viewOf(frame).getUint32(4, true);
}

/** The header of the group whose whole frame is `frame`; null if its checksum or a field is wrong. */
export function decodeGroupHeader(frame: Uint8Array): GroupHeader | null {
  const view = viewOf(frame);
  const length = frame.length;
  // The flags first: they sift out nearly all that is no frame without a checksum over much of a file.
  if (
    view.getUint32(12, true) !== 0 ||
    view.getUint32(0, true) !== length ||
    view.getUint32(8, true) !== groupChecksum(frame)
  ) {
    return null;
  }
  const header: GroupHeader = {
    length,
    entryCount: view.getUint32(4, true),
    term: readUint64(view, 16) as Term,
    firstIndex: readUint64(view, 24) as LogIndex,
    firstRevision: readUint64(view, 32) as Revision,
    committedIndex: readUint64(view, 40) as LogIndex,
    wallMs: readUint64(view, 48),
  };
  const sound =
    header.entryCount > 0 &&
    header.term > 0 &&
    header.firstIndex > 0 &&
    header.firstRevision > 0 &&
    header.committedIndex >= 0 &&
    header.wallMs >= 0;
  return sound ? header : null;
}

/** The error for bytes that are not what was written. */
export function corrupt(path: string, offset: number, what: string, cause?: unknown): T4Error {
  return new T4Error("T4_CORRUPT", `${path} is damaged at byte ${offset}: ${what}`, { cause });
}
