// Which rows a compaction at revision C has made unreachable: those with a newer version at or below C, and tombstones
// below C. A tombstone at C itself stays until the next compaction, for watchers that start there.
import { assert } from "../../lib/assert.js";
import type { Row } from "../../core/row.js";
import type { Key } from "../../core/words.js";
import { RunHead, type Run } from "../run/run.js";
import { SearchKey } from "../run/search-key.js";
import type { Manifest } from "./manifest.js";
import type { Workshop } from "./workshop.js";

const search = new SearchKey();
const head = new RunHead();

/** Finds the newest version of a key at `revision` in runs given newest first. */
function findNewest(runs: readonly Run[], key: string, revision: number): boolean {
  search.set(key);
  return runs.some((run) => run.find(search, revision, head));
}

/** Whether a row can still be reached after a compaction at `compactRevision`. `runs`: all, newest first. */
export function isReachable(runs: readonly Run[], row: Row, compactRevision: number): boolean {
  if (row.modRevision > compactRevision) {
    return true;
  }
  if (row.isTombstone && row.modRevision < compactRevision) {
    return false;
  }
  return (
    findNewest(runs, row.key, compactRevision) &&
    head.modRevision === row.modRevision &&
    head.subRevision === row.subRevision
  );
}

/**
 * Counts the rows that died between the accounted and the compact revision. Each such row was reachable before, so it is
 * either the version before a row of that time, or a tombstone of that time: a walk over the tables of that time and a
 * lookup for each of their rows finds all of them, each once.
 */
export function account(workshop: Workshop): Manifest {
  const { manifest } = workshop;
  const { accountedRevision: from, compactRevision: to } = manifest;
  const tables = manifest.tables.map((table) => ({ ...table }));
  const indexRuns = manifest.runs.map((run) => ({ ...run }));
  const runs = manifest.runs.map((run) => workshop.openRun(run.number)).reverse();
  const died = (revision: number, rowBytes: number): void => {
    const table = tables.find((one) => one.lastRevision >= revision);
    const run = indexRuns.find((one) => one.lastRevision >= revision);
    assert(table !== undefined && table.firstRevision <= revision, "a row that died is in a table");
    assert(run !== undefined && run.firstRevision <= revision, "a row that died is in a run");
    table.deadRows += 1;
    table.deadBytes += rowBytes;
    run.deadRows += 1;
    assert(table.deadBytes <= table.rowBytes && run.deadRows <= run.rows, "a row dies once");
  };
  for (const table of manifest.tables) {
    if (table.lastRevision < from || table.firstRevision > to) {
      continue;
    }
    const rows = workshop.openTable(table.number).rowsFrom(from, false);
    // One revision may write a key several times: each row but the first has the one before it to account for. Most
    // revisions have one row, for which nothing is noted.
    const sameRevision = new Map<Key, Row>();
    let last: Row | null = null;
    for (let row = rows.next(); row !== null && row.modRevision <= to; row = rows.next()) {
      const revision = row.modRevision;
      if (row.isTombstone && revision < to) {
        died(revision, row.end - row.start);
      }
      if (last !== null && last.modRevision === revision) {
        sameRevision.set(last.key, last);
      } else if (sameRevision.size > 0) {
        sameRevision.clear();
      }
      const before = sameRevision.size === 0 ? undefined : sameRevision.get(row.key);
      last = row;
      if (revision === from) {
        continue;
      }
      // A tombstone before it died, or will die, by itself.
      if (before !== undefined) {
        if (!before.isTombstone) {
          died(revision, before.end - before.start);
        }
      } else if (findNewest(runs, row.key, revision - 1) && head.version > 0) {
        died(head.modRevision, head.rowBytes);
      }
    }
  }
  return workshop.commit({ ...manifest, accountedRevision: to, tables, runs: indexRuns });
}
