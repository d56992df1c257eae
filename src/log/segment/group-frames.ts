// Groups outside a segment's file: frames one behind the other, as archive slots hold them and streams carry them.
import { assert } from "../../lib/assert.js";
import { readVarint } from "../../lib/varint.js";
import { entrySize, writeEntry } from "../../core/entry-codec.js";
import type { Entry } from "../../core/entry.js";
import type { LogIndex, Revision } from "../../core/words.js";
import {
  aligned,
  corrupt,
  decodeGroupHeader,
  frameLengthAt,
  GROUP_HEADER_BYTES,
  isFrameLength,
  viewOf,
  writeGroupChecksum,
  writeGroupHeader,
  type GroupHeader,
} from "./format.js";
import { forEachEntry, lastIndexOf, type Group } from "./segment-reader.js";

/**
 * The groups whose frames fill `frames`, in order; `path` and `offset` (where `frames` begins in it) are for messages. Throws
 * T4_CORRUPT at what is no whole group, or does not follow on the one before, or is of another term.
 */
export function* groupsIn(frames: Uint8Array, path: string, offset = 0): Generator<Group> {
  let before: GroupHeader | null = null;
  for (let at = 0; at < frames.length;) {
    const length = frameLengthAt(frames, at);
    if (!isFrameLength(length, frames.length - at)) {
      throw corrupt(path, offset + at, `a group cannot be ${length} bytes long`);
    }
    const frame = frames.subarray(at, at + length);
    const header = decodeGroupHeader(frame);
    if (header === null) {
      throw corrupt(path, offset + at, "a group does not match its checksum");
    }
    if (
      before !== null &&
      (header.firstIndex !== lastIndexOf(before) + 1 || header.term !== before.term)
    ) {
      throw corrupt(
        path,
        offset + at,
        `a group starts with index ${header.firstIndex} of term ${header.term}, ` +
          `where ${lastIndexOf(before) + 1} of term ${before.term} is next`,
      );
    }
    yield { ...header, path, offset: offset + at, frame };
    before = header;
    at += length;
  }
}

export interface GroupSummary {
  /** Bytes of its entries, without header and filling: what the log counts in `SealPoint.bytes`. */
  readonly entryBytes: number;
  /** The revision after its last entry. */
  readonly lastRevision: Revision;
}

/** Goes over a group's entries by their lengths alone. Throws T4_CORRUPT if they do not fill the group. */
export function summarizeGroup(group: Group): GroupSummary {
  const { frame } = group;
  const cursor = { at: GROUP_HEADER_BYTES };
  let last = cursor.at;
  try {
    for (let i = 0; i < group.entryCount; i += 1) {
      last = cursor.at;
      const length = readVarint(frame, cursor, frame.length);
      cursor.at += length;
    }
    const end = cursor.at;
    if (aligned(end) === frame.length) {
      cursor.at = last;
      readVarint(frame, cursor, end);
      readVarint(frame, cursor, end);
      const lastRevision = (group.firstRevision + readVarint(frame, cursor, end)) as Revision;
      return { entryBytes: end - GROUP_HEADER_BYTES, lastRevision };
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  throw corrupt(group.path, group.offset + last, "a group's entries do not fill it");
}

/**
 * The group with only those of its entries that lie in `fromIndex` to `throughIndex`, of which there must be one: encoded
 * anew, since what entries share changes with the first. Committed index and time stay.
 */
export function cutGroup(group: Group, fromIndex: LogIndex, throughIndex: LogIndex): Group {
  if (fromIndex <= group.firstIndex && throughIndex >= lastIndexOf(group)) {
    return group;
  }
  const entries: Entry[] = [];
  forEachEntry(group, (entry) => {
    if (entry.index >= fromIndex && entry.index <= throughIndex) {
      entries.push(entry);
    }
  });
  const [first] = entries;
  assert(first !== undefined, "a group is not cut to nothing");
  const base = { term: group.term, firstIndex: first.index, firstRevision: first.revision };
  const sizes = entries.map((entry) => entrySize(entry, base));
  const length = aligned(GROUP_HEADER_BYTES + sizes.reduce((sum, size) => sum + size, 0));
  const frame = new Uint8Array(length);
  let at = GROUP_HEADER_BYTES;
  for (const [i, entry] of entries.entries()) {
    at = writeEntry(frame, at, entry, base, sizes[i] ?? 0);
  }
  const header: GroupHeader = {
    ...base,
    length,
    entryCount: entries.length,
    committedIndex: group.committedIndex,
    wallMs: group.wallMs,
  };
  writeGroupHeader(viewOf(frame), header);
  writeGroupChecksum(frame);
  return { ...header, path: group.path, offset: group.offset, frame };
}
