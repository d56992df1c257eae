// Reads one segment, group by group. Needs no lock: the file may be written at the same time, and then ends where its
// last whole group does.
// Must never: skip a group, or return one whose checksum, index or term is not what it has to be.
import { readEntry } from "../../core/entry-codec.js";
import type { GroupBase } from "../../core/entry-codec.js";
import type { Entry } from "../../core/entry.js";
import type { LogIndex } from "../../core/words.js";
import type { Disk, DiskFile } from "../../runtime/disk/disk.js";
import {
  corrupt,
  decodeGroupHeader,
  decodeSegmentHeader,
  firstIndexOfName,
  FRAME_ALIGNMENT_BYTES,
  frameLengthAt,
  GROUP_HEADER_BYTES,
  isFrameLength,
  SEGMENT_HEADER_BYTES,
  type GroupHeader,
} from "./format.js";
import { judgeTail } from "./segment-tail.js";

/** Read at once. Rows are views of what was read, so a row that lives long keeps this much, not a whole segment. */
const READ_BYTES = 256 * 1024;

/** A whole group as it lies in its file. */
export interface Group extends GroupHeader {
  readonly path: string;
  readonly offset: number;
  /** The frame, header included: the bytes that followers and the archive get. */
  readonly frame: Uint8Array;
}

export function lastIndexOf(group: GroupHeader): LogIndex {
  return (group.firstIndex + group.entryCount - 1) as LogIndex;
}

/** Calls `visit` with every entry of a group, in order. Their rows keep the group's buffer. */
export function forEachEntry(group: Group, visit: (entry: Entry) => void): void {
  const { frame } = group;
  const cursor = { at: GROUP_HEADER_BYTES };
  for (let i = 0; i < group.entryCount; i += 1) {
    const at = cursor.at;
    let entry: Entry;
    try {
      entry = readEntry(frame, cursor, frame.length, group);
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      throw corrupt(group.path, group.offset + at, error.message, error);
    }
    if (entry.index !== group.firstIndex + i) {
      throw corrupt(group.path, group.offset + at, `entry ${entry.index} is out of order`);
    }
    visit(entry);
  }
  if (frame.length - cursor.at >= FRAME_ALIGNMENT_BYTES) {
    throw corrupt(group.path, group.offset + cursor.at, "a group has bytes behind its last entry");
  }
}

export class SegmentReader {
  readonly path: string;
  /** From the segment's header. */
  readonly base: GroupBase;
  readonly #file: DiskFile;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkOffset = 0;
  #offset = SEGMENT_HEADER_BYTES;
  #nextIndex: LogIndex;

  /** Throws T4_CORRUPT or T4_FORMAT_TOO_NEW for a file that is no segment of this version, or a DiskError. */
  constructor(disk: Disk, path: string) {
    this.path = path;
    this.#file = disk.open(path, { mode: "read" });
    try {
      const header = new Uint8Array(SEGMENT_HEADER_BYTES);
      const count = this.#file.read(header, 0);
      this.base = decodeSegmentHeader(header.subarray(0, count), path);
      const named = firstIndexOfName(path.slice(path.lastIndexOf("/") + 1));
      if (named !== null && named !== this.base.firstIndex) {
        throw corrupt(path, 16, `the segment begins with index ${this.base.firstIndex}`);
      }
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.#nextIndex = this.base.firstIndex;
  }

  /** Where the next group starts: after `next` returned null, the end of the last whole group. */
  get offset(): number {
    return this.#offset;
  }

  /** The index that the next group must start with. */
  get nextIndex(): LogIndex {
    return this.#nextIndex;
  }

  /** Bytes of the file, what is behind the last group included. */
  get fileBytes(): number {
    return this.#file.size();
  }

  /** The next whole group; null where there is none (yet): `tail` tells why. */
  next(): Group | null {
    const frame = this.#frame();
    const header = frame === null ? null : decodeGroupHeader(frame);
    if (frame === null || header === null) {
      // The file may have grown when the caller asks again.
      this.#chunk = new Uint8Array(0);
      return null;
    }
    const group: Group = { ...header, path: this.path, offset: this.#offset, frame };
    if (header.firstIndex !== this.#nextIndex || header.term !== this.base.term) {
      throw corrupt(
        this.path,
        this.#offset,
        `a group starts with index ${header.firstIndex} of term ${header.term}, ` +
          `where ${this.#nextIndex} of term ${this.base.term} is next`,
      );
    }
    this.#offset += header.length;
    this.#nextIndex = (lastIndexOf(header) + 1) as LogIndex;
    return group;
  }

  /**
   * After `next` returned null in a file that nobody writes: "clean" if the segment ends here, "torn" if the rest is
   * what a power loss left of one group that was being written. Throws T4_CORRUPT if it can be neither.
   */
  tail(): "clean" | "torn" {
    const rest = new Uint8Array(Math.max(0, this.#file.size() - this.#offset));
    this.#file.read(rest, this.#offset);
    const judgement = judgeTail(rest, this.#offset, this.#nextIndex);
    if (typeof judgement === "string") {
      return judgement;
    }
    throw corrupt(this.path, this.#offset, judgement.damage);
  }

  close(): void {
    this.#file.close();
  }

  /** The bytes of the next frame, not yet checked; null if there is no room for what its header says. */
  #frame(): Uint8Array | null {
    let at = this.#offset - this.#chunkOffset;
    if (at + GROUP_HEADER_BYTES > this.#chunk.length) {
      this.#load(READ_BYTES);
      at = 0;
    }
    const length = frameLengthAt(this.#chunk, at);
    if (at + length > this.#chunk.length) {
      if (!isFrameLength(length, this.#file.size() - this.#offset)) {
        return null;
      }
      this.#load(Math.max(READ_BYTES, length));
      at = 0;
    }
    return isFrameLength(length, this.#chunk.length - at)
      ? this.#chunk.subarray(at, at + length)
      : null;
  }

  #load(bytes: number): void {
    // Made anew each time: rows read before are views of the old one.
    const chunk = new Uint8Array(Math.max(0, Math.min(bytes, this.#file.size() - this.#offset)));
    const count = this.#file.read(chunk, this.#offset);
    this.#chunk = chunk.subarray(0, count);
    this.#chunkOffset = this.#offset;
  }
}
