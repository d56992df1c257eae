// Rows read from memtables while nothing is written: a memtable makes its rows anew for each read, so that one that is
// read again and again costs a hash of its key and two objects each time (100 ns of 400). With the first write all are
// forgotten; where reads and writes mix, nothing is ever kept.
// Must never: answer after a write, or keep the memory of a memtable that was dropped.
import type { Row } from "../../core/row.js";
import type { Key } from "../../core/words.js";

/** Reads without a write between them that make a lull. */
const READS_MIN = 2_048;
const ROWS_MAX = 4_096;

export class LullRows {
  #rows = new Map<Key, Row>();
  #reads = 0;

  get(key: Key): Row | undefined {
    return this.#reads < READS_MIN ? undefined : this.#rows.get(key);
  }

  /** A row was read from a memtable: its key's newest. */
  note(key: Key, row: Row): void {
    if (this.#reads < READS_MIN) {
      this.#reads += 1;
    } else if (this.#rows.size < ROWS_MAX) {
      row.keepValue();
      this.#rows.set(key, row);
    }
  }

  /** A row was appended or taken back, or a memtable dropped. */
  end(): void {
    this.#reads = 0;
    if (this.#rows.size > 0) {
      this.#rows = new Map();
    }
  }
}
