// Makes a store's files straight from rows that come in order: what another program kept becomes a store without going
// through a log. The files are those that a flush makes, so all that reads and maintains them is the same.
// Must never: leave a store in a directory whose caller has not been told that it is whole: `finish` names the system
// state, and only the caller makes the directory count.
import { assert } from "../../lib/assert.js";
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { MergeCursor } from "../read/merge-cursor.js";
import { AscendingRunSource } from "../run/run-source.js";
import { TableWriter } from "../table/table-writer.js";
import { writeRun, writeSystemFile } from "./flush-job.js";
import { HeadColumns } from "./head-columns.js";
import { EMPTY_MANIFEST, filesOf, type Manifest } from "./manifest.js";
import { planStep } from "./plan-step.js";
import { mergeRuns, rewriteTables } from "./rewrite-jobs.js";
import { Workshop, writeManifest } from "./workshop.js";

/** Bytes of rows in one table: as many as a segment of a busy log holds. */
const TABLE_ROW_BYTES: number = 32 * 1024 * 1024;

/** Rows in one table: their heads are in memory until it ends. */
const TABLE_ROWS: number = 200_000;

const allKeys = { kind: "interval", start: "", end: null } as const;

interface OpenTable {
  readonly workshop: Workshop;
  readonly number: number;
  readonly writer: TableWriter;
  readonly heads: HeadColumns;
  rowBytes: number;
}

export interface StoreEnd {
  readonly index: LogIndex;
  readonly term: Term;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly system: Uint8Array;
}

export class StoreBuilder {
  readonly #disk: Disk;
  readonly #directory: string;
  #manifest: Manifest = EMPTY_MANIFEST;
  #table: OpenTable | null = null;
  #lastRevision = 0;

  /** The directory is empty. Throws a DiskError. */
  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
    writeManifest(disk, directory, EMPTY_MANIFEST);
  }

  /** Takes the next row in the order of revisions and sub-revisions; its bytes are copied. Throws a DiskError. */
  add(row: Row): void {
    assert(row.modRevision >= this.#lastRevision, "rows come in order");
    // A revision is never in two tables.
    if (row.modRevision > this.#lastRevision && this.#isFull()) {
      this.#endTable();
    }
    this.#lastRevision = row.modRevision;
    const table = (this.#table ??= this.#beginTable());
    table.writer.add(row);
    table.heads.add(row);
    table.rowBytes += row.end - row.start;
  }

  /** All rows are there: the newest version of each live key can be visited, and `finish` called. Throws a DiskError. */
  endRows(): void {
    this.#endTable();
  }

  /** Calls `visit` for each live key in order. The head is reused. */
  visitLive(revision: Revision, visit: (head: RowHead) => void): void {
    assert(this.#table === null, "the rows have ended");
    const workshop = this.#workshop();
    try {
      const runs = this.#manifest.runs.map((run) => workshop.openRun(run.number)).reverse();
      const load = (): Row => {
        throw new RangeError("only heads are visited");
      };
      const sources = runs.map((run) => new AscendingRunSource(run, allKeys, revision, load));
      const cursor = new MergeCursor(sources, false, () => {});
      while (cursor.next()) {
        visit(cursor.head);
      }
    } finally {
      workshop.close();
    }
  }

  /** Makes the manifest that says what the files are. Throws a DiskError. */
  finish(end: StoreEnd): Manifest {
    assert(this.#table === null, "the rows have ended");
    assert(end.revision >= this.#lastRevision, "no row is after the last revision");
    return this.#inWorkshop((workshop) => {
      const { index, term, revision, compactRevision } = end;
      const system = writeSystemFile(workshop, end.system);
      return workshop.commit({
        ...this.#manifest,
        index,
        term,
        revision,
        compactRevision,
        nextFile: workshop.nextFile,
        system,
      });
    });
  }

  /** Closes what is open, after a failure. */
  abandon(): void {
    const table = this.#table;
    this.#table = null;
    table?.writer.abandon();
    table?.workshop.close();
  }

  #isFull(): boolean {
    const table = this.#table;
    return table !== null && (table.rowBytes >= TABLE_ROW_BYTES || table.writer.rows >= TABLE_ROWS);
  }

  #beginTable(): OpenTable {
    const workshop = this.#workshop();
    const { number, path } = workshop.newFile("table");
    const writer = new TableWriter(this.#disk, path);
    return { workshop, number, writer, heads: new HeadColumns(), rowBytes: 0 };
  }

  #endTable(): void {
    const open = this.#table;
    if (open === null) {
      return;
    }
    const { workshop, number, writer, heads } = open;
    try {
      const table = { number, ...writer.finish(), deadRows: 0, deadBytes: 0 };
      this.#table = null;
      const run = writeRun(workshop, heads, table.lastRevision);
      this.#manifest = workshop.commit({
        ...this.#manifest,
        nextFile: workshop.nextFile,
        tables: [...this.#manifest.tables, table],
        runs: [...this.#manifest.runs, run],
      });
    } finally {
      workshop.close();
    }
    this.#mergeFiles();
  }

  /** As the table worker would: what is made here needs no more upkeep than what it makes. */
  #mergeFiles(): void {
    for (let step = planStep(this.#manifest); step !== null; step = planStep(this.#manifest)) {
      assert(step.kind !== "account", "nothing is compacted yet");
      const { kind, first, count } = step;
      const before = this.#manifest;
      this.#manifest = this.#inWorkshop((workshop) =>
        kind === "merge-runs"
          ? mergeRuns(workshop, first, count)
          : rewriteTables(workshop, first, count),
      );
      this.#removeReplaced(before);
    }
  }

  #removeReplaced(before: Manifest): void {
    const named = new Set(filesOf(this.#manifest));
    for (const name of filesOf(before)) {
      if (!named.has(name)) {
        this.#disk.remove(`${this.#directory}/${name}`);
      }
    }
  }

  #workshop(): Workshop {
    return new Workshop(this.#disk, this.#directory, this.#manifest);
  }

  #inWorkshop<Result>(job: (workshop: Workshop) => Result): Result {
    const workshop = this.#workshop();
    try {
      return job(workshop);
    } finally {
      workshop.close();
    }
  }
}
