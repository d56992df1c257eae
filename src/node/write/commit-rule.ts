// What decides, beside the local log, when an entry is committed and whether this node may serve: the rule under which it
// leads. Alone and without an object store the log decides, and the node always serves.
import type { CheckpointRecord } from "../../archive/latest-manifest.js";
import type { CollectRequest, CollectResult } from "../../checkpoint/collection/collect.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Term } from "../../core/words.js";
import type { SealPoint } from "../../log/log.js";
import type { HeldManifest } from "../../store/store.js";

/** What a rule tells its node. */
export interface CommitRuleListener {
  /** Everything up to `index` is committed. In order; may be called within `durable`. */
  committed(index: LogIndex): void;
  /** Callers that wait for entries up to `index` have waited long enough; the entries stay and may be committed later. */
  timedOut(index: LogIndex): void;
  /** Everything up to `index` need not be kept in the local log for the rule's sake any more. */
  released(index: LogIndex): void;
  /** Makes everything committed part of the store's files, and keeps those until they are released. */
  gatherFiles(): Promise<HeldManifest>;
  /** Another node leads, or there is damage: the node must stop and acknowledge nothing more. */
  failed(error: T4Error): void;
}

export interface CommitRule {
  /** The term to lead under, higher than any before. */
  readonly term: Term;
  /** By how much the revision is raised when the leadership begins; 0: not at all. */
  readonly raiseRevisionBy: number;
  /** Up to where the local log is needed by nobody but its own store. */
  readonly releasedIndex: LogIndex;
  /** To be called once, before anything else. */
  start(listener: CommitRuleListener): void;
  /** The local log has made everything up to `index` durable. */
  durable(index: LogIndex): void;
  /** The local log has ended a segment at its tip. */
  sealed(point: SealPoint): void;
  /** Why writes are refused before they are planned; null while they are not. */
  refusal(): T4Error | null;
  /** Why nothing that only a leader may answer is answered: linearizable reads, keepalive. Null while it is. */
  notLeading(): T4Error | null;
  /** Makes a checkpoint now. Throws T4_NO_OBJECT_STORE, T4_UNAVAILABLE, T4_CLOSED. */
  checkpoint(): Promise<CheckpointRecord>;
  /** Collects now what nothing needs any more in the object store. Throws as `checkpoint`. */
  collect(request: CollectRequest): Promise<CollectResult>;
  /** The log is closed: nothing more becomes durable. Ends what runs; never rejects. */
  close(): Promise<void>;
}

/** A node alone: durable is committed. */
export function aloneRule(term: Term): CommitRule {
  let tell: CommitRuleListener | null = null;
  return {
    term,
    raiseRevisionBy: 0,
    releasedIndex: Number.MAX_SAFE_INTEGER as LogIndex,
    start: (listener) => {
      tell = listener;
    },
    durable: (index) => tell?.committed(index),
    sealed: () => {},
    refusal: () => null,
    notLeading: () => null,
    checkpoint: async () =>
      Promise.reject(
        new T4Error(
          "T4_NO_OBJECT_STORE",
          "a checkpoint is made in an object store, and there is none",
        ),
      ),
    collect: async () =>
      Promise.reject(
        new T4Error("T4_NO_OBJECT_STORE", "there is no object store to collect anything in"),
      ),
    close: async () => Promise.resolve(),
  };
}
