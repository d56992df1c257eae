// etcd's configuration file: YAML whose keys are the names of flags, with a section each for the TLS of clients and of peers.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { CommandError, EXIT_FAILED } from "../exit.js";
import { plainValue, type EtcdValues } from "./arguments.js";
import { ETCD_FLAGS } from "./flag-table.js";

/** Sections, and what their keys are as flags; a key that is not here is a flag with the section's prefix. */
const SECTIONS: Readonly<
  Record<string, { readonly prefix: string; readonly renamed: Readonly<Record<string, string>> }>
> = {
  "client-transport-security": {
    prefix: "",
    renamed: {
      "allowed-hostname": "client-cert-allowed-hostname",
      "allowed-hostnames": "client-cert-allowed-hostname",
    },
  },
  "peer-transport-security": {
    prefix: "peer-",
    renamed: {
      "allowed-cn": "peer-cert-allowed-cn",
      "allowed-cns": "peer-cert-allowed-cn",
      "allowed-hostname": "peer-cert-allowed-hostname",
      "allowed-hostnames": "peer-cert-allowed-hostname",
    },
  },
};

export interface FromFile {
  readonly values: EtcdValues;
  /** Keys that mean nothing. */
  readonly unknown: readonly string[];
}

function failed(path: string, why: string, cause?: unknown): CommandError {
  return new CommandError(
    `the configuration file ${path} cannot be used: ${why}`,
    EXIT_FAILED,
    cause,
  );
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const parts = value.map(textOf);
    return parts.includes(undefined) ? undefined : parts.join(",");
  }
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return undefined;
  }
}

/** Durations may be whole numbers here: nanoseconds, as Go's are. */
function asFlagValue(name: string, value: unknown): string | undefined {
  const flag = ETCD_FLAGS.get(name);
  const text = textOf(value);
  if (flag === undefined || text === undefined) {
    return undefined;
  }
  const isNanoseconds = flag.kind === "duration" && typeof value === "number";
  return plainValue(flag.kind, isNanoseconds ? `${text}ns` : text);
}

export function parseConfigFile(text: string, path: string): FromFile {
  let document: unknown;
  try {
    document = parse(text) as unknown;
  } catch (error) {
    throw failed(path, error instanceof Error ? error.message : String(error), error);
  }
  if (document === null || document === undefined) {
    return { values: new Map(), unknown: [] };
  }
  if (typeof document !== "object" || Array.isArray(document)) {
    throw failed(path, "it holds no keys with values");
  }
  const values = new Map<string, string>();
  const unknown: string[] = [];
  const take = (name: string, key: string, value: unknown): void => {
    if (!ETCD_FLAGS.has(name)) {
      unknown.push(key);
    } else if (value !== null && value !== undefined) {
      const flagValue = asFlagValue(name, value);
      if (flagValue === undefined) {
        throw failed(path, `the value of ${key} is not valid`);
      }
      values.set(name, flagValue);
    }
  };
  for (const [key, value] of Object.entries(document as Record<string, unknown>)) {
    const section = Object.hasOwn(SECTIONS, key) ? SECTIONS[key] : undefined;
    if (section === undefined) {
      take(key, key, value);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [inner, innerValue] of Object.entries(value as Record<string, unknown>)) {
        const name = section.renamed[inner] ?? `${section.prefix}${inner}`;
        take(name, `${key}.${inner}`, innerValue);
      }
    } else if (value !== null) {
      throw failed(path, `${key} holds no keys with values`);
    }
  }
  return { values, unknown };
}

/** Throws a CommandError that names the file. */
export function readConfigFile(path: string): FromFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw failed(path, error instanceof Error ? error.message : String(error), error);
  }
  return parseConfigFile(text, path);
}
