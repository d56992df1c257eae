// One row on its way to watchers: made once, shared by all whom it concerns.
import type { Row } from "../../core/row.js";
import type { Key, Revision } from "../../core/words.js";
import type { WatchEvent } from "../node.js";

/** What an event looks up the row before in. */
export interface PreviousRows {
  readonly compactRevision: Revision;
  get(key: Key, revision: Revision): Row | undefined;
}

export class HubEvent implements WatchEvent {
  readonly row: Row;
  encoded: Uint8Array | null = null;
  encodedWithPrevious: Uint8Array | null = null;
  readonly #rows: PreviousRows;
  #previous: Row | undefined;
  #isKnown: boolean;

  constructor(row: Row, rows: PreviousRows) {
    this.row = row;
    this.#rows = rows;
    // A key's first version has nothing before it that a watcher is shown.
    this.#isKnown = row.version === 1;
  }

  previous(): Row | undefined {
    if (!this.#isKnown) {
      const revision = (this.row.modRevision - 1) as Revision;
      if (revision >= this.#rows.compactRevision) {
        this.#previous = this.#rows.get(this.row.key, revision);
      }
      this.#isKnown = true;
    }
    return this.#previous;
  }
}
