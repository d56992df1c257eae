// The heads of a flush's rows in columns, and their order in an index run. As objects, a few hundred thousand of them
// would outlive several collections: columns made a flush take half the CPU time. Their keys are bytes one behind the
// other, for the same reason.
import { writeLatin1 } from "../../lib/bytes.js";
import { orderOfTexts, type Texts } from "../../lib/string-order.js";
import type { Row } from "../../core/row.js";
import { NO_LEASE, type LeaseId, type Revision } from "../../core/words.js";
import type { RunNumbers } from "../run/run-writer.js";

/** Numbers of a head, side by side. */
const COLUMNS = 5;
const ROWS_MIN = 1_024;
const KEY_BYTES_MIN = 32 * 1_024;

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

export class HeadColumns implements Texts {
  #rows = 0;
  /** Of row i the key is #keys[#keyEnds[i], #keyEnds[i + 1]). */
  #keys = new Uint8Array(KEY_BYTES_MIN);
  #keyEnds = new Float64Array(ROWS_MIN + 1);
  #numbers = new Float64Array(ROWS_MIN * COLUMNS);
  /** Few rows have a lease. */
  readonly #leases = new Map<number, LeaseId>();

  get count(): number {
    return this.#rows;
  }

  length(row: number): number {
    return (this.#keyEnds[row + 1] as number) - (this.#keyEnds[row] as number);
  }

  byteAt(row: number, at: number): number {
    return this.#keys[(this.#keyEnds[row] as number) + at] as number;
  }

  /** Rows come in the order of revisions and sub-revisions. */
  add(row: Row): void {
    const place = this.#rows * COLUMNS;
    if (place === this.#numbers.length) {
      this.#numbers = grown(this.#numbers, new Float64Array(2 * place));
      this.#keyEnds = grown(this.#keyEnds, new Float64Array(2 * this.#rows + 1));
    }
    const keyAt = this.#keyEnds[this.#rows] as number;
    const keyEnd = keyAt + row.key.length;
    if (keyEnd > this.#keys.length) {
      const bytes = Math.max(keyEnd, 2 * this.#keys.length);
      this.#keys = grown(this.#keys, new Uint8Array(bytes));
    }
    this.#keyEnds[this.#rows + 1] = writeLatin1(this.#keys, keyAt, row.key);
    const numbers = this.#numbers;
    numbers[place] = row.modRevision;
    numbers[place + 1] = row.subRevision;
    numbers[place + 2] = row.createRevision;
    numbers[place + 3] = row.version;
    numbers[place + 4] = row.end - row.start;
    if (row.lease !== NO_LEASE) {
      this.#leases.set(this.#rows, row.lease);
    }
    this.#rows += 1;
  }

  /**
   * Calls `visit` for each head by key, `key[0, length)`, and of one key from the newest back. Key and head are reused.
   */
  visitInOrder(visit: (key: Uint8Array, length: number, head: RunNumbers) => void): void {
    const numbers = this.#numbers;
    let key = new Uint8Array(256);
    const head: Writable<RunNumbers> = {
      modRevision: 0 as Revision,
      subRevision: 0,
      createRevision: 0 as Revision,
      version: 0,
      lease: NO_LEASE,
      rowBytes: 0,
    };
    // Of one key the row that came later is the newer one.
    for (const row of orderOfTexts(this)) {
      const place = row * COLUMNS;
      const length = this.length(row);
      if (length > key.length) {
        key = new Uint8Array(2 * length);
      }
      const keyAt = this.#keyEnds[row] as number;
      for (let i = 0; i < length; i += 1) {
        key[i] = this.#keys[keyAt + i] as number;
      }
      head.modRevision = numbers[place] as Revision;
      head.subRevision = numbers[place + 1] as number;
      head.createRevision = numbers[place + 2] as Revision;
      head.version = numbers[place + 3] as number;
      head.rowBytes = numbers[place + 4] as number;
      head.lease = this.#leases.size === 0 ? NO_LEASE : (this.#leases.get(row) ?? NO_LEASE);
      visit(key, length, head);
    }
  }
}

function grown<Column extends Uint8Array | Float64Array>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}
