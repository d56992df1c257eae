// The real logger: JSON lines for machines, one readable line for people, both to standard error. Synchronous, so that
// the last words of a dying process are not lost.
import { destination, pino, stdSerializers, type DestinationStream } from "pino";
import type { LogFields, Logger } from "./logger.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** JSON knows no bigint, and an Error has no enumerable fields of its own. */
function plainFields(fields: LogFields): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "bigint") {
      plain[name] = value.toString(16);
    } else if (value instanceof Error) {
      plain[name] = stdSerializers.err(value);
    } else {
      plain[name] = value;
    }
  }
  return plain;
}

async function stream(format: LogFormat): Promise<DestinationStream> {
  if (format === "json") {
    return destination({ dest: 2, sync: true });
  }
  // Loaded only when asked for: it takes a tenth of the start-up time.
  const { default: pretty } = await import("pino-pretty");
  return pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
}

export async function openLogger(level: LogLevel, format: LogFormat): Promise<Logger> {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    await stream(format),
  );
  return {
    debug(message, fields = {}) {
      logger.debug(plainFields(fields), message);
    },
    info(message, fields = {}) {
      logger.info(plainFields(fields), message);
    },
    warn(message, fields = {}) {
      logger.warn(plainFields(fields), message);
    },
    error(message, fields = {}) {
      logger.error(plainFields(fields), message);
    },
  };
}
