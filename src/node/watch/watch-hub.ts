// Gives each watcher every matching event once, in order, in whole revisions, and loses none for a slow one: a watcher
// whose sink is full leaves the fed ones and comes back through the history.
// Must never: feed a watcher from two places, call a sink while another call is on the stack, or keep events for a
// watcher that cannot take them.
import { compactedError } from "../../core/range/range-read.js";
import type { Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";
import { assert } from "../../lib/assert.js";
import type { Clock } from "../../runtime/clock.js";
import type { WatchOptions, WatchSink, Watcher } from "../node.js";
import { CATCH_UP_LIMITS, CatchUp, type CatchUpLimits } from "./catch-up.js";
import type { History } from "./history-walk.js";
import { HubWatcher, type WatcherOwner } from "./hub-watcher.js";
import { WatcherIndex } from "./watcher-index.js";

/** Somebody waits for watchers to be synced. */
interface SyncWait {
  readonly watchers: readonly Watcher[];
  readonly done: (revision: Revision) => void;
  /** Where a watcher was found that is not synced: looked at first next time. */
  blockedAt: number;
}

export class WatchHub implements WatcherOwner {
  eventsDelivered = 0;
  readonly #history: History;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #synced: WatcherIndex;
  readonly #catchUp: CatchUp;
  /** Behind, and their sinks can take nothing. */
  readonly #stalled = new Set<HubWatcher>();
  readonly #syncWaits = new Set<SyncWait>();
  #isTurnAsked = false;
  /** Sinks are being called: watchers that end meanwhile are removed afterwards. */
  #isDelivering = false;
  #endedMeanwhile: HubWatcher[] = [];
  #isClosed = false;

  /** `failed` is told what reading the history threw: the node must stop. */
  constructor(
    history: History,
    clock: Clock,
    failed: (error: unknown) => void,
    limits: CatchUpLimits = CATCH_UP_LIMITS,
  ) {
    this.#history = history;
    this.#clock = clock;
    this.#failed = failed;
    this.#synced = new WatcherIndex(history);
    this.#catchUp = new CatchUp(history, limits);
  }

  get revision(): Revision {
    return this.#history.committedRevision;
  }

  get watcherCount(): number {
    return this.#synced.size + this.behindCount;
  }

  /** Watchers that are not synced. */
  get behindCount(): number {
    return this.#stalled.size + this.#catchUp.size;
  }

  watch(options: WatchOptions, sink: WatchSink): Watcher {
    const { startRevision } = options;
    assert(startRevision >= 0, "a watch starts at a revision, or at 0 for now");
    if (startRevision !== 0 && startRevision < this.#history.compactRevision) {
      throw compactedError(startRevision, this.#history.compactRevision);
    }
    const watcher = new HubWatcher(this, options, sink);
    if (watcher.state === "synced") {
      this.#synced.add(watcher);
    } else {
      this.#catchUp.add(watcher);
      this.#askTurn();
    }
    return watcher;
  }

  /** Takes a row that was just committed. */
  publish(row: Row): void {
    if (this.#synced.size > 0) {
      this.#synced.publish(row);
    }
  }

  /** Gives out what was published: everything up to the history's revision. */
  deliver(): void {
    const stalled: HubWatcher[] = [];
    const next = this.revision + 1;
    this.#whileDelivering(() => {
      this.#synced.deliver(this.revision, stalled);
    });
    for (const watcher of stalled) {
      this.#synced.delete(watcher);
      watcher.nextRevision = next;
      this.#stall(watcher);
    }
  }

  /** The history before `revision` was compacted away. */
  compacted(revision: Revision): void {
    const overtaken = this.#catchUp.takeOvertaken(revision);
    for (const watcher of this.#stalled) {
      if (watcher.nextRevision < revision) {
        this.#stalled.delete(watcher);
        overtaken.push(watcher);
      }
    }
    this.#whileDelivering(() => {
      for (const watcher of overtaken) {
        if (watcher.state !== "ended") {
          watcher.end(revision);
        }
      }
    });
    this.#answerSyncWaits();
  }

  resume(watcher: HubWatcher): void {
    if (watcher.state === "stalled") {
      this.#stalled.delete(watcher);
      watcher.state = "waiting";
      this.#catchUp.add(watcher);
      this.#askTurn();
    }
  }

  cancel(watcher: HubWatcher): void {
    const { state } = watcher;
    if (state === "ended") {
      return;
    }
    if (this.#isDelivering) {
      // Its sink is called no more; the lists that are being walked change later.
      this.#endedMeanwhile.push(watcher);
      return;
    }
    this.#remove(watcher);
  }

  whenSynced(watchers: readonly Watcher[], done: (revision: Revision) => void): () => void {
    const wait: SyncWait = { watchers, done, blockedAt: 0 };
    this.#syncWaits.add(wait);
    this.#answerSyncWaits();
    return () => {
      this.#syncWaits.delete(wait);
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#catchUp.close();
    this.#stalled.clear();
    this.#syncWaits.clear();
  }

  #remove(watcher: HubWatcher): void {
    if (watcher.state === "synced") {
      this.#synced.delete(watcher);
    } else if (!this.#stalled.delete(watcher)) {
      this.#catchUp.delete(watcher);
    }
    watcher.state = "ended";
    this.#answerSyncWaits();
  }

  #stall(watcher: HubWatcher): void {
    if (watcher.state !== "ended") {
      watcher.state = "stalled";
      this.#stalled.add(watcher);
    }
  }

  #whileDelivering(run: () => void): void {
    assert(!this.#isDelivering, "a sink does not call back into the hub");
    this.#isDelivering = true;
    try {
      run();
    } finally {
      this.#isDelivering = false;
    }
    if (this.#endedMeanwhile.length > 0) {
      const ended = this.#endedMeanwhile;
      this.#endedMeanwhile = [];
      for (const watcher of ended) {
        this.cancel(watcher);
      }
    }
  }

  #askTurn(): void {
    if (!this.#isTurnAsked && !this.#isClosed) {
      this.#isTurnAsked = true;
      this.#clock.nextTurn(() => {
        this.#isTurnAsked = false;
        this.#turn();
      });
    }
  }

  #turn(): void {
    if (this.#isClosed) {
      return;
    }
    const synced: HubWatcher[] = [];
    const stalled: HubWatcher[] = [];
    try {
      this.#whileDelivering(() => {
        this.#catchUp.step(synced, stalled);
      });
    } catch (error) {
      this.#failed(error);
      return;
    }
    for (const watcher of stalled) {
      this.#stall(watcher);
    }
    for (const watcher of synced) {
      if (watcher.state !== "ended") {
        watcher.state = "synced";
        this.#synced.add(watcher);
      }
    }
    this.#answerSyncWaits();
    if (!this.#catchUp.isIdle) {
      this.#askTurn();
    }
  }

  #answerSyncWaits(): void {
    for (const wait of this.#syncWaits) {
      if (this.#isAnswerable(wait)) {
        this.#syncWaits.delete(wait);
        wait.done(this.revision);
      }
    }
  }

  #isAnswerable(wait: SyncWait): boolean {
    const isBehind = (watcher: Watcher | undefined): boolean =>
      watcher instanceof HubWatcher && watcher.state !== "synced" && watcher.state !== "ended";
    if (isBehind(wait.watchers[wait.blockedAt])) {
      return false;
    }
    wait.blockedAt = wait.watchers.findIndex(isBehind);
    return wait.blockedAt < 0;
  }
}
