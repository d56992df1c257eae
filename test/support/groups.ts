// Groups of a log, made of entries directly.
import { entrySize, writeEntry } from "../../src/core/entry-codec.js";
import type { Entry } from "../../src/core/entry.js";
import {
  aligned,
  GROUP_HEADER_BYTES,
  viewOf,
  writeGroupChecksum,
  writeGroupHeader,
} from "../../src/log/segment/format.js";
import type { Group } from "../../src/log/segment/segment-reader.js";

/** A group of entries of one term, with what is committed before it. */
export function groupOf(entries: readonly Entry[], wallMs: number): Group {
  const first = entries[0]!;
  const base = { term: first.term, firstIndex: first.index, firstRevision: first.revision };
  const sizes = entries.map((entry) => entrySize(entry, base));
  const length = aligned(GROUP_HEADER_BYTES + sizes.reduce((sum, size) => sum + size, 0));
  const frame = new Uint8Array(length);
  let at = GROUP_HEADER_BYTES;
  entries.forEach((entry, i) => {
    at = writeEntry(frame, at, entry, base, sizes[i]!);
  });
  const committedIndex = (first.index - 1) as Entry["index"];
  const header = { ...base, length, entryCount: entries.length, committedIndex, wallMs };
  writeGroupHeader(viewOf(frame), header);
  writeGroupChecksum(frame);
  return { ...header, path: "memory", offset: 0, frame };
}
