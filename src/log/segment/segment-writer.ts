// Writes groups into segments, synchronously: the worker thread calls it, and so does a simulation.
// Groups are written only over zeros that are durable already: that makes a write one device flush without a change of
// the file's size or extents (measured 1.3 to 2 times faster), and a full disk is met while filling, when nothing is at
// stake, and never in the middle of a group.
// Must never: write to a file again after a write or sync of it failed, or reuse a file (old groups would come back).
import { assert } from "../../lib/assert.js";
import type { GroupBase } from "../../core/entry-codec.js";
import type { LogIndex } from "../../core/words.js";
import { DiskError, type Disk, type DiskFile } from "../../runtime/disk/disk.js";
import {
  encodeSegmentHeader,
  NEXT_SEGMENT_NAME,
  readEntryCount,
  readGroupBase,
  SEGMENT_HEADER_BYTES,
  segmentName,
  writeGroupChecksum,
} from "./format.js";
import type { SealedSegment } from "../log.js";

/**
 * Zeros written at once between two groups: a group that comes meanwhile waits for them, 0.3 ms at first. Each write costs
 * the same beside its bytes (0.4 ms of CPU time, since the file grows), so that in a segment that has become large, where
 * zeros are needed all the time, fewer and larger ones take half the CPU time.
 */
const FILL_STEP_BYTES_MIN = 128 * 1024;
const FILL_STEP_BYTES_MAX = 512 * 1024;
/** Zeros written at once for a group that waits for them. */
const zeros = new Uint8Array(1024 * 1024);

/**
 * Zeros kept ahead of the last group: as many as the segment holds already, within these bounds. A busy log never waits
 * for them, and one that seals a few KiB every ten seconds does not write megabytes of zeros for it.
 */
const AHEAD_BYTES_MIN = 256 * 1024;
const AHEAD_BYTES_MAX = 4 * 1024 * 1024;

interface Segment {
  file: DiskFile;
  path: string;
  firstIndex: LogIndex;
  nextIndex: LogIndex;
  /** Where the next group goes. */
  end: number;
  /** The file is durable zeros from `end` to here. */
  filled: number;
  /** How far it is to be filled. */
  goal: number;
}

export interface SegmentWriterEvents {
  closed(segment: SealedSegment): void;
  /** The disk has become full, or has room again. */
  space(available: boolean): void;
}

export class SegmentWriter {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  readonly #events: SegmentWriterEvents;
  #current: Segment | null = null;
  /** The file that becomes the next segment; its name is temporary and it has no header. */
  #next: Segment | null = null;
  /** Sealed, and not yet cut and synced. */
  readonly #closing: Segment[] = [];
  readonly #removing: string[] = [];
  #hasSpace = true;
  #isRetrying = false;

  constructor(disk: Disk, directory: string, segmentBytesMax: number, events: SegmentWriterEvents) {
    this.#disk = disk;
    this.#directory = directory;
    this.#segmentBytesMax = segmentBytesMax;
    this.#events = events;
  }

  get hasSpace(): boolean {
    return this.#hasSpace;
  }

  /**
   * Writes a group whose frame is complete but for its checksum; it is durable on return. False if the disk has no room
   * for it: then nothing of it was written, and the same call can be made again. Throws a DiskError, after which this
   * writer must not be used.
   */
  write(frame: Uint8Array): boolean {
    const base = readGroupBase(frame);
    const segment = this.#current ?? this.#begin(base, frame.length);
    if (segment === null || !this.#makeRoom(segment, segment.end + frame.length)) {
      return false;
    }
    assert(base.firstIndex === segment.nextIndex, "groups are written in order");
    writeGroupChecksum(frame);
    segment.file.write(frame, segment.end);
    segment.end += frame.length;
    segment.nextIndex = (segment.nextIndex + readEntryCount(frame)) as LogIndex;
    return true;
  }

  /** Ends the current segment; `step` finishes its file. */
  seal(): void {
    const segment = this.#current;
    assert(segment !== null, "only a segment with groups is sealed");
    this.#closing.push(segment);
    this.#current = null;
  }

  /** Deletes the files of closed segments, oldest first, in steps. */
  remove(paths: readonly string[]): void {
    this.#removing.push(...paths);
  }

  /** Forgets that the disk was full, so that filling is tried again. */
  retrySpace(): void {
    this.#isRetrying = true;
  }

  /** Does one short piece of the work that can wait. False if none is left (or none but filling a full disk). */
  step(): boolean {
    const sealed = this.#closing.shift();
    if (sealed !== undefined) {
      this.#close(sealed);
      return true;
    }
    const path = this.#removing.shift();
    if (path !== undefined) {
      this.#remove(path);
      return true;
    }
    return this.#fillAhead();
  }

  /** Seals the current segment, finishes all that waits and takes away what was only prepared. */
  stop(): void {
    if (this.#current !== null) {
      this.seal();
    }
    const next = this.#next;
    this.#next = null;
    if (next !== null) {
      next.file.close();
      this.#disk.remove(next.path);
    }
    for (const segment of this.#closing.splice(0)) {
      this.#close(segment);
    }
    for (const path of this.#removing.splice(0)) {
      this.#remove(path);
    }
  }

  /** Makes the prepared file the current segment, with room for a first frame; null if the disk has none. */
  #begin(base: GroupBase, frameBytes: number): Segment | null {
    const path = `${this.#directory}/${segmentName(base.firstIndex)}`;
    const segment = this.#whileSpace(() => {
      const prepared = this.#prepared();
      this.#fillTo(prepared, SEGMENT_HEADER_BYTES + frameBytes);
      prepared.file.write(encodeSegmentHeader(base), 0);
      // The header is durable before a name shows it: a segment without a whole header is damaged, never half made.
      this.#disk.rename(prepared.path, path);
      return prepared;
    });
    if (segment === null) {
      return null;
    }
    // The name is durable before a group in the file is acknowledged.
    this.#disk.syncDirectory(this.#directory);
    // Opened anew, so that an error names the file as it is called now.
    segment.file.close();
    segment.file = this.#disk.open(path, { mode: "write", durableWrites: true });
    segment.path = path;
    segment.firstIndex = base.firstIndex;
    segment.nextIndex = base.firstIndex;
    segment.end = SEGMENT_HEADER_BYTES;
    this.#current = segment;
    this.#next = null;
    return segment;
  }

  #makeRoom(segment: Segment, end: number): boolean {
    return (
      segment.filled >= end ||
      this.#whileSpace(() => {
        this.#fillTo(segment, end);
        return true;
      }) !== null
    );
  }

  /** What `work` returns; null if the disk is too full for it. All else that `work` throws is thrown on. */
  #whileSpace<Result>(work: () => Result): Result | null {
    try {
      return work();
    } catch (error) {
      if (error instanceof DiskError && error.code === "no-space") {
        this.#isRetrying = false;
        this.#setSpace(false);
        return null;
      }
      throw error;
    }
  }

  /** The file for the next segment, new if there is none. */
  #prepared(): Segment {
    if (this.#next === null) {
      const path = `${this.#directory}/${NEXT_SEGMENT_NAME}`;
      const file = this.#disk.open(path, { mode: "create", durableWrites: true });
      const none = 0 as LogIndex;
      this.#next = { file, path, firstIndex: none, nextIndex: none, end: 0, filled: 0, goal: 0 };
    }
    return this.#next;
  }

  #close(segment: Segment): void {
    // A power loss before this is durable leaves zeros behind the last group, which end the segment as well.
    segment.file.truncate(segment.end);
    segment.file.sync();
    segment.file.close();
    this.#events.closed({
      path: segment.path,
      firstIndex: segment.firstIndex,
      lastIndex: (segment.nextIndex - 1) as LogIndex,
      bytes: segment.end,
    });
  }

  #remove(path: string): void {
    if (this.#disk.exists(path)) {
      this.#disk.remove(path);
    }
    // One by one: a power loss must not bring back an older segment without the younger ones.
    this.#disk.syncDirectory(this.#directory);
    this.retrySpace();
  }

  /** Writes the next zeros ahead; false when there are enough, or no room for more. */
  #fillAhead(): boolean {
    if (!this.#hasSpace && !this.#isRetrying) {
      return false;
    }
    const filled = this.#whileSpace(() => this.#fillCurrent() || this.#fillNext());
    if (filled === false) {
      this.#isRetrying = false;
      this.#setSpace(true);
    }
    return filled === true;
  }

  #fillCurrent(): boolean {
    const segment = this.#current;
    if (segment === null) {
      return false;
    }
    const ahead = Math.min(Math.max(segment.end, AHEAD_BYTES_MIN), AHEAD_BYTES_MAX);
    // Begun when half is used up, and up to a goal that stands: in large steps, and not a little after each group.
    if (segment.filled < segment.end + ahead / 2) {
      segment.goal = Math.min(segment.end + ahead, this.#segmentBytesMax);
    }
    return this.#fillStep(segment, segment.goal);
  }

  #fillNext(): boolean {
    return this.#fillStep(this.#prepared(), Math.min(AHEAD_BYTES_MIN, this.#segmentBytesMax));
  }

  #fillStep(segment: Segment, wanted: number): boolean {
    if (segment.filled >= wanted) {
      return false;
    }
    const share = Math.floor(segment.end / 4 / FILL_STEP_BYTES_MIN) * FILL_STEP_BYTES_MIN;
    const step = Math.min(Math.max(share, FILL_STEP_BYTES_MIN), FILL_STEP_BYTES_MAX);
    this.#fillTo(segment, Math.min(segment.filled + step, wanted));
    return true;
  }

  #fillTo(segment: Segment, end: number): void {
    while (segment.filled < end) {
      const count = Math.min(zeros.length, end - segment.filled);
      segment.file.write(zeros.subarray(0, count), segment.filled);
      segment.filled += count;
    }
  }

  #setSpace(available: boolean): void {
    if (this.#hasSpace !== available) {
      this.#hasSpace = available;
      this.#events.space(available);
    }
  }
}
