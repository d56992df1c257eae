// The decision: command × view at the tip → the rows and effects of an entry, and the answer for the caller.
// Pure and synchronous: what it returns depends on its arguments alone, and since nothing else runs meanwhile, planning
// is the write lock.
import type { Command, Outcome } from "./command.js";
import type { SystemEffect } from "./entry.js";
import type { Row } from "./row.js";
import type { PlanView } from "./view.js";

export interface Plan {
  /** What the entry changes; no rows and no effect means that no entry is needed. */
  readonly rows: readonly Row[];
  readonly system: SystemEffect | null;
  readonly outcome: Outcome;
}

/** Throws a T4Error for a command that must not be applied; then nothing changes. */
export declare function plan(command: Command, view: PlanView): Plan;
