// The entries of sealed segments, for the table worker.
import type { Entry } from "../../core/entry.js";
import { forEachEntry, SegmentReader } from "../../log/segment/segment-reader.js";
import type { Disk } from "../../runtime/disk/disk.js";

/** Entries of whole segments in order. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or a DiskError. */
export function* readSegments(disk: Disk, paths: readonly string[]): Iterable<Entry> {
  for (const path of paths) {
    const reader = new SegmentReader(disk, path);
    try {
      for (let group = reader.next(); group !== null; group = reader.next()) {
        const entries: Entry[] = [];
        forEachEntry(group, (entry) => entries.push(entry));
        yield* entries;
      }
    } finally {
      reader.close();
    }
  }
}
