// The flags that say where the log and the checkpoints are kept beside the data directory, and how.
import type { Option } from "../commander.js";
import { COLLECTION_GRACE_MS_MIN } from "../../core/limits.js";
import {
  duration,
  option,
  parseSwitch,
  parseTime,
  shownDuration,
  wholeNumber,
} from "./flag-parsers.js";

/** Which object store is meant. */
export interface ObjectStoreFlags {
  readonly objectStore?: string;
  readonly s3Bucket?: string;
  readonly s3Prefix?: string;
  readonly s3Endpoint?: string;
  readonly s3Region?: string;
  readonly s3Profile?: string;
  readonly s3AccessKeyId?: string;
  readonly s3SecretAccessKey?: string;
}

export interface ArchiveFlags extends ObjectStoreFlags {
  readonly walSyncUpload: boolean;
  readonly walLingerMs: number;
  readonly walBatchBytesMax: number;
  /** Absent: what suits the store. */
  readonly walPutsPerSecondMax?: number;
  readonly checkpointIntervalMin: number;
  readonly checkpointEntries: number;
  readonly checkpointObjects: number;
  readonly checkpointKeep: number;
  /** Milliseconds, these two. */
  readonly restoreWindow: number;
  readonly gcGrace: number;
  /** Milliseconds. */
  readonly objectStoreTimeout: number;
  readonly restoreRevision?: number;
  /** Milliseconds since 1970. */
  readonly restoreTime?: number;
  /** A file. */
  readonly restorePoint?: string;
  readonly branchPrefix?: string;
  readonly branchCheckpoint?: string;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Made anew at each call: an Option keeps state of the parse it took part in. */
export function objectStoreOptions(): Option[] {
  return [
    option(
      "--object-store <url>",
      "keep the log and checkpoints here too: s3://bucket/prefix or file:///directory (default: none)",
    ),
    option("--s3-bucket <name>", "the same as --object-store s3://<name>/<--s3-prefix>"),
    option("--s3-prefix <prefix>", "where in the bucket; each database has a prefix of its own"),
    option("--s3-endpoint <url>", "of a store that is compatible with S3 (default: AWS)"),
    option("--s3-region <name>", "default: as the environment or the profile says"),
    option("--s3-profile <name>", "a profile of the shared AWS configuration"),
    option(
      "--s3-access-key-id <id>",
      "default: the usual chain (environment, profile, web identity, container or machine role)",
    ),
    option("--s3-secret-access-key <key>", "better given as T4_S3_SECRET_ACCESS_KEY"),
  ];
}

export function archiveOptions(): Option[] {
  const most = Number.MAX_SAFE_INTEGER;
  return [
    ...objectStoreOptions(),
    option(
      "--wal-sync-upload <switch>",
      "true: a write is acknowledged when the object store has it; false: when the local disk has it",
    )
      .default(true)
      .argParser(parseSwitch),
    option("--wal-linger-ms <n>", "how long a write waits for others to share its upload")
      .default(20)
      .argParser(wholeNumber(0, 10_000)),
    option("--wal-batch-bytes-max <n>", "an upload of the log is at most this large, in bytes")
      .default(4 * 1024 * 1024)
      .argParser(wholeNumber(4096, 64 * 1024 * 1024)),
    option(
      "--wal-puts-per-second-max <n>",
      "most uploads of the log in a second, 0: no limit (default: 20 for S3, 0 for a directory)",
    ).argParser(wholeNumber(0, 100_000)),
    option("--checkpoint-interval-min <n>", "minutes between checkpoints, if anything changed")
      .default(15)
      .argParser(wholeNumber(1, 10_080)),
    option("--checkpoint-entries <n>", "make one after this many entries too (0: no)")
      .default(0)
      .argParser(wholeNumber(0, most)),
    option("--checkpoint-objects <n>", "make one after this many uploads of the log too (0: no)")
      .default(2000)
      .argParser(wholeNumber(0, most)),
    option("--checkpoint-keep <n>", "checkpoints that are kept at least")
      .default(3)
      .argParser(wholeNumber(1, 1000)),
    option("--restore-window <duration>", "how far back any moment can be restored")
      .default(DAY_MS, shownDuration(DAY_MS))
      .argParser(duration(0)),
    option("--gc-grace <duration>", "how long what is needed no more is kept all the same")
      .default(DAY_MS, shownDuration(DAY_MS))
      .argParser(duration(COLLECTION_GRACE_MS_MIN)),
    option(
      "--object-store-timeout <duration>",
      "how long a start waits for an object store that does not answer (0s: for ever)",
    )
      .default(5 * MINUTE_MS, shownDuration(5 * MINUTE_MS))
      .argParser(duration(0)),
    option(
      "--restore-revision <n>",
      "at the first start on an empty directory: begin with this revision, without the object store's later ones",
    ).argParser(wholeNumber(1, most)),
    option(
      "--restore-time <time>",
      "the same with a moment, such as 2026-05-04T12:30:00Z",
    ).argParser(parseTime),
    option(
      "--restore-point <file>",
      "at the first start on an empty directory and an empty prefix: begin with what t4 restore point has pinned",
    ),
    option(
      "--branch-prefix <prefix>",
      "at the first start on an empty prefix: begin as a branch of the database under this one",
    ),
    option("--branch-checkpoint <key>", "of which checkpoint (default: the newest)"),
  ];
}
