// Watchers that are behind, brought back by reading the history. Those that stand close together share one walk, so that
// a thousand that start at once read the past once. Walks take turns, one slice of a few milliseconds a turn of the event
// loop in all, and hold no more than a slice of events (or one revision, if that is larger).
import type { KeyRange } from "../../core/range/key-range.js";
import {
  CATCH_UP_GAP_REVISIONS_MAX,
  CATCH_UP_RANGES_ALONE_MAX,
  SLICE_ROWS_MAX,
  WATCH_BATCH_REVISIONS_MAX,
} from "../../core/limits.js";
import type { Key, Revision } from "../../core/words.js";
import { HistoryWalk, type History } from "./history-walk.js";
import type { HubWatcher } from "./hub-watcher.js";

/** How far catching up goes at a time; tests pass small ones. */
export interface CatchUpLimits {
  readonly sliceRowsMax: number;
  readonly batchRevisionsMax: number;
  readonly gapRevisionsMax: number;
  readonly rangesAloneMax: number;
  /** What one visit of a walk costs even if it finds nothing, in rows: opening a cursor is not free. */
  readonly visitCostRows: number;
}

export const CATCH_UP_LIMITS: CatchUpLimits = {
  sliceRowsMax: SLICE_ROWS_MAX,
  batchRevisionsMax: WATCH_BATCH_REVISIONS_MAX,
  gapRevisionsMax: CATCH_UP_GAP_REVISIONS_MAX,
  rangesAloneMax: CATCH_UP_RANGES_ALONE_MAX,
  visitCostRows: 50,
};

export class CatchUp {
  readonly #history: History;
  readonly #limits: CatchUpLimits;
  /** Watchers that wait for a walk. */
  #ready = new Set<HubWatcher>();
  /** Taken in turn from the front. */
  #walks: HistoryWalk[] = [];

  constructor(history: History, limits: CatchUpLimits) {
    this.#history = history;
    this.#limits = limits;
  }

  get isIdle(): boolean {
    return this.#ready.size === 0 && this.#walks.length === 0;
  }

  get size(): number {
    return this.#walks.reduce((sum, walk) => sum + walk.size, this.#ready.size);
  }

  add(watcher: HubWatcher): void {
    this.#ready.add(watcher);
  }

  delete(watcher: HubWatcher): void {
    if (!this.#ready.delete(watcher)) {
      this.#walks.find((walk) => walk.has(watcher))?.delete(watcher);
    }
  }

  /**
   * Reads on, about one slice in all. Watchers that are up to date with the history's revision are pushed to `synced`,
   * those whose sink can take no more to `stalled`: both are no longer in here.
   */
  step(synced: HubWatcher[], stalled: HubWatcher[]): void {
    this.#startWalks();
    let budget = this.#limits.sliceRowsMax;
    for (let turns = this.#walks.length; turns > 0 && budget > 0; turns -= 1) {
      const walk = this.#walks.shift();
      if (walk === undefined) {
        return;
      }
      budget -= this.#limits.visitCostRows + walk.step(budget, synced, stalled);
      if (walk.size > 0) {
        this.#walks.push(walk);
      } else {
        walk.close();
      }
    }
  }

  /** The history before `revision` is gone: takes out all watchers that still need it. */
  takeOvertaken(revision: Revision): HubWatcher[] {
    for (const walk of this.#walks) {
      walk.forEach((watcher) => this.#ready.add(watcher));
      walk.close();
    }
    this.#walks = [];
    const overtaken = [...this.#ready].filter((watcher) => watcher.nextRevision < revision);
    for (const watcher of overtaken) {
      this.#ready.delete(watcher);
    }
    return overtaken;
  }

  close(): void {
    for (const walk of this.#walks) {
      walk.close();
    }
    this.#walks = [];
    this.#ready.clear();
  }

  #startWalks(): void {
    if (this.#ready.size === 0) {
      return;
    }
    const ready = [...this.#ready].sort((a, b) => a.nextRevision - b.nextRevision);
    this.#ready.clear();
    let start = 0;
    for (let end = 1; end <= ready.length; end += 1) {
      const gap = (ready[end]?.nextRevision ?? Infinity) - (ready[end - 1]?.nextRevision ?? 0);
      if (gap > this.#limits.gapRevisionsMax) {
        this.#startTogether(ready.slice(start, end));
        start = end;
      }
    }
  }

  #startTogether(watchers: readonly HubWatcher[]): void {
    const byRange = new Map<string, HubWatcher[]>();
    for (const watcher of watchers) {
      const name = nameOf(watcher.range);
      const same = byRange.get(name);
      if (same === undefined) {
        byRange.set(name, [watcher]);
      } else {
        same.push(watcher);
      }
    }
    if (byRange.size > this.#limits.rangesAloneMax) {
      this.#start(watchers);
      return;
    }
    for (const same of byRange.values()) {
      this.#start(same);
    }
  }

  #start(watchers: readonly HubWatcher[]): void {
    const { batchRevisionsMax } = this.#limits;
    const range = hullOf(watchers);
    this.#walks.push(new HistoryWalk(this.#history, range, watchers, batchRevisionsMax));
  }
}

function nameOf(range: KeyRange): string {
  return range.kind === "key"
    ? `key ${range.key}`
    : `from ${range.start.length} ${range.start}${range.end === null ? "" : ` to ${range.end}`}`;
}

/** The smallest range that holds those of all watchers. */
function hullOf(watchers: readonly HubWatcher[]): KeyRange {
  let hull: KeyRange | null = null;
  for (const { range } of watchers) {
    hull = hull === null ? range : join(hull, range);
  }
  return hull ?? { kind: "interval", start: "", end: "" };
}

function join(a: KeyRange, b: KeyRange): KeyRange {
  if (a.kind === "key" && b.kind === "key" && a.key === b.key) {
    return a;
  }
  const start = startOf(a) < startOf(b) ? startOf(a) : startOf(b);
  const endA = endOf(a);
  const endB = endOf(b);
  return {
    kind: "interval",
    start,
    end: endA === null || endB === null ? null : endA > endB ? endA : endB,
  };
}

function startOf(range: KeyRange): Key {
  return range.kind === "key" ? range.key : range.start;
}

function endOf(range: KeyRange): Key | null {
  return range.kind === "key" ? `${range.key}\0` : range.end;
}
