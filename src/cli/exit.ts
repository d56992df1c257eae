// How a command ends: what is printed and the exit code. 0 done, 1 failed, 2 wrong use, 130 and 143 stopped by a signal.
import { ERROR_CODES, T4Error } from "../core/errors.js";

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** As shells expect it of a process that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return signal === "SIGINT" ? 130 : 143;
}

/** A command cannot do what was asked; the message says what to do. No bug: it is printed without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** What is printed for an error: what happened, and what to do about it. */
export function describeError(error: unknown): string {
  if (error instanceof T4Error) {
    return `error: ${error.message}\n${error.code}: ${ERROR_CODES[error.code]}`;
  }
  if (error instanceof CommandError) {
    return `error: ${error.message}`;
  }
  // A bug: the stack is what helps.
  return error instanceof Error
    ? `error: ${error.stack ?? error.message}`
    : `error: ${String(error)}`;
}
