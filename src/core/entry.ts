// An entry is one atomic change in the log. It holds the outcome of a command, not the command: applying it needs no
// decision, so every replica and every restart ends in the same state.
import type { Row } from "./row.js";
import type { LeaseId, LogIndex, Revision, Term } from "./words.js";

/** What an entry changes beside keys. */
export type SystemEffect =
  | { readonly kind: "lease-grant"; readonly lease: LeaseId; readonly ttlSeconds: number }
  /** The rows of the same entry delete the lease's keys. */
  | { readonly kind: "lease-revoke"; readonly lease: LeaseId }
  | { readonly kind: "compact"; readonly revision: Revision }
  /** The first entry of a leadership. */
  | { readonly kind: "term-start"; readonly node: string };

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  /** The store's revision after this entry: one more than before iff there are rows. */
  readonly revision: Revision;
  /** In order of the operations; sub-revisions 0, 1, 2 … Empty for an entry that changes no key. */
  readonly rows: readonly Row[];
  readonly system: SystemEffect | null;
}
