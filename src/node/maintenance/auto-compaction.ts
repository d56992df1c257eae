// Compacts by itself, exactly as etcd's --auto-compaction-mode and -retention: either what is older than a period, or all
// but a number of revisions (server/etcdserver/api/v3compactor in etcd).
import type { Command } from "../../core/command.js";
import type { Revision } from "../../core/words.js";
import type { Clock, Timer } from "../../runtime/clock.js";
import type { Logger } from "../../runtime/logger.js";
import type { Completion } from "../node.js";

export type AutoCompaction =
  | { readonly mode: "periodic"; readonly periodMs: number }
  | { readonly mode: "revision"; readonly revisions: number };

export interface AutoCompactorParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly revision: () => Revision;
  /** Only who leads compacts. */
  readonly isLeading: () => boolean;
  readonly propose: (command: Command, done: Completion) => void;
}

const HOUR_MS = 3_600_000;
/** The revision is written down, and a compaction that failed tried again, so many times in a period, or in an hour. */
const LOOKS_PER_PERIOD = 10;
const REVISION_INTERVAL_MS = 5 * 60_000;

export class AutoCompactor {
  readonly #parts: AutoCompactorParts;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(settings: AutoCompaction, parts: AutoCompactorParts) {
    this.#parts = parts;
    if (settings.mode === "periodic") {
      this.#compactPeriodically(settings.periodMs);
    } else {
      this.#compactAllBut(settings.revisions);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** At the end of each interval what was there a period ago is compacted: hourly, or each period if that is shorter. */
  #compactPeriodically(periodMs: number): void {
    const { clock, revision, isLeading } = this.#parts;
    const intervalMs = Math.min(periodMs, HOUR_MS);
    const lookMs = intervalMs / LOOKS_PER_PERIOD;
    const looksKept = Math.floor(periodMs / lookMs) + 1;
    /** The first is the revision a period ago, once there are so many. */
    const revisions: Revision[] = [];
    let lastSuccessMs = clock.monotonicMs();
    let waitMs = periodMs;
    const look = (): void => {
      revisions.push(revision());
      if (revisions.length > looksKept) {
        revisions.shift();
      }
      this.#after(lookMs, () => {
        const [oldest] = revisions;
        const isDue = clock.monotonicMs() - lastSuccessMs >= waitMs;
        if (!isLeading() || !isDue || oldest === undefined) {
          look();
          return;
        }
        waitMs = intervalMs;
        this.#compact(oldest, (isDone) => {
          if (isDone) {
            lastSuccessMs = clock.monotonicMs();
          }
          look();
        });
      });
    };
    look();
  }

  #compactAllBut(kept: number): void {
    const { revision, isLeading } = this.#parts;
    let last = 0;
    const wait = (): void => {
      this.#after(REVISION_INTERVAL_MS, () => {
        const target = revision() - kept;
        if (!isLeading() || target <= 0 || target === last) {
          wait();
          return;
        }
        this.#compact(target as Revision, (isDone) => {
          last = isDone ? target : last;
          wait();
        });
      });
    };
    wait();
  }

  #compact(revision: Revision, done: (isDone: boolean) => void): void {
    const { logger, propose } = this.#parts;
    propose({ kind: "compact", revision }, (error) => {
      const isDone = error === null || error.code === "T4_COMPACTED";
      if (error === null) {
        logger.info("compacted by itself", { revision });
      } else if (!isDone) {
        logger.warn("compacting by itself failed; it is tried again", { revision, error });
      }
      done(isDone);
    });
  }

  #after(delayMs: number, run: () => void): void {
    if (!this.#isStopped) {
      this.#timer = this.#parts.clock.after(delayMs, () => {
        this.#timer = null;
        if (!this.#isStopped) {
          run();
        }
      });
    }
  }
}
