// What `open` takes.
import { T4Error } from "../core/errors.js";
import type { ArchiveSettings } from "../node/archive/archive-settings.js";
import type { AutoCompaction } from "../node/maintenance/auto-compaction.js";
import type { Logger } from "../runtime/logger.js";
import type { Metrics } from "../runtime/metrics/metrics.js";
import { wholeNumber } from "./arguments.js";
import {
  bufferCodec,
  jsonCodec,
  utf8Codec,
  type ValueCodec,
  type ValueEncoding,
} from "./encoding.js";

export type OpenConfig = (
  | ({
      /** The directory of the files; made if it does not exist. One process at a time may have it open. */
      readonly dataDir: string;
      readonly memory?: never;
    } & (ArchiveSettings | { readonly [Name in keyof ArchiveSettings]?: never }))
  | ({
      /** Keep nothing: for tests, and for data that may go with the process. */
      readonly memory: true;
      readonly dataDir?: never;
    } & { readonly [Name in keyof ArchiveSettings]?: never })
) & {
  /** How values are read and written; default "utf8". */
  readonly valueEncoding?: ValueEncoding;
  /** This node's name; by default a random one, kept in the data directory. */
  readonly nodeId?: string;
  /** A segment of the log ends at this size in bytes (50 MiB) … */
  readonly segmentBytesMax?: number;
  /** … or at this age in milliseconds (10 s), if anything was written. */
  readonly segmentAgeMsMax?: number;
  /**
   * Bytes that the store may have before what adds to it is refused with T4_NO_SPACE; deletes and compaction go on, and
   * writes are taken again when there is room. By default 0: only the disk is the limit.
   */
  readonly quotaBytes?: number;
  /** Gives up history by itself: what is older than a period, or all but a number of revisions. By default nothing. */
  readonly autoCompaction?: AutoCompaction;
  /** Where to log; by default nowhere. */
  readonly logger?: Logger;
  /** Where to count; by default nowhere. `createMetrics` of `t4db/server` makes one. */
  readonly metrics?: Metrics;
};

/** Throws T4_INVALID_ARGUMENT for an encoding that is none. */
export function codecOf(encoding: ValueEncoding = "utf8"): ValueCodec<unknown, never> {
  switch (encoding) {
    case "utf8":
      return utf8Codec;
    case "json":
      return jsonCodec;
    case "buffer":
      return bufferCodec;
    default:
      // Callers in JavaScript have no types.
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `valueEncoding must be "utf8", "json" or "buffer", not ${JSON.stringify(encoding)}`,
      );
  }
}

/** Shorter ones would compact all the time. */
const COMPACTION_PERIOD_MS_MIN = 1_000;

/** Throws T4_INVALID_ARGUMENT for a number that makes no sense. */
export function checkLimits(config: OpenConfig): void {
  const { segmentBytesMax, segmentAgeMsMax, quotaBytes, autoCompaction } = config;
  wholeNumber("segmentBytesMax", segmentBytesMax, 1, 0);
  wholeNumber("segmentAgeMsMax", segmentAgeMsMax, 1, 0);
  wholeNumber("quotaBytes", quotaBytes, 0, 0);
  if (autoCompaction === undefined) {
    return;
  }
  switch (autoCompaction.mode) {
    case "periodic":
      wholeNumber("autoCompaction.periodMs", autoCompaction.periodMs, COMPACTION_PERIOD_MS_MIN, 0);
      return;
    case "revision":
      wholeNumber("autoCompaction.revisions", autoCompaction.revisions, 1, 0);
      return;
    default:
  }
  // Callers in JavaScript have no types.
  throw new T4Error("T4_INVALID_ARGUMENT", 'autoCompaction.mode must be "periodic" or "revision"');
}
