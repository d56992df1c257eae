// Writes groups that come from elsewhere (slots of the archive) as segments of a log's directory, for a later `openLog`.
// Segments end where the caller says that they ended in the log that the groups are from.
// A segment gets its name when all of it is durable, in the order of the log: a crash at any moment leaves a shorter log and at
// most `next.tmp`, which the next start removes. So it can be done in a new directory that is moved into place later, and
// behind the segments of an existing log that was opened and closed before (its unfinished tail must be cut).
import { assert } from "../../lib/assert.js";
import type { LogIndex, Term } from "../../core/words.js";
import type { Disk, DiskFile } from "../../runtime/disk/disk.js";
import {
  encodeSegmentHeader,
  NEXT_SEGMENT_NAME,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from "./format.js";
import { cutGroup } from "./group-frames.js";
import { lastIndexOf, type Group } from "./segment-reader.js";

export interface SegmentImportOptions {
  readonly disk: Disk;
  /** The log's own directory; created if missing. Nobody else has the log open. */
  readonly directory: string;
  /** The first entry to be written: the log's tip + 1. Groups before are passed over, the one that holds it is cut. */
  readonly fromIndex: LogIndex;
  /** The last entry to be written. All if missing. */
  readonly throughIndex?: LogIndex;
}

/** What is known of the log's segments beside the groups of one slot. */
export interface SegmentBounds {
  /** The groups begin a segment. */
  readonly beginsSegment: boolean;
  /** The groups end a segment. */
  readonly endsSegment: boolean;
}

interface OpenSegment {
  readonly file: DiskFile;
  readonly firstIndex: LogIndex;
  readonly term: Term;
  end: number;
}

export class SegmentImport {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #temporaryPath: string;
  readonly #throughIndex: LogIndex;
  #nextIndex: LogIndex;
  #segment: OpenSegment | null = null;

  /** Throws a DiskError. */
  constructor(options: SegmentImportOptions) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#temporaryPath = `${options.directory}/${NEXT_SEGMENT_NAME}`;
    this.#nextIndex = options.fromIndex;
    this.#throughIndex = options.throughIndex ?? (Number.MAX_SAFE_INTEGER as LogIndex);
    this.#disk.makeDirectory(options.directory);
    this.#removeTemporary();
  }

  /** The entry that comes next; what is before it was handed over, and is durable after `finish`. */
  get nextIndex(): LogIndex {
    return this.#nextIndex;
  }

  /** Whether the last entry asked for was handed over. */
  get isComplete(): boolean {
    return this.#nextIndex > this.#throughIndex;
  }

  /** Writes groups that follow on those before. Throws a DiskError, after which only `abort` may be called. */
  add(groups: readonly Group[], bounds: SegmentBounds): void {
    if (bounds.beginsSegment) {
      this.#endSegment();
    }
    for (const group of groups) {
      this.#addGroup(group);
    }
    if (bounds.endsSegment) {
      this.#endSegment();
    }
  }

  /** Ends the last segment: everything handed over survives a power loss. */
  finish(): void {
    this.#endSegment();
  }

  /** Gives up the segment that is not finished. */
  abort(): void {
    this.#segment?.file.close();
    this.#segment = null;
    this.#removeTemporary();
  }

  #addGroup(group: Group): void {
    if (this.isComplete || lastIndexOf(group) < this.#nextIndex) {
      return;
    }
    const cut = cutGroup(group, this.#nextIndex, this.#throughIndex);
    assert(cut.firstIndex === this.#nextIndex, "groups are imported without a gap");
    // A term begins with a segment of its own, also where its predecessor could no longer say that its last one ended.
    if (this.#segment !== null && this.#segment.term !== cut.term) {
      assert(this.#segment.term < cut.term, "terms do not go back");
      this.#endSegment();
    }
    const segment = (this.#segment ??= this.#beginSegment(cut));
    segment.file.write(cut.frame, segment.end);
    segment.end += cut.frame.length;
    this.#nextIndex = (lastIndexOf(cut) + 1) as LogIndex;
  }

  #beginSegment(first: Group): OpenSegment {
    const file = this.#disk.open(this.#temporaryPath, { mode: "create" });
    const { firstIndex, term } = first;
    const segment: OpenSegment = { file, firstIndex, term, end: SEGMENT_HEADER_BYTES };
    file.write(encodeSegmentHeader(first), 0);
    return segment;
  }

  #endSegment(): void {
    const segment = this.#segment;
    if (segment === null) {
      return;
    }
    // Synced before a name shows it: without, a power loss could keep the name and lose groups in the middle.
    segment.file.sync();
    segment.file.close();
    this.#segment = null;
    this.#disk.rename(this.#temporaryPath, `${this.#directory}/${segmentName(segment.firstIndex)}`);
    // The name is durable before the next segment has one: the log has no hole at any moment.
    this.#disk.syncDirectory(this.#directory);
  }

  #removeTemporary(): void {
    if (this.#disk.exists(this.#temporaryPath)) {
      this.#disk.remove(this.#temporaryPath);
      this.#disk.syncDirectory(this.#directory);
    }
  }
}
