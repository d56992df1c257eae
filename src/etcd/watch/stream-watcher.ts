// One watcher of a watch stream: takes batches from the node's hub and sends them as its stream's answers.
// Must never: split a revision over answers but as marked fragments, or queue without bound for a client that does not
// read: above the stream's mark it holds one batch, which others share, and then catches up from history.
import type { Revision } from "../../core/words.js";
import { assert } from "../../lib/assert.js";
import type { WatchBatch, Watcher, WatchSink } from "../../node/node.js";
import {
  CANCELED,
  compactRevisionField,
  concatenate,
  encodeBatch,
  encodeEvent,
  FRAGMENT,
  watchIdField,
} from "./encoding.js";

/** What a watcher needs of its stream. */
export interface WatchOutput {
  /** Whether the client takes no more for now. */
  readonly isFull: boolean;
  /** The encoded header field for a revision. */
  header(revision: number): Uint8Array;
  send(...parts: readonly Uint8Array[]): void;
  /** This watcher is fed no more: it is to be resumed when the stream has drained. */
  stalled(watcher: StreamWatcher): void;
}

export interface StreamWatcherOptions {
  readonly previous: boolean;
  readonly fragment: boolean;
  readonly progress: boolean;
  /** Size from which answers are split for a watcher that asked for fragments. */
  readonly fragmentBytes: number;
}

export class StreamWatcher implements WatchSink {
  readonly id: bigint;
  readonly idField: Uint8Array;
  readonly wantsProgress: boolean;
  /** Whether the next tick of the progress timer reports: not right after events. */
  progressDue: boolean;
  /** Events below are not wanted: a bookmark below it would lead the client to ask for them again. */
  readonly startRevision: number;
  readonly #output: WatchOutput;
  readonly #options: StreamWatcherOptions;
  #watcher: Watcher | null = null;
  /** Given when the stream was full: to be sent before anything else of this watcher. */
  #held: WatchBatch | null = null;
  /** Ended by a compaction: its id stays taken until it is cancelled, as with etcd. */
  #isOver = false;

  constructor(
    id: bigint,
    startRevision: number,
    output: WatchOutput,
    options: StreamWatcherOptions,
  ) {
    this.id = id;
    this.idField = watchIdField(id);
    this.startRevision = startRevision;
    this.wantsProgress = options.progress;
    this.progressDue = options.progress;
    this.#output = output;
    this.#options = options;
  }

  /** The answer "created" has been sent: batches may follow it. */
  start(watcher: Watcher): void {
    assert(this.#watcher === null, "a watcher starts once");
    this.#watcher = watcher;
  }

  /** Whether a bookmark at the node's revision may be sent. */
  get isSynced(): boolean {
    return this.#watcher?.isSynced === true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The node's side of it; null once it is over. */
  get watcher(): Watcher | null {
    return this.#watcher;
  }

  /** Takes every batch; while the client reads too slowly it keeps one, not encoded, and asks for no more. */
  deliver(batch: WatchBatch): boolean {
    if (this.#output.isFull) {
      this.#held = batch;
      this.#output.stalled(this);
      return false;
    }
    this.#send(batch);
    return true;
  }

  /** The stream has room again. */
  resume(): void {
    this.#sendHeld();
    if (this.#output.isFull) {
      this.#output.stalled(this);
    } else {
      this.#watcher?.resume();
    }
  }

  #sendHeld(): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null) {
      this.#send(held);
    }
  }

  #send(batch: WatchBatch): void {
    const output = this.#output;
    const { events } = batch;
    if (events.length === 0) {
      return;
    }
    this.progressDue = false;
    const { previous, fragment } = this.#options;
    const header = output.header(batch.revision);
    const encoded = encodeBatch(batch, previous);
    if (fragment && events.length > 1) {
      const bytes = header.length + this.idField.length + encoded.length;
      if (bytes >= this.#options.fragmentBytes) {
        this.#sendFragments(batch, header);
        return;
      }
    }
    output.send(header, this.idField, encoded);
  }

  /** Splits a batch so that no answer but one of a single event reaches the limit, all but the last being marked. */
  #sendFragments(batch: WatchBatch, header: Uint8Array): void {
    const { previous, fragmentBytes } = this.#options;
    const { events } = batch;
    const overhead = header.length + this.idField.length + FRAGMENT.length;
    let from = 0;
    while (from < events.length) {
      let to = from;
      let bytes = overhead;
      for (;;) {
        const event = events[to];
        if (event === undefined) {
          break;
        }
        bytes += encodeEvent(event, previous).length;
        if (to > from && bytes >= fragmentBytes) {
          break;
        }
        to += 1;
      }
      const encoded = concatenate(events, from, to, previous);
      if (to < events.length) {
        this.#output.send(header, this.idField, FRAGMENT, encoded);
      } else {
        this.#output.send(header, this.idField, encoded);
      }
      from = to;
    }
  }

  compacted(compactRevision: Revision): void {
    this.#sendHeld();
    this.#isOver = true;
    this.#watcher = null;
    // etcd's answer has neither a revision nor a reason: clients recognise it by compact_revision.
    this.#output.send(
      this.#output.header(0),
      this.idField,
      CANCELED,
      compactRevisionField(compactRevision),
    );
  }

  cancel(): void {
    this.#held = null;
    this.#watcher?.cancel();
    this.#watcher = null;
  }
}
