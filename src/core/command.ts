// What callers ask to be changed, and what they are told. Commands are plain data; `plan` turns one into an entry.
import type { Alarm } from "./alarm.js";
import type { AuthChange } from "./auth/auth-change.js";
import type { KeyRange } from "./range/key-range.js";
import type { Row } from "./row.js";
import type { Key, LeaseId, Revision } from "./words.js";

export interface PutOperation {
  readonly kind: "put";
  readonly key: Key;
  readonly value: Uint8Array;
  readonly lease: LeaseId;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

/** A put that may wait for the log (docs/decisions/0009). */
export class PutCommand implements PutOperation {
  readonly kind = "put";
  readonly key: Key;
  readonly value: Uint8Array;
  readonly lease: LeaseId;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;

  constructor(
    key: Key,
    value: Uint8Array,
    lease: LeaseId,
    prevKv: boolean,
    ignoreValue: boolean,
    ignoreLease: boolean,
  ) {
    this.key = key;
    this.value = value;
    this.lease = lease;
    this.prevKv = prevKv;
    this.ignoreValue = ignoreValue;
    this.ignoreLease = ignoreLease;
  }
}

export interface DeleteRangeOperation {
  readonly kind: "delete-range";
  readonly range: KeyRange;
  readonly prevKv: boolean;
}

export type SortTarget = "key" | "version" | "create" | "mod" | "value";

export interface Sort {
  readonly target: SortTarget;
  readonly descending: boolean;
  /**
   * What etcd does when asked for a target but no order: of the first limit + 1 keys, sorted, it returns `limit`. Has no
   * effect together with filters.
   */
  readonly limitFirst?: boolean;
}

/** A read, as etcd's RangeRequest after validation. */
export interface RangeOperation {
  readonly kind: "range";
  readonly range: KeyRange;
  /** 0 or less: the current one. */
  readonly revision: number;
  /** Most rows to return; 0 or less: all. */
  readonly limit: number;
  readonly sort: Sort | null;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  /** Inclusive bounds; 0: none. They filter what is returned, not what is counted. */
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
}

export type CompareResult = "equal" | "greater" | "less" | "not-equal";

/** One condition of a transaction: every key in the range must satisfy it; an empty range compares a zero row. */
export type Compare = { readonly range: KeyRange; readonly result: CompareResult } & (
  | { readonly target: "version" | "create" | "mod"; readonly operand: number }
  | { readonly target: "value"; readonly operand: Uint8Array }
  | { readonly target: "lease"; readonly operand: LeaseId }
);

export interface TxnOperation {
  readonly kind: "txn";
  readonly compares: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type Operation = PutOperation | DeleteRangeOperation | RangeOperation | TxnOperation;

export type Command =
  | PutOperation
  | DeleteRangeOperation
  | TxnOperation
  | { readonly kind: "compact"; readonly revision: number }
  /** The caller chooses the id (a random one if its client sent 0). */
  | { readonly kind: "lease-grant"; readonly lease: LeaseId; readonly ttlSeconds: number }
  | { readonly kind: "lease-revoke"; readonly lease: LeaseId }
  | ({ readonly kind: "alarm"; readonly isRaised: boolean } & Alarm)
  /** To a version of etcd; the empty one cancels. */
  | { readonly kind: "downgrade"; readonly target: string }
  | { readonly kind: "auth"; readonly change: AuthChange };

export interface PutOutcome {
  readonly kind: "put";
  readonly revision: Revision;
  /** The row before, if it was asked for and there was one. */
  readonly previous: Row | null;
}

export interface DeleteRangeOutcome {
  readonly kind: "delete-range";
  readonly revision: Revision;
  readonly deleted: number;
  readonly previous: readonly Row[];
}

export interface RangeOutcome {
  readonly kind: "range";
  /** The revision for the header: the store's current one, which is not always the one read. */
  readonly revision: Revision;
  readonly rows: readonly Row[];
  /** Rows carry keys and numbers, but their values are not to be shown. */
  readonly keysOnly: boolean;
  /** All keys in the range at the revision read, whatever limit and filters. */
  readonly count: number;
  readonly more: boolean;
}

export interface TxnOutcome {
  readonly kind: "txn";
  readonly revision: Revision;
  readonly succeeded: boolean;
  readonly responses: readonly OperationOutcome[];
}

export type OperationOutcome = PutOutcome | DeleteRangeOutcome | RangeOutcome | TxnOutcome;

export type Outcome =
  | PutOutcome
  | DeleteRangeOutcome
  | TxnOutcome
  | { readonly kind: "compact"; readonly revision: Revision }
  | {
      readonly kind: "lease-grant";
      readonly revision: Revision;
      readonly lease: LeaseId;
      /** As granted: never below the minimum. */
      readonly ttlSeconds: number;
    }
  | { readonly kind: "lease-revoke"; readonly revision: Revision }
  | {
      readonly kind: "alarm";
      readonly revision: Revision;
      /** The alarm raised, by this command or before, or lowered; null if there was none to lower. */
      readonly alarm: Alarm | null;
    }
  | { readonly kind: "downgrade"; readonly revision: Revision }
  | { readonly kind: "auth"; readonly revision: Revision };
