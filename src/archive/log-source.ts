// Reads the local log for the archive: gathers whole groups of one segment until a slot is full or the segment ends.
// Holds at most one slot's groups and the group behind them.
import { assert } from "../lib/assert.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { SEGMENT_HEADER_BYTES } from "../log/segment/format.js";
import { cutGroup, summarizeGroup } from "../log/segment/group-frames.js";
import { listSegments, LogReader } from "../log/log-reader.js";
import { lastIndexOf, type Group } from "../log/segment/segment-reader.js";
import type { Disk } from "../runtime/disk/disk.js";

/** What makes a slot beside its place in the chain. */
export interface Gathered {
  readonly groups: readonly Group[];
  /** Of their entries. */
  readonly term: Term;
  readonly lastIndex: LogIndex;
  readonly revision: Revision;
  readonly beginsSegment: boolean;
  readonly endsSegment: boolean;
  readonly segmentEntryBytes: number;
}

/** What a call of `gather` came to: a slot should be taken now; there is more to gather; nothing more is written yet. */
export type GatherResult = "due" | "unfinished" | "waiting";

/** Frames read, checked and gathered by one call: about a millisecond. */
const GATHER_BYTES_MAX: number = 512 * 1024;

export class LogSource {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #bytesMax: number;
  /** Where segments end, as the log told; ascending, those after what was taken. */
  readonly #sealPoints: LogIndex[] = [];
  #reader: LogReader | null = null;
  /** The next entry begins a segment, which may not be there yet. */
  #isBetweenSegments = false;
  #peeked: Group | null = null;
  /** The entry that the next group begins with. */
  #nextIndex: LogIndex;
  #groups: Group[] = [];
  #frameBytes = 0;
  #entryBytes = 0;
  #segmentEntryBytes = 0;
  #segmentPath: string | null = null;
  #beginsSegment = false;

  /** Starts with the entry `fromIndex`. `bytesMax`: of the frames of a slot, unless one group alone has more. */
  constructor(disk: Disk, directory: string, fromIndex: LogIndex, bytesMax: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#nextIndex = fromIndex;
    this.#bytesMax = bytesMax;
  }

  /** Bytes of entries that are gathered. */
  get entryBytes(): number {
    return this.#entryBytes;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** Told before the entry behind it is durable. */
  sealed(index: LogIndex): void {
    if (index >= this.#nextIndex || index === this.#lastGathered()) {
      this.#sealPoints.push(index);
    }
  }

  /** The next end of a segment among what was not taken, as far as the log told. */
  get nextSealPoint(): LogIndex | null {
    return this.#sealPoints[0] ?? null;
  }

  /**
   * Gathers groups that end at or before `throughIndex`, for a millisecond or so: "due" if a slot should be taken now,
   * since it is full or its segment ends. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or a DiskError.
   */
  gather(throughIndex: LogIndex): GatherResult {
    const bytesBefore = this.#frameBytes;
    for (;;) {
      if (this.#endsSegment()) {
        return "due";
      }
      const group = this.#peek();
      if (group === null || lastIndexOf(group) > throughIndex) {
        return "waiting";
      }
      const isFirst = this.#groups.length === 0;
      if (!isFirst && this.#frameBytes + group.frame.length > this.#bytesMax) {
        return "due";
      }
      if (this.#frameBytes - bytesBefore >= GATHER_BYTES_MAX) {
        return "unfinished";
      }
      this.#add(group, isFirst);
    }
  }

  /** What was gathered, of which there must be some. */
  take(): Gathered {
    const last = this.#groups.at(-1);
    assert(last !== undefined, "a slot has groups");
    const lastIndex = lastIndexOf(last);
    const gathered: Gathered = {
      groups: this.#groups,
      term: last.term,
      lastIndex,
      revision: summarizeGroup(last).lastRevision,
      beginsSegment: this.#beginsSegment,
      endsSegment: this.#endsSegment(),
      segmentEntryBytes: this.#segmentEntryBytes,
    };
    if (gathered.endsSegment && this.#peeked === null) {
      // Now, while the log still has the segment: who closes a file that is removed waits until its blocks are free.
      this.close();
      this.#isBetweenSegments = true;
    }
    while ((this.#sealPoints[0] ?? Infinity) <= lastIndex) {
      this.#sealPoints.shift();
    }
    this.#groups = [];
    this.#frameBytes = 0;
    this.#entryBytes = 0;
    return gathered;
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
  }

  #lastGathered(): LogIndex | null {
    const last = this.#groups.at(-1);
    return last === undefined ? null : lastIndexOf(last);
  }

  #endsSegment(): boolean {
    const last = this.#lastGathered();
    return (
      last !== null &&
      (this.#sealPoints.includes(last) ||
        (this.#peeked !== null && this.#peeked.path !== this.#segmentPath))
    );
  }

  #add(group: Group, isFirst: boolean): void {
    const { entryBytes } = summarizeGroup(group);
    if (group.path !== this.#segmentPath) {
      this.#segmentPath = group.path;
      this.#segmentEntryBytes = 0;
    }
    if (isFirst) {
      this.#beginsSegment =
        group.offset === SEGMENT_HEADER_BYTES && group.firstIndex === this.#nextIndex;
    }
    this.#segmentEntryBytes += entryBytes;
    this.#entryBytes += entryBytes;
    const cut = cutGroup(group, this.#nextIndex, lastIndexOf(group));
    this.#groups.push(cut);
    this.#frameBytes += cut.frame.length;
    this.#nextIndex = (lastIndexOf(group) + 1) as LogIndex;
    this.#peeked = null;
  }

  /** The next group after those gathered; null if it is not written yet. */
  #peek(): Group | null {
    while (this.#peeked === null) {
      this.#reader ??= this.#open();
      const group = this.#reader?.next() ?? null;
      if (group === null) {
        return null;
      }
      if (lastIndexOf(group) >= this.#nextIndex) {
        assert(group.firstIndex <= this.#nextIndex, "the log still has what is not archived");
        this.#peeked = group;
      } else {
        // Archived, and before what is not in the same segment: it counts for where the segment stands.
        this.#segmentPath = group.path;
        this.#segmentEntryBytes += summarizeGroup(group).entryBytes;
      }
    }
    return this.#peeked;
  }

  /** From the beginning of the segment that holds the next entry; null if that is known to be one to come. */
  #open(): LogReader | null {
    const segment = listSegments(this.#disk, this.#directory).findLast(
      ({ firstIndex }) => firstIndex <= this.#nextIndex,
    );
    if (this.#isBetweenSegments && segment?.firstIndex !== this.#nextIndex) {
      return null;
    }
    this.#isBetweenSegments = false;
    return new LogReader(this.#disk, this.#directory, segment?.firstIndex ?? this.#nextIndex);
  }
}
