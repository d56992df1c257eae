// The time in which a node leads: how it begins, with the first entry of its term, and what runs only while it lasts:
// leases run out, the quota is watched, history is compacted.
// Must never: begin what only a leader does before its term has started.
import type { T4Error } from "../../core/errors.js";
import { assert } from "../../lib/assert.js";
import type { Log } from "../../log/log.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Store } from "../../store/store.js";
import type { CommitRule, CommitRuleListener } from "../write/commit-rule.js";
import type { Identity } from "../directory/identity.js";
import type { Lessor } from "../lease/lessor.js";
import { AutoCompactor, type AutoCompaction } from "../maintenance/auto-compaction.js";
import type { Quota } from "../maintenance/quota.js";
import type { Completion } from "../node.js";
import type { WritePipeline } from "../write/write-pipeline.js";

/** How often a node that starts looks whether the disk is full. */
const SPACE_POLL_MS = 20;

export interface LeadershipParts {
  readonly identity: Pick<Identity, "nodeId">;
  readonly log: Pick<Log, "tipTerm" | "hasSpace">;
  readonly store: Pick<Store, "committedRevision">;
  readonly rule: Pick<CommitRule, "term" | "raiseRevisionBy" | "start">;
  /** By how much the directory asks the revision to be raised, whatever the rule does. */
  readonly raiseRevisionBy?: number;
  readonly pipeline: Pick<WritePipeline, "startTerm" | "propose">;
  readonly lessor: Pick<Lessor, "start" | "stop">;
  readonly quota: Pick<Quota, "start" | "stop">;
  readonly autoCompaction?: AutoCompaction | null;
  readonly runtime: Pick<Runtime, "clock" | "logger">;
  /** What made the node stop by itself; null if nothing did. */
  readonly stoppedBy: () => T4Error | null;
}

export class Leadership {
  readonly #parts: LeadershipParts;
  #compactor: AutoCompactor | null = null;
  #isLeading = false;
  #hasEnded = false;
  #begun = 0;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** How many of them began in this life of the node. */
  get begun(): number {
    return this.#begun;
  }

  /**
   * Starts the rule and writes the first entry of its term. Resolves once that is committed; while the disk is full it
   * does not wait, and the entry is written when there is room. To be called once.
   */
  async startTerm(listener: CommitRuleListener): Promise<void> {
    const { identity, log, rule, raiseRevisionBy = 0, pipeline, stoppedBy } = this.#parts;
    assert(rule.term > log.tipTerm, "a leadership has a term of its own");
    rule.start(listener);
    const committed = new Promise<void>((resolve, reject) => {
      const done: Completion = (error) => {
        if (error === null) {
          resolve();
        } else {
          // Whether the term's first entry was written concerns nobody: what made the node stop does.
          reject(stoppedBy() ?? error);
        }
      };
      const raiseBy = Math.max(rule.raiseRevisionBy, raiseRevisionBy);
      pipeline.startTerm(rule.term, identity.nodeId, raiseBy, done);
    });
    const isOver = new AbortController();
    try {
      await Promise.race([committed, this.#outOfSpace(isOver.signal)]);
    } finally {
      isOver.abort();
    }
  }

  /** Begins what only a leader does, unless the node has ended meanwhile. To be called once, when the term has started. */
  begin(): void {
    if (this.#hasEnded) {
      return;
    }
    const { lessor, quota } = this.#parts;
    this.#isLeading = true;
    this.#begun += 1;
    lessor.start();
    quota.start();
    this.#startCompactor();
  }

  end(): void {
    this.#isLeading = false;
    this.#hasEnded = true;
    this.#parts.lessor.stop();
    this.#parts.quota.stop();
    this.#compactor?.stop();
  }

  #startCompactor(): void {
    const { autoCompaction = null, store, pipeline, runtime } = this.#parts;
    if (autoCompaction !== null) {
      this.#compactor = new AutoCompactor(autoCompaction, {
        clock: runtime.clock,
        logger: runtime.logger,
        revision: () => store.committedRevision,
        isLeading: () => this.#isLeading,
        propose: (command, done) => {
          pipeline.propose(command, done);
        },
      });
    }
  }

  /** Resolves when the log has no space, or when the signal is aborted. */
  async #outOfSpace(signal: AbortSignal): Promise<void> {
    const { log, runtime } = this.#parts;
    while (log.hasSpace && !signal.aborted) {
      await new Promise<void>((resolve) => {
        runtime.clock.after(SPACE_POLL_MS, resolve);
      });
    }
  }
}
