// The embedded API: `import { open } from "t4db"`. Loads neither the server nor a client of an object store.
export { open } from "./embedded/open.js";
export {
  fork,
  listBranches,
  makeRestorePoint,
  restore,
  unfork,
  type Branch,
  type BranchInfo,
  type ForkOptions,
  type MadeRestorePoint,
  type PinnedState,
  type RestoredDirectory,
  type RestoreOptions,
  type RestorePointOptions,
  type StoreOptions,
  type UnforkOptions,
} from "./embedded/without-opening.js";
export type { OpenConfig } from "./embedded/config.js";
export type { KeySelector } from "./embedded/arguments.js";
export type {
  Checkpoint,
  ConditionalResult,
  ConsistencyOption,
  Db,
  DbStatus,
} from "./embedded/db.js";
export type { Bytes, ValueEncoding } from "./embedded/encoding.js";
export type { Change, DeleteChange, KeyInfo, KeyValue, PutChange } from "./embedded/key-value.js";
export type { Lease, Leases, LeaseStatus } from "./embedded/leases.js";
export type {
  DeleteOptions,
  KeepValueOptions,
  ListOptions,
  PutOptions,
  PutValueOptions,
  ReadOptions,
} from "./embedded/operations.js";
export {
  compare,
  op,
  type Comparisons,
  type Condition,
  type ConditionResult,
  type CountOp,
  type DeleteOp,
  type DeleteResult,
  type GetOp,
  type ListOp,
  type ListResult,
  type Op,
  type OpResult,
  type OpResults,
  type Ops,
  type PutOp,
  type PutResult,
  type TxnOp,
  type TxnRequest,
  type TxnResult,
  type ValueComparisons,
} from "./embedded/txn.js";
export type { Watch, WatchBatch, WatchOptions } from "./embedded/watch.js";
export { T4Error, type T4ErrorCode } from "./core/errors.js";
export type { Logger, LogFields } from "./runtime/logger.js";
export type { Consistency } from "./node/node.js";
export type {
  ArchiveSettings,
  BranchSettings,
  NoPoint,
  PinnedRestore,
  PointInHistory,
  RestorePoint,
} from "./node/archive/archive-settings.js";
export type { RestoreProgress } from "./checkpoint/restore/restore.js";
export type { ObjectStore } from "./object/object-store.js";
