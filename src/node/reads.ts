// Reads at a fixed revision that is committed. What is short is answered at once; what is long goes on in slices, one of
// them a turn of the event loop for all long reads together.
// Must never: show what is not committed, or keep files open for a reader that has gone.
import type { RangeOperation, RangeOutcome } from "../core/command.js";
import type { T4Error } from "../core/errors.js";
import type { KeyRange } from "../core/range/key-range.js";
import { SLICE_BYTES_MAX, SLICE_ROWS_MAX } from "../core/limits.js";
import {
  compactedError,
  futureRevisionError,
  RangeRead,
  readKey,
  resolveRevision,
} from "../core/range/range-read.js";
import { RangePages } from "../core/range/range-pages.js";
import type { Row } from "../core/row.js";
import type { Key, Revision } from "../core/words.js";
import { TaskGroup } from "../lib/task-group.js";
import { Turns } from "../lib/turns.js";
import type { Clock } from "../runtime/clock.js";
import type { EventCursor, Store } from "../store/store.js";
import type { RowPages } from "./node.js";
import type { StateCopy } from "./state-copy.js";

export class Reads {
  readonly #store: Store;
  readonly #turns: Turns;
  readonly #tasks = new TaskGroup();
  /** Of `changes` and `pages`, whose reader may never come back. */
  readonly #cursors = new Set<{ close(): void }>();
  #closed: T4Error | null = null;
  ranges = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#turns = new Turns((run) => {
      clock.nextTurn(run);
    });
  }

  get(key: Key, revision: number): Row | undefined {
    this.#assertOpen();
    this.ranges += 1;
    const store = this.#store;
    const current = store.committedRevision;
    return store.peek(key, resolveRevision(revision, current, store.compactRevision));
  }

  range(operation: RangeOperation): RangeOutcome | Promise<RangeOutcome> {
    this.#assertOpen();
    this.ranges += 1;
    const store = this.#store;
    const current = store.committedRevision;
    const at = resolveRevision(operation.revision, current, store.compactRevision);
    if (operation.range.kind === "key") {
      return readKey(operation, operation.range.key, store, at, current);
    }
    const read = new RangeRead(operation, store, at, current);
    let isOver = true;
    try {
      isOver = read.step(SLICE_ROWS_MAX, SLICE_BYTES_MAX);
      if (isOver) {
        return read.outcome;
      }
    } finally {
      if (isOver) {
        read.close();
      }
    }
    return this.#tasks.run(async () => this.#readOn(read));
  }

  pages(operation: RangeOperation): RowPages {
    this.#assertOpen();
    this.ranges += 1;
    const store = this.#store;
    const revision = store.committedRevision;
    const at = resolveRevision(operation.revision, revision, store.compactRevision);
    const pages = new RangePages(operation, store, at);
    this.#cursors.add(pages);
    return {
      revision,
      next: async (rowsMax, bytesMax) => {
        this.#assertOpen();
        pages.begin(rowsMax, bytesMax);
        while (!pages.step(SLICE_ROWS_MAX, SLICE_BYTES_MAX)) {
          await this.#turns.next();
        }
        return pages.page;
      },
      close: () => {
        if (this.#cursors.delete(pages)) {
          pages.close();
        }
      },
    };
  }

  history(key: Key): Row[] {
    this.#assertOpen();
    const from = Math.max(this.#store.compactRevision, 1) as Revision;
    return this.#store.history(key, from, this.#store.committedRevision);
  }

  async *changes(range: KeyRange, from: number, to: number): AsyncGenerator<Row, void, undefined> {
    this.#assertOpen();
    const store = this.#store;
    if (to > store.committedRevision) {
      throw futureRevisionError(to, store.committedRevision);
    }
    if (from < store.compactRevision) {
      throw compactedError(from, store.compactRevision);
    }
    if (from > to) {
      return;
    }
    const cursor = store.events(range, from as Revision, to as Revision);
    this.#cursors.add(cursor);
    try {
      for (;;) {
        const { rows, isLast } = readSlice(cursor);
        yield* rows;
        if (isLast) {
          return;
        }
        await this.#turns.next();
        const next = rows.at(-1)?.modRevision ?? from;
        if (next < store.compactRevision) {
          throw compactedError(next, store.compactRevision);
        }
      }
    } finally {
      if (this.#cursors.delete(cursor)) {
        cursor.close();
      }
    }
  }

  /** All that is committed now, and what the caller knows beside rows. */
  copy(beside: Pick<StateCopy, "index" | "term" | "leases" | "auth">): StateCopy {
    this.#assertOpen();
    const store = this.#store;
    const revision = store.committedRevision;
    const cursor = store.reachable(revision);
    this.#cursors.add(cursor);
    return {
      ...beside,
      revision,
      compactRevision: store.compactRevision,
      nextRow: () => {
        this.#assertOpen();
        return cursor.next();
      },
      nextTurn: async () => this.#turns.next(),
      close: () => {
        if (this.#cursors.delete(cursor)) {
          cursor.close();
        }
      },
    };
  }

  async close(reason: T4Error): Promise<void> {
    this.#closed = reason;
    this.#turns.close(reason);
    await this.#tasks.close(reason);
    for (const cursor of this.#cursors) {
      cursor.close();
    }
    this.#cursors.clear();
  }

  async #readOn(read: RangeRead): Promise<RangeOutcome> {
    try {
      do {
        await this.#turns.next();
      } while (!read.step(SLICE_ROWS_MAX, SLICE_BYTES_MAX));
      return read.outcome;
    } finally {
      read.close();
    }
  }

  #assertOpen(): void {
    if (this.#closed !== null) {
      throw this.#closed;
    }
  }
}

function readSlice(cursor: EventCursor): {
  readonly rows: readonly Row[];
  readonly isLast: boolean;
} {
  const rows: Row[] = [];
  for (let bytes = 0; rows.length < SLICE_ROWS_MAX && bytes < SLICE_BYTES_MAX;) {
    const row = cursor.next();
    if (row === null) {
      return { rows, isLast: true };
    }
    rows.push(row);
    bytes += row.end - row.start;
  }
  return { rows, isLast: false };
}
