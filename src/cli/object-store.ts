// Which object store the flags mean, and how it is opened.
import type { ObjectStore } from "../object/object-store.js";
import type { RetryWorld } from "../object/retry.js";
import { readFileSync } from "node:fs";
import type { ArchiveSettings, PointInHistory } from "../node/archive/archive-settings.js";
import type { ArchiveFlags, ObjectStoreFlags } from "./flags/archive-flags.js";
import { CommandError, EXIT_USAGE } from "./exit.js";

/** The store's URL; null if no flag names one. Throws a CommandError for flags that contradict each other. */
export function objectStoreUrl(flags: ObjectStoreFlags): string | null {
  const { objectStore, s3Bucket, s3Prefix } = flags;
  if (objectStore !== undefined && (s3Bucket !== undefined || s3Prefix !== undefined)) {
    throw new CommandError(
      "--object-store names the whole store: leave --s3-bucket and --s3-prefix out, or use them alone",
      EXIT_USAGE,
    );
  }
  if (objectStore !== undefined) {
    return objectStore;
  }
  if (s3Bucket === undefined) {
    const stray = (Object.keys(S3_FLAGS) as (keyof typeof S3_FLAGS)[]).find(
      (name) => flags[name] !== undefined,
    );
    if (stray !== undefined) {
      throw new CommandError(
        `${S3_FLAGS[stray]} says nothing without a bucket: add --s3-bucket or --object-store s3://bucket/prefix`,
        EXIT_USAGE,
      );
    }
    return null;
  }
  const prefix = (s3Prefix ?? "").replaceAll(/^\/+|\/+$/g, "");
  return prefix === "" ? `s3://${s3Bucket}/` : `s3://${s3Bucket}/${prefix}/`;
}

const S3_FLAGS = {
  s3Prefix: "--s3-prefix",
  s3Endpoint: "--s3-endpoint",
  s3Region: "--s3-region",
  s3Profile: "--s3-profile",
  s3AccessKeyId: "--s3-access-key-id",
  s3SecretAccessKey: "--s3-secret-access-key",
} as const;

/** Opens a store by its URL with what the flags say of S3. */
export async function openStoreAt(
  url: string,
  flags: ObjectStoreFlags,
  world: RetryWorld,
): Promise<ObjectStore> {
  // The SDK warns on standard error of each old version of Node: that is for who installs Node, once, not for each start.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const { s3Endpoint, s3Region, s3Profile, s3AccessKeyId, s3SecretAccessKey } = flags;
  // Loaded only here: a server without an object store starts faster without its modules.
  const { openObjectStore } = await import("../object/open-object-store.js");
  return openObjectStore(url, world, {
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    ...(s3Region === undefined ? {} : { region: s3Region }),
    ...(s3Profile === undefined ? {} : { profile: s3Profile }),
    ...(s3AccessKeyId === undefined ? {} : { accessKeyId: s3AccessKeyId }),
    ...(s3SecretAccessKey === undefined ? {} : { secretAccessKey: s3SecretAccessKey }),
  });
}

/** As `openStoreAt`, where a command cannot do without a store. */
export async function openNamedStore(
  flags: ObjectStoreFlags,
  world: RetryWorld,
): Promise<ObjectStore> {
  const url = objectStoreUrl(flags);
  if (url === null) {
    throw new CommandError(
      "no object store is named: add --object-store file:///directory or --object-store s3://bucket/prefix",
      EXIT_USAGE,
    );
  }
  return openStoreAt(url, flags, world);
}

/** What `t4 run` tells a node; null without an object store. */
export function archiveSettings(flags: ArchiveFlags): ArchiveSettings | null {
  const objectStore = objectStoreUrl(flags);
  const restore = pointInHistory(flags);
  const branch = flags.branchPrefix;
  const { restorePoint } = flags;
  if (objectStore === null) {
    if (restorePoint !== undefined) {
      throw new CommandError(
        "--restore-point needs an object store for the new database: add --object-store or --s3-bucket with a new prefix, or " +
          "restore without one: t4 restore to --restore-point",
        EXIT_USAGE,
      );
    }
    if (restore !== null || branch !== undefined) {
      throw new CommandError(
        "--restore-…, --branch-prefix and --branch-checkpoint need an object store: add --object-store or --s3-bucket",
        EXIT_USAGE,
      );
    }
    return null;
  }
  if (restorePoint !== undefined && (restore !== null || branch !== undefined)) {
    throw new CommandError(
      "--restore-point names one state of one database: leave --restore-revision, --restore-time, --branch-prefix and " +
        "--branch-checkpoint out",
      EXIT_USAGE,
    );
  }
  if (restore !== null && branch === undefined) {
    throw new CommandError(
      "a restore to a point begins a branch: add --branch-prefix with the prefix of the database to restore, " +
        "and a new prefix of its own in --object-store or --s3-prefix",
      EXIT_USAGE,
    );
  }
  return {
    objectStore,
    walSyncUpload: flags.walSyncUpload,
    walLingerMs: flags.walLingerMs,
    walBatchBytesMax: flags.walBatchBytesMax,
    ...(flags.walPutsPerSecondMax === undefined
      ? {}
      : { walPutsPerSecondMax: flags.walPutsPerSecondMax }),
    checkpointIntervalMs: flags.checkpointIntervalMin * 60_000,
    checkpointEntries: flags.checkpointEntries,
    checkpointObjects: flags.checkpointObjects,
    checkpointKeep: flags.checkpointKeep,
    restoreWindowMs: flags.restoreWindow,
    gcGraceMs: flags.gcGrace,
    objectStoreTimeoutMs: flags.objectStoreTimeout,
    ...(restore === null ? {} : { restore }),
    ...(restorePoint === undefined
      ? {}
      : { restore: { restorePoint: restorePointFile(restorePoint) } }),
    ...(branch === undefined ? {} : { branch: { source: sourceUrl(objectStore, branch) } }),
  };
}

/** The bytes of a file that should hold a restore point. */
export function restorePointFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CommandError(
      `--restore-point: ${(error as Error).message}. Give a file that t4 restore point has made`,
      EXIT_USAGE,
    );
  }
}

function pointInHistory(flags: ArchiveFlags): PointInHistory | null {
  const { restoreRevision, restoreTime, branchCheckpoint } = flags;
  const points: PointInHistory[] = [];
  if (restoreRevision !== undefined) {
    points.push({ revision: restoreRevision });
  }
  if (restoreTime !== undefined) {
    points.push({ time: new Date(restoreTime) });
  }
  if (branchCheckpoint !== undefined) {
    points.push({ checkpoint: branchCheckpoint });
  }
  if (points.length > 1) {
    throw new CommandError(
      "--restore-revision, --restore-time and --branch-checkpoint each name a point: use one of them",
      EXIT_USAGE,
    );
  }
  return points[0] ?? null;
}

/** Another database beside the one at `url`: by a URL, a prefix of the same bucket, or an absolute directory. */
export function sourceUrl(url: string, source: string): string {
  if (source.includes("://")) {
    return source;
  }
  const bucket = /^s3:\/\/[^/]+\//.exec(url)?.[0];
  if (bucket !== undefined) {
    return `${bucket}${source.replaceAll(/^\/+|\/+$/g, "")}/`;
  }
  return `file://${source.startsWith("/") ? "" : "/"}${source}`;
}
