// Opens a directory's log: checks that no entry is missing, hands the entries after an index to the caller, cuts what a
// power loss left of an unfinished group, and starts the writer.
// New entries always begin a new segment, so a file that was written before a restart is never written again.
import { assert } from "../lib/assert.js";
import { revisionStep, type Entry } from "../core/entry.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { DiskError, type Disk } from "../runtime/disk/disk.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Thread } from "../runtime/threads.js";
import { corrupt, NEXT_SEGMENT_NAME } from "./segment/format.js";
import { assertLinked, assertSegments, listSegments, type SegmentFile } from "./log-reader.js";
import { startLogThread } from "./log-thread.js";
import type { Log, LogListener, SealedSegment } from "./log.js";
import { forEachEntry, SegmentReader, type Group } from "./segment/segment-reader.js";
import { SegmentedLog, type LogStart } from "./segmented-log.js";

/** A segment's target size: one upload to an object store, and seconds of work when it is read again. */
export const SEGMENT_BYTES_MAX: number = 50 * 1024 * 1024;
/** How long an entry waits at most before its segment is finished. */
export const SEGMENT_AGE_MS_MAX: number = 10_000;

/** Called while a log is opened, with what it holds after the index asked for. */
export interface LogReplay {
  entry(entry: Entry, group: Group): void;
  /** All entries of this segment have been handed over. Called for every segment that was read. */
  segmentEnd(segment: SealedSegment): void;
}

export interface LogOptions {
  readonly runtime: Runtime;
  /** The log's own directory; created if missing. The caller holds the lock of the data directory. */
  readonly directory: string;
  readonly listener: LogListener;
  /** The state that the caller has: entries up to here are not read, and may be gone. 0 and 0 for none. */
  readonly afterIndex: LogIndex;
  readonly afterTerm: Term;
  /** There may be no segment at all: the caller knows that nothing was ever written behind `afterIndex`. */
  readonly mayBeEmpty?: boolean;
  readonly segmentBytesMax?: number;
  readonly segmentAgeMsMax?: number;
  /** The writer's, from `startLogThread`: it starts while the log is read. The caller ends it if opening fails. */
  readonly thread?: Thread;
}

/** Awaited behind each segment: a log of any length is replayed in bounded memory if its entries can go somewhere. */
export type ReplayPause = () => Promise<void>;

/**
 * Throws T4_CORRUPT for a log that is damaged or lacks entries, T4_FORMAT_TOO_NEW, T4_IO or T4_DATA_DIR_UNUSABLE.
 * `listener` is not called before this returns.
 */
export function openLog(options: LogOptions, replay: LogReplay): Log {
  const steps = recover(options, replay);
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      return begin(options, step.value);
    }
  }
}

/** As `openLog`, with time for others in between. `listener` is not called before it resolves. */
export async function openLogInSteps(
  options: LogOptions,
  replay: LogReplay,
  pause: ReplayPause,
): Promise<Log> {
  const steps = recover(options, replay);
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      return begin(options, step.value);
    }
    await pause();
  }
}

function begin(options: LogOptions, start: LogStart): Log {
  const { runtime, directory, listener } = options;
  return new SegmentedLog(
    {
      runtime,
      directory,
      listener,
      thread: options.thread ?? startLogThread(runtime.threads),
      segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
      segmentAgeMsMax: options.segmentAgeMsMax ?? SEGMENT_AGE_MS_MAX,
    },
    start,
  );
}

/** Reads the log, one segment a step. */
function* recover(options: LogOptions, replay: LogReplay): Generator<void, LogStart> {
  try {
    return yield* new Recovery(options, replay).run();
  } catch (error) {
    if (!(error instanceof DiskError)) {
      throw error;
    }
    const code = error.code === "permission" ? "T4_DATA_DIR_UNUSABLE" : "T4_IO";
    throw new T4Error(code, `the log cannot be opened: ${error.message}`, { cause: error });
  }
}

class Recovery {
  readonly #options: LogOptions;
  readonly #replay: LogReplay;
  readonly #disk: Disk;
  readonly #sealed: SealedSegment[] = [];
  #tipIndex: LogIndex;
  #tipTerm: Term;
  /** Null until the first entry is seen. */
  #revision: Revision | null = null;
  #committedIndex: LogIndex;
  #wallMs = 0;

  constructor(options: LogOptions, replay: LogReplay) {
    this.#options = options;
    this.#replay = replay;
    this.#disk = options.runtime.disk;
    this.#tipIndex = options.afterIndex;
    this.#tipTerm = options.afterTerm;
    this.#committedIndex = options.afterIndex;
  }

  *run(): Generator<void, LogStart> {
    const { directory } = this.#options;
    this.#disk.makeDirectory(directory);
    this.#removeUnfinished();
    const segments = listSegments(this.#disk, directory);
    if (this.#options.mayBeEmpty !== true) {
      assertSegments(segments, directory, this.#options.afterIndex);
    }
    this.#checkStart(segments);
    for (const [at, segment] of segments.entries()) {
      const following = segments[at + 1] ?? null;
      // The newest is always read: where the log ends is known only then.
      if (following !== null && following.firstIndex <= this.#options.afterIndex + 1) {
        this.#skip(segment, following);
      } else {
        this.#read(segment, following);
        yield;
      }
    }
    if (segments.length > 0 && this.#tipIndex < this.#options.afterIndex) {
      throw new T4Error(
        "T4_CORRUPT",
        `the log in ${directory} ends with index ${this.#tipIndex}, before ${this.#options.afterIndex}, ` +
          "up to which the store's files hold its entries: a part of the log is missing",
      );
    }
    return {
      tipIndex: this.#tipIndex,
      tipTerm: this.#tipTerm,
      committedIndex: this.#committedIndex,
      wallMs: this.#wallMs,
      sealedSegments: this.#sealed,
    };
  }

  /** A file that was prepared and never used holds nothing, and is not used again. */
  #removeUnfinished(): void {
    const path = `${this.#options.directory}/${NEXT_SEGMENT_NAME}`;
    if (this.#disk.exists(path)) {
      this.#disk.remove(path);
      this.#disk.syncDirectory(this.#options.directory);
    }
  }

  #checkStart(segments: readonly SegmentFile[]): void {
    const first = segments[0];
    if (first !== undefined && first.firstIndex > this.#options.afterIndex + 1) {
      throw corrupt(
        first.path,
        0,
        `the log begins with index ${first.firstIndex}, and ${this.#options.afterIndex + 1} is needed`,
      );
    }
  }

  /** A segment that holds nothing after the index asked for: its own checks wait for who reads it. */
  #skip(segment: SegmentFile, following: SegmentFile): void {
    const file = this.#disk.open(segment.path, { mode: "read" });
    const bytes = file.size();
    file.close();
    const lastIndex = (following.firstIndex - 1) as LogIndex;
    this.#sealed.push({ ...segment, lastIndex, bytes });
  }

  #read(segment: SegmentFile, following: SegmentFile | null): void {
    const reader = new SegmentReader(this.#disk, segment.path);
    try {
      // Before the first segment that is read, indexes are known by name only.
      this.#tipIndex = (segment.firstIndex - 1) as LogIndex;
      for (let group = reader.next(); group !== null; group = reader.next()) {
        this.#readGroup(group);
      }
      if (following !== null) {
        assertLinked(reader, following);
      }
      this.#finish(segment, reader);
    } finally {
      reader.close();
    }
  }

  #readGroup(group: Group): void {
    if (group.term < this.#tipTerm && group.firstIndex > this.#options.afterIndex) {
      throw corrupt(group.path, group.offset, `term ${group.term} follows on ${this.#tipTerm}`);
    }
    forEachEntry(group, (entry) => {
      this.#checkRevision(entry, group);
      this.#tipIndex = entry.index;
      if (entry.index > this.#options.afterIndex) {
        this.#tipTerm = entry.term;
        this.#replay.entry(entry, group);
      }
    });
    this.#committedIndex = Math.max(this.#committedIndex, group.committedIndex) as LogIndex;
    this.#wallMs = Math.max(this.#wallMs, group.wallMs);
  }

  #checkRevision(entry: Entry, group: Group): void {
    if (this.#revision !== null && entry.revision !== this.#revision + revisionStep(entry)) {
      throw corrupt(
        group.path,
        group.offset,
        `entry ${entry.index} has revision ${entry.revision} after ${this.#revision}`,
      );
    }
    this.#revision = entry.revision;
  }

  /** Cuts what is behind the last group, so that the file is what a sealed segment is. */
  #finish(segment: SegmentFile, reader: SegmentReader): void {
    const { offset } = reader;
    const tail = reader.tail();
    if (tail === "torn") {
      this.#options.runtime.logger.warn("an unfinished group at the end of the log is cut off", {
        path: segment.path,
        offset,
        nextIndex: reader.nextIndex,
      });
    }
    if (reader.nextIndex === segment.firstIndex) {
      // Nothing in it was ever acknowledged.
      this.#disk.remove(segment.path);
      this.#disk.syncDirectory(this.#options.directory);
      return;
    }
    if (reader.fileBytes > offset) {
      const file = this.#disk.open(segment.path, { mode: "write" });
      file.truncate(offset);
      // Durable before a later segment exists: a bad group before one is damage.
      file.sync();
      file.close();
    }
    const lastIndex = (reader.nextIndex - 1) as LogIndex;
    assert(lastIndex === this.#tipIndex, "every entry of a segment is read");
    const sealed: SealedSegment = { ...segment, lastIndex, bytes: offset };
    this.#sealed.push(sealed);
    this.#replay.segmentEnd(sealed);
  }
}
