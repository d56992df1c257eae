// Reads a directory's log from an index on, without a lock, also while a server writes to it: for inspection, for
// replication, for the archive. It ends at the last whole group there is and goes on from there when asked again.
import { T4Error } from "../core/errors.js";
import type { LogIndex } from "../core/words.js";
import type { Disk } from "../runtime/disk/disk.js";
import { corrupt, firstIndexOfName } from "./segment/format.js";
import { lastIndexOf, SegmentReader, type Group } from "./segment/segment-reader.js";

export interface SegmentFile {
  readonly path: string;
  readonly firstIndex: LogIndex;
}

/** The segments of a log's directory, oldest first. */
export function listSegments(disk: Disk, directory: string): SegmentFile[] {
  const segments: SegmentFile[] = [];
  // Names are as wide as the largest number, so their order is that of the indexes.
  for (const name of disk.list(directory)) {
    const firstIndex = firstIndexOfName(name);
    if (firstIndex !== null) {
      segments.push({ path: `${directory}/${name}`, firstIndex });
    }
  }
  return segments;
}

/**
 * Throws T4_CORRUPT if entries up to `afterIndex` were in the log once, and no segment is there: the newest one is never
 * deleted, so what came after them is lost.
 */
export function assertSegments(
  segments: readonly SegmentFile[],
  directory: string,
  afterIndex: LogIndex,
): void {
  if (segments.length === 0 && afterIndex > 0) {
    throw new T4Error(
      "T4_CORRUPT",
      `the log in ${directory} has no segments, and the store's files hold its entries up to ${afterIndex}: ` +
        "what was written after them is missing (is the directory's volume mounted?)",
    );
  }
}

export class LogReader {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #fromIndex: LogIndex;
  #segment: SegmentReader | null = null;

  /** Starts with the group that holds `fromIndex`, or with the oldest there is if that comes later. */
  constructor(disk: Disk, directory: string, fromIndex: LogIndex) {
    this.#disk = disk;
    this.#directory = directory;
    this.#fromIndex = fromIndex;
  }

  /** The next group; null at the end of the log as it is now. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or a DiskError. */
  next(): Group | null {
    for (;;) {
      const group = this.#nextGroup();
      if (group === null || lastIndexOf(group) >= this.#fromIndex) {
        return group;
      }
    }
  }

  /**
   * After `next` returned null: throws T4_CORRUPT if what is behind the last group is no end of a log. A writer that is at
   * work there can look like that for a moment: what is damaged looks so again.
   */
  assertEnd(): void {
    this.#segment?.tail();
  }

  close(): void {
    this.#segment?.close();
    this.#segment = null;
  }

  #nextGroup(): Group | null {
    for (;;) {
      const group = this.#segment?.next() ?? null;
      if (group !== null) {
        return group;
      }
      const segments = listSegments(this.#disk, this.#directory);
      const current = this.#segment;
      if (current === null) {
        const first =
          segments.findLast(({ firstIndex }) => firstIndex <= this.#fromIndex) ?? segments[0];
        if (first === undefined) {
          return null;
        }
        this.#segment = new SegmentReader(this.#disk, first.path);
        continue;
      }
      const following = segments.find(({ firstIndex }) => firstIndex > current.base.firstIndex);
      if (following === undefined) {
        return null;
      }
      // The writer ends a segment before it begins the next, but perhaps after we saw no group in it.
      const late = current.next();
      if (late !== null) {
        return late;
      }
      this.#follow(current, following);
    }
  }

  #follow(current: SegmentReader, following: SegmentFile): void {
    assertLinked(current, following);
    current.close();
    this.#segment = null;
    this.#segment = new SegmentReader(this.#disk, following.path);
  }
}

/** Throws T4_CORRUPT unless `following` goes on where `segment`, read to its last group, ends. */
export function assertLinked(segment: SegmentReader, following: SegmentFile): void {
  if (segment.tail() === "torn") {
    throw corrupt(segment.path, segment.offset, "a group is torn, and a later segment exists");
  }
  if (following.firstIndex !== segment.nextIndex) {
    throw corrupt(
      following.path,
      0,
      `it follows on ${segment.path}, which ends before index ${segment.nextIndex}: entries are missing`,
    );
  }
}
