// The rule of a node that leads with an object store beside its log. "archive": an entry is committed when its slot is won, so
// the loss of this machine loses nothing. "local": it is committed when the local log has it, and the archive follows; what a
// lost disk can lose is the part that has not followed yet.
// Must never: commit anything after another node has taken over, as far as this one can know.
import type { Archive } from "../../archive/archive.js";
import type { CheckpointRecord } from "../../archive/latest-manifest.js";
import type { CollectRequest, CollectResult } from "../../checkpoint/collection/collect.js";
import type { LeaderLock } from "../../election/leader-lock.js";
import type { AcknowledgeRule } from "../../election/lock-record.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Term } from "../../core/words.js";
import type { SealPoint } from "../../log/log.js";
import type { Clock, Timer } from "../../runtime/clock.js";
import type { Logger } from "../../runtime/logger.js";
import type { CommitRule, CommitRuleListener } from "../write/commit-rule.js";
import type { CheckpointKeeper } from "./checkpoint-keeper.js";

/** How often the time is looked at: a gap of several of these means that the whole process stood still. */
const TICK_MS = 1_000;
/** A process that stood still for longer asks who leads before it acknowledges anything. The lock's TTL is 10 s. */
const FROZEN_MS = 4_000;
/** How long the object store may be stuck before writes are refused instead of queued. */
const STALL_MS_MAX = 5_000;
/** How long closing waits for the end of the log to be archived. */
const DRAIN_MS_MAX = 10_000;
/** How long a caller waits at most for its entry to be archived: what etcd allows a request. */
const WAIT_MS_MAX = 7_000;

export interface ArchiveRuleParts {
  readonly rule: AcknowledgeRule;
  readonly archive: Pick<
    Archive,
    "archivedIndex" | "stalledSinceMs" | "offer" | "sealed" | "flush" | "close"
  >;
  readonly lock: Pick<LeaderLock, "term" | "isValid" | "confirm" | "release" | "close">;
  readonly keeper: Pick<CheckpointKeeper, "start" | "make" | "collect" | "close">;
  readonly raiseRevisionBy: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The store's URL, for messages. */
  readonly url: string;
}

interface Mark {
  readonly atMs: number;
  readonly index: LogIndex;
}

export class ArchiveRule implements CommitRule {
  readonly term: Term;
  readonly raiseRevisionBy: number;
  readonly #parts: ArchiveRuleParts;
  readonly #confirmsByArchive: boolean;
  #listener: CommitRuleListener | null = null;
  #durableIndex = 0 as LogIndex;
  #timer: Timer | null = null;
  #tickMs: number;
  /** Where the local log was at each tick, as far as it is not archived. */
  #marks: Mark[] = [];
  /** Asking who leads after standing still: nothing is committed meanwhile. */
  #isConfirming = false;
  #isOver = false;
  #failure: T4Error | null = null;
  /** Ends when what was asked last is answered. */
  #confirming: Promise<void> = Promise.resolve();

  constructor(parts: ArchiveRuleParts) {
    this.#parts = parts;
    this.term = parts.lock.term;
    this.raiseRevisionBy = parts.raiseRevisionBy;
    this.#confirmsByArchive = parts.rule === "archive";
    this.#tickMs = parts.clock.monotonicMs();
  }

  get releasedIndex(): LogIndex {
    return this.#parts.archive.archivedIndex;
  }

  start(listener: CommitRuleListener): void {
    this.#listener = listener;
    if (this.#failure !== null) {
      listener.failed(this.#failure);
      return;
    }
    this.#tickMs = this.#parts.clock.monotonicMs();
    this.#scheduleTick();
    this.#parts.keeper.start(async () => listener.gatherFiles());
  }

  async checkpoint(): Promise<CheckpointRecord> {
    return this.#parts.keeper.make();
  }

  async collect(request: CollectRequest): Promise<CollectResult> {
    return this.#parts.keeper.collect(request);
  }

  /** Resolves when the archive has all that is in the log now. */
  async wholeArchive(): Promise<void> {
    await this.#parts.archive.flush();
  }

  durable(index: LogIndex): void {
    this.#durableIndex = index;
    this.#parts.archive.offer(index);
    this.#noticeFreeze();
    if (!this.#confirmsByArchive) {
      this.#commitDurable();
    }
  }

  sealed(point: SealPoint): void {
    this.#parts.archive.sealed(point);
  }

  /** What the archive's listener is told. */
  archived(index: LogIndex): void {
    if (this.#isOver) {
      return;
    }
    this.#marks = this.#marks.filter((mark) => mark.index > index);
    if (this.#confirmsByArchive) {
      this.#listener?.committed(index);
    }
    this.#listener?.released(index);
  }

  /** Another node leads, or the archive is damaged. */
  failed(error: T4Error): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#failure = this.#withLoss(error);
      this.#listener?.failed(this.#failure);
    }
  }

  /** Whoever was replaced while it acknowledged by its own disk says what is on no other. */
  #withLoss(error: T4Error): T4Error {
    if (error.code !== "T4_FENCED" || this.#confirmsByArchive) {
      return error;
    }
    const { archivedIndex } = this.#parts.archive;
    const loss =
      this.#durableIndex > archivedIndex
        ? `entries ${archivedIndex + 1} to ${this.#durableIndex} may have been acknowledged, and are not known to be in the archive: ` +
          "keep the data directory for what it holds"
        : "everything it acknowledged is in the archive";
    return new T4Error(error.code, `${error.message}; ${loss}`, { cause: error });
  }

  refusal(): T4Error | null {
    if (!this.#confirmsByArchive) {
      return null;
    }
    const { archive, clock, url } = this.#parts;
    const since = archive.stalledSinceMs;
    return since === null || clock.monotonicMs() - since < STALL_MS_MAX
      ? null
      : new T4Error(
          "T4_UNAVAILABLE",
          `the object store ${url} does not take the log: writes are refused until it does`,
        );
  }

  notLeading(): T4Error | null {
    if (!this.#confirmsByArchive) {
      // A request may be heard before the timer that is late.
      this.#noticeFreeze();
    }
    const isLeading = this.#confirmsByArchive ? this.#parts.lock.isValid() : !this.#isConfirming;
    return isLeading && !this.#isOver
      ? null
      : new T4Error(
          "T4_UNAVAILABLE",
          `whether this node still leads cannot be told: the lock in ${this.#parts.url} is not renewed`,
        );
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const { archive, lock, keeper, logger, url } = this.#parts;
    await keeper.close();
    const isWhole = await this.#drain();
    if (!isWhole && !this.#isOver) {
      logger.warn(
        "the archive lacks the end of the log: start this directory again to complete it",
        {
          objectStore: url,
          archivedIndex: archive.archivedIndex,
          durableIndex: this.#durableIndex,
        },
      );
    }
    this.#isOver = true;
    await archive.close();
    await this.#confirming;
    if (isWhole) {
      // Nobody has to wait for the lock: whoever leads next finds everything in the archive.
      await lock.release();
    } else {
      await lock.close();
    }
  }

  /** Whether the archive has all of the log. */
  async #drain(): Promise<boolean> {
    if (this.#isOver) {
      return false;
    }
    const { archive, clock } = this.#parts;
    const isOver = new AbortController();
    try {
      return await Promise.race([
        archive.flush().then(
          () => true,
          () => false,
        ),
        clock.sleep(DRAIN_MS_MAX, isOver.signal).then(
          () => false,
          () => false,
        ),
      ]);
    } finally {
      isOver.abort();
    }
  }

  #scheduleTick(): void {
    this.#timer = this.#parts.clock.after(TICK_MS, () => {
      this.#noticeFreeze();
      this.#expireMarks();
      this.#scheduleTick();
    });
  }

  /** A process that was stopped and continued may have been replaced: it looks before it acknowledges. */
  #noticeFreeze(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const isFrozen = nowMs - this.#tickMs > FROZEN_MS;
    this.#tickMs = nowMs;
    if (isFrozen && !this.#confirmsByArchive && !this.#isConfirming && !this.#isOver) {
      this.#isConfirming = true;
      this.#parts.logger.warn("the process stood still: looking who leads before going on");
      this.#confirming = this.#confirm();
    }
  }

  async #confirm(): Promise<void> {
    // Another owner is reported by the lock itself; a store that cannot be reached stops nobody who writes locally.
    const answer = await this.#parts.lock.confirm();
    this.#isConfirming = false;
    if (answer.kind !== "other") {
      this.#commitDurable();
    }
  }

  #commitDurable(): void {
    if (!this.#isConfirming && !this.#isOver) {
      this.#listener?.committed(this.#durableIndex);
    }
  }

  /** Callers that have waited for the archive since before the bound are told so. */
  #expireMarks(): void {
    if (!this.#confirmsByArchive) {
      return;
    }
    const nowMs = this.#parts.clock.monotonicMs();
    const late = this.#marks.findLast((mark) => nowMs - mark.atMs >= WAIT_MS_MAX);
    if (late !== undefined) {
      this.#marks = this.#marks.filter((mark) => mark.index > late.index);
      this.#listener?.timedOut(late.index);
    }
    const newest = this.#marks.at(-1)?.index ?? this.#parts.archive.archivedIndex;
    if (this.#durableIndex > newest) {
      this.#marks.push({ atMs: nowMs, index: this.#durableIndex });
    }
  }
}
