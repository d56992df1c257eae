// The flags that keep a store small and its requests in bounds: etcd's own, with etcd's meanings.
import { InvalidArgumentError, type Option } from "../commander.js";
import { REQUEST_BYTES_MAX, TXN_OPERATIONS_MAX } from "../../core/limits.js";
import type { AutoCompaction } from "../../node/maintenance/auto-compaction.js";
import { CommandError, EXIT_USAGE } from "../exit.js";
import { option, parseGoDuration, wholeNumber } from "./flag-parsers.js";

/** A number of hours or revisions, as the mode says, or a duration. */
export type Retention =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "duration"; readonly milliseconds: number };

export interface MaintenanceFlags {
  readonly quotaBackendBytes: number;
  readonly autoCompactionMode: "periodic" | "revision";
  readonly autoCompactionRetention: Retention;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
}

/** Room for messages of the largest size in memory, several at a time. */
const REQUEST_BYTES_MOST: number = 64 * 1024 * 1024;

/** Made anew at each call: an Option keeps state of the parse it took part in. */
export function maintenanceOptions(): Option[] {
  return [
    option(
      "--quota-backend-bytes <n>",
      "writes are refused when the store's files are larger than this (0: no quota)",
    )
      .default(0)
      .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    option(
      "--auto-compaction-mode <mode>",
      "what --auto-compaction-retention counts: time or revisions",
    )
      .choices(["periodic", "revision"])
      .default("periodic"),
    option(
      "--auto-compaction-retention <n>",
      "history that is kept: hours, a duration such as 30m, or with mode revision a number of revisions (0: all)",
    )
      .default({ kind: "number", value: 0 }, "0")
      .argParser(parseRetention),
    option("--max-txn-ops <n>", "most operations in one list of a transaction")
      .default(TXN_OPERATIONS_MAX)
      .argParser(wholeNumber(1, 1_000_000)),
    option("--max-request-bytes <n>", "largest request that writes, in bytes")
      .default(REQUEST_BYTES_MAX)
      .argParser(wholeNumber(1, REQUEST_BYTES_MOST)),
  ];
}

const HOUR_MS = 3_600_000;

/** A whole number, or a duration as Go writes it: "1h30m", "90s", "1.5h". */
export function parseRetention(text: string): Retention {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text) * HOUR_MS)) {
    return { kind: "number", value: Number(text) };
  }
  const milliseconds = parseGoDuration(text);
  if (milliseconds === null || milliseconds < 0) {
    throw new InvalidArgumentError(
      "Expected a whole number of hours or revisions, or a duration such as 30m, 90s or 1h30m.",
    );
  }
  return { kind: "duration", milliseconds };
}

/** Null: nothing is compacted by itself. Throws a CommandError for flags that do not fit each other. */
export function autoCompactionOf(flags: MaintenanceFlags): AutoCompaction | null {
  const { autoCompactionMode: mode, autoCompactionRetention: retention } = flags;
  if (mode === "revision") {
    if (retention.kind === "duration") {
      throw new CommandError(
        "--auto-compaction-retention is a duration, but with --auto-compaction-mode revision it is a number of revisions",
        EXIT_USAGE,
      );
    }
    return retention.value === 0 ? null : { mode, revisions: retention.value };
  }
  const periodMs = retention.kind === "number" ? retention.value * HOUR_MS : retention.milliseconds;
  if (periodMs > 0 && periodMs < 1_000) {
    throw new CommandError("--auto-compaction-retention is less than 1s", EXIT_USAGE);
  }
  return periodMs === 0 ? null : { mode, periodMs };
}
