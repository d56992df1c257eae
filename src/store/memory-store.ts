// The store without files: for tests, and for nodes that keep nothing. Rows lie in one multi-version memtable; a
// compaction walks once over the rows it passes, in slices, and cuts off what they superseded.
// Must never: drop a version that a cursor opened before the compaction may still show.
import { assert } from "../lib/assert.js";
import type { Entry } from "../core/entry.js";
import { T4Error } from "../core/errors.js";
import { ALL_KEYS, type KeyRange } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import type { RowCursor } from "../core/view.js";
import {
  FIRST_REVISION,
  NEVER_COMPACTED,
  type Key,
  type LogIndex,
  type Revision,
  type Term,
} from "../core/words.js";
import type { SealedSegment, SealPoint } from "../log/log.js";
import type { Clock } from "../runtime/clock.js";
import { Memtable } from "./memory/memtable.js";
import { MemtableSource } from "./memory/memtable-source.js";
import { ListedEvents, RangeEvents } from "./read/event-cursors.js";
import { MergeCursor, PointCursor } from "./read/merge-cursor.js";
import { reachableVersions } from "./read/versions.js";
import type { EventCursor, Store, StoreSizes } from "./store.js";
import { Tail } from "./tail.js";

/** Rows that one slice of a compaction passes: below 1 ms. */
const COMPACTION_SLICE_ROWS = 2_000;

export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #tail = new Tail(0 as LogIndex, 0 as Term, FIRST_REVISION, NEVER_COMPACTED);
  readonly #memtable = new Memtable();
  /** Revisions that open cursors may still show, with their number. */
  readonly #openRevisions = new Map<Revision, number>();
  /** Versions behind this revision are gone. */
  #cleanRevision: Revision = 0 as Revision;
  #sliceScheduled = false;
  #waiters: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get tipRevision(): Revision {
    return this.#tail.tipRevision;
  }

  get committedRevision(): Revision {
    return this.#tail.committedRevision;
  }

  get committedIndex(): LogIndex {
    return this.#tail.committedIndex;
  }

  get compactRevision(): Revision {
    return this.#tail.compactRevision;
  }

  /** Nothing is in files, and nothing will be. */
  get persistedIndex(): LogIndex {
    return 0 as LogIndex;
  }

  get persistedTerm(): Term {
    return 0 as Term;
  }

  get hasSpace(): boolean {
    return true;
  }

  get isBehind(): boolean {
    return false;
  }

  get wantsSeal(): boolean {
    return false;
  }

  get sizes(): StoreSizes {
    const { rowBytes } = this.#memtable;
    return { totalBytes: rowBytes, liveBytes: rowBytes };
  }

  append(entry: Entry): void {
    this.#tail.append(entry);
    for (const row of entry.rows) {
      this.#memtable.append(row);
    }
  }

  commit(entry: Entry): void {
    if (this.#tail.commit(entry)) {
      this.#scheduleSlice();
    }
  }

  truncate(index: LogIndex): void {
    for (;;) {
      const entry = this.#tail.takeBack(index);
      if (entry === null) {
        return;
      }
      for (const row of entry.rows.toReversed()) {
        this.#memtable.removeLast(row);
      }
    }
  }

  sealed(_point: SealPoint): void {}

  segmentClosed(_segment: SealedSegment): void {}

  get(key: Key, revision: Revision): Row | undefined {
    assert(revision >= this.#tail.compactRevision, "what is compacted is not read");
    const row = this.#memtable.at(key, revision);
    return row === undefined || row.isTombstone ? undefined : row;
  }

  peek(key: Key, revision: Revision): Row | undefined {
    return this.get(key, revision);
  }

  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor {
    if (range.kind === "key") {
      const row = this.get(range.key, revision);
      const found = row === undefined ? null : { head: row, load: (): Row => row };
      return new PointCursor(found, () => {});
    }
    assert(revision >= this.#tail.compactRevision, "what is compacted is not read");
    const source = new MemtableSource(this.#memtable, range, revision, descending);
    return new MergeCursor([source], descending, this.#hold(revision));
  }

  prepareWalk(): boolean {
    return this.#memtable.keys.prepare();
  }

  events(range: KeyRange, from: Revision, to: Revision): EventCursor {
    assert(from >= this.#tail.compactRevision, "what is compacted is not read");
    if (range.kind === "key") {
      const rows = this.history(range.key, from, to);
      return new ListedEvents(
        rows.map((row) => () => row),
        () => {},
      );
    }
    const isGone =
      from === this.#tail.compactRevision
        ? (row: Row): boolean =>
            row.modRevision === from && this.#memtable.at(row.key, from) !== row
        : null;
    return new RangeEvents(range, from, to, [], [this.#memtable], isGone, this.#hold(from));
  }

  /** Rows below the compact revision are not listed any more: they are found by key, and sorted at once. */
  reachable(to: Revision): EventCursor {
    const { compactRevision } = this.#tail;
    const from = Math.max(compactRevision, FIRST_REVISION) as Revision;
    const older: Row[] = [];
    const cursor = this.scan(ALL_KEYS, from, false);
    while (cursor.next()) {
      const row = cursor.row();
      if (row.modRevision < from) {
        older.push(row);
      }
    }
    cursor.close();
    older.sort((a, b) => a.modRevision - b.modRevision || a.subRevision - b.subRevision);
    const newer = this.events(ALL_KEYS, from, to);
    let at = 0;
    return {
      next: () => {
        const row = older[at] ?? newer.next();
        at += 1;
        return row;
      },
      close: () => {
        newer.close();
      },
    };
  }

  history(key: Key, from: Revision, to: Revision): Row[] {
    const { compactRevision } = this.#tail;
    const versions = this.#memtable.versions(key, from);
    return reachableVersions(versions, compactRevision)
      .filter((row) => row.modRevision <= to)
      .reverse();
  }

  async compacted(): Promise<void> {
    if (this.#cleanRevision >= this.#tail.compactRevision) {
      return;
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#scheduleSlice();
    });
  }

  async defragment(): Promise<void> {
    return this.compacted();
  }

  holdManifest(): null {
    return null;
  }

  async flush(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      waiter.reject(new T4Error("T4_CLOSED", "the store is closed"));
    }
    return Promise.resolve();
  }

  /** Keeps versions that a cursor at `revision` shows; returns what ends that. */
  #hold(revision: Revision): () => void {
    this.#openRevisions.set(revision, (this.#openRevisions.get(revision) ?? 0) + 1);
    return () => {
      const cursors = this.#openRevisions.get(revision) ?? 0;
      if (cursors > 1) {
        this.#openRevisions.set(revision, cursors - 1);
        return;
      }
      this.#openRevisions.delete(revision);
      this.#scheduleSlice();
    };
  }

  #scheduleSlice(): void {
    const isWanted = this.#cleanRevision < this.#tail.compactRevision;
    if (isWanted && !this.#sliceScheduled && !this.#isClosed) {
      this.#sliceScheduled = true;
      this.#clock.nextTurn(() => {
        this.#sliceScheduled = false;
        this.#slice();
      });
    }
  }

  #slice(): void {
    let limit = this.#tail.compactRevision;
    for (const revision of this.#openRevisions.keys()) {
      limit = revision < limit ? revision : limit;
    }
    const isMore =
      limit > this.#cleanRevision &&
      this.#memtable.dropVersionsBehind(limit, COMPACTION_SLICE_ROWS);
    if (isMore) {
      this.#scheduleSlice();
      return;
    }
    // What an old cursor still shows goes when it is closed; nobody waits for that.
    this.#cleanRevision = limit > this.#cleanRevision ? limit : this.#cleanRevision;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      waiter.resolve();
    }
  }
}
