// The heads of a flush's rows in columns, and their order in an index run. As objects, a few hundred thousand of them
// would outlive several collections: columns made a flush take half the CPU time.
import { orderOf } from "../../lib/string-order.js";
import type { Row } from "../../core/row.js";
import { NO_LEASE, type Key, type LeaseId, type Revision } from "../../core/words.js";
import type { StoredHead } from "../read/source.js";

/** Numbers of a head, side by side. */
const COLUMNS = 5;
const ROWS_MIN = 1_024;

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

export class HeadColumns {
  readonly #keys: Key[] = [];
  #numbers = new Float64Array(ROWS_MIN * COLUMNS);
  /** Few rows have a lease. */
  readonly #leases = new Map<number, LeaseId>();

  get rows(): number {
    return this.#keys.length;
  }

  /** Rows come in the order of revisions and sub-revisions. */
  add(row: Row): void {
    const place = this.#keys.length * COLUMNS;
    if (place === this.#numbers.length) {
      const larger = new Float64Array(2 * place);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    const numbers = this.#numbers;
    numbers[place] = row.modRevision;
    numbers[place + 1] = row.subRevision;
    numbers[place + 2] = row.createRevision;
    numbers[place + 3] = row.version;
    numbers[place + 4] = row.end - row.start;
    if (row.lease !== NO_LEASE) {
      this.#leases.set(this.#keys.length, row.lease);
    }
    this.#keys.push(row.key);
  }

  /** Calls `visit` for each head by key, and of one key from the newest back. The head is reused. */
  visitInOrder(visit: (head: StoredHead) => void): void {
    const numbers = this.#numbers;
    const head: Writable<StoredHead> = {
      key: "",
      modRevision: 0 as Revision,
      subRevision: 0,
      createRevision: 0 as Revision,
      version: 0,
      lease: NO_LEASE,
      rowBytes: 0,
    };
    // Of one key the row that came later is the newer one.
    for (const row of orderOf(this.#keys)) {
      const place = row * COLUMNS;
      head.key = this.#keys[row] as Key;
      head.modRevision = numbers[place] as Revision;
      head.subRevision = numbers[place + 1] as number;
      head.createRevision = numbers[place + 2] as Revision;
      head.version = numbers[place + 3] as number;
      head.rowBytes = numbers[place + 4] as number;
      head.lease = this.#leases.size === 0 ? NO_LEASE : (this.#leases.get(row) ?? NO_LEASE);
      visit(head);
    }
  }
}
