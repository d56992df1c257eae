// A read of many keys that is answered in parts, in the order of keys and at one revision, however long its reader takes
// and whatever is compacted meanwhile.
// Must never: read on before the part it has was taken.
import { assert } from "../../lib/assert.js";
import type { RangeOperation } from "../command.js";
import { rowOfHead } from "./range-read.js";
import type { Row } from "../row.js";
import type { ReadView, RowCursor } from "../view.js";
import type { Revision } from "../words.js";

export interface RangePage {
  readonly rows: readonly Row[];
  /** Null unless this is the last page: how many keys there are in the range, and whether a limit left some out. */
  readonly end: { readonly count: number; readonly more: boolean } | null;
}

/** Close it when it is done or given up: it holds files open. */
export class RangePages {
  readonly #operation: RangeOperation;
  readonly #cursor: RowCursor;
  /** Rows that may still be returned. */
  #limit: number;
  #count = 0;
  /** Whether the cursor stands on a key that is not counted yet; null before the first. */
  #hasNext: boolean | null = null;
  #rows: Row[] = [];
  #rowsWanted = 0;
  /** Of the page so far. */
  #bytes = 0;
  #bytesWanted = 0;

  /** `operation` has neither sort nor filters. `at` is the revision to read. */
  constructor(operation: RangeOperation, view: ReadView, at: Revision) {
    const { limit, countOnly } = operation;
    this.#operation = operation;
    this.#limit = countOnly ? 0 : limit > 0 ? limit : Infinity;
    this.#cursor = view.scan(operation.range, at, false);
  }

  /** Begins a page of at most `rows` rows, which ends with the row that makes it `bytes` long. */
  begin(rows: number, bytes: number): void {
    assert(rows > 0 && bytes > 0, "a page has rows");
    this.#rows = [];
    this.#rowsWanted = rows;
    this.#bytes = 0;
    this.#bytesWanted = bytes;
  }

  /** Goes on for some `rowsMax` keys or `bytesMax` bytes; returns whether the page is ready. */
  step(rowsMax: number, bytesMax: number): boolean {
    if (this.#hasNext === null) {
      if (this.#cursor.prepare?.() === false) {
        return false;
      }
      this.#hasNext = this.#cursor.next();
    }
    let bytes = 0;
    for (let visited = 0; visited < rowsMax && bytes < bytesMax; visited += 1) {
      if (!this.#hasNext || this.#isFull) {
        return true;
      }
      this.#count += 1;
      if (this.#limit > 0) {
        this.#limit -= 1;
        const row = this.#operation.keysOnly ? rowOfHead(this.#cursor.head) : this.#cursor.row();
        this.#rows.push(row);
        bytes += row.end - row.start;
        this.#bytes += row.end - row.start;
      }
      this.#hasNext = this.#cursor.next();
    }
    return !this.#hasNext || this.#isFull;
  }

  /** Once no more rows may be returned, the rest is counted with the last page. */
  get #isFull(): boolean {
    const isEnough = this.#rows.length === this.#rowsWanted || this.#bytes >= this.#bytesWanted;
    return isEnough && this.#limit > 0;
  }

  /** The page, once `step` has returned true. */
  get page(): RangePage {
    const { limit, countOnly } = this.#operation;
    const more = !countOnly && limit > 0 && this.#count > limit;
    return {
      rows: this.#rows,
      end: this.#hasNext === true ? null : { count: this.#count, more },
    };
  }

  close(): void {
    this.#cursor.close();
  }
}
