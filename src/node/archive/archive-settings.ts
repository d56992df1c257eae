// From what a user says of an object store to what a node is told: defaults, the store itself, and whether it is fit.
import { T4Error } from "../../core/errors.js";
import { COLLECTION_GRACE_MS_MIN } from "../../core/limits.js";
import type { Revision } from "../../core/words.js";
import { pathBetween } from "../../checkpoint/prefix-path.js";
import type { HistoryTarget } from "../../checkpoint/restore/history.js";
import type { RestoreProgress } from "../../checkpoint/restore/restore.js";
import { persistently, type StoreContext } from "../../archive/store-context.js";
import { AnswerWatch } from "../../object/answer-watch.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError, type ObjectStore } from "../../object/object-store.js";
import { openObjectStore } from "../../object/open-object-store.js";
import { assertFit, probeObjectStore } from "../../object/probe.js";
import { noMetrics } from "../../runtime/metrics/metrics.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { ArchiveConfig, CheckpointConfig, PinnedSource } from "./archive-config.js";
import { StartWatch } from "./start-watch.js";

/** Requests cost money at S3: 20 a second is what a busy Kubernetes needs. */
export const S3_PUTS_PER_SECOND_MAX = 20;

const STORE_TIMEOUT_MS = 30_000;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface ArchiveSettings {
  /** A URL (file:///directory, s3://bucket/prefix), or a store that is open. */
  readonly objectStore: string | ObjectStore;
  /** Acknowledge a write when the object store has it (true, the default), or when the local disk has it. */
  readonly walSyncUpload?: boolean;
  /** How long a write waits for others to share its upload; 20 ms. */
  readonly walLingerMs?: number;
  /** An upload of the log is at most this large; 4 MiB. */
  readonly walBatchBytesMax?: number;
  /** Most uploads of the log in a second, 0: no limit. 20 for S3, 0 for all else. */
  readonly walPutsPerSecondMax?: number;
  /** Time between checkpoints, if anything changed; 15 minutes. */
  readonly checkpointIntervalMs?: number;
  /** A checkpoint after so many entries, too; 0: no. */
  readonly checkpointEntries?: number;
  /** A checkpoint after so many uploads of the log, too; 2,000. 0: no. */
  readonly checkpointObjects?: number;
  /** Checkpoints that are kept at least; 3. */
  readonly checkpointKeep?: number;
  /** How far back any moment can be restored; 24 hours. */
  readonly restoreWindowMs?: number;
  /** How long what is needed no more is kept all the same; 24 hours, at least a minute. */
  readonly gcGraceMs?: number;
  /** Where an empty prefix begins. A revision, time or checkpoint needs `branch`; a restore point must not have it. */
  readonly restore?: RestorePoint;
  /** An empty prefix becomes a branch of another database in the same object store. */
  readonly branch?: BranchSettings;
  /** Called while an empty data directory is filled. */
  readonly onRestoreProgress?: (progress: RestoreProgress) => void;
  /** How long a start waits for an object store that does not answer; 30 seconds. 0: for ever. */
  readonly objectStoreTimeoutMs?: number;
  /** Gives up waiting for the lock, the object store or a restore. */
  readonly signal?: AbortSignal;
}

/** A point of a database's history. */
export type PointInHistory =
  | { readonly revision: number; readonly time?: never; readonly checkpoint?: never }
  | { readonly time: Date; readonly revision?: never; readonly checkpoint?: never }
  /** Its key. */
  | { readonly checkpoint: string; readonly revision?: never; readonly time?: never };

/** Where no point is named. */
export interface NoPoint {
  readonly revision?: never;
  readonly time?: never;
  readonly checkpoint?: never;
}

export type RestorePoint = PointInHistory | PinnedRestore;

/** A restore point, from which an empty prefix and an empty data directory become a database of their own. */
export interface PinnedRestore extends NoPoint {
  /** The document that `makeRestorePoint` or `t4 restore point` has made. */
  readonly restorePoint: string | Uint8Array;
  /** The object store that has the versions, if it is another than where the point was made: a replica of the bucket. */
  readonly source?: string | ObjectStore;
}

export interface BranchSettings {
  /** The other database: a URL or an open store, like `objectStore`. */
  readonly source: string | ObjectStore;
  /** The branch's name there; made from the prefix if missing. */
  readonly id?: string;
}

/** A node's configuration, and what has to be closed behind it. */
export interface OpenedArchive {
  readonly config: ArchiveConfig;
  readonly close: () => Promise<void>;
}

/** Opens and probes. Throws T4_INVALID_ARGUMENT, T4_OBJECT_STORE_UNUSABLE, T4_OBJECT_STORE_UNFIT, T4_UNAVAILABLE. */
export async function openArchive(
  settings: ArchiveSettings,
  address: string,
  runtime: Runtime,
  open: (url: string, world: Runtime) => Promise<ObjectStore> = openObjectStore,
): Promise<OpenedArchive> {
  const graceMs = settings.gcGraceMs ?? DAY_MS;
  if (graceMs < COLLECTION_GRACE_MS_MIN) {
    throw new T4Error("T4_INVALID_ARGUMENT", "the grace of collection is at least one minute");
  }
  if (graceMs < 60 * MINUTE_MS) {
    runtime.logger.warn("a grace below an hour: a restore or a fork that takes longer will fail", {
      graceMs,
    });
  }
  const opened: ObjectStore[] = [];
  const answers = new AnswerWatch(runtime.clock);
  const openStore = async (given: string | ObjectStore, world: Runtime): Promise<ObjectStore> => {
    if (typeof given !== "string") {
      return answers.over(given);
    }
    const store = await open(given, world);
    opened.push(store);
    return answers.over(store);
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map(async (store) => store.close()));
  };
  let start: StartWatch | null = null;
  try {
    const store = await openStore(settings.objectStore, runtime);
    const { branch } = settings;
    // What is counted are the requests to the node's own store: each metric has one place that it comes from.
    const source =
      branch === undefined
        ? null
        : await openStore(branch.source, { ...runtime, metrics: noMetrics });
    const pinned = await pinnedOf(settings, store, async (given) =>
      openStore(given, { ...runtime, metrics: noMetrics }),
    );
    start = new StartWatch({
      answers,
      url: store.url,
      limitMs: settings.objectStoreTimeoutMs ?? STORE_TIMEOUT_MS,
      runtime,
      signal: settings.signal,
    });
    const { signal } = start;
    await assertStoreFit({ ...runtime, store, signal });
    const branchId = branch?.id ?? branchIdOf(store.url);
    return {
      close,
      config: {
        ...settingsOf(settings, store),
        address,
        checkpoints: { ...checkpointsOf(settings), graceMs },
        branch: source === null ? null : { source, id: branchId },
        ...(pinned === null ? {} : { pinned }),
        signal,
        started: () => start?.end(),
      },
    };
  } catch (error) {
    start?.end();
    await close();
    if (start?.signal.reason instanceof T4Error) {
      throw start.signal.reason;
    }
    throw error instanceof ObjectStoreError ? objectStoreT4Error(error) : error;
  }
}

/** Throws T4_INVALID_ARGUMENT, T4_CORRUPT, T4_FORMAT_TOO_NEW, T4_OBJECT_STORE_UNUSABLE. */
async function pinnedOf(
  { restore, branch, objectStore }: ArchiveSettings,
  store: ObjectStore,
  openStore: (given: string | ObjectStore) => Promise<ObjectStore>,
): Promise<PinnedSource | null> {
  if (restore === undefined || !("restorePoint" in restore)) {
    return null;
  }
  assertOnlyPoint(restore);
  if (branch !== undefined) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      "a restore point begins a database of its own, and a branch one that shares another's objects: give one of the two",
    );
  }
  // Hardly any start has one.
  const { decodePinnedPoint } = await import("../../checkpoint/pinned/pinned-point.js");
  const { versionsOf } = await import("../../checkpoint/pinned/pinned-store.js");
  const { restorePoint, source } = restore;
  const point = decodePinnedPoint(restorePoint, "the restore point");
  const found =
    source === undefined && typeof objectStore !== "string"
      ? placeIn(store, point.url)
      : await openStore(source ?? point.url);
  versionsOf(found);
  return { point, store: found };
}

/** A store that is open can only be asked for other places of its own. */
function placeIn(store: ObjectStore, url: string): ObjectStore {
  let path: string;
  try {
    path = pathBetween(store.url, url);
  } catch (cause) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `the restore point was made in ${url}, and ${store.url} is another object store: open that one and give it as the restore's source`,
      { cause },
    );
  }
  return store.at(path);
}

type PlainSettings = Omit<
  ArchiveConfig,
  "address" | "checkpoints" | "branch" | "pinned" | "signal"
>;

function settingsOf(settings: ArchiveSettings, store: ObjectStore): PlainSettings {
  const { walSyncUpload, walLingerMs, walBatchBytesMax, onRestoreProgress } = settings;
  return {
    store,
    syncUpload: walSyncUpload ?? true,
    ...(walLingerMs === undefined ? {} : { lingerMs: walLingerMs }),
    ...(walBatchBytesMax === undefined ? {} : { batchBytesMax: walBatchBytesMax }),
    putsPerSecondMax:
      settings.walPutsPerSecondMax ?? (store.url.startsWith("s3:") ? S3_PUTS_PER_SECOND_MAX : 0),
    target: historyTarget(settings.restore ?? {}),
    ...(onRestoreProgress === undefined ? {} : { progress: onRestoreProgress }),
  };
}

function checkpointsOf(settings: ArchiveSettings): Omit<CheckpointConfig, "graceMs"> {
  return {
    intervalMs: settings.checkpointIntervalMs ?? 15 * MINUTE_MS,
    entries: settings.checkpointEntries ?? 0,
    objects: settings.checkpointObjects ?? 2_000,
    keep: settings.checkpointKeep ?? 3,
    restoreWindowMs: settings.restoreWindowMs ?? DAY_MS,
  };
}

/** Goes on while the store does not answer, until the signal. */
async function assertStoreFit(context: StoreContext): Promise<void> {
  const { store, signal } = context;
  const findings = await persistently(context, async () =>
    probeObjectStore(store, context, signal),
  );
  assertFit(findings, store.url);
}

/**
 * For what stands beside a restore point. The types refuse another point there; a caller without them must not get another
 * state than the one it names. Throws T4_INVALID_ARGUMENT.
 */
export function assertOnlyPoint(others: NoPoint): void {
  if (historyTarget(others).kind !== "newest") {
    throw new T4Error("T4_INVALID_ARGUMENT", "a restorePoint is one state: give no other point");
  }
}

/** The newest state if no point is named. Throws T4_INVALID_ARGUMENT for more than one, and for what is none. */
export function historyTarget(point: PointInHistory | NoPoint): HistoryTarget {
  const { revision, time, checkpoint } = point;
  // Callers in JavaScript have no types.
  if ([revision, time, checkpoint].filter((each) => each !== undefined).length > 1) {
    throw new T4Error("T4_INVALID_ARGUMENT", "give one of revision, time and checkpoint");
  }
  if (revision !== undefined) {
    if (!Number.isSafeInteger(revision) || revision < 1) {
      throw new T4Error("T4_INVALID_ARGUMENT", "a revision to restore is a whole number from 1 on");
    }
    return { kind: "revision", revision: revision as Revision };
  }
  if (checkpoint !== undefined) {
    return { kind: "checkpoint", key: checkpoint };
  }
  if (time === undefined) {
    return { kind: "newest" };
  }
  const timeMs = time.getTime();
  if (Number.isNaN(timeMs)) {
    throw new T4Error("T4_INVALID_ARGUMENT", "the time to restore is no time");
  }
  return { kind: "time", timeMs };
}

/** The last segment of a prefix, as far as it can be a branch's name. */
function branchIdOf(url: string): string {
  const last = url.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last.replaceAll(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "branch";
}
