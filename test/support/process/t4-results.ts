// What a command of `t4` printed and how it ended.
import assert from "node:assert/strict";
import { t4, type CommandResult } from "./t4-command.js";

/** Of `--json`: one object a line. */
export function jsonLines({ stdout }: CommandResult): Record<string, unknown>[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function assertDone(result: CommandResult): void {
  assert.equal(result.code, 0, result.stderr);
}

export function assertFails(result: CommandResult, code: number, message: RegExp): void {
  assert.equal(result.code, code, result.stdout + result.stderr);
  assert.match(result.stderr, message);
  assert.doesNotMatch(result.stderr, /\n {4}at /, "an expected failure has no stack");
}

/** Runs a command that must succeed. */
export async function must(...args: string[]): Promise<CommandResult> {
  const result = await t4(args);
  assert.equal(result.code, 0, `t4 ${args.join(" ")}: ${result.stderr}`);
  return result;
}
