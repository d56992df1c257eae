// The open tables and runs of one manifest, as reads see them. Sets are immutable and counted: a cursor that was opened
// before a merge keeps reading the files of its set, and a file is closed, and removed if no manifest names it, when the
// last set that has it is released.
import { assert } from "../../lib/assert.js";
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import { corrupt } from "../file/file-errors.js";
import type { Run, RunHead } from "../run/run.js";
import type { SearchKey } from "../run/search-key.js";
import type { Table } from "../table/table.js";

/** A file shared by sets. */
export class SharedFile<File extends { readonly file: { close(): void } }> {
  readonly name: string;
  readonly content: File;
  readonly #unused: (name: string) => void;
  #uses = 0;

  /** `unused` is called once, after the file is closed. */
  constructor(name: string, content: File, unused: (name: string) => void) {
    this.name = name;
    this.content = content;
    this.#unused = unused;
  }

  acquire(): void {
    this.#uses += 1;
  }

  release(): void {
    this.#uses -= 1;
    assert(this.#uses >= 0, "a file is released as often as acquired");
    if (this.#uses === 0) {
      this.content.file.close();
      this.#unused(this.name);
    }
  }
}

export class FileSet {
  /** Oldest first. */
  readonly tables: readonly Table[];
  /** Newest first. */
  readonly runs: readonly Run[];
  readonly #directory: string;
  readonly #files: readonly SharedFile<Table | Run>[];
  readonly #firstRevisions: Float64Array;
  #uses = 1;

  constructor(
    directory: string,
    tables: readonly SharedFile<Table>[],
    runs: readonly SharedFile<Run>[],
  ) {
    this.#directory = directory;
    this.tables = tables.map((file) => file.content);
    this.runs = runs.map((file) => file.content);
    this.#files = [...tables, ...runs];
    this.#firstRevisions = Float64Array.from(this.tables, (table) => table.firstRevision);
    for (const file of this.#files) {
      file.acquire();
    }
  }

  acquire(): void {
    assert(this.#uses > 0, "a set of files is acquired while it is in use");
    this.#uses += 1;
  }

  release(): void {
    this.#uses -= 1;
    assert(this.#uses >= 0, "a set of files is released as often as acquired");
    if (this.#uses === 0) {
      for (const file of this.#files) {
        file.release();
      }
    }
  }

  /** Finds the newest version of a key at `revision`, a tombstone too. */
  find(search: SearchKey, revision: number, head: RunHead): boolean {
    for (const run of this.runs) {
      if (run.find(search, revision, head)) {
        return true;
      }
    }
    return false;
  }

  /** The whole row of a head found in a run. */
  load(head: RowHead): Row {
    return this.tableOf(head.modRevision).row(head.modRevision, head.subRevision, head.key);
  }

  /** As `load`, but the row's bytes are good only until the next call: for a caller who copies them. */
  peek(head: RowHead): Row {
    return this.tableOf(head.modRevision).peek(head.modRevision, head.subRevision, head.key);
  }

  /** The table that holds a revision. */
  tableOf(revision: number): Table {
    const firsts = this.#firstRevisions;
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] as number) <= revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const table = this.tables[low - 1];
    if (table === undefined) {
      throw corrupt(this.#directory, 0, `no log table holds revision ${revision} of an index run`);
    }
    return table;
  }
}
