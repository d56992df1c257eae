// The real logger: JSON lines for machines, one readable line for people, to standard error unless told otherwise. Synchronous, so that
// the last words of a dying process are not lost.
// pino is loaded late: it and its formatter take a sixth of the time from the start of a server to its first answer.
import { createRequire } from "node:module";
import type * as pinoModule from "pino";
import type prettyModule from "pino-pretty";
import type { LogFields, LogFormat, Logger, LogLevel } from "./logger.js";

const require = createRequire(import.meta.url);

/** Lines held at most: a start has a handful. */
const HELD_LINES_MAX = 100;

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  readonly wallMs: number;
}

/** A logger that holds what it is told until it is opened, or is told of something that cannot wait. */
export interface LateLogger extends Logger {
  /** Writes what was held; from now on nothing is. */
  open(): void;
}

/** Standard output, standard error, or a file that is appended to. */
export type LogOutput = 1 | 2 | { readonly path: string };

export interface LogTarget {
  /** Default: standard error. */
  readonly outputs?: readonly LogOutput[];
  /** What a line's time is called in JSON; default "time". */
  readonly timeKey?: string;
}

/** Nothing that was held is lost when the process exits. */
export function lateLogger(level: LogLevel, format: LogFormat, target: LogTarget = {}): LateLogger {
  const held: Line[] = [];
  let write: ((line: Line) => void) | null = null;
  const open = (): void => {
    write ??= openPino(level, format, target);
    held.splice(0).forEach(write);
  };
  const take = (line: Line): void => {
    held.push(line);
    const canWait = line.level === "debug" || line.level === "info";
    if (write !== null || !canWait || held.length === HELD_LINES_MAX) {
      open();
    }
  };
  const logAt =
    (of: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      take({ level: of, message, fields, wallMs: Date.now() });
    };
  process.once("exit", open);
  return {
    open,
    debug: logAt("debug"),
    info: logAt("info"),
    warn: logAt("warn"),
    error: logAt("error"),
  };
}

function openPino(
  level: LogLevel,
  format: LogFormat,
  { outputs = [2], timeKey = "time" }: LogTarget,
): (line: Line) => void {
  const { destination, multistream, pino, stdSerializers } = require("pino") as typeof pinoModule;
  const streams = outputs.map((output) => {
    const dest = typeof output === "number" ? output : output.path;
    return format === "json" ? destination({ dest, sync: true }) : prettyStream(dest);
  });
  const [first] = streams;
  const stream =
    streams.length === 1 && first !== undefined
      ? first
      : multistream(streams.map((each) => ({ level, stream: each })));
  let wallMs = 0;
  const logger: pinoModule.Logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"${timeKey}":"${new Date(wallMs).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return (line) => {
    ({ wallMs } = line);
    logger[line.level](plainFields(line.fields, stdSerializers.err), line.message);
  };
}

function prettyStream(to: number | string): pinoModule.DestinationStream {
  const pretty = require("pino-pretty") as typeof prettyModule;
  return pretty({
    destination: to,
    sync: true,
    colorize: to === 2 ? process.stderr.isTTY : to === 1 && process.stdout.isTTY,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
}

/** JSON knows no bigint, and an Error has no enumerable fields of its own. */
function plainFields(
  fields: LogFields,
  describeError: (error: Error) => unknown,
): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "bigint") {
      plain[name] = value.toString(16);
    } else if (value instanceof Error) {
      plain[name] = describeError(value);
    } else {
      plain[name] = value;
    }
  }
  return plain;
}
