// An index run as a source of a merge: of each key the newest version at one revision, ascending or descending.
import type { KeyRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import type { Key, Revision } from "../../core/words.js";
import { latin1 } from "../../lib/bytes.js";
import type { VersionSource } from "../read/source.js";
import { RunHead, type Run } from "./run.js";
import { restartsOf } from "./run-block.js";
import { compareKey, RunRows } from "./run-rows.js";
import { SearchKey } from "./search-key.js";

type Interval = Extract<KeyRange, { kind: "interval" }>;

/** Fetches the whole row of a head found in a run. */
export type LoadRow = (head: RowHead) => Row;

/** Where sources look keys up; one serves all, since none awaits between setting and using it. */
const search = new SearchKey();

/** Above every revision, to look for the place before all versions of a key. */
const ABOVE_ALL = Number.MAX_SAFE_INTEGER;

export class AscendingRunSource implements VersionSource {
  key: Key | null = null;
  readonly head: RunHead = new RunHead();
  readonly #rows: RunRows;
  readonly #end: Key | null;
  readonly #revision: Revision;
  readonly #load: LoadRow;

  constructor(run: Run, interval: Interval, revision: Revision, load: LoadRow) {
    search.set(interval.start);
    this.#rows = new RunRows(run, true);
    this.#rows.seek(search, ABOVE_ALL);
    this.#end = interval.end;
    this.#revision = revision;
    this.#load = load;
    // The restart lies before the interval, perhaps inside the versions of a key before it.
    this.#settle(search);
  }

  row(): Row {
    return this.#load(this.head);
  }

  advance(): void {
    this.#settle(null);
  }

  /** Moves to the next key with a version at the revision; at first, to one at or after `start`. */
  #settle(start: SearchKey | null): void {
    const rows = this.#rows;
    let isShown = start === null;
    while (rows.next()) {
      if (!rows.isSameKey) {
        isShown = false;
      }
      if (isShown || rows.revision > this.#revision) {
        continue;
      }
      if (start !== null && compareKey(rows, start) < 0) {
        continue;
      }
      const key = latin1(rows.keyBytes, 0, rows.keyLength);
      if (this.#end !== null && key >= this.#end) {
        break;
      }
      rows.readNumbers(this.head);
      this.head.key = key;
      this.key = key;
      return;
    }
    this.key = null;
  }
}

/** Takes the rows of one restart at a time from the end; they can only be read forwards. */
export class DescendingRunSource implements VersionSource {
  key: Key | null = null;
  head: RunHead = new RunHead();
  readonly #run: Run;
  readonly #rows: RunRows;
  readonly #interval: Interval;
  readonly #revision: Revision;
  readonly #load: LoadRow;
  /** Versions to show of the current restart, in ascending order. */
  #heads: RunHead[] = [];
  #number: number;
  /** Restarts of block #number that are still to be taken. */
  #restarts: number;
  /** The versions of the last key before what was taken last go on in it. */
  #continues = false;

  constructor(run: Run, interval: Interval, revision: Revision, load: LoadRow) {
    this.#run = run;
    this.#interval = interval;
    this.#revision = revision;
    this.#load = load;
    this.#rows = new RunRows(run, true);
    if (interval.end === null) {
      this.#number = run.file.footer.blocks - 1;
      this.#restarts = restartsOf(run.file.block(this.#number));
    } else {
      search.set(interval.end);
      this.#number = run.blockBefore(search, ABOVE_ALL);
      this.#restarts =
        this.#number < 0
          ? 0
          : run.restartBefore(this.#number, run.file.block(this.#number), search, ABOVE_ALL) + 1;
    }
    this.advance();
  }

  row(): Row {
    return this.#load(this.head);
  }

  advance(): void {
    while (this.#heads.length === 0 && this.#hasMore()) {
      this.#restarts -= 1;
      this.#takeRestart();
    }
    const head = this.#heads.pop();
    if (head === undefined || head.key < this.#interval.start) {
      this.key = null;
      this.#heads = [];
      this.#number = -1;
      this.#restarts = 0;
      return;
    }
    this.head = head;
    this.key = head.key;
  }

  #hasMore(): boolean {
    if (this.#restarts === 0 && this.#number > 0) {
      this.#number -= 1;
      this.#restarts = restartsOf(this.#run.file.block(this.#number));
    }
    return this.#restarts > 0;
  }

  /** Gathers of each key that begins in the rows of a restart the version to show. */
  #takeRestart(): void {
    const rows = this.#rows;
    rows.restrictTo(this.#number, this.#restarts);
    let isShown = true;
    let isFirst = true;
    let startsInside = false;
    let lastKey: Key | null = null;
    while (rows.next()) {
      if (isFirst) {
        startsInside = rows.isSameKey;
        isFirst = false;
      }
      if (!rows.isSameKey) {
        lastKey = latin1(rows.keyBytes, 0, rows.keyLength);
        if (this.#interval.end !== null && lastKey >= this.#interval.end) {
          lastKey = null;
          break;
        }
        isShown = false;
      }
      if (!isShown && rows.revision <= this.#revision) {
        const head = new RunHead();
        rows.readNumbers(head);
        head.key = lastKey as Key;
        this.#heads.push(head);
        isShown = true;
      }
    }
    if (this.#continues && !isShown && lastKey !== null) {
      search.set(lastKey);
      const head = new RunHead();
      if (this.#run.find(search, this.#revision, head)) {
        this.#heads.push(head);
      }
    }
    // Rows wholly inside the versions of one key begin none: what follows them follows the rows before.
    this.#continues = startsInside;
  }
}
