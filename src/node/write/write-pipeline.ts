// The way of a write: planned at the tip, appended to the log and the store in the same tick, and once durable made
// visible, shown to watchers and answered, in order.
// Must never: answer before what the answer shows is committed, call a completion within `propose`, leave an index unused
// when a caller goes away, or plan a write before one that came earlier.
// Invariant: the store's uncommitted entries are exactly those of `#uncommitted`, and they end at the log's tip.
import { authoriseCommand, type Caller } from "../../core/auth/authorise.js";
import { T4Error } from "../../core/errors.js";
import type { Command } from "../../core/command.js";
import {
  compactedBy,
  PlannedEntry,
  revisionStep,
  type Entry,
  type SystemEffect,
} from "../../core/entry.js";
import { PENDING_BYTES_MAX, PENDING_PROPOSALS_MAX } from "../../core/limits.js";
import { isReadOnly } from "../../core/plan/plan-txn.js";
import { plan, type Plan } from "../../core/plan/plan.js";
import type { Row } from "../../core/row.js";
import type { PlanView } from "../../core/view.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { Queue } from "../../lib/collections/queue.js";
import type { Log } from "../../log/log.js";
import type { Clock } from "../../runtime/clock.js";
import type { Store } from "../../store/store.js";
import { Admission } from "./admission.js";
import type { CommitRule } from "./commit-rule.js";
import type { Quota } from "../maintenance/quota.js";
import type { Completion } from "../node.js";
import type { SystemState } from "../system-state.js";
import { CommittedView, TipView } from "./tip-view.js";
import type { WatchHub } from "../watch/watch-hub.js";

/** A group that takes longer than this to apply is counted as slow, as etcd does. */
const SLOW_APPLY_MS = 100;

/**
 * A caller that waits: either its entry has `index`, or its answer shows the state at `index`. A class, as all that waits
 * for the log in great numbers: docs/decisions/0009.
 */
class Waiter {
  readonly index: LogIndex;
  readonly hasEntry: boolean;
  readonly done: Completion;
  readonly #error: T4Error | null;
  readonly #planned: Pick<Plan, "outcome"> | null;

  constructor(
    index: LogIndex,
    hasEntry: boolean,
    done: Completion,
    error: T4Error | null,
    planned: Pick<Plan, "outcome"> | null,
  ) {
    this.index = index;
    this.hasEntry = hasEntry;
    this.done = done;
    this.#error = error;
    this.#planned = planned;
  }

  answer(): void {
    this.done(this.#error, this.#planned === null ? null : this.#planned.outcome);
  }
}

export interface PipelineParts {
  readonly log: Log;
  readonly store: Store;
  readonly system: SystemState;
  readonly hub: WatchHub;
  readonly clock: Clock;
  readonly rule: Pick<CommitRule, "refusal" | "notLeading">;
  readonly quota: Pick<Quota, "refusal">;
  /** Called after each group, when all of it is visible and answered. */
  readonly committed: () => void;
  /** A command met a file that cannot be read, and is refused. */
  readonly damaged: (error: T4Error) => void;
  /** Reading or writing failed for good, or there is a bug: the node must stop. */
  readonly failed: (error: unknown) => void;
}

const noRows: readonly Row[] = [];

export class WritePipeline {
  readonly #log: Log;
  readonly #store: Store;
  readonly #system: SystemState;
  readonly #hub: WatchHub;
  readonly #clock: Clock;
  readonly #rule: Pick<CommitRule, "refusal" | "notLeading">;
  readonly #quota: Pick<Quota, "refusal">;
  readonly #committed: () => void;
  readonly #damaged: (error: T4Error) => void;
  readonly #failed: (error: unknown) => void;
  readonly #tip: TipView;
  readonly #visible: PlanView;
  readonly #uncommitted = new Queue<Entry>();
  /** In order of index: those before the first waiter have been answered. */
  readonly #waiters = new Queue<Waiter>();
  /** Answers that depend on nothing uncommitted: given at the end of this turn. */
  readonly #ready = new Queue<Waiter>();
  readonly #admission: Admission;
  readonly #settleBound = (): void => {
    this.#isSettling = false;
    this.#settle();
  };
  #isSettling = false;
  /** `propose` or a commit is on the stack: what becomes durable meanwhile is committed after. */
  #isBusy = false;
  #refusal: T4Error | null = null;
  #term: Term;
  #durableIndex: LogIndex;

  proposalsFailed = 0;
  slowApplies = 0;
  rowsPut = 0;
  rowsDeleted = 0;
  txns = 0;

  constructor(parts: PipelineParts) {
    this.#log = parts.log;
    this.#store = parts.store;
    this.#system = parts.system;
    this.#hub = parts.hub;
    this.#clock = parts.clock;
    this.#rule = parts.rule;
    this.#quota = parts.quota;
    this.#committed = parts.committed;
    this.#damaged = parts.damaged;
    this.#failed = parts.failed;
    this.#tip = new TipView(parts.store, parts.system);
    this.#visible = new CommittedView(parts.store, parts.system);
    this.#term = parts.log.tipTerm;
    this.#durableIndex = parts.store.committedIndex;
    this.#admission = new Admission({
      store: parts.store,
      clock: parts.clock,
      writes: {
        refusal: () => this.#writeRefusal(),
        enter: (command, done, caller) => {
          const refusal = this.#quota.refusal(command);
          if (refusal === null) {
            this.#plan(command, done, caller);
          } else {
            this.#fail(done, refusal);
          }
        },
      },
      reads: {
        refusal: () => this.#readRefusal(),
        enter: (command, done, caller) => {
          this.#read(command, done, caller);
        },
      },
      overload: () => this.#overload(),
      refuse: (done, error) => {
        this.#fail(done, error);
      },
      wake: this.#settleBound,
    });
  }

  get term(): Term {
    return this.#term;
  }

  /** Commands that are not answered yet. */
  get pending(): number {
    return this.#waiters.size + this.#ready.size + this.#admission.size;
  }

  /** Whether a lease exists at the tip: one whose revoke is planned does not. */
  leaseExists(lease: bigint): boolean {
    return this.#tip.leaseExists(lease);
  }

  /** Without a caller it is the program's own: what comes from the network is authorised when it is planned. */
  propose(command: Command, done: Completion, caller: Caller | null = null): void {
    const isRead = command.kind === "txn" && isReadOnly(command);
    const refusal = isRead ? this.#readRefusal() : this.#refuse(command);
    if (refusal !== null) {
      this.#fail(done, refusal);
      return;
    }
    if (command.kind === "txn") {
      this.txns += 1;
    }
    if (isRead) {
      if (!this.#admission.holdsRead(command, done, caller)) {
        this.#read(command, done, caller);
      }
    } else if (!this.#admission.holdsWrite(command, done, caller)) {
      this.#plan(command, done, caller);
    }
  }

  /** Space has been lost or found again, or the store has caught up: what was held goes on, or is refused. */
  admissionChanged(): void {
    // Not now: the store may be in the middle of a change.
    this.#settleSoon();
  }

  #plan(command: Command, done: Completion, caller: Caller | null): void {
    let planned;
    try {
      if (caller !== null) {
        authoriseCommand(this.#tip.auth, caller, command, this.#tip);
      }
      planned = plan(command, this.#tip);
    } catch (error) {
      // What it says of the state at the tip must not be known before that state is committed.
      this.#wait(false, done, this.#expected(error), null);
      return;
    }
    const hasEntry = planned.rows.length > 0 || planned.system !== null;
    if (hasEntry) {
      this.#append(planned.rows, planned.system);
    }
    this.#wait(hasEntry, done, null, planned);
  }

  /**
   * Begins a leadership: everything from here on carries `term`. With `raiseRevisionBy` above 0 none of the next
   * revisions is used, and everything before is compacted. `done` is called once that is committed.
   */
  startTerm(term: Term, node: string, raiseRevisionBy: number, done: Completion): void {
    this.#term = term;
    this.#append(noRows, { kind: "term-start", node });
    if (raiseRevisionBy > 0) {
      this.#append(noRows, { kind: "raise-revision", by: raiseRevisionBy });
    }
    this.#wait(true, done, null, null);
  }

  /** Everything up to `index` is to be committed: it survives. */
  durable(index: LogIndex): void {
    this.#durableIndex = index;
    if (this.#isBusy) {
      this.#settleSoon();
    } else {
      this.#settle();
    }
  }

  /** Tells those who wait for entries up to `index` that they have waited long enough. */
  timeOut(index: LogIndex): void {
    for (let each = this.#waiters.first(); each !== undefined; each = this.#waiters.first()) {
      if (each.index > index) {
        return;
      }
      this.#waiters.shift();
      this.proposalsFailed += 1;
      each.done(
        each.hasEntry
          ? new T4Error("T4_TIMEOUT", "the write is not acknowledged in time; it may still be")
          : new T4Error("T4_UNAVAILABLE", "what the answer would show is not committed in time"),
        null,
      );
    }
  }

  /** From now on commands are refused with `error`; those planned before are still answered. */
  refuse(error: T4Error): void {
    this.#refusal ??= error;
  }

  /** Nothing more will become durable: tells those who wait. */
  abandon(error: T4Error): void {
    this.refuse(error);
    this.#answerReady();
    const unknown = new T4Error(
      "T4_IO",
      `the node has stopped, and whether this was written is not known: ${error.message}`,
      { cause: error },
    );
    const unapplied = new T4Error("T4_UNAVAILABLE", `the node has stopped: ${error.message}`, {
      cause: error,
    });
    for (let each = this.#waiters.shift(); each !== undefined; each = this.#waiters.shift()) {
      this.proposalsFailed += 1;
      each.done(each.hasEntry ? unknown : unapplied, null);
    }
    this.#admission.abandon((done) => {
      this.proposalsFailed += 1;
      done(unapplied, null);
    });
  }

  /** Why no command that only reads is taken. */
  #readRefusal(): T4Error | null {
    return this.#refusal ?? this.#rule.notLeading();
  }

  /** Why no write is taken, whatever it is. */
  #writeRefusal(): T4Error | null {
    return this.#refusal ?? this.#noSpace() ?? this.#rule.refusal();
  }

  #refuse(command: Command): T4Error | null {
    return this.#writeRefusal() ?? this.#quota.refusal(command) ?? this.#overload();
  }

  /** Why nothing more can wait. */
  #overload(): T4Error | null {
    const isFull =
      this.#waiters.size + this.#admission.size >= PENDING_PROPOSALS_MAX ||
      this.#log.pendingBytes + this.#admission.bytes >= PENDING_BYTES_MAX;
    return isFull
      ? new T4Error("T4_UNAVAILABLE", "too many requests wait: try again, with fewer at once")
      : null;
  }

  #noSpace(): T4Error | null {
    return this.#log.hasSpace && this.#store.hasSpace
      ? null
      : new T4Error("T4_NO_SPACE", "the disk has no room for another write");
  }

  /** A transaction that writes nothing is a read of what is committed. */
  #read(command: Command, done: Completion, caller: Caller | null): void {
    try {
      if (caller !== null) {
        authoriseCommand(this.#visible.auth, caller, command, this.#visible);
      }
      this.#answerSoon(done, null, plan(command, this.#visible));
    } catch (error) {
      this.#answerSoon(done, this.#expected(error), null);
    }
  }

  #append(rows: readonly Row[], system: SystemEffect | null): void {
    const index = (this.#log.tipIndex + 1) as LogIndex;
    const revision = (this.#store.tipRevision + revisionStep({ rows, system })) as Revision;
    const entry = new PlannedEntry(index, this.#term, revision, rows, system);
    this.#isBusy = true;
    try {
      // First: it may end a segment before this entry, and the store must not hold the entry when it is told so.
      this.#log.append(entry);
      this.#store.append(entry);
      this.#system.append(entry);
      this.#tip.append(entry);
      this.#uncommitted.push(entry);
      if (this.#store.wantsSeal) {
        this.#log.seal();
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #wait(
    hasEntry: boolean,
    done: Completion,
    error: T4Error | null,
    planned: Pick<Plan, "outcome"> | null,
  ): void {
    const index = this.#log.tipIndex;
    this.#waiters.push(new Waiter(index, hasEntry, done, error, planned));
    if (index <= this.#durableIndex) {
      this.#settleSoon();
    }
  }

  /** Refuses a command. */
  #fail(done: Completion, error: T4Error): void {
    this.proposalsFailed += 1;
    this.#answerSoon(done, error, null);
  }

  #answerSoon(
    done: Completion,
    error: T4Error | null,
    planned: Pick<Plan, "outcome"> | null,
  ): void {
    this.#ready.push(new Waiter(0 as LogIndex, false, done, error, planned));
    this.#settleSoon();
  }

  #settleSoon(): void {
    if (!this.#isSettling) {
      this.#isSettling = true;
      queueMicrotask(this.#settleBound);
    }
  }

  /** Commits what is durable and answers whom that concerns. Completions may propose again. */
  #settle(): void {
    if (this.#isBusy) {
      return;
    }
    this.#admission.admit();
    this.#answerReady();
    while (this.#uncommitted.size > 0 && this.#store.committedIndex < this.#durableIndex) {
      const startMs = this.#clock.monotonicMs();
      this.#isBusy = true;
      try {
        this.#commitGroup(startMs);
      } catch (error) {
        this.#failed(error);
        return;
      } finally {
        this.#isBusy = false;
      }
      if (this.#clock.monotonicMs() - startMs > SLOW_APPLY_MS) {
        this.slowApplies += 1;
      }
      this.#answerWaiters();
      this.#committed();
    }
    this.#answerWaiters();
  }

  #commitGroup(nowMs: number): void {
    const uncommitted = this.#uncommitted;
    for (;;) {
      const entry = uncommitted.first();
      if (entry === undefined || entry.index > this.#durableIndex) {
        break;
      }
      uncommitted.shift();
      const compactRevision = compactedBy(entry);
      if (compactRevision !== null) {
        // Watchers are shown what came before while the rows it replaced can still be looked up.
        this.#hub.deliver();
      }
      this.#system.commit(entry, nowMs);
      this.#store.commit(entry);
      for (const row of entry.rows) {
        if (row.isTombstone) {
          this.rowsDeleted += 1;
        } else {
          this.rowsPut += 1;
        }
        this.#hub.publish(row);
      }
      if (compactRevision !== null) {
        this.#hub.compacted(compactRevision);
      }
    }
    this.#log.noteCommitted(this.#store.committedIndex);
    this.#hub.deliver();
  }

  #answerWaiters(): void {
    for (;;) {
      const waiter = this.#waiters.first();
      if (waiter === undefined || waiter.index > this.#store.committedIndex) {
        return;
      }
      this.#waiters.shift();
      waiter.answer();
    }
  }

  #answerReady(): void {
    for (let each = this.#ready.shift(); each !== undefined; each = this.#ready.shift()) {
      each.answer();
    }
  }

  /** Whatever is no T4Error is a bug, and nobody's answer. */
  #expected(error: unknown): T4Error {
    if (!(error instanceof T4Error)) {
      throw error;
    }
    this.#damaged(error);
    return error;
  }
}
