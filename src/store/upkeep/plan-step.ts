// Which work a store's files need next: a pure function of the manifest, so that every node that takes the same
// manifests does the same work in the same order and ends with the same files.
import type { FileRecord, Manifest } from "./manifest.js";

export type Step =
  /** Count the rows that the newest compaction made unreachable. */
  | { readonly kind: "account" }
  /** Write `count` tables from the one at `first` on anew, as one, without their dead rows. */
  | { readonly kind: "rewrite-tables"; readonly first: number; readonly count: number }
  /** The same with index runs. */
  | { readonly kind: "merge-runs"; readonly first: number; readonly count: number };

/** Files of one tier that are merged into one of the next: each row is copied once a tier. */
const FANOUT = 4;

/** Files up to this size are of tier 0: below it their number matters more than their size. */
const TIER_BASE_BYTES: number = 64 * 1024;

/** A table this large is merged no further: it is as large as one made under load. */
export const TABLE_BYTES_MIN: number = 8 * 1024 * 1024;

export function planStep(manifest: Manifest): Step | null {
  if (manifest.accountedRevision < manifest.compactRevision) {
    return { kind: "account" };
  }
  return planTables(manifest) ?? planRuns(manifest);
}

/**
 * What is still to be done, when `planStep` has nothing to do, until no file holds a row that nobody can reach. On a
 * caller's order only: it costs up to a copy of everything, and other nodes' files then differ from this one's.
 */
export function planDefragmentation({ tables, runs }: Manifest): Step | null {
  const first = tables.findIndex((table) => table.deadRows > 0);
  if (first >= 0) {
    return { kind: "rewrite-tables", first, count: 1 };
  }
  // Of all runs together every dead row can go, since no other run holds what a tombstone would have to hide.
  return runs.some((run) => run.deadRows > 0)
    ? { kind: "merge-runs", first: 0, count: runs.length }
    : null;
}

function planTables(manifest: Manifest): Step | null {
  const { tables } = manifest;
  const dead = tables.findIndex((table) => table.deadBytes * 2 > table.rowBytes);
  if (dead >= 0) {
    return { kind: "rewrite-tables", first: dead, count: 1 };
  }
  const isSmall = tables.map((table) => table.bytes < TABLE_BYTES_MIN);
  const lastLarge = isSmall.lastIndexOf(false);
  // Small tables before a large one will have no more neighbours: they are merged as they are.
  for (let first = 0; first < lastLarge; first += 1) {
    const count = isSmall.indexOf(false, first) - first;
    if (count >= 2) {
      return { kind: "rewrite-tables", first, count };
    }
    first += count;
  }
  const group = tieredGroup(tables.slice(lastLarge + 1));
  return group === null
    ? null
    : { kind: "rewrite-tables", first: group.first + lastLarge + 1, count: group.count };
}

function planRuns(manifest: Manifest): Step | null {
  const { runs, compactRevision } = manifest;
  const dead = runs.findIndex(
    (run) => run.deadRows * 2 > run.rows && run.cleanedRevision < compactRevision,
  );
  if (dead >= 0) {
    return { kind: "merge-runs", first: dead, count: 1 };
  }
  const group = tieredGroup(runs);
  return group === null ? null : { kind: "merge-runs", ...group };
}

/**
 * Files to merge, oldest first. A file counts as of the tier of the largest at or after it, so tiers never rise from old
 * to new, those of one tier are neighbours, and fewer than FANOUT of each remain: in all fewer than
 * FANOUT × log4(bytes / 64 KiB).
 */
function tieredGroup(files: readonly FileRecord[]): { first: number; count: number } | null {
  let tier = 0;
  let count = 0;
  for (let i = files.length - 1; i >= 0; i -= 1) {
    const own = tierOf((files[i] as FileRecord).bytes);
    if (own > tier) {
      tier = own;
      count = 0;
    }
    count += 1;
    const before = i === 0 ? Infinity : tierOf((files[i - 1] as FileRecord).bytes);
    if (count >= FANOUT && before > tier) {
      return { first: i, count };
    }
  }
  return null;
}

function tierOf(bytes: number): number {
  let tier = 0;
  for (let limit = TIER_BASE_BYTES; bytes > limit; limit *= FANOUT) {
    tier += 1;
  }
  return tier;
}
