// A point of a database's history, as flags name it: a revision, a time or a checkpoint.
import { Option } from "../commander.js";
import type { HistoryTarget } from "../../checkpoint/restore/history.js";
import type { Revision } from "../../core/words.js";
import { CommandError, EXIT_USAGE } from "../exit.js";
import { parseTime, wholeNumber } from "../flags/flag-parsers.js";

export interface PointFlags {
  readonly revision?: number;
  /** Milliseconds since 1970. */
  readonly time?: number;
  readonly checkpoint?: string;
}

/** Made anew at each call: an Option keeps state of the parse it took part in. */
export function pointOptions(): Option[] {
  return [
    new Option("--revision <n>", "the state at this revision").argParser(
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    ),
    new Option("--time <time>", "the state at this moment, such as 2026-05-04T12:30:00Z").argParser(
      parseTime,
    ),
    new Option("--checkpoint <key>", "the state of this checkpoint, as t4 restore list names it"),
  ];
}

/** Null if no flag names one. Throws a CommandError for more than one. */
export function pointOf({ revision, time, checkpoint }: PointFlags): HistoryTarget | null {
  const points: HistoryTarget[] = [];
  if (revision !== undefined) {
    points.push({ kind: "revision", revision: revision as Revision });
  }
  if (time !== undefined) {
    points.push({ kind: "time", timeMs: time });
  }
  if (checkpoint !== undefined) {
    points.push({ kind: "checkpoint", key: checkpoint });
  }
  if (points.length > 1) {
    throw new CommandError(
      "--revision, --time and --checkpoint each name a point: use one of them",
      EXIT_USAGE,
    );
  }
  return points[0] ?? null;
}
