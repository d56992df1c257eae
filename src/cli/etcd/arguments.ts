// etcd's command line and environment, read by the rules of Go's flag package: one dash or two, a value after "=" or as the
// next argument, and switches that take a value only after "=".
import { CommandError, EXIT_FAILED, EXIT_USAGE } from "../exit.js";
import { parseGoDuration } from "../flags/flag-parsers.js";
import { ETCD_FLAGS, type EtcdFlag, type ValueKind } from "./flag-table.js";

/** Values by flag name, as they were given. */
export type EtcdValues = ReadonlyMap<string, string>;

export interface ParsedArguments {
  readonly values: EtcdValues;
  /** Flags of `t4 run` that etcd does not know, as they were given. */
  readonly own: readonly string[];
  readonly asksHelp: boolean;
}

/** A flag of `t4 run`, for those that etcd does not know. */
export interface OwnFlag {
  readonly name: string;
  readonly takesValue: boolean;
}

/** An error of Go's flag package: its words, and the way to all of them. */
function usage(message: string): CommandError {
  return new CommandError(`${message}. See 't4 etcd --help'.`, EXIT_USAGE);
}

const SWITCH_VALUES: Readonly<Record<string, "true" | "false">> = {
  ...{ "1": "true", t: "true", T: "true", TRUE: "true", true: "true", True: "true" },
  ...{ "0": "false", f: "false", F: "false", FALSE: "false", false: "false", False: "false" },
};

/** The value in its plain form; undefined if it is none of its kind. */
export function plainValue(kind: ValueKind, text: string): string | undefined {
  switch (kind) {
    case "switch":
      return SWITCH_VALUES[text];
    case "number":
      return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? text : undefined;
    case "duration":
      return parseGoDuration(text) === null ? undefined : text;
    case "text":
    case "urls":
      return text;
  }
}

function checked(name: string, flag: EtcdFlag, text: string): string {
  const value = plainValue(flag.kind, text);
  if (value === undefined) {
    throw usage(
      flag.kind === "switch"
        ? `invalid boolean value "${text}" for -${name}: parse error`
        : `invalid value "${text}" for flag -${name}: parse error`,
    );
  }
  return value;
}

/** Throws a CommandError in etcd's words. */
export function parseArguments(
  args: readonly string[],
  ownFlags: readonly OwnFlag[],
): ParsedArguments {
  const values = new Map<string, string>();
  const own: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const argument = args[i] as string;
    if (argument === "--" && i + 1 === args.length) {
      break;
    }
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument);
    if (match === null) {
      if (!argument.startsWith("-") || argument === "-" || argument === "--") {
        const shown = argument === "--" ? (args[i + 1] ?? "") : argument;
        throw new CommandError(
          `'${shown}' is not a valid flag. See 't4 etcd --help'.`,
          EXIT_FAILED,
        );
      }
      throw usage(`bad flag syntax: ${argument}`);
    }
    const [, name = "", given] = match;
    const flag = ETCD_FLAGS.get(name);
    const ownFlag = flag === undefined ? ownFlags.find((each) => each.name === name) : undefined;
    if (flag === undefined && ownFlag === undefined) {
      if (name === "h" || name === "help") {
        return { values, own, asksHelp: true };
      }
      throw usage(`flag provided but not defined: -${name}`);
    }
    const needsValue = flag === undefined ? ownFlag?.takesValue === true : flag.kind !== "switch";
    let text = given ?? "true";
    if (given === undefined && needsValue) {
      i += 1;
      const next = args[i];
      if (next === undefined) {
        throw usage(`flag needs an argument: -${name}`);
      }
      text = next;
    }
    if (flag === undefined) {
      own.push(needsValue || given !== undefined ? `--${name}=${text}` : `--${name}`);
    } else {
      values.set(name, checked(name, flag, text));
    }
  }
  return { values, own, asksHelp: false };
}

/** `--listen-client-urls` is `ETCD_LISTEN_CLIENT_URLS`. */
export function etcdVariable(flag: string): string {
  return `ETCD_${flag.replaceAll("-", "_").toUpperCase()}`;
}

export interface FromEnvironment {
  readonly values: EtcdValues;
  /** `ETCD_…` variables that mean nothing. */
  readonly unknown: readonly string[];
}

/** What the variables say of flags that were not given. One that contradicts a flag is an error, as in etcd. */
export function valuesOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  given: EtcdValues,
): FromEnvironment {
  const values = new Map<string, string>();
  const known = new Set<string>();
  for (const [name, flag] of ETCD_FLAGS) {
    const variable = etcdVariable(name);
    known.add(variable);
    const text = environment[variable];
    if (text === undefined || text === "") {
      continue;
    }
    if (given.has(name)) {
      throw new CommandError(
        `conflicting environment variable "${variable}" is shadowed by corresponding command-line flag (either unset environment variable or disable flag)`,
        EXIT_FAILED,
      );
    }
    const value = plainValue(flag.kind, text);
    if (value === undefined) {
      throw new CommandError(`invalid value "${text}" for ${variable}: parse error`, EXIT_FAILED);
    }
    values.set(name, value);
  }
  const unknown = Object.keys(environment).filter(
    (variable) => variable.startsWith("ETCD_") && !known.has(variable),
  );
  return { values, unknown: unknown.sort() };
}
