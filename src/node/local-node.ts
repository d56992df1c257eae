// A node alone: it leads from its start, and what is durable in its log is committed.
// This file joins the parts; each of them is told of the others only by the callbacks given here.
import type { CheckpointRecord } from "../archive/latest-manifest.js";
import type { CollectRequest, CollectResult } from "../checkpoint/collection/collect.js";
import type { AuthRules } from "../core/auth/auth-rules.js";
import type { Caller } from "../core/auth/authorise.js";
import type { Command, RangeOperation, RangeOutcome } from "../core/command.js";
import { T4Error } from "../core/errors.js";
import type { KeyRange } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import type { Key, LeaseId, LogIndex, Revision, Term } from "../core/words.js";
import { assert } from "../lib/assert.js";
import type { Log, SealPoint } from "../log/log.js";
import type { DirectoryLock } from "../runtime/disk/disk.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Store } from "../store/store.js";
import type { CommitRule, CommitRuleListener } from "./write/commit-rule.js";
import { DamageLog } from "./damage-log.js";
import type { Identity } from "./directory/identity.js";
import { openMemoryScratch, openScratch, type ScratchFile } from "./directory/scratch-file.js";
import { Lessor } from "./lease/lessor.js";
import { Ending } from "./lifecycle/ending.js";
import { Leadership } from "./lifecycle/leadership.js";
import type { AutoCompaction } from "./maintenance/auto-compaction.js";
import { LocalMaintenance } from "./maintenance/local-maintenance.js";
import { Quota } from "./maintenance/quota.js";
import { declareMetrics } from "./node-metrics.js";
import type {
  AuthTokenListener,
  Completion,
  Consistency,
  LeaseStatus,
  Node,
  NodeStatus,
  RowPages,
  Watcher,
  WatchOptions,
  WatchSink,
} from "./node.js";
import { Reads } from "./reads.js";
import type { StateCopy } from "./state-copy.js";
import { RevisionWaits } from "./revision-waits.js";
import type { SystemState } from "./system-state.js";
import { WatchHub } from "./watch/watch-hub.js";
import { WritePipeline } from "./write/write-pipeline.js";

export interface NodeParts {
  readonly identity: Identity;
  readonly log: Log;
  readonly store: Store;
  readonly system: SystemState;
  readonly rule: CommitRule;
  /** By how much the directory asks the revision to be raised, whatever the rule does. */
  readonly raiseRevisionBy?: number;
  /** Bytes that the store may have; 0 or absent: no limit but the disk's. */
  readonly quotaBytes?: number;
  readonly autoCompaction?: AutoCompaction | null;
  /** False: no lease runs out in this life of the node. True if absent. */
  readonly leasesExpire?: boolean;
  /** Where it keeps its data; null or not given in memory. */
  readonly directory?: string | null;
  /** Null in memory. */
  readonly lock: DirectoryLock | null;
  readonly runtime: Runtime;
}

export class LocalNode implements Node {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly maintenance: LocalMaintenance;
  readonly #parts: NodeParts;
  readonly #system: SystemState;
  readonly #hub: WatchHub;
  readonly #pipeline: WritePipeline;
  readonly #reads: Reads;
  readonly #lessor: Lessor;
  readonly #leadership: Leadership;
  readonly #ending: Ending;
  readonly #waits = new RevisionWaits();
  readonly #damage: DamageLog;

  constructor(parts: NodeParts) {
    const { identity, log, store, system, rule, quotaBytes = 0, runtime } = parts;
    ({ clusterId: this.clusterId, memberId: this.memberId } = identity);
    this.#parts = parts;
    this.#system = system;
    this.#ending = new Ending(runtime.logger, async (reason) => this.#release(reason));
    const propose = (command: Command, done: Completion): void => {
      this.#pipeline.propose(command, done);
    };
    const failed = (error: unknown): void => {
      if (!(error instanceof T4Error)) {
        throw error;
      }
      this.fail(error);
    };
    this.#damage = new DamageLog(runtime.logger);
    const quota = new Quota({
      quotaBytes,
      memberId: identity.memberId,
      store,
      state: system.maintenance,
      clock: runtime.clock,
      logger: runtime.logger,
      propose,
    });
    this.maintenance = new LocalMaintenance({
      store,
      system,
      clock: runtime.clock,
      quotaBytes,
      flush: async () => this.flush(),
    });
    this.#hub = new WatchHub(store, runtime.clock, failed);
    this.#pipeline = new WritePipeline({
      log,
      store,
      system,
      hub: this.#hub,
      clock: runtime.clock,
      rule,
      quota,
      committed: () => {
        this.#waits.advance(store.committedRevision);
        this.#lessor.committed();
        quota.committed();
      },
      damaged: (error) => {
        this.#damage.note(error);
      },
      failed,
    });
    this.#reads = new Reads(store, runtime.clock);
    this.#lessor = new Lessor({
      leases: system.leases,
      clock: runtime.clock,
      leasesExpire: parts.leasesExpire ?? true,
      existsAtTip: (lease) => this.#pipeline.leaseExists(lease),
      revoke: (lease, done) => {
        propose({ kind: "lease-revoke", lease }, done);
      },
    });
    this.#leadership = new Leadership({
      ...parts,
      pipeline: this.#pipeline,
      lessor: this.#lessor,
      quota,
      stoppedBy: () => this.#ending.stoppedBy,
    });
    this.#declareMetrics();
  }

  #declareMetrics(): void {
    const { log, store, system, quotaBytes = 0, runtime } = this.#parts;
    declareMetrics(runtime.metrics, {
      log,
      store,
      system,
      hub: this.#hub,
      pipeline: this.#pipeline,
      reads: this.#reads,
      lessor: this.#lessor,
      leadership: this.#leadership,
      quotaBytes,
    });
  }

  /**
   * Begins to lead under the rule's term; resolves once that is committed. While the disk is full it does not wait: all
   * that was committed can be read, and writes are refused until the term's first entry finds room. To be called once.
   */
  async start(): Promise<void> {
    await this.#leadership.startTerm(this.#ruleListener());
    this.#trimLog();
    this.#leadership.begin();
  }

  #ruleListener(): CommitRuleListener {
    return {
      committed: (index) => {
        this.#pipeline.durable(index);
      },
      timedOut: (index) => {
        // Before it leads it has no callers, and the start waits as long as it is let.
        if (this.#leadership.isLeading) {
          this.#pipeline.timeOut(index);
        }
      },
      released: () => {
        this.#trimLog();
      },
      gatherFiles: async () => {
        await this.flush();
        const held = this.#parts.store.holdManifest();
        assert(held !== null, "a node with an object store has files");
        return held;
      },
      failed: (error) => {
        this.fail(error);
      },
    };
  }

  /** What the log's listener is told. */
  durable(index: LogIndex): void {
    this.#parts.rule.durable(index);
  }

  sealed(point: SealPoint): void {
    this.#parts.store.sealed(point);
    this.#parts.rule.sealed(point);
  }

  /** What the store's listener is told. */
  admissionChanged(): void {
    this.#pipeline.admissionChanged();
  }

  persisted(): void {
    this.#trimLog();
  }

  /** Entries are kept in the log until they are in the store's files and nobody else needs them. */
  #trimLog(): void {
    const { log, store, rule } = this.#parts;
    log.deleteThrough(Math.min(store.persistedIndex, rule.releasedIndex) as LogIndex);
  }

  /** Stops by itself: a file failed, and going on could lose what is acknowledged. */
  fail(error: T4Error): void {
    this.#ending.fail(error);
  }

  get stopped(): Promise<T4Error | null> {
    return this.#ending.stopped;
  }

  get term(): Term {
    return this.#pipeline.term;
  }

  get revision(): Revision {
    return this.#parts.store.committedRevision;
  }

  get compactRevision(): Revision {
    return this.#parts.store.compactRevision;
  }

  status(): NodeStatus {
    const { store, log, identity } = this.#parts;
    const { totalBytes, liveBytes } = store.sizes;
    return {
      clusterId: this.clusterId,
      memberId: this.memberId,
      nodeId: identity.nodeId,
      term: this.term,
      committedIndex: store.committedIndex,
      revision: store.committedRevision,
      compactRevision: store.compactRevision,
      isLeader: this.#leadership.isLeading,
      totalBytes,
      liveBytes,
      hasSpace: store.hasSpace && log.hasSpace,
    };
  }

  propose(command: Command, done: Completion, caller: Caller | null = null): void {
    this.#pipeline.propose(command, done, caller);
  }

  get auth(): AuthRules {
    return this.#system.auth.committed;
  }

  onAuthToken(listener: AuthTokenListener): () => void {
    return this.#system.auth.onToken(listener);
  }

  /** As `range`. */
  get(key: Key, revision: number, consistency: Consistency): Row | undefined {
    if (consistency === "linearizable") {
      this.#assertLeading();
    }
    try {
      return this.#reads.get(key, revision);
    } catch (error) {
      this.#damage.note(error);
      throw error;
    }
  }

  /** What is committed here is what is committed while this node leads: both consistencies read the same. */
  range(operation: RangeOperation, consistency: Consistency): RangeOutcome | Promise<RangeOutcome> {
    if (consistency === "linearizable") {
      this.#assertLeading();
    }
    try {
      const outcome = this.#reads.range(operation);
      return outcome instanceof Promise ? this.#noting(outcome) : outcome;
    } catch (error) {
      this.#damage.note(error);
      throw error;
    }
  }

  async #noting<Result>(read: Promise<Result>): Promise<Result> {
    try {
      return await read;
    } catch (error) {
      this.#damage.note(error);
      throw error;
    }
  }

  pages(operation: RangeOperation, consistency: Consistency): RowPages {
    if (consistency === "linearizable") {
      this.#assertLeading();
    }
    return this.#reads.pages(operation);
  }

  history(key: Key): Row[] {
    return this.#reads.history(key);
  }

  changes(range: KeyRange, from: number, to: number): AsyncIterable<Row> {
    return this.#reads.changes(range, from, to);
  }

  copyState(): StateCopy {
    this.#assertOpen();
    this.#assertLeading();
    const { store, system } = this.#parts;
    const leases = [...system.leases.all()].map(({ id, ttlSeconds }) => ({ id, ttlSeconds }));
    const auth = system.auth.committed.state;
    return this.#reads.copy({ index: store.committedIndex, term: this.term, leases, auth });
  }

  openScratch(): ScratchFile {
    this.#assertOpen();
    const { directory = null, runtime } = this.#parts;
    return directory === null ? openMemoryScratch() : openScratch(directory, runtime.disk);
  }

  async compactionDone(): Promise<void> {
    this.#assertOpen();
    // The compaction reaches the files with what the log has sealed.
    this.#parts.log.seal();
    await this.#parts.store.compacted();
  }

  watch(options: WatchOptions, sink: WatchSink): Watcher {
    this.#assertOpen();
    return this.#hub.watch(options, sink);
  }

  whenSynced(watchers: readonly Watcher[], done: (revision: Revision) => void): () => void {
    return this.#hub.whenSynced(watchers, done);
  }

  keepAlive(id: LeaseId): number | null {
    this.#assertOpen();
    this.#assertLeading();
    return this.#lessor.keepAlive(id);
  }

  timeToLive(id: LeaseId): LeaseStatus | null {
    this.#assertOpen();
    this.#assertLeading();
    return this.#lessor.timeToLive(id);
  }

  leaseKeys(id: LeaseId): Key[] {
    this.#assertOpen();
    return this.#lessor.keys(id);
  }

  leases(): LeaseId[] {
    this.#assertOpen();
    return this.#lessor.sorted();
  }

  async waitForRevision(revision: number, signal?: AbortSignal): Promise<void> {
    this.#assertOpen();
    if (revision > this.revision) {
      await this.#waits.wait(revision, signal);
    }
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    const { log, store } = this.#parts;
    await log.flush();
    this.#assertOpen();
    log.seal();
    await store.flush();
  }

  async checkpoint(): Promise<CheckpointRecord> {
    this.#assertOpen();
    return this.#parts.rule.checkpoint();
  }

  async collect(request: CollectRequest): Promise<CollectResult> {
    this.#assertOpen();
    return this.#parts.rule.collect(request);
  }

  async close(): Promise<void> {
    await this.#ending.close();
  }

  #assertLeading(): void {
    const reason = this.#parts.rule.notLeading();
    if (reason !== null) {
      throw reason;
    }
  }

  #assertOpen(): void {
    this.#ending.assertOpen();
  }

  /**
   * Ends everything, in the order of the data's way: no new work, what is planned made durable and answered (or failed),
   * then the files, and the directory last.
   */
  async #release(reason: T4Error): Promise<void> {
    const { log, store, rule, lock } = this.#parts;
    const ending = this.#ending;
    this.#leadership.end();
    this.maintenance.close(reason);
    this.#pipeline.refuse(reason);
    // What becomes durable on the way is still committed and answered.
    await ending.attempt("the log", async () => log.close());
    await ending.attempt("the archive", async () => rule.close());
    this.#pipeline.abandon(ending.error ?? reason);
    this.#hub.close();
    this.#waits.close(reason);
    await this.#reads.close(reason);
    await ending.attempt("the store", async () => store.close());
    await ending.attempt("the directory's lock", async () => lock?.release());
  }
}
