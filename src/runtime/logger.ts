// Logging as a port: a constant message with fields; never keys' values, never secrets.

export type LogFields = Readonly<
  Record<string, string | number | boolean | bigint | Error | undefined>
>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** What an embedded store logs with unless it is given a logger: nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
