// One walk through the history for watchers that are behind, in slices that end between two revisions: what is delivered
// is never part of one.
import type { KeyRange } from "../../core/range/key-range.js";
import { SLICE_BYTES_MAX } from "../../core/limits.js";
import type { Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";
import type { EventCursor } from "../../store/store.js";
import type { PreviousRows } from "./hub-event.js";
import type { HubWatcher } from "./hub-watcher.js";
import { WatcherIndex } from "./watcher-index.js";

/** The part of a store that is read here. */
export interface History extends PreviousRows {
  readonly committedRevision: Revision;
  events(range: KeyRange, from: Revision, to: Revision): EventCursor;
}

export class HistoryWalk {
  readonly #history: History;
  readonly #range: KeyRange;
  readonly #members: WatcherIndex;
  readonly #batchRevisionsMax: number;
  /** First revision of the cursor, or of the next one. */
  #fromRevision: number;
  #cursor: EventCursor | null = null;
  /** Last revision of the cursor. */
  #toRevision = 0;
  /** Revision of the last row published and not delivered; 0: none. */
  #openRevision = 0;
  /** Revisions published and not delivered. */
  #revisions = 0;
  /** Read, but it belongs to the next batch. */
  #ahead: Row | null = null;

  /** `watchers` are in order of their next revisions, and `range` holds all of theirs. */
  constructor(
    history: History,
    range: KeyRange,
    watchers: readonly HubWatcher[],
    batchRevisionsMax: number,
  ) {
    this.#history = history;
    this.#range = range;
    this.#batchRevisionsMax = batchRevisionsMax;
    this.#members = new WatcherIndex(history);
    this.#fromRevision = watchers[0]?.nextRevision ?? 0;
    for (const watcher of watchers) {
      this.#members.add(watcher);
    }
  }

  get size(): number {
    return this.#members.size;
  }

  has(watcher: HubWatcher): boolean {
    return this.#members.has(watcher);
  }

  delete(watcher: HubWatcher): void {
    this.#members.delete(watcher);
  }

  forEach(visit: (watcher: HubWatcher) => void): void {
    this.#members.forEach(visit);
  }

  /**
   * Publishes about `rowsMax` rows at most. Members that have everything are pushed to `synced`, those whose sink can
   * take no more to `stalled`; both leave the walk. Returns the rows read.
   */
  step(rowsMax: number, synced: HubWatcher[], stalled: HubWatcher[]): number {
    let rows = 0;
    let bytes = 0;
    while (this.#members.size > 0) {
      const row = this.#take();
      if (row === null) {
        this.#deliver(this.#toRevision as Revision, stalled);
        this.#finish(synced);
        return rows;
      }
      const isFull =
        rows >= rowsMax || bytes >= SLICE_BYTES_MAX || this.#revisions >= this.#batchRevisionsMax;
      if (row.modRevision !== this.#openRevision) {
        if (isFull) {
          this.#ahead = row;
          this.#deliver((row.modRevision - 1) as Revision, stalled);
          return rows;
        }
        this.#openRevision = row.modRevision;
        this.#revisions += 1;
      } else if (rows >= rowsMax) {
        // One revision larger than a slice: it gathers until it is whole.
        this.#ahead = row;
        return rows;
      }
      this.#members.publish(row);
      rows += 1;
      bytes += row.end - row.start;
    }
    return rows;
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = null;
  }

  /** The next row up to what is committed now, or null at the end of that. */
  #take(): Row | null {
    const ahead = this.#ahead;
    if (ahead !== null) {
      this.#ahead = null;
      return ahead;
    }
    for (;;) {
      if (this.#cursor === null) {
        const to = this.#history.committedRevision;
        this.#toRevision = to;
        if (this.#fromRevision > to) {
          return null;
        }
        this.#cursor = this.#history.events(this.#range, this.#fromRevision as Revision, to);
      }
      const row = this.#cursor.next();
      if (row !== null) {
        return row;
      }
      this.close();
      this.#fromRevision = this.#toRevision + 1;
    }
  }

  /** Everything up to `revision` was published: hands it over. */
  #deliver(revision: Revision, stalled: HubWatcher[]): void {
    const full: HubWatcher[] = [];
    this.#members.deliver(revision, full);
    this.#openRevision = 0;
    this.#revisions = 0;
    this.#members.forEach((watcher) => {
      watcher.nextRevision = Math.max(watcher.nextRevision, revision + 1);
    });
    for (const watcher of full) {
      this.#members.delete(watcher);
      stalled.push(watcher);
    }
  }

  /** Everything up to the committed revision was delivered, in this tick. */
  #finish(synced: HubWatcher[]): void {
    const members: HubWatcher[] = [];
    this.#members.forEach((watcher) => members.push(watcher));
    for (const watcher of members) {
      this.#members.delete(watcher);
      synced.push(watcher);
    }
  }
}
