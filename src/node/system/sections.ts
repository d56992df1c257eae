// The parts of a system snapshot that came after its first format: each is there only while there is something in it, so
// that a store which never used one writes what it always wrote.
// Format: varint tag, varint bytes, bytes; in ascending order of tags, each at most once, up to the snapshot's end.
import { T4Error } from "../../core/errors.js";
import { assert } from "../../lib/assert.js";
import { readVarint, varintSize, writeVarint } from "../../lib/varint.js";

/** What a tag stands for; never used again for something else. */
export const SECTION_TAGS = { auth: 1, alarms: 2 } as const;

/** A part of the system state that knows its own bytes. */
export interface SnapshotSection {
  readonly tag: number;
  /** Grows with every change that the snapshot holds. */
  readonly version: number;
  /** Null while there is nothing that a fresh state would not have. */
  encode(): Uint8Array | null;
  /** Called once, on a fresh state. Throws a RangeError for bytes that `encode` did not write. */
  restore(bytes: Uint8Array): void;
}

/** The sections that hold something, one behind the other. */
export function encodeSections(sections: readonly SnapshotSection[]): Uint8Array {
  const present: { readonly tag: number; readonly bytes: Uint8Array }[] = [];
  let size = 0;
  let lastTag = 0;
  for (const section of sections) {
    assert(section.tag > lastTag, "sections are in order of their tags");
    lastTag = section.tag;
    const bytes = section.encode();
    if (bytes !== null) {
      present.push({ tag: section.tag, bytes });
      size += varintSize(section.tag) + varintSize(bytes.length) + bytes.length;
    }
  }
  const target = new Uint8Array(size);
  let at = 0;
  for (const { tag, bytes } of present) {
    at = writeVarint(target, at, tag);
    at = writeVarint(target, at, bytes.length);
    target.set(bytes, at);
    at += bytes.length;
  }
  return target;
}

/** Gives each section its bytes. Throws T4_FORMAT_TOO_NEW for a tag that is not known, RangeError for damage. */
export function restoreSections(
  sections: readonly SnapshotSection[],
  bytes: Uint8Array,
  start: number,
): void {
  const cursor = { at: start };
  let lastTag = 0;
  while (cursor.at < bytes.length) {
    const tag = readVarint(bytes, cursor, bytes.length);
    const length = readVarint(bytes, cursor, bytes.length);
    const end = cursor.at + length;
    if (end > bytes.length || tag <= lastTag) {
      throw new RangeError("a section ends past the snapshot, or is out of order");
    }
    const section = sections.find((each) => each.tag === tag);
    if (section === undefined) {
      throw new T4Error(
        "T4_FORMAT_TOO_NEW",
        `the system snapshot has a section ${tag}, which this program does not know: use a newer one`,
      );
    }
    section.restore(bytes.subarray(cursor.at, end));
    lastTag = tag;
    cursor.at = end;
  }
}
