// What every object store must do, as plain functions that need no test runner (`t4db/object-store-suite`): each store of
// ours runs all cases, and so can whoever brings one of their own.
//
//     for (const { name, run } of objectStoreCases()) {
//       test(name, () => run(async () => openMyStore(newEmptyPrefix())));
//     }
import { conditionCases } from "./suite/condition-cases.js";
import type { ObjectStoreCase } from "./suite/checks.js";
import { listCases } from "./suite/list-cases.js";
import { objectCases } from "./suite/object-cases.js";
import { versionCases } from "./suite/version-cases.js";

/** For tests of what stands on a store: it passes all cases. */
export { memoryObjectStore, type MemoryObjectStoreOptions } from "./memory-object-store.js";
export type { ObjectStoreCase } from "./suite/checks.js";
export {
  OBJECT_KEY_BYTES_MAX,
  OBJECT_SEGMENT_BYTES_MAX,
  ObjectStoreError,
  type ByteRange,
  type CallOptions,
  type ObjectInfo,
  type ObjectSource,
  type ObjectStore,
  type ObjectStoreErrorCode,
  type ObjectTag,
  type ObjectVersion,
  type ObjectVersions,
  type PutCondition,
  type PutOutcome,
  type StoredObject,
} from "./object-store.js";

/**
 * Every case wants an empty store of its own, reached by the network or not; 1,500 small objects and one of 20 MiB. Those
 * of versions hold for every store: one that keeps none must say so.
 */
export function objectStoreCases(): readonly ObjectStoreCase[] {
  return [...objectCases, ...conditionCases, ...listCases, ...versionCases];
}
