// Uploads the local log to the archive: strictly in order, one slot at a time, each put only if absent and with the same bytes
// until it is won or lost. It is created behind a take-over, and ends when a later one is met.
// Invariant: `archived(index)` is told only for entries in slots that were won, so that every later leader has them.
// Must never: put other bytes into a slot whose outcome is not known, or go on after a slot was lost.
import { compareBytes } from "../lib/bytes.js";
import { TaskGroup } from "../lib/task-group.js";
import { assert } from "../lib/assert.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex } from "../core/words.js";
import type { SealedSegment, SealPoint } from "../log/log.js";
import { makeWriteId } from "../object/json-object.js";
import { ObjectStoreError, type ObjectStore } from "../object/object-store.js";
import { backoffMs } from "../object/retry.js";
import type { Timer } from "../runtime/clock.js";
import { DiskError } from "../runtime/disk/disk.js";
import type { Runtime } from "../runtime/runtime.js";
import { ArchiveMetrics } from "./archive-metrics.js";
import { slotKey, type ChainPosition } from "./chain.js";
import { LogSource, type Gathered } from "./log-source.js";
import { decodeSlot, encodeEntriesSlotInSteps, type EncodedSlot } from "./slot.js";
import { persistently, settle, type StoreContext } from "./store-context.js";

/** A put is cheap to wait for: at 20 ms hundreds of writers share one. */
export const LINGER_MS: number = 20;
export const BATCH_BYTES_MAX: number = 4 * 1024 * 1024;
/** Without a seal, how often the log is looked at for a full slot: what this reads of a segment, it reads once. */
const LOOK_INTERVAL_MS = 1_000;
/** A slot that takes longer than this is a stall: some hundred times what S3 needs. */
const STALL_MS = 2_000;
/** Ends of segments that are kept: a checkpoint wants the newest, and one that is late a few before. */
const ENDS_MAX = 10_000;

/**
 * sync: winning a slot is what callers wait for, so whatever is durable is sent as soon as pacing allows.
 * async: a slot is sent when a segment has ended or `batchBytesMax` have gathered.
 */
export type ArchiveMode = "sync" | "async";

export interface ArchiveListener {
  /** Everything up to `index` is in slots that were won. Called in order. */
  archived(index: LogIndex): void;
  /** Another leader's slot was met (T4_FENCED): nothing will be archived any more. */
  fenced(error: T4Error): void;
  /** The local log could not be read: nothing will be archived any more. */
  failed(error: T4Error): void;
}

export interface ArchiveOptions {
  readonly runtime: Runtime;
  readonly store: ObjectStore;
  readonly clusterId: bigint;
  /** The log's directory. */
  readonly directory: string;
  /** Where the take-over says that the first slot goes; the log has all entries from its index on. */
  readonly position: ChainPosition;
  /** Of the log: where the segments end that it will not tell of any more. */
  readonly sealedSegments: readonly SealedSegment[];
  readonly mode: ArchiveMode;
  readonly listener: ArchiveListener;
  /** Least time from the start of one put to the start of the next; one that comes after a pause does not wait. */
  readonly lingerMs?: number;
  /** Of a slot's frames; one group alone may have more. */
  readonly batchBytesMax?: number;
  /** 0: no limit. */
  readonly putsPerSecondMax?: number;
}

/** A slot that ends where a segment of the log does. */
export interface ArchivedEnd {
  /** Where the archive goes on behind it. */
  readonly next: ChainPosition;
  /** The wall clock of its last group. */
  readonly wallMs: number;
}

interface FlushWaiter {
  readonly index: LogIndex;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Archive {
  readonly #options: ArchiveOptions;
  readonly #tasks: TaskGroup = new TaskGroup();
  readonly #source: LogSource;
  readonly #metrics: ArchiveMetrics;
  readonly #spacingMs: number;
  readonly #running: Promise<void>;
  #mode: ArchiveMode;
  #position: ChainPosition;
  #offeredIndex: LogIndex;
  /** Entries up to here are sent without waiting for more. */
  #flushThrough = 0 as LogIndex;
  /** Ends of segments that are not archived, ascending. */
  #sealPoints: SealPoint[];
  readonly #ends = new Map<LogIndex, ArchivedEnd>();
  /** Of the last group that is archived. */
  #lastWallMs = 0;
  #slotsWon = 0;
  #bytesWon = 0;
  #flushWaiters: FlushWaiter[] = [];
  #wake: (() => void) | null = null;
  #lookTimer: Timer | null = null;
  #lastPutMs = Number.NEGATIVE_INFINITY;
  /** When the slot in flight was first sent. */
  #putSinceMs: number | null = null;
  #putEntryBytes = 0;
  #end: T4Error | null = null;

  constructor(options: ArchiveOptions) {
    const { runtime, directory, position } = options;
    this.#options = options;
    this.#mode = options.mode;
    this.#position = position;
    this.#offeredIndex = this.archivedIndex;
    const batchBytesMax = options.batchBytesMax ?? BATCH_BYTES_MAX;
    this.#source = new LogSource(runtime.disk, directory, position.firstIndex, batchBytesMax);
    this.#sealPoints = options.sealedSegments
      .filter(({ lastIndex }) => lastIndex > this.archivedIndex)
      .map(({ lastIndex, bytes }) => ({ index: lastIndex, bytes }));
    for (const { index } of this.#sealPoints) {
      this.#source.sealed(index);
    }
    const rate = options.putsPerSecondMax ?? 0;
    this.#spacingMs = Math.max(options.lingerMs ?? LINGER_MS, rate > 0 ? 1_000 / rate : 0);
    this.#metrics = new ArchiveMetrics(runtime.metrics, this);
    this.#running = this.#tasks.run(async (signal) => this.#run(signal));
  }

  /** Everything up to it is in slots that were won. */
  get archivedIndex(): LogIndex {
    return (this.#position.firstIndex - 1) as LogIndex;
  }

  /** Slots won since it was created. */
  get slotsWon(): number {
    return this.#slotsWon;
  }

  /** Bytes of those slots. */
  get bytesWon(): number {
    return this.#bytesWon;
  }

  /** Where the next slot goes. */
  get position(): ChainPosition {
    return this.#position;
  }

  get backlogEntries(): number {
    return this.#offeredIndex - this.archivedIndex;
  }

  /** About: whole segments count until all of each is archived, and what is not yet read of the last one does not. */
  get backlogBytes(): number {
    const sealed = this.#sealPoints.reduce((sum, { bytes }) => sum + bytes, 0);
    return sealed > 0 ? sealed : this.#source.entryBytes + this.#putEntryBytes;
  }

  /** On the monotonic clock: since when the slot in flight has been under way, if that is unusually long; else null. */
  get stalledSinceMs(): number | null {
    const since = this.#putSinceMs;
    const nowMs = this.#options.runtime.clock.monotonicMs();
    return since !== null && nowMs - since > STALL_MS ? since : null;
  }

  get stalledMs(): number {
    const since = this.stalledSinceMs;
    return since === null ? 0 : this.#options.runtime.clock.monotonicMs() - since;
  }

  get mode(): ArchiveMode {
    return this.#mode;
  }

  set mode(mode: ArchiveMode) {
    this.#mode = mode;
    this.#wakeUp();
  }

  /** Entries up to `index` may be archived: they are durable, and committed unless archiving them is what commits them. */
  offer(index: LogIndex): void {
    if (index <= this.#offeredIndex) {
      return;
    }
    this.#offeredIndex = index;
    const seal = this.#source.nextSealPoint;
    if (this.#mode === "sync" || (seal !== null && seal <= index)) {
      this.#wakeUp();
    } else {
      this.#lookTimer ??= this.#options.runtime.clock.after(LOOK_INTERVAL_MS, () => {
        this.#lookTimer = null;
        this.#wakeUp();
      });
    }
  }

  /** What the log's listener is told, at the same time: before the entry behind it is offered. */
  sealed(point: SealPoint): void {
    this.#source.sealed(point.index);
    if (point.index > this.archivedIndex) {
      this.#sealPoints.push(point);
    } else if (point.index === this.archivedIndex) {
      this.#keepEnd(point.index);
    }
    // What waited for more may be all there is for a long time.
    this.#wakeUp();
  }

  /** The slot that ends at a seal point; null if `index` is none, is not archived, or is too old. */
  endAt(index: LogIndex): ArchivedEnd | null {
    return this.#ends.get(index) ?? null;
  }

  /** Ends at earlier seal points than `index` are not needed any more. */
  forgetEndsBefore(index: LogIndex): void {
    for (const known of this.#ends.keys()) {
      if (known < index) {
        this.#ends.delete(known);
      }
    }
  }

  /** Resolves when everything offered so far is archived; rejects with what ended the archive first. */
  async flush(): Promise<void> {
    const index = this.#offeredIndex;
    if (index <= this.archivedIndex) {
      return;
    }
    this.#flushThrough = index;
    await new Promise<void>((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      this.#flushWaiters.push({ index, resolve, reject });
      this.#wakeUp();
    });
  }

  /** Gives up the slot in flight, whose outcome may stay unknown: the next take-over finds out. */
  async close(): Promise<void> {
    const reason = new T4Error("T4_CLOSED", "the archive is closed");
    this.#endWith(reason);
    const closed = this.#tasks.close(reason);
    this.#wakeUp();
    await closed;
    await this.#running;
    this.#lookTimer?.cancel();
    this.#source.close();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** Ends by being fenced, by a failure to read the log, or by the signal. */
  async #run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const gathered = await this.#nextSlot(signal);
        const slot = await this.#encode(gathered, signal);
        if (!(await this.#put(slot, gathered, signal))) {
          return;
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        this.#fail(error);
      }
    }
  }

  #fail(error: unknown): void {
    if (error instanceof T4Error || error instanceof DiskError) {
      const failure =
        error instanceof T4Error
          ? error
          : new T4Error("T4_IO", `the log cannot be read: ${error.message}`, { cause: error });
      if (this.#endWith(failure)) {
        this.#options.listener.failed(failure);
      }
      return;
    }
    throw error;
  }

  /** Waits until there is a slot to send, and until it may be sent. */
  async #nextSlot(signal: AbortSignal): Promise<Gathered> {
    const { clock } = this.#options.runtime;
    for (;;) {
      const found = this.#source.gather(this.#offeredIndex);
      if (found === "unfinished") {
        await this.#nextTurn(signal);
      } else if (found === "due" || this.#isWanted()) {
        const waitMs = this.#lastPutMs + this.#spacingMs - clock.monotonicMs();
        if (waitMs <= 0) {
          return this.#source.take();
        }
        await clock.sleep(waitMs, signal);
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        signal.throwIfAborted();
      }
    }
  }

  /** Whether what is gathered is sent though its slot could take more. */
  #isWanted(): boolean {
    return (
      !this.#source.isEmpty && (this.#mode === "sync" || this.#flushThrough > this.archivedIndex)
    );
  }

  /** A slot is read, copied and hashed in parts of a millisecond, with others in between. */
  async #nextTurn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#options.runtime.clock.nextTurn(resolve);
    });
    signal.throwIfAborted();
  }

  async #encode(gathered: Gathered, signal: AbortSignal): Promise<EncodedSlot> {
    const { groups } = gathered;
    const [first] = groups;
    const last = groups.at(-1);
    assert(first !== undefined && last !== undefined, "a slot has groups");
    assert(first.firstIndex === this.#position.firstIndex, "slots are in order");
    const steps = encodeEntriesSlotInSteps(
      {
        kind: "entries",
        ...this.#position,
        clusterId: this.#options.clusterId,
        writeId: makeWriteId(this.#options.runtime.random),
        lastIndex: gathered.lastIndex,
        revision: gathered.revision,
        firstWallMs: first.wallMs,
        lastWallMs: last.wallMs,
        endsSegment: gathered.endsSegment,
        beginsSegment: gathered.beginsSegment,
        segmentEntryBytes: gathered.segmentEntryBytes,
      },
      groups.map(({ frame }) => frame),
    );
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        return step.value;
      }
      await this.#nextTurn(signal);
    }
  }

  /** Whether the slot was won. */
  async #put(slot: EncodedSlot, gathered: Gathered, signal: AbortSignal): Promise<boolean> {
    const { runtime, store } = this.#options;
    const context: StoreContext = { ...runtime, store, signal };
    const startMs = runtime.clock.monotonicMs();
    this.#lastPutMs = startMs;
    this.#putSinceMs = startMs;
    this.#putEntryBytes = gathered.segmentEntryBytes;
    if ((await this.#settle(context, slot)) || (await this.#isOwn(context, slot))) {
      this.#won(slot, gathered, runtime.clock.monotonicMs() - startMs);
      return true;
    }
    return false;
  }

  /** Whether the slot was surely won; goes on, with the same bytes, while the store refuses to work. */
  async #settle(context: StoreContext, slot: EncodedSlot): Promise<boolean> {
    const key = slotKey(this.#position);
    for (let tries = 1; ; tries += 1) {
      try {
        const settled = await settle(context, key, slot.body, { kind: "absent" });
        return settled.kind === "won";
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof ObjectStoreError)) {
          throw error;
        }
        // Full, or without permission: somebody will see to it, and nothing that was planned is given up for it.
        this.#options.runtime.logger.error("the object store refuses the archive", { key, error });
      }
      await context.clock.sleep(backoffMs(tries, context.random), context.signal);
    }
  }

  /** After a slot was lost: whether what is in it is what was put. If not, this archive ends. */
  async #isOwn(context: StoreContext, slot: EncodedSlot): Promise<boolean> {
    const key = slotKey(this.#position);
    const found = await persistently(context, async () => context.store.get(key));
    if (found !== null && compareBytes(found.body, slot.body) === 0) {
      return true;
    }
    const error = this.#fencedError(found === null ? null : found.body);
    if (this.#endWith(error)) {
      this.#options.listener.fenced(error);
    }
    return false;
  }

  #fencedError(body: Uint8Array | null): T4Error {
    const { store, clusterId } = this.#options;
    const name = store.url + slotKey(this.#position);
    const rest = `its last archived entry is ${this.archivedIndex}, and what it has up to ${this.#offeredIndex} is only in its own log`;
    let by = "somebody whose slot is gone";
    let cause: unknown;
    try {
      const slot = body === null ? null : decodeSlot(body, this.#position, clusterId, name);
      if (slot !== null) {
        by = slot.kind === "seal" ? `the leader of term ${slot.nextTerm}` : "another writer";
      }
    } catch (error) {
      by = "something that is no slot of this chain";
      cause = error;
    }
    return new T4Error(
      "T4_FENCED",
      `this node led in term ${this.#position.term} until ${name} was taken by ${by}: ${rest}`,
      { cause },
    );
  }

  #won(slot: EncodedSlot, { groups, lastIndex, endsSegment }: Gathered, putMs: number): void {
    const { wallMs } = groups.at(-1) ?? { wallMs: this.#lastWallMs };
    const entries = lastIndex - this.archivedIndex;
    this.#position = {
      term: this.#position.term,
      firstIndex: (lastIndex + 1) as LogIndex,
      previousHash: slot.hash,
    };
    this.#putSinceMs = null;
    this.#putEntryBytes = 0;
    this.#lastWallMs = wallMs;
    this.#slotsWon += 1;
    this.#bytesWon += slot.bytes;
    this.#metrics.won(entries, slot.bytes, putMs);
    if (endsSegment || this.#sealPoints.some(({ index }) => index === lastIndex)) {
      this.#keepEnd(lastIndex);
    }
    this.#sealPoints = this.#sealPoints.filter(({ index }) => index > lastIndex);
    this.#options.listener.archived(lastIndex);
    const done = this.#flushWaiters.filter(({ index }) => index <= lastIndex);
    this.#flushWaiters = this.#flushWaiters.filter(({ index }) => index > lastIndex);
    for (const { resolve } of done) {
      resolve();
    }
  }

  #keepEnd(index: LogIndex): void {
    this.#ends.set(index, { next: this.#position, wallMs: this.#lastWallMs });
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > ENDS_MAX && oldest !== undefined) {
      this.#ends.delete(oldest);
    }
  }

  /** False if it has ended before. */
  #endWith(error: T4Error): boolean {
    if (this.#end !== null) {
      return false;
    }
    this.#end = error;
    this.#putSinceMs = null;
    for (const { reject } of this.#flushWaiters.splice(0)) {
      reject(error);
    }
    return true;
  }
}
