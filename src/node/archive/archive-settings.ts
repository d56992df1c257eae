// From what a user says of an object store to what a node is told: defaults, the store itself, and whether it is fit.
import { T4Error } from "../../core/errors.js";
import { COLLECTION_GRACE_MS_MIN } from "../../core/limits.js";
import type { Revision } from "../../core/words.js";
import type { HistoryTarget } from "../../checkpoint/restore/history.js";
import type { RestoreProgress } from "../../checkpoint/restore/restore.js";
import { persistently, type StoreContext } from "../../archive/store-context.js";
import { AnswerWatch } from "../../object/answer-watch.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError, type ObjectStore } from "../../object/object-store.js";
import { openObjectStore } from "../../object/open-object-store.js";
import { assertFit, probeObjectStore } from "../../object/probe.js";
import { noMetrics } from "../../runtime/metrics.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { ArchiveConfig, CheckpointConfig } from "./archive-config.js";
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
  /** Where an empty prefix begins: needs `branch`. */
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

export type RestorePoint =
  { readonly revision: number } | { readonly time: Date } | { readonly checkpoint: string };

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

type PlainSettings = Omit<ArchiveConfig, "address" | "checkpoints" | "branch" | "signal">;

function settingsOf(settings: ArchiveSettings, store: ObjectStore): PlainSettings {
  const { walSyncUpload, walLingerMs, walBatchBytesMax, onRestoreProgress } = settings;
  return {
    store,
    syncUpload: walSyncUpload ?? true,
    ...(walLingerMs === undefined ? {} : { lingerMs: walLingerMs }),
    ...(walBatchBytesMax === undefined ? {} : { batchBytesMax: walBatchBytesMax }),
    putsPerSecondMax:
      settings.walPutsPerSecondMax ?? (store.url.startsWith("s3:") ? S3_PUTS_PER_SECOND_MAX : 0),
    target: historyTarget(settings.restore),
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

export function historyTarget(point: RestorePoint | undefined): HistoryTarget {
  if (point === undefined) {
    return { kind: "newest" };
  }
  if ("revision" in point) {
    if (!Number.isSafeInteger(point.revision) || point.revision < 1) {
      throw new T4Error("T4_INVALID_ARGUMENT", "a revision to restore is a whole number from 1 on");
    }
    return { kind: "revision", revision: point.revision as Revision };
  }
  if ("checkpoint" in point) {
    return { kind: "checkpoint", key: point.checkpoint };
  }
  const timeMs = point.time.getTime();
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
