// All versions of one key, newest first, from wherever they lie.
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import type { Key, Revision } from "../../core/words.js";
import type { Memtable } from "../memory/memtable.js";

/** Versions in a memtable with revisions from `from` on, newest first. */
export function versionsInMemtable(memtable: Memtable, key: Key, from: Revision): Row[] {
  const rows: Row[] = [];
  let version = memtable.newest(key) ?? null;
  while (version !== null && version.row.modRevision >= from) {
    rows.push(version.row);
    version = version.older;
  }
  return rows;
}

/**
 * Of versions newest first, those that the last compaction left: all above its revision and the newest at or below it,
 * unless that is a tombstone below it. What is gone for good must not depend on what upkeep has removed yet.
 */
export function reachableVersions<Head extends RowHead>(
  versions: readonly Head[],
  compactRevision: Revision,
): Head[] {
  const oldest = versions.findIndex((head) => head.modRevision <= compactRevision);
  const head = versions[oldest];
  if (head === undefined) {
    return [...versions];
  }
  const isGone = head.version === 0 && head.modRevision < compactRevision;
  return versions.slice(0, isGone ? oldest : oldest + 1);
}
