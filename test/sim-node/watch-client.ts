// A client that watches, stalls, goes away and comes back where it was, across restarts of the node. What it was given
// must be, without a gap, what was committed in its range.
import assert from "node:assert/strict";
import { T4Error } from "../../src/core/errors.js";
import type { KeyRange } from "../../src/core/range/key-range.js";
import type { Revision } from "../../src/core/words.js";
import type { Node, WatchBatch, WatchSink, Watcher } from "../../src/node/node.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { seen, type SeenRow, type Truth } from "./truth.js";

interface Received {
  readonly row: SeenRow;
  readonly previous: SeenRow | undefined;
  readonly compactRevision: number;
}

export class WatchClient implements WatchSink {
  readonly #range: KeyRange;
  readonly #filter: "all" | "puts" | "deletes";
  readonly #random: SeededRandom;
  readonly #truth: Truth;
  #node: Node | null = null;
  #watcher: Watcher | null = null;
  /** Next revision wanted; everything before was received, from `#from` on. */
  #next = 1;
  #from = 1;
  #received: Received[] = [];
  #isStalled = false;

  constructor(range: KeyRange, truth: Truth, random: SeededRandom) {
    this.#range = range;
    this.#truth = truth;
    this.#random = random;
    this.#filter = random.chance(0.6) ? "all" : random.chance(0.5) ? "puts" : "deletes";
  }

  get isConnected(): boolean {
    return this.#watcher !== null;
  }

  connect(node: Node): void {
    this.#node = node;
    this.#isStalled = false;
    try {
      this.#watcher = node.watch(
        {
          range: this.#range,
          startRevision: this.#next,
          puts: this.#filter !== "deletes",
          deletes: this.#filter !== "puts",
        },
        this,
      );
    } catch (error) {
      if (!(error instanceof T4Error && error.code === "T4_COMPACTED")) {
        throw error;
      }
      assert.ok(this.#next < node.compactRevision);
      this.#restartAt(node.compactRevision);
    }
  }

  disconnect(): void {
    if (this.#watcher !== null) {
      this.#next = Math.max(this.#next, this.#watcher.deliveredRevision + 1);
      this.#watcher.cancel();
      this.lost();
    }
  }

  /** The node has gone. */
  lost(): void {
    this.#watcher = null;
  }

  deliver(batch: WatchBatch): boolean {
    assert.ok(!this.#isStalled, "a stalled watcher is not fed");
    assert.ok((batch.events[0]?.row.modRevision ?? 0) >= this.#next, "nothing comes twice");
    for (const event of batch.events) {
      const previous = event.previous();
      this.#received.push({
        row: seen(event.row),
        previous: previous === undefined ? undefined : seen(previous),
        compactRevision: this.#node?.compactRevision ?? 0,
      });
    }
    this.#next = batch.revision + 1;
    this.#isStalled = this.#random.chance(0.2);
    return !this.#isStalled;
  }

  compacted(compactRevision: Revision): void {
    assert.ok(this.#next < compactRevision, "only what is behind is overtaken");
    this.lost();
    this.#restartAt(compactRevision);
  }

  resume(): void {
    if (this.#watcher !== null && this.#isStalled) {
      this.#isStalled = false;
      this.#watcher.resume();
    }
  }

  /** Compares what came with what there was, and forgets both. */
  verify(): void {
    const truth = this.#truth;
    const delivered = Math.max(this.#next - 1, this.#watcher?.deliveredRevision ?? 0);
    const expected = truth
      .events(this.#range, this.#from, delivered)
      .filter((row) => this.#filter === "all" || (this.#filter === "puts") === row.version > 0);
    assert.deepEqual(
      this.#received.map(({ row }) => row),
      expected,
    );
    for (const { row, previous, compactRevision } of this.#received) {
      const isGone = row.revision - 1 < compactRevision;
      assert.deepEqual(previous, isGone && previous === undefined ? undefined : truth.before(row));
    }
    this.#received = [];
    this.#from = delivered + 1;
    this.#next = Math.max(this.#next, delivered + 1);
  }

  get isCaughtUp(): boolean {
    return this.#watcher?.isSynced === true;
  }

  /** What lies between is lost to it, as to every client that stays away for too long. */
  #restartAt(revision: number): void {
    this.verify();
    this.#from = revision;
    this.#next = revision;
  }
}
