// One Watch call: many watchers that share a stream of answers. Answers leave in the order in which they are made here,
// so that a bookmark stands behind every event that it promises.
import { T4Error } from "../../core/errors.js";
import { keyRangeFromWire, rangeIsEmpty, type KeyRange } from "../../core/range/key-range.js";
import type { Watcher } from "../../node/node.js";
import type { Timer } from "../../runtime/clock.js";
import type { StreamCall, StreamReceiver } from "../../transport/service.js";
import { failCall, grpcErrorText, STREAM_MALFORMED } from "../errors.js";
import {
  decodeWatchRequest,
  WatchCreateRequestFilterType,
  type WatchCreateRequest,
} from "../gen/rpc.js";
import type { ServiceContext } from "../service-context.js";
import {
  CANCELED,
  cancelReasonField,
  CREATED,
  CREATED_AND_CANCELED,
  watchIdField,
} from "./encoding.js";
import { StreamWatcher, type WatchOutput } from "./stream-watcher.js";

/** Of the watchers on one stream: some 200 B each, for one client. kube-apiserver has some hundreds. */
const WATCHERS_MAX = 100_000;

/** The id in answers that concern no watcher, or all. */
const noWatcherField = watchIdField(-1n);

const REASON_EMPTY_RANGE = cancelReasonField("mvcc: watcher range is empty");
const REASON_DUPLICATE_ID = cancelReasonField(
  "mvcc: duplicate watch ID provided on the WatchStream",
);
const REASON_COMPACTED = cancelReasonField(
  "etcdserver: mvcc: required revision has been compacted",
);
const REASON_TOO_MANY = cancelReasonField("etcdserver: too many requests");

export class WatchStream implements StreamReceiver, WatchOutput {
  readonly #context: ServiceContext;
  readonly #call: StreamCall;
  /** Size from which answers are split for watchers that want fragments. */
  readonly #fragmentBytes: number;
  readonly #closed: (stream: WatchStream) => void;
  readonly #watchers = new Map<bigint, StreamWatcher>();
  /** Watchers that the node does not feed for now, in the order in which they are to be fed again. */
  #stalled = new Set<StreamWatcher>();
  #nextId = 0n;
  #progressTimer: Timer | null = null;
  /** Takes back the open question whether all watchers are synced; null if none is open. */
  #progressQuestion: (() => void) | null = null;
  #isClosed = false;

  constructor(
    context: ServiceContext,
    call: StreamCall,
    fragmentBytes: number,
    closed: (stream: WatchStream) => void,
  ) {
    this.#context = context;
    this.#call = call;
    this.#fragmentBytes = fragmentBytes;
    this.#closed = closed;
    call.onDrain(() => {
      this.#resumeStalled();
    });
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  message(request: Uint8Array, start: number, end: number): void {
    try {
      const union = decodeWatchRequest(request, start, end).requestUnion;
      switch (union?.kind) {
        case "createRequest":
          this.#create(union.value);
          break;
        case "cancelRequest":
          this.#cancel(union.value.watchId);
          break;
        case "progressRequest":
          if (this.#progressQuestion === null) {
            this.#askProgress();
          }
          break;
        case undefined:
          // etcd ignores a request without content.
          break;
      }
    } catch (error) {
      this.#close();
      failCall(this.#call, error, STREAM_MALFORMED);
    }
  }

  /** Watchers go on after the client's last request. */
  halfClosed(): void {
    // Nothing ends here.
  }

  cancelled(): void {
    this.#close();
  }

  /** Ends the call from this side. */
  fail(error: Error): void {
    if (!this.#isClosed) {
      this.#close();
      failCall(this.#call, error);
    }
  }

  get isFull(): boolean {
    return this.#call.bufferedBytes >= this.#call.highWaterBytes;
  }

  header(revision: number): Uint8Array {
    return this.#context.headers.field(revision);
  }

  send(...parts: readonly Uint8Array[]): void {
    this.#call.send(...parts);
  }

  stalled(watcher: StreamWatcher): void {
    this.#stalled.add(watcher);
  }

  #create(request: WatchCreateRequest): void {
    // The smallest key stands for none.
    const range = keyRangeFromWire(request.key === "" ? "\0" : request.key, request.rangeEnd);
    const refusal = this.#refusal(range);
    if (refusal !== null) {
      this.#refuse(refusal);
    } else if (request.startRevision < 0) {
      this.#refuse(REASON_COMPACTED);
    } else if (rangeIsEmpty(range)) {
      this.#refuse(REASON_EMPTY_RANGE);
    } else if (this.#watchers.has(request.watchId) && request.watchId !== 0n) {
      this.#refuse(REASON_DUPLICATE_ID);
    } else if (this.#watchers.size >= WATCHERS_MAX) {
      this.#refuse(REASON_TOO_MANY);
    } else {
      this.#open(request.watchId === 0n ? this.#takeId() : request.watchId, range, request);
    }
  }

  /**
   * Why the stream's caller may not watch the range now, or null. Later changes of that do not concern a watcher that is
   * open, and the stream itself goes on.
   */
  #refusal(range: KeyRange): Uint8Array | null {
    try {
      this.#context.authoriser.read(this.#call, range);
      return null;
    } catch (error) {
      return cancelReasonField(grpcErrorText(error));
    }
  }

  #open(id: bigint, range: KeyRange, request: WatchCreateRequest): void {
    const { node } = this.#context;
    const streamWatcher = new StreamWatcher(id, request.startRevision, this, {
      previous: request.prevKv,
      fragment: request.fragment,
      progress: request.progressNotify,
      fragmentBytes: this.#fragmentBytes,
    });
    this.#watchers.set(id, streamWatcher);
    const options = {
      range,
      startRevision: request.startRevision,
      puts: !request.filters.includes(WatchCreateRequestFilterType.NOPUT),
      deletes: !request.filters.includes(WatchCreateRequestFilterType.NODELETE),
    };
    let watcher: Watcher;
    try {
      watcher = node.watch(options, streamWatcher);
    } catch (error) {
      if (error instanceof T4Error && error.code === "T4_COMPACTED") {
        // Clients learn of it as of a watcher that is overtaken by a compaction.
        this.send(this.header(node.revision), streamWatcher.idField, CREATED);
        streamWatcher.compacted(node.compactRevision);
        return;
      }
      throw error;
    }
    this.send(this.header(watcher.createdRevision), streamWatcher.idField, CREATED);
    streamWatcher.start(watcher);
    if (request.progressNotify) {
      this.#startProgressTimer();
    }
    if (this.#progressQuestion !== null) {
      // The answer concerns this watcher too.
      this.#progressQuestion();
      this.#progressQuestion = null;
      this.#askProgress();
    }
  }

  #takeId(): bigint {
    while (this.#watchers.has(this.#nextId)) {
      this.#nextId += 1n;
    }
    const id = this.#nextId;
    this.#nextId += 1n;
    return id;
  }

  #refuse(reason: Uint8Array): void {
    this.send(
      this.header(this.#context.node.revision),
      noWatcherField,
      CREATED_AND_CANCELED,
      reason,
    );
  }

  #cancel(id: bigint): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) {
      return;
    }
    watcher.cancel();
    this.#watchers.delete(id);
    this.#stalled.delete(watcher);
    this.send(this.header(this.#context.node.revision), watcher.idField, CANCELED);
  }

  /**
   * Asks for one answer for all watchers, given once each has been given everything up to the revision that it names.
   * A further request meanwhile is answered by the same.
   */
  #askProgress(): void {
    const watchers: Watcher[] = [];
    for (const { watcher } of this.#watchers.values()) {
      if (watcher !== null) {
        watchers.push(watcher);
      }
    }
    if (watchers.length === 0) {
      return;
    }
    const question = { isAnswered: false };
    const takeBack = this.#context.node.whenSynced(watchers, (revision) => {
      question.isAnswered = true;
      this.#progressQuestion = null;
      this.#answerProgress(revision);
    });
    if (!question.isAnswered) {
      this.#progressQuestion = takeBack;
    }
  }

  /**
   * While a watcher waits for a later revision the others are answered one by one: for that one an answer to all would
   * be a promise to deliver what it did not ask for.
   */
  #answerProgress(revision: number): void {
    const told: StreamWatcher[] = [];
    let isForAll = true;
    for (const watcher of this.#watchers.values()) {
      if (watcher.startRevision > revision) {
        isForAll = false;
      } else if (!watcher.isOver) {
        told.push(watcher);
      }
    }
    if (told.length === 0) {
      return;
    }
    const header = this.header(revision);
    if (isForAll) {
      this.send(header, noWatcherField);
      return;
    }
    for (const watcher of told) {
      this.send(header, watcher.idField);
    }
  }

  #startProgressTimer(): void {
    if (this.#progressTimer !== null) {
      return;
    }
    const { clock, random, watchProgressIntervalMs } = this.#context;
    // Up to a tenth more, so that watchers made together do not report together.
    const delayMs = watchProgressIntervalMs * (1 + random.fraction() / 10);
    this.#progressTimer = clock.after(delayMs, () => {
      this.#progressTimer = null;
      this.#notifyProgress();
    });
  }

  #notifyProgress(): void {
    const { revision } = this.#context.node;
    let isWanted = false;
    for (const watcher of this.#watchers.values()) {
      if (!watcher.wantsProgress || watcher.isOver) {
        continue;
      }
      isWanted = true;
      const mayReport = watcher.isSynced && watcher.startRevision <= revision && !this.isFull;
      if (watcher.progressDue && mayReport) {
        this.send(this.header(revision), watcher.idField);
      }
      watcher.progressDue = true;
    }
    if (isWanted) {
      this.#startProgressTimer();
    }
  }

  #resumeStalled(): void {
    const waiting = this.#stalled;
    if (waiting.size === 0) {
      return;
    }
    this.#stalled = new Set();
    for (const watcher of waiting) {
      if (this.isFull) {
        // Those not reached come before those that have just been fed.
        const fedAndStalled = this.#stalled;
        this.#stalled = waiting;
        for (const again of fedAndStalled) {
          waiting.add(again);
        }
        return;
      }
      waiting.delete(watcher);
      watcher.resume();
    }
  }

  #close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#progressTimer?.cancel();
    this.#progressTimer = null;
    this.#progressQuestion?.();
    this.#progressQuestion = null;
    for (const watcher of this.#watchers.values()) {
      watcher.cancel();
    }
    this.#watchers.clear();
    this.#stalled.clear();
    this.#closed(this);
  }
}
