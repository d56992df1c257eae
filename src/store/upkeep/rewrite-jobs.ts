// Makes one table or one run of several neighbours, without the rows that compaction has made unreachable.
import { RunHead, type Run } from "../run/run.js";
import { compareKey, RunRows } from "../run/run-rows.js";
import { RunWriter } from "../run/run-writer.js";
import { SearchKey } from "../run/search-key.js";
import { TableWriter } from "../table/table-writer.js";
import { isReachable } from "./liveness.js";
import type { Manifest, RunRecord, TableRecord } from "./manifest.js";
import type { Workshop } from "./workshop.js";

/** Replaces `count` tables from the one at `first` on by one, or by none if nothing in them is reachable. */
export function rewriteTables(workshop: Workshop, first: number, count: number): Manifest {
  const { manifest } = workshop;
  const inputs = manifest.tables.slice(first, first + count);
  const runs = manifest.runs.map((run) => workshop.openRun(run.number)).reverse();
  const { number, path } = workshop.newFile("table");
  const writer = new TableWriter(workshop.disk, path);
  try {
    for (const input of inputs) {
      const rows = workshop.openTable(input.number).rowsFrom(0, false);
      for (let row = rows.next(); row !== null; row = rows.next()) {
        if (input.deadRows === 0 || isReachable(runs, row, manifest.compactRevision)) {
          writer.add(row);
        }
      }
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const isEmpty = writer.rows === 0;
  const written = writer.finish();
  let made: TableRecord[] = [];
  if (isEmpty) {
    workshop.discardNewest();
  } else {
    made = [{ number, ...written, deadRows: 0, deadBytes: 0 }];
  }
  const tables = manifest.tables.toSpliced(first, count, ...made);
  return workshop.commit({ ...manifest, nextFile: workshop.nextFile, tables });
}

/** Replaces `count` runs from the one at `first` on by one, or by none if nothing in them is reachable. */
export function mergeRuns(workshop: Workshop, first: number, count: number): Manifest {
  const { manifest } = workshop;
  const opened = manifest.runs.map((run) => workshop.openRun(run.number));
  const inputs = manifest.runs.slice(first, first + count);
  const sources = opened.slice(first, first + count).reverse();
  const rest = {
    older: opened.slice(0, first),
    newer: opened
      .slice(first + count)
      .filter((run) => run.firstRevision <= manifest.compactRevision),
  };
  const hasDead = inputs.some((run) => run.deadRows > 0);
  const filter = new DeadRows(hasDead ? manifest.compactRevision : 0, rest.older, rest.newer);
  const { number, path } = workshop.newFile("run");
  const lastRevision = (inputs.at(-1) as RunRecord).lastRevision;
  const writer = new RunWriter(workshop.disk, path, lastRevision);
  try {
    mergeInto(writer, sources, filter);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const isEmpty = writer.rows === 0;
  const written = writer.finish();
  let made: RunRecord[] = [];
  if (isEmpty) {
    workshop.discardNewest();
  } else {
    const { compactRevision } = manifest;
    made = [{ number, ...written, deadRows: filter.kept, cleanedRevision: compactRevision }];
  }
  const runs = manifest.runs.toSpliced(first, count, ...made);
  return workshop.commit({ ...manifest, nextFile: workshop.nextFile, runs });
}

/** Decides row by row, in a run's order, which rows of a merge are left out. */
class DeadRows {
  /** Dead rows that had to stay. */
  kept = 0;
  readonly #compactRevision: number;
  readonly #older: readonly Run[];
  readonly #newer: readonly Run[];
  readonly #search = new SearchKey();
  readonly #head = new RunHead();
  /** Whether the key has shown its newest version at or below the compact revision. */
  #isShown = false;

  /** `older`, `newer`: the runs around those merged. A compact revision of 0 leaves every row in. */
  constructor(compactRevision: number, older: readonly Run[], newer: readonly Run[]) {
    this.#compactRevision = compactRevision;
    this.#older = older;
    this.#newer = newer;
  }

  beginKey(): void {
    this.#isShown = false;
  }

  isDead(rows: RunRows, head: RunHead): boolean {
    const compactRevision = this.#compactRevision;
    if (rows.revision > compactRevision) {
      return false;
    }
    if (this.#isShown) {
      return true;
    }
    this.#isShown = true;
    const isShownHere = head.version > 0 || rows.revision === compactRevision;
    if (isShownHere && this.#newer.length === 0) {
      return false;
    }
    const search = this.#search;
    search.setBytes(rows.keyBytes, rows.keyLength);
    if (this.#newer.some((run) => run.find(search, compactRevision, this.#head))) {
      return true;
    }
    if (isShownHere) {
      return false;
    }
    // A tombstone must hide older versions until they are gone too.
    const mustStay = this.#older.some((run) => run.mayContain(search));
    this.kept += mustStay ? 1 : 0;
    return !mustStay;
  }
}

/** Merges runs given newest first: of one key, a newer run's versions are the newer ones. */
function mergeInto(writer: RunWriter, runs: readonly Run[], filter: DeadRows): void {
  const sources = runs.map((run) => new RunRows(run, false)).filter((rows) => rows.next());
  const head = new RunHead();
  const key = { keyBytes: new Uint8Array(0), keyLength: -1 };
  while (sources.length > 0) {
    let least = sources[0] as RunRows;
    for (let i = 1; i < sources.length; i += 1) {
      const source = sources[i] as RunRows;
      if (compareKey(source, least) < 0) {
        least = source;
      }
    }
    if (key.keyLength < 0 || compareKey(least, key) !== 0) {
      filter.beginKey();
      if (key.keyBytes.length < least.keyLength) {
        key.keyBytes = new Uint8Array(least.keyLength * 2);
      }
      key.keyLength = least.keyLength;
      // Byte by byte: for keys of tens of bytes a view of them costs more.
      for (let i = 0; i < least.keyLength; i += 1) {
        key.keyBytes[i] = least.keyBytes[i] as number;
      }
    }
    // All versions of the key in this source, from the newest back.
    let isMore: boolean;
    do {
      least.readNumbers(head);
      if (!filter.isDead(least, head)) {
        writer.add(least.keyBytes, least.keyLength, head);
      }
      isMore = least.next();
    } while (isMore && least.isSameKey);
    if (!isMore) {
      sources.splice(sources.indexOf(least), 1);
    }
  }
}
