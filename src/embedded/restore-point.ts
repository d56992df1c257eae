// Making a restore point in this process. What it is made with is loaded with the first one.
import { silentLogger } from "../runtime/logger.js";
import type { MadeRestorePoint, RestorePointOptions } from "../node/archive/make-restore-point.js";

/**
 * Makes a restore point of a database in an object store, which may be running or not: a document that names, for one state,
 * every object that restoring it needs in the version that the bucket keeps. It holds as long as the bucket keeps those
 * versions, whatever T4's own collection or anybody else deletes or overwrites. Needs a bucket with versioning. Writes
 * nothing; reads the log since the last checkpoint before that state.
 *
 * @throws T4Error T4_OBJECT_STORE_UNUSABLE if the bucket keeps no versions, T4_NOT_RETAINED, T4_FUTURE_REVISION,
 *   T4_INVALID_ARGUMENT, T4_BRANCH_REMOVED, T4_CORRUPT, T4_UNAVAILABLE, T4_CANCELLED
 * @example
 * const { document } = await makeRestorePoint({ objectStore: "s3://bucket/prod/" });
 * // Later, into a new prefix:
 * await using db = await open({
 *   dataDir: "./restored",
 *   objectStore: "s3://bucket/restored/",
 *   restore: { restorePoint: document },
 * });
 */
export async function makeRestorePoint(options: RestorePointOptions): Promise<MadeRestorePoint> {
  const [{ makeRestorePointWith }, { systemRuntime }] = await Promise.all([
    import("../node/archive/make-restore-point.js"),
    import("../runtime/system-runtime.js"),
  ]);
  return makeRestorePointWith(options, systemRuntime({ logger: silentLogger }));
}
