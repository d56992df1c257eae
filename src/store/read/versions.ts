// All versions of one key, newest first, from wherever they lie.
import type { RowHead } from "../../core/view.js";
import type { Revision } from "../../core/words.js";

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
