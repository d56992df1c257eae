// commander, for all of the command line: looked up once instead of by a dozen modules, and loaded as the CommonJS module
// that it is. Through import Node would scan it for its exports first. That is a fiftieth of a server's start.
import { createRequire } from "node:module";
import type * as Commander from "commander";

const commander = createRequire(import.meta.url)("commander") as typeof Commander;

export const Command: typeof Commander.Command = commander.Command;
export type Command = Commander.Command;

export const Option: typeof Commander.Option = commander.Option;
export type Option = Commander.Option;

export const CommanderError: typeof Commander.CommanderError = commander.CommanderError;
export const InvalidArgumentError: typeof Commander.InvalidArgumentError =
  commander.InvalidArgumentError;
