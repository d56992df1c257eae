// Watchers by what they watch, and the events that gather for them. Watchers of one range form a group, for which an
// event is kept once and a batch is made once: 1,000 watchers of one prefix cost one push an event and one call a batch
// each. A row finds its groups by its key (exact) and among the intervals (ranges), whatever else is watched.
import type { KeyRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { Key, Revision } from "../../core/words.js";
import { IntervalIndex } from "../../lib/collections/interval-index.js";
import type { WatchEvent } from "../node.js";
import { HubEvent, type PreviousRows } from "./hub-event.js";
import type { HubWatcher } from "./hub-watcher.js";

interface Group {
  readonly range: KeyRange;
  readonly watchers: HubWatcher[];
  events: WatchEvent[];
}

export class WatcherIndex {
  readonly #rows: PreviousRows;
  readonly #byKey = new Map<Key, Group>();
  readonly #byInterval = new IntervalIndex<Group>();
  /** Groups with events that are not delivered. */
  #dirty: Group[] = [];
  #size = 0;
  /** The row being published and its event, made when the first group wants it. */
  #row: Row | null = null;
  #event: HubEvent | null = null;
  /** Bound once: a closure for each row would be the largest part of the cost of rows that nobody watches. */
  readonly #collectBound = (group: Group): void => {
    this.#collect(group);
  };

  constructor(rows: PreviousRows) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#size;
  }

  add(watcher: HubWatcher): void {
    const group = this.#find(watcher.range) ?? this.#create(watcher.range);
    watcher.groupPosition = group.watchers.length;
    group.watchers.push(watcher);
    this.#size += 1;
  }

  has(watcher: HubWatcher): boolean {
    return this.#find(watcher.range)?.watchers[watcher.groupPosition] === watcher;
  }

  /** Removes a watcher, if it is in here. Not to be called while events are delivered. */
  delete(watcher: HubWatcher): void {
    const group = this.#find(watcher.range);
    if (group?.watchers[watcher.groupPosition] !== watcher) {
      return;
    }
    const last = group.watchers.pop();
    if (last !== undefined && last !== watcher) {
      group.watchers[watcher.groupPosition] = last;
      last.groupPosition = watcher.groupPosition;
    }
    watcher.groupPosition = -1;
    this.#size -= 1;
    if (group.watchers.length === 0) {
      this.#drop(group.range);
    }
  }

  /** All watchers; the index must not change meanwhile. */
  forEach(visit: (watcher: HubWatcher) => void): void {
    const visitGroup = (group: Group): void => {
      group.watchers.forEach(visit);
    };
    this.#byKey.forEach(visitGroup);
    this.#byInterval.forEach(visitGroup);
  }

  /** Keeps the row for those it concerns. */
  publish(row: Row): void {
    this.#row = row;
    this.#event = null;
    if (this.#byKey.size > 0) {
      const group = this.#byKey.get(row.key);
      if (group !== undefined) {
        this.#collect(group);
      }
    }
    if (this.#byInterval.size > 0) {
      this.#byInterval.visit(row.key, this.#collectBound);
    }
  }

  /**
   * Hands over what was published; it is complete up to `revision`. Watchers that can take no more for now are pushed to
   * `stalled`, and the caller removes them.
   */
  deliver(revision: Revision, stalled: HubWatcher[]): void {
    if (this.#dirty.length === 0) {
      return;
    }
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const group of dirty) {
      const batch = { revision, events: group.events, encoded: null, encodedWithPrevious: null };
      group.events = [];
      for (const watcher of group.watchers) {
        if (!watcher.give(batch)) {
          stalled.push(watcher);
        }
      }
    }
  }

  #collect(group: Group): void {
    const row = this.#row;
    if (row === null) {
      return;
    }
    this.#event ??= new HubEvent(row, this.#rows);
    if (group.events.length === 0) {
      this.#dirty.push(group);
    }
    group.events.push(this.#event);
  }

  #find(range: KeyRange): Group | undefined {
    return range.kind === "key"
      ? this.#byKey.get(range.key)
      : this.#byInterval.get(range.start, range.end);
  }

  #create(range: KeyRange): Group {
    const group: Group = { range, watchers: [], events: [] };
    if (range.kind === "key") {
      this.#byKey.set(range.key, group);
    } else {
      this.#byInterval.add(range.start, range.end, group);
    }
    return group;
  }

  #drop(range: KeyRange): void {
    if (range.kind === "key") {
      this.#byKey.delete(range.key);
    } else {
      this.#byInterval.delete(range.start, range.end);
    }
  }
}
