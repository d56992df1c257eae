// A node in a few lines for tests of what stands above it: real planning, reading and watching over plain maps, and a
// clock that the test moves. Writes are committed in a later turn, or when the test says so.
import type { Alarm } from "../../src/core/alarm.js";
import { RangePages } from "../../src/core/range/range-pages.js";
import type { AuthRules } from "../../src/core/auth/auth-rules.js";
import { authoriseCommand, type Caller } from "../../src/core/auth/authorise.js";
import { plan } from "../../src/core/plan/plan.js";
import { readRange, resolveRevision } from "../../src/core/range/range-read.js";
import { T4Error } from "../../src/core/errors.js";
import type { Command, Outcome, RangeOperation, RangeOutcome } from "../../src/core/command.js";
import { rangeContains, type KeyRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import type { Key, LeaseId, LogIndex, Revision, Term } from "../../src/core/words.js";
import type {
  AuthTokenListener,
  Completion,
  Consistency,
  LeaseStatus,
  Maintenance,
  Node,
  NodeStatus,
  RowPages,
  Watcher,
  WatchOptions,
  WatchSink,
} from "../../src/node/node.js";
import type { KvHash } from "../../src/node/maintenance/kv-hash.js";
import { openMemoryScratch, type ScratchFile } from "../../src/node/directory/scratch-file.js";
import type { StateCopy } from "../../src/node/state-copy.js";
import { WatchHub } from "../../src/node/watch/watch-hub.js";
import type { Clock } from "../../src/runtime/clock.js";
import type { EventCursor } from "../../src/store/store.js";
import { MemoryView } from "../model/memory-view.js";
import { ManualClock } from "./manual-clock.js";

export class FakeNode implements Node {
  readonly clusterId = 0xcdf818194e3a8c32n;
  readonly memberId = 0x8e9e05c52164694dn;
  readonly term = 2 as Term;
  readonly stopped: Promise<T4Error | null> = new Promise(() => {
    // Never: tests stop it by `failWith`.
  });
  readonly view: MemoryView = new MemoryView();
  readonly clock: Clock;
  isLeader = true;
  hasSpace = true;
  /** Every call fails with this from now on. */
  failWith: T4Error | null = null;
  /** Completions wait until `commit` is called. */
  isHeld = false;
  /** Reads answer by a promise, as long ones do. */
  readsLater = false;
  /** Long reads that are not closed. */
  openPages = 0;
  defragmentations = 0;
  readonly maintenance: Maintenance = this.#fakeMaintenance();
  copiesClosed = 0;
  scratchOpen = 0;
  /** How each read so far was to be. */
  readonly consistencies: Consistency[] = [];
  readonly #tokenListeners = new Set<AuthTokenListener>();
  readonly #held: (() => void)[] = [];
  readonly #hub: WatchHub;
  readonly #renewedMs = new Map<LeaseId, number>();

  constructor(clock: Clock = new ManualClock()) {
    this.clock = clock;
    const { view } = this;
    this.#hub = new WatchHub(
      {
        get committedRevision() {
          return view.revision;
        },
        get compactRevision() {
          return view.compactRevision;
        },
        get: (key, revision) => view.get(key, revision),
        events: (range, from, to) => eventsOf(view.log, range, from, to),
      },
      clock,
      (error) => {
        throw error;
      },
    );
  }

  get revision(): Revision {
    return this.view.revision;
  }

  get compactRevision(): Revision {
    return this.view.compactRevision;
  }

  status(): NodeStatus {
    return {
      clusterId: this.clusterId,
      memberId: this.memberId,
      nodeId: "fake",
      term: this.term,
      committedIndex: 7 as LogIndex,
      revision: this.revision,
      compactRevision: this.compactRevision,
      isLeader: this.isLeader,
      totalBytes: 4096,
      liveBytes: 1024,
      hasSpace: this.hasSpace,
    };
  }

  #fakeMaintenance(): Maintenance {
    const alarms = (): readonly Alarm[] => this.view.alarms();
    const downgradeTarget = (): string => this.view.downgradeTarget();
    const hashKv = async (revision: number): Promise<KvHash> => {
      if (this.failWith !== null) {
        throw this.failWith;
      }
      const at = resolveRevision(revision, this.revision, this.compactRevision);
      return Promise.resolve({
        hash: 0xdeadbeef,
        compactRevision: this.compactRevision,
        revision: at,
        currentRevision: this.revision,
      });
    };
    return {
      quotaBytes: 8_000,
      alarms,
      get downgradeTarget() {
        return downgradeTarget();
      },
      hashKv,
      hash: async () => hashKv(0),
      defragment: async () => {
        if (this.failWith !== null) {
          throw this.failWith;
        }
        this.defragmentations += 1;
        return Promise.resolve();
      },
    };
  }

  get auth(): AuthRules {
    return this.view.auth;
  }

  onAuthToken(listener: AuthTokenListener): () => void {
    this.#tokenListeners.add(listener);
    return () => {
      this.#tokenListeners.delete(listener);
    };
  }

  propose(command: Command, done: Completion, caller: Caller | null = null): void {
    let error: T4Error | null = this.failWith;
    let outcome: Outcome | null = null;
    if (error === null) {
      try {
        if (caller !== null) {
          authoriseCommand(this.auth, caller, command, this.view);
        }
        outcome = this.#apply(command);
      } catch (thrown) {
        if (!(thrown instanceof T4Error)) {
          throw thrown;
        }
        error = thrown;
      }
    }
    const answer = (): void => {
      done(error, outcome);
    };
    if (this.isHeld) {
      this.#held.push(answer);
    } else {
      this.clock.nextTurn(answer);
    }
  }

  /** Answers what was held. */
  commit(): void {
    for (const answer of this.#held.splice(0)) {
      answer();
    }
  }

  #apply(command: Command): Outcome {
    const { view } = this;
    const made = plan(command, view);
    view.apply(made);
    if (made.system?.kind === "lease-grant") {
      this.#renewedMs.set(made.system.lease, this.clock.monotonicMs());
    }
    if (made.system?.kind === "auth" && made.system.change.kind === "token") {
      const { user, passwordRevision, digest } = made.system.change;
      for (const listener of this.#tokenListeners) {
        listener(user, passwordRevision, digest);
      }
    }
    for (const row of made.rows) {
      this.#hub.publish(row);
    }
    this.#hub.deliver();
    if (made.system?.kind === "compact") {
      this.#hub.compacted(view.compactRevision);
    }
    return made.outcome;
  }

  get(
    key: Key,
    revision: number,
    consistency: Consistency,
  ): Row | undefined | Promise<Row | undefined> {
    this.consistencies.push(consistency);
    if (this.failWith !== null) {
      throw this.failWith;
    }
    const { view } = this;
    const row = view.get(key, resolveRevision(revision, view.revision, view.compactRevision));
    return this.readsLater ? Promise.resolve(row) : row;
  }

  range(operation: RangeOperation, consistency: Consistency): RangeOutcome | Promise<RangeOutcome> {
    this.consistencies.push(consistency);
    if (this.failWith !== null) {
      throw this.failWith;
    }
    const { view } = this;
    const at = resolveRevision(operation.revision, view.revision, view.compactRevision);
    const outcome = readRange(operation, view, at, view.revision);
    return this.readsLater ? Promise.resolve(outcome) : outcome;
  }

  pages(operation: RangeOperation, consistency: Consistency): RowPages {
    this.consistencies.push(consistency);
    if (this.failWith !== null) {
      throw this.failWith;
    }
    const { view } = this;
    const at = resolveRevision(operation.revision, view.revision, view.compactRevision);
    const pages = new RangePages(operation, view, at);
    this.openPages += 1;
    return {
      revision: view.revision,
      next: async (rowsMax, bytesMax) => {
        pages.begin(rowsMax, bytesMax);
        while (!pages.step(1, Infinity)) {
          await Promise.resolve();
        }
        return pages.page;
      },
      close: () => {
        this.openPages -= 1;
      },
    };
  }

  history(key: Key): Row[] {
    return [...(this.view.versions.get(key) ?? [])];
  }

  async *changes(range: KeyRange, from: number, to: number): AsyncIterable<Row> {
    await Promise.resolve();
    yield* rowsOf(this.view.log, range, from, to);
  }

  copyState(): StateCopy {
    const { view } = this;
    const { revision, compactRevision, log } = view;
    const isGone = (row: Row): boolean =>
      row.modRevision <= compactRevision &&
      (log.findLast((one) => one.key === row.key && one.modRevision <= compactRevision) !== row ||
        (row.isTombstone && row.modRevision < compactRevision));
    const rows = log.filter((row) => !isGone(row));
    return {
      index: 7 as LogIndex,
      term: this.term,
      revision,
      compactRevision,
      leases: [...view.leases].map(([id, { ttlSeconds }]) => ({ id, ttlSeconds })),
      auth: this.auth.state,
      nextRow: () => {
        if (this.failWith !== null) {
          throw this.failWith;
        }
        return rows.shift() ?? null;
      },
      nextTurn: async () => Promise.resolve(),
      close: () => {
        this.copiesClosed += 1;
      },
    };
  }

  openScratch(): ScratchFile {
    this.scratchOpen += 1;
    const scratch = openMemoryScratch();
    return {
      ...scratch,
      close: () => {
        this.scratchOpen -= 1;
        scratch.close();
      },
    };
  }

  async compactionDone(): Promise<void> {
    return Promise.resolve();
  }

  watch(options: WatchOptions, sink: WatchSink): Watcher {
    return this.#hub.watch(options, sink);
  }

  whenSynced(watchers: readonly Watcher[], done: (revision: Revision) => void): () => void {
    return this.#hub.whenSynced(watchers, done);
  }

  keepAlive(lease: LeaseId): number | null {
    if (this.failWith !== null) {
      throw this.failWith;
    }
    const found = this.view.leases.get(lease);
    if (found === undefined) {
      return null;
    }
    this.#renewedMs.set(lease, this.clock.monotonicMs());
    return found.ttlSeconds;
  }

  timeToLive(lease: LeaseId): LeaseStatus | null {
    const found = this.view.leases.get(lease);
    if (found === undefined) {
      return null;
    }
    const sinceMs = this.clock.monotonicMs() - (this.#renewedMs.get(lease) ?? 0);
    return {
      lease,
      grantedSeconds: found.ttlSeconds,
      remainingMs: found.ttlSeconds * 1000 - sinceMs,
    };
  }

  leaseKeys(lease: LeaseId): Key[] {
    return [...(this.view.leases.get(lease)?.keys ?? [])];
  }

  leases(): LeaseId[] {
    return [...this.view.leases.keys()];
  }

  async waitForRevision(): Promise<void> {
    return Promise.resolve();
  }

  async checkpoint(): Promise<never> {
    return Promise.reject(new T4Error("T4_NO_OBJECT_STORE", "there is no object store"));
  }

  async collect(): Promise<never> {
    return this.checkpoint();
  }

  async flush(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#hub.close();
    return Promise.resolve();
  }
}

function rowsOf(log: readonly Row[], range: KeyRange, from: number, to: number): Row[] {
  return log.filter(
    (row) => row.modRevision >= from && row.modRevision <= to && rangeContains(range, row.key),
  );
}

function eventsOf(log: readonly Row[], range: KeyRange, from: number, to: number): EventCursor {
  const rows = rowsOf(log, range, from, to);
  return {
    next: () => rows.shift() ?? null,
    close() {
      rows.length = 0;
    },
  };
}
