// An entry is one atomic change in the log. It holds the outcome of a command, not the command: applying it needs no
// decision, so every replica and every restart ends in the same state.
import type { Alarm } from "./alarm.js";
import type { AuthChange } from "./auth/auth-change.js";
import type { Row } from "./row.js";
import type { LeaseId, LogIndex, Revision, Term } from "./words.js";

/** What an entry changes beside keys. */
export type SystemEffect =
  | { readonly kind: "lease-grant"; readonly lease: LeaseId; readonly ttlSeconds: number }
  /** The rows of the same entry delete the lease's keys. */
  | { readonly kind: "lease-revoke"; readonly lease: LeaseId }
  | { readonly kind: "compact"; readonly revision: Revision }
  /** The first entry of a leadership. */
  | { readonly kind: "term-start"; readonly node: string }
  /**
   * Raises the revision and compacts everything before: after a restore that may lack revisions which clients have seen,
   * none of them is used again, and watchers from them are told.
   */
  | { readonly kind: "raise-revision"; readonly by: number }
  | ({ readonly kind: "alarm"; readonly isRaised: boolean } & Alarm)
  /** To a version of etcd; the empty one cancels it. */
  | { readonly kind: "downgrade"; readonly target: string }
  | { readonly kind: "auth"; readonly change: AuthChange };

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  /** The store's revision after this entry: `revisionStep` more than before. */
  readonly revision: Revision;
  /** In order of the operations; sub-revisions 0, 1, 2 … Empty for an entry that changes no key. */
  readonly rows: readonly Row[];
  readonly system: SystemEffect | null;
}

/** An entry that will wait for the log (docs/decisions/0009). */
export class PlannedEntry implements Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly revision: Revision;
  readonly rows: readonly Row[];
  readonly system: SystemEffect | null;

  constructor(
    index: LogIndex,
    term: Term,
    revision: Revision,
    rows: readonly Row[],
    system: SystemEffect | null,
  ) {
    this.index = index;
    this.term = term;
    this.revision = revision;
    this.rows = rows;
    this.system = system;
  }
}

/** By how much an entry raises the revision: one if there are rows. */
export function revisionStep(entry: Pick<Entry, "rows" | "system">): number {
  if (entry.system?.kind === "raise-revision") {
    return entry.system.by;
  }
  return entry.rows.length > 0 ? 1 : 0;
}

/** The revision up to which an entry compacts, or null if it does not. */
export function compactedBy({ revision, system }: Entry): Revision | null {
  switch (system?.kind) {
    case "compact":
      return system.revision;
    case "raise-revision":
      return revision;
    default:
      return null;
  }
}
