// What can be done with a database in an object store without opening it: branches, restore points, and a directory restored
// from it. What that is made of is loaded at the first call.
import type { HistoryTarget } from "../checkpoint/restore/history.js";
import type { RestoreProgress } from "../checkpoint/restore/restore.js";
import { T4Error } from "../core/errors.js";
import type { NoPoint, PointInHistory } from "../node/archive/archive-settings.js";
import type { StoreContext } from "../node/offline/store-session.js";
import type { ObjectStore } from "../object/object-store.js";
import type { Logger } from "../runtime/logger.js";
import type { Runtime } from "../runtime/runtime.js";
import { utf8 } from "../lib/bytes.js";
import { wholeNumber } from "./arguments.js";

export interface StoreOptions {
  /** The database's object store: a URL (file:///directory, s3://bucket/prefix), or a store that is open. */
  readonly store: string | ObjectStore;
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Where to log; by default nowhere. */
  readonly logger?: Logger;
}

/** A moment of a database's history; without one it is the newest. */
type AtPoint = PointInHistory | NoPoint;

export type ForkOptions = StoreOptions &
  AtPoint & {
    /** Letters, digits, ".", "_" and "-", at most 64. */
    readonly branchId: string;
    /** Where the branch's objects go in the same store, relative to the database's; by default `branch/<branchId>/`. */
    readonly path?: string;
  };

export type UnforkOptions = StoreOptions & { readonly branchId: string };

export interface Branch {
  readonly branchId: string;
  /** What `open` takes as its `objectStore`. */
  readonly url: string;
  readonly clusterId: bigint;
  /** Where the branch begins. */
  readonly revision: number;
}

export interface BranchInfo {
  readonly branchId: string;
  readonly url: string;
  /** Where the branch begins. */
  readonly revision: number;
  readonly created: Date;
  /** "unfinished": a fork runs, or was interrupted; "removing": the same of `unfork`, which is simply called again. */
  readonly state: "ready" | "unfinished" | "removing";
}

export type RestorePointOptions = StoreOptions & AtPoint;

export interface MadeRestorePoint {
  /** To be kept, outside the bucket if a mistake there is to be survived. What `restore` and `open` take. */
  readonly document: string;
  readonly revision: number;
  /** When its last entry was written; null if it has none. */
  readonly time: Date | null;
  /** What the bucket has to keep. */
  readonly objects: number;
  readonly bytes: number;
}

/** What a restore point names. */
export interface PinnedState extends Omit<StoreOptions, "store">, NoPoint {
  /** The document that `makeRestorePoint` or `t4 restore point` has made. */
  readonly restorePoint: string | Uint8Array;
  /** The object store that has the versions, if it is another than where the point was made: a replica of the bucket. */
  readonly store?: string | ObjectStore;
}

export type RestoreOptions = (PinnedState | (StoreOptions & AtPoint & NotPinned)) & {
  /** A directory that is empty or does not exist. */
  readonly dataDir: string;
  /**
   * By how much the first `open` raises the revision, marking all before it as compacted, so that watchers that knew a later
   * state notice; by default 0.
   */
  readonly bumpRevision?: number;
  readonly onProgress?: (progress: RestoreProgress) => void;
};

interface NotPinned {
  readonly restorePoint?: never;
}

export interface RestoredDirectory {
  readonly revision: number;
  /** When its last entry was written; null if it has none. */
  readonly time: Date | null;
  /** Damaged checkpoints that were done without, and why. */
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
}

/**
 * Makes a branch: a database of its own whose history begins in another's, without a copy. Open it with its `url`.
 *
 * @throws T4Error T4_INVALID_ARGUMENT, T4_BRANCH_EXISTS, T4_NOT_RETAINED, T4_FUTURE_REVISION, T4_BRANCH_REMOVED, T4_CORRUPT,
 *   T4_OBJECT_STORE_UNUSABLE, T4_UNAVAILABLE
 * @example
 * const { url } = await fork({ store: "file:///srv/t4", branchId: "experiment", revision: 42 });
 * await using branch = await open({ dataDir: "./experiment", objectStore: url });
 */
export async function fork(options: ForkOptions): Promise<Branch> {
  const { branchId, path } = options;
  return inStore(options, async ({ context, runtime, historyTarget }) => {
    const { fork: forkStore } = await import("../checkpoint/branch/fork.js");
    const { url, clusterId, revision } = await forkStore({
      context,
      branchId,
      target: historyTarget(options),
      ...(path === undefined ? {} : { path }),
      logger: runtime.logger,
    });
    return { branchId, url, clusterId, revision };
  });
}

/**
 * Removes a branch with all that is its own. Waits some seconds if a node may run on it.
 *
 * @throws T4Error T4_BRANCH_NOT_FOUND, T4_BRANCH_IN_USE, T4_CORRUPT, T4_OBJECT_STORE_UNUSABLE, T4_UNAVAILABLE
 * @example
 * await unfork({ store: "file:///srv/t4", branchId: "experiment" });
 */
export async function unfork(options: UnforkOptions): Promise<void> {
  await inStore(options, async ({ context, runtime }) => {
    const { unforkBranch } = await import("../node/offline/branches.js");
    await unforkBranch(context, options.branchId, runtime);
  });
}

/**
 * A database's branches, by name.
 *
 * @throws T4Error T4_CORRUPT, T4_FORMAT_TOO_NEW, T4_OBJECT_STORE_UNUSABLE, T4_UNAVAILABLE
 */
export async function listBranches(options: StoreOptions): Promise<BranchInfo[]> {
  return inStore(options, async ({ context: { store } }) => {
    const { listBranches: list } = await import("../checkpoint/branch/list-branches.js");
    const listed = await list(store);
    return listed.map(({ branchId, url, revision, createdMs, state }) => ({
      branchId,
      url,
      revision,
      created: new Date(createdMs),
      state,
    }));
  });
}

/**
 * Makes a restore point of a database, which may be running: a document that names, for one state, every object that
 * restoring it needs in the version that the bucket keeps. It holds as long as the bucket keeps those versions, whatever T4's
 * own collection or anybody else deletes or overwrites. Needs a bucket with versioning. Writes nothing; reads the log behind the
 * last checkpoint before that state.
 *
 * @throws T4Error T4_OBJECT_STORE_UNUSABLE if the bucket keeps no versions, T4_NOT_RETAINED, T4_FUTURE_REVISION,
 *   T4_INVALID_ARGUMENT, T4_BRANCH_REMOVED, T4_CORRUPT, T4_UNAVAILABLE
 * @example
 * const { document } = await makeRestorePoint({ store: "s3://bucket/prod/" });
 * // Later, into a new prefix:
 * await using db = await open({
 *   dataDir: "./restored",
 *   objectStore: "s3://bucket/restored/",
 *   restore: { restorePoint: document },
 * });
 */
export async function makeRestorePoint(options: RestorePointOptions): Promise<MadeRestorePoint> {
  return inStore(options, async ({ context, historyTarget }) => {
    const { makePinnedPoint } = await import("../checkpoint/pinned/make-pinned-point.js");
    const { encodePinnedPoint } = await import("../checkpoint/pinned/pinned-point.js");
    const point = await makePinnedPoint(context, historyTarget(options));
    const body = encodePinnedPoint(point);
    return {
      document: utf8(body, 0, body.length),
      revision: point.revision,
      time: point.index === 0 ? null : new Date(point.wallMs),
      objects: point.objects.length,
      bytes: point.objects.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

/**
 * Makes a data directory from what the object store holds, or of what a restore point names, as a database of its own that
 * needs no object store.
 *
 * @throws T4Error T4_INVALID_ARGUMENT, T4_DATA_DIR_UNUSABLE, T4_NOT_RETAINED, T4_FUTURE_REVISION, T4_CORRUPT, T4_NO_SPACE,
 *   T4_IO, T4_OBJECT_STORE_UNUSABLE, T4_UNAVAILABLE
 * @example
 * await restore({ store: "file:///srv/t4", dataDir: "./yesterday", time: new Date("2026-05-04T12:30:00Z") });
 * await using db = await open({ dataDir: "./yesterday" });
 */
export async function restore(options: RestoreOptions): Promise<RestoredDirectory> {
  const { dataDir, bumpRevision, onProgress } = options;
  const raiseRevisionBy = wholeNumber("bumpRevision", bumpRevision, 0, 0);
  const pinned = await pinnedOf(options);
  const store = options.store ?? pinned?.url;
  if (store === undefined) {
    throw new T4Error("T4_INVALID_ARGUMENT", "restore() takes a store, or a restorePoint");
  }
  const from = { ...options, store };
  return inStore(from, async ({ context, runtime, historyTarget }) => {
    const { restoreDirectory } = await import("../node/offline/restored-directory.js");
    const { signal } = context;
    const state = pinned?.in(context.store) ?? {
      store: context.store,
      target: historyTarget(options),
    };
    const { revision, index, wallMs, skipped } = await restoreDirectory({
      ...state,
      runtime,
      directory: dataDir,
      nodeId: null,
      raiseRevisionBy,
      signal,
      ...(onProgress === undefined ? {} : { progress: onProgress }),
    });
    return { revision, time: index === 0 ? null : new Date(wallMs), skipped };
  });
}

/** Where a restore point was made, and how it is read there. */
interface Pinned {
  readonly url: string;
  in(store: ObjectStore): { readonly store: ObjectStore; readonly target: HistoryTarget };
}

async function pinnedOf(options: RestoreOptions): Promise<Pinned | null> {
  const { restorePoint } = options;
  if (restorePoint === undefined) {
    return null;
  }
  const { assertOnlyPoint } = await import("../node/archive/archive-settings.js");
  assertOnlyPoint(options);
  const { decodePinnedPoint } = await import("../checkpoint/pinned/pinned-point.js");
  const { openPinned, pinnedTarget } = await import("../checkpoint/pinned/pinned-store.js");
  const point = decodePinnedPoint(restorePoint, "the restore point");
  return {
    url: point.url,
    in: (store) => ({ store: openPinned(store, point), target: pinnedTarget(point) }),
  };
}

interface Loaded {
  readonly context: StoreContext;
  readonly runtime: Runtime;
  readonly historyTarget: (point: AtPoint) => HistoryTarget;
}

/** Runs one call on its store, opened if need be. */
async function inStore<Result>(
  { store, signal, logger }: StoreOptions,
  use: (loaded: Loaded) => Promise<Result>,
): Promise<Result> {
  const { systemRuntime } = await import("../runtime/system-runtime.js");
  const { historyTarget } = await import("../node/archive/archive-settings.js");
  const { withStore } = await import("../node/offline/store-session.js");
  const runtime = systemRuntime(logger === undefined ? {} : { logger });
  return withStore(store, runtime, signal ?? new AbortController().signal, async (context) =>
    use({ context, runtime, historyTarget }),
  );
}
