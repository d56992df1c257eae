// A node for tests of what stands on one: plans on the memory view and commits in the next microtask. No files, no time:
// leases end only when they are revoked.
import type { AuthRules } from "../../src/core/auth/auth-rules.js";
import { authoriseCommand, type Caller } from "../../src/core/auth/authorise.js";
import type { Command, RangeOperation, RangeOutcome } from "../../src/core/command.js";
import { T4Error } from "../../src/core/errors.js";
import { rangeContains, type KeyRange } from "../../src/core/range/key-range.js";
import { plan } from "../../src/core/plan/plan.js";
import { compactedError, readRange, resolveRevision } from "../../src/core/range/range-read.js";
import type { Row } from "../../src/core/row.js";
import type { Key, LeaseId, LogIndex, Revision, Term } from "../../src/core/words.js";
import type {
  Completion,
  LeaseStatus,
  Node,
  NodeStatus,
  WatchEvent,
  WatchOptions,
  WatchSink,
  Watcher,
} from "../../src/node/node.js";
import { MemoryView } from "./memory-view.js";

export class ModelNode implements Node {
  readonly clusterId = 1n;
  readonly memberId = 2n;
  readonly term = 1 as Term;
  readonly view: MemoryView = new MemoryView();
  readonly stopped: Promise<T4Error | null>;
  readonly #watchers = new Set<ModelWatcher>();
  readonly #waits = new Set<() => void>();
  #stop: (error: T4Error | null) => void = () => {};

  constructor() {
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  get revision(): Revision {
    return this.view.revision;
  }

  get compactRevision(): Revision {
    return this.view.compactRevision;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  get maintenance(): never {
    throw new Error("a model has no maintenance");
  }

  pages(): never {
    throw new Error("a model has no pages");
  }

  status(): NodeStatus {
    return {
      clusterId: this.clusterId,
      memberId: this.memberId,
      nodeId: "model",
      term: this.term,
      committedIndex: 0 as LogIndex,
      revision: this.revision,
      compactRevision: this.compactRevision,
      isLeader: true,
      totalBytes: 0,
      liveBytes: 0,
      hasSpace: true,
    };
  }

  get auth(): AuthRules {
    return this.view.auth;
  }

  onAuthToken(): () => void {
    return () => {
      // Nobody logs in here.
    };
  }

  propose(command: Command, done: Completion, caller: Caller | null = null): void {
    let planned: ReturnType<typeof plan>;
    try {
      if (caller !== null) {
        authoriseCommand(this.auth, caller, command, this.view);
      }
      planned = plan(command, this.view);
    } catch (error) {
      queueMicrotask(() => {
        done(error as T4Error, null);
      });
      return;
    }
    this.view.apply(planned);
    queueMicrotask(() => {
      for (const watcher of this.#watchers) {
        watcher.feed();
      }
      for (const check of this.#waits) {
        check();
      }
      done(null, planned.outcome);
    });
  }

  get(key: Key, revision: number): Row | undefined {
    return this.view.get(key, resolveRevision(revision, this.revision, this.compactRevision));
  }

  range(operation: RangeOperation): RangeOutcome {
    const at = resolveRevision(operation.revision, this.revision, this.compactRevision);
    return readRange(operation, this.view, at, this.revision);
  }

  history(key: Key): Row[] {
    return this.view.log.filter(
      (row) => row.key === key && row.modRevision >= this.compactRevision,
    );
  }

  async *changes(range: KeyRange, from: number, to: number): AsyncGenerator<Row, void, undefined> {
    resolveRevision(to, this.revision, this.compactRevision);
    resolveRevision(from, this.revision, this.compactRevision);
    await Promise.resolve();
    yield* this.view.log.filter(
      (row) => row.modRevision >= from && row.modRevision <= to && rangeContains(range, row.key),
    );
  }

  openScratch(): never {
    throw new Error("not modelled");
  }

  copyState(): never {
    throw new Error("not modelled");
  }

  async compactionDone(): Promise<void> {
    await Promise.resolve();
  }

  watch(options: WatchOptions, sink: WatchSink): Watcher {
    if (options.startRevision !== 0 && options.startRevision < this.compactRevision) {
      throw compactedError(options.startRevision, this.compactRevision);
    }
    const watcher = new ModelWatcher(this.view, options, sink, () => {
      this.#watchers.delete(watcher);
    });
    this.#watchers.add(watcher);
    queueMicrotask(() => {
      watcher.feed();
    });
    return watcher;
  }

  whenSynced(): () => void {
    throw new Error("not needed here");
  }

  keepAlive(lease: LeaseId): number | null {
    return this.view.leases.get(lease)?.ttlSeconds ?? null;
  }

  timeToLive(lease: LeaseId): LeaseStatus | null {
    const ttlSeconds = this.keepAlive(lease);
    return ttlSeconds === null
      ? null
      : { lease, grantedSeconds: ttlSeconds, remainingMs: ttlSeconds * 1_000 };
  }

  leaseKeys(lease: LeaseId): Key[] {
    return [...this.view.leaseKeys(lease)];
  }

  leases(): LeaseId[] {
    return [...this.view.leases.keys()];
  }

  async waitForRevision(revision: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (this.revision >= revision) {
          this.#waits.delete(check);
          resolve();
        }
      };
      signal?.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
      this.#waits.add(check);
      check();
    });
  }

  async checkpoint(): Promise<never> {
    return Promise.reject(new T4Error("T4_NO_OBJECT_STORE", "there is no object store"));
  }

  async collect(): Promise<never> {
    return this.checkpoint();
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.#stop(null);
    await this.stopped;
  }

  /** Stops by itself, as after a failed write. */
  fail(error: T4Error): void {
    this.#stop(error);
  }
}

class ModelWatcher implements Watcher {
  readonly createdRevision: Revision;
  readonly #view: MemoryView;
  readonly #options: WatchOptions;
  readonly #sink: WatchSink;
  readonly #ended: () => void;
  #nextRevision: number;
  #isStalled = false;

  constructor(view: MemoryView, options: WatchOptions, sink: WatchSink, ended: () => void) {
    this.createdRevision = view.revision;
    this.#view = view;
    this.#options = options;
    this.#sink = sink;
    this.#ended = ended;
    this.#nextRevision = options.startRevision === 0 ? view.revision + 1 : options.startRevision;
  }

  get isSynced(): boolean {
    return !this.#isStalled && this.#nextRevision > this.#view.revision;
  }

  get deliveredRevision(): Revision {
    return this.isSynced ? this.#view.revision : ((this.#nextRevision - 1) as Revision);
  }

  /** Two revisions in a batch at most. */
  feed(): void {
    while (!this.#isStalled && this.#nextRevision <= this.#view.revision) {
      if (this.#nextRevision < this.#view.compactRevision) {
        this.cancel();
        this.#sink.compacted(this.#view.compactRevision);
        return;
      }
      const from = this.#nextRevision;
      const to = Math.min(from + 1, this.#view.revision);
      this.#nextRevision = to + 1;
      const events = this.#view.log
        .filter((row) => row.modRevision >= from && row.modRevision <= to && this.#wants(row))
        .map((row) => this.#event(row));
      const batch = { revision: to as Revision, events, encoded: null, encodedWithPrevious: null };
      this.#isStalled = events.length > 0 && !this.#sink.deliver(batch);
    }
  }

  #wants(row: Row): boolean {
    const { range, puts, deletes } = this.#options;
    return rangeContains(range, row.key) && (row.isTombstone ? deletes : puts);
  }

  #event(row: Row): WatchEvent {
    return {
      row,
      previous: () => this.#view.get(row.key, (row.modRevision - 1) as Revision),
      encoded: null,
      encodedWithPrevious: null,
    };
  }

  resume(): void {
    this.#isStalled = false;
    queueMicrotask(() => {
      this.feed();
    });
  }

  cancel(): void {
    this.#nextRevision = Infinity;
    this.#ended();
  }
}
