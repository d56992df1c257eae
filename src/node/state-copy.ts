// All that is committed at one moment, to be copied row by row while the node goes on.
import type { AuthState } from "../core/auth/auth-state.js";
import type { Row } from "../core/row.js";
import type { LeaseId, LogIndex, Revision, Term } from "../core/words.js";

/** Must be closed: it keeps files that the store would remove. */
export interface StateCopy {
  readonly index: LogIndex;
  readonly term: Term;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** With the time they were granted for. */
  readonly leases: readonly { readonly id: LeaseId; readonly ttlSeconds: number }[];
  readonly auth: AuthState;
  /**
   * The next row of all that compaction left up to `revision`, in the order of revisions; null at the end. Throws T4_CLOSED
   * when the node has closed meanwhile: what was read then is not all.
   */
  nextRow(): Row | null;
  /** Resolves when a reader of much may go on: others come first. Rejects with T4_CLOSED. */
  nextTurn(): Promise<void>;
  close(): void;
}
