// A store as plain as can be: every row ever in one array, each question a walk over it. What the real ones must agree
// with, and what tests of the node's parts stand on.
import assert from "node:assert/strict";
import { compactedBy, revisionStep, type Entry } from "../../src/core/entry.js";
import { ALL_KEYS, rangeContains, type KeyRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import type { RowCursor } from "../../src/core/view.js";
import {
  FIRST_REVISION,
  NEVER_COMPACTED,
  type Key,
  type LogIndex,
  type Revision,
  type Term,
} from "../../src/core/words.js";
import type { EventCursor, Store } from "../../src/store/store.js";

export class PlainStore implements Store {
  readonly rows: Row[] = [];
  readonly #uncommitted: Entry[] = [];
  tipRevision: Revision = FIRST_REVISION;
  committedRevision: Revision = FIRST_REVISION;
  committedIndex = 0 as LogIndex;
  compactRevision: Revision = NEVER_COMPACTED;
  persistedIndex = 0 as LogIndex;
  persistedTerm = 0 as Term;
  hasSpace = true;
  isBehind = false;
  wantsSeal = false;
  /** Pieces of what a walk needs that are still to be done. */
  piecesLeft = 0;
  sizes = { totalBytes: 0, liveBytes: 0 };

  append(entry: Entry): void {
    const last = this.#uncommitted.at(-1);
    assert.equal(entry.index, (last?.index ?? this.committedIndex) + 1);
    assert.equal(entry.revision, this.tipRevision + revisionStep(entry));
    this.#uncommitted.push(entry);
    this.rows.push(...entry.rows);
    this.tipRevision = entry.revision;
  }

  commit(entry: Entry): void {
    assert.equal(this.#uncommitted.shift(), entry);
    this.committedIndex = entry.index;
    this.committedRevision = entry.revision;
    this.compactRevision = compactedBy(entry) ?? this.compactRevision;
  }

  holdManifest(): null {
    return null;
  }

  truncate(): void {
    assert.ok(false, "not used alone");
  }

  sealed(): void {}

  segmentClosed(): void {}

  get(key: Key, revision: Revision): Row | undefined {
    const row = this.rows.findLast((each) => each.key === key && each.modRevision <= revision);
    return row?.isTombstone === true ? undefined : row;
  }

  prepareWalk(): boolean {
    this.piecesLeft = Math.max(this.piecesLeft - 1, 0);
    return this.piecesLeft === 0;
  }

  peek(key: Key, revision: Revision): Row | undefined {
    return this.get(key, revision);
  }

  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor {
    const keys = [...new Set(this.rows.map((row) => row.key))]
      .filter((key) => rangeContains(range, key))
      .sort();
    const rows = (descending ? keys.reverse() : keys)
      .map((key) => this.get(key, revision))
      .filter((row) => row !== undefined);
    let at = -1;
    return {
      next: () => {
        at += 1;
        return at < rows.length;
      },
      get head() {
        return rows[at]!;
      },
      row: () => rows[at]!,
      close: () => {},
    };
  }

  events(range: KeyRange, from: Revision, to: Revision): EventCursor {
    const rows = this.rows.filter(
      (row) => row.modRevision >= from && row.modRevision <= to && rangeContains(range, row.key),
    );
    let at = 0;
    return {
      next: () => {
        at += 1;
        return rows[at - 1] ?? null;
      },
      close: () => {},
    };
  }

  reachable(to: Revision): EventCursor {
    return this.events(ALL_KEYS, FIRST_REVISION, to);
  }

  history(key: Key, from: Revision, to: Revision): Row[] {
    return this.rows.filter(
      (row) => row.key === key && row.modRevision >= from && row.modRevision <= to,
    );
  }

  everyRow(through: Revision): EventCursor {
    return this.events(ALL_KEYS, 0 as Revision, through);
  }

  async defragment(): Promise<void> {
    return Promise.resolve();
  }

  async compacted(): Promise<void> {
    return Promise.resolve();
  }

  async flush(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }
}
