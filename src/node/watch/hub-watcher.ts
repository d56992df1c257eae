// One watcher: what it wants, where it stands, and how it is given events.
// Invariant: every matching event before `nextRevision` was delivered, none from there on. A synced watcher stands at
// the hub's revision + 1 (or at its start, if that lies in the future) without being told so.
import { rangeIsEmpty, type KeyRange } from "../../core/range/key-range.js";
import type { Revision } from "../../core/words.js";
import type { WatchBatch, WatchEvent, WatchOptions, WatchSink, Watcher } from "../node.js";

/**
 * synced: fed at each commit. waiting: behind, and able to take batches. stalled: behind, until its sink asks for more.
 * ended: cancelled or overtaken by a compaction.
 */
export type WatcherState = "synced" | "waiting" | "stalled" | "ended";

/** What a watcher tells the hub. */
export interface WatcherOwner {
  readonly revision: Revision;
  /** How many events went out to sinks. */
  eventsDelivered: number;
  resume(watcher: HubWatcher): void;
  cancel(watcher: HubWatcher): void;
}

export class HubWatcher implements Watcher {
  readonly range: KeyRange;
  readonly createdRevision: Revision;
  state: WatcherState;
  nextRevision: number;
  /** Place in the list of its group; only the group writes it. */
  groupPosition = -1;
  readonly #owner: WatcherOwner;
  readonly #sink: WatchSink;
  readonly #puts: boolean;
  readonly #deletes: boolean;
  /** Cancelled: the sink hears no more, even where the watcher is still in a list. */
  #isMuted = false;

  constructor(owner: WatcherOwner, options: WatchOptions, sink: WatchSink) {
    const current = owner.revision;
    this.#owner = owner;
    this.#sink = sink;
    this.range = options.range;
    this.#puts = options.puts;
    this.#deletes = options.deletes;
    this.createdRevision = current;
    this.nextRevision = options.startRevision === 0 ? current + 1 : options.startRevision;
    this.state = this.nextRevision > current || rangeIsEmpty(options.range) ? "synced" : "waiting";
  }

  get isSynced(): boolean {
    return this.state === "synced";
  }

  get deliveredRevision(): Revision {
    return this.state === "synced"
      ? this.#owner.revision
      : (Math.max(this.nextRevision - 1, 0) as Revision);
  }

  resume(): void {
    this.#owner.resume(this);
  }

  cancel(): void {
    this.#isMuted = true;
    this.#owner.cancel(this);
  }

  /**
   * Gives the sink what concerns it of a batch that is shared by all watchers of its range. False: the sink can take no
   * more for now.
   */
  give(batch: WatchBatch): boolean {
    if (this.#isMuted) {
      return true;
    }
    const own = this.#concerns(batch) ? batch : this.#filter(batch);
    if (own.events.length === 0) {
      return true;
    }
    this.#owner.eventsDelivered += own.events.length;
    return this.#sink.deliver(own);
  }

  end(compactRevision: Revision): void {
    this.state = "ended";
    if (!this.#isMuted) {
      this.#sink.compacted(compactRevision);
    }
  }

  #concerns(batch: WatchBatch): boolean {
    const first = batch.events[0];
    return (
      this.#puts &&
      this.#deletes &&
      first !== undefined &&
      this.nextRevision <= first.row.modRevision
    );
  }

  #filter(batch: WatchBatch): WatchBatch {
    const events: WatchEvent[] = [];
    for (const event of batch.events) {
      const { row } = event;
      if (row.modRevision >= this.nextRevision && (row.isTombstone ? this.#deletes : this.#puts)) {
        events.push(event);
      }
    }
    return { revision: batch.revision, events, encoded: null, encodedWithPrevious: null };
  }
}
