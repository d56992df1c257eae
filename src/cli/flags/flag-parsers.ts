// What the values of flags look like: parsers that say what they expect, and the rule by which a flag is a variable too.
import { InvalidArgumentError, Option } from "../commander.js";

export interface ListenAddress {
  /** A name or address; the empty string stands for every address of the machine. */
  readonly host: string;
  readonly port: number;
}

/** Reads "host:port", ":port" or "[v6 address]:port". */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError(
      "Expected host:port with a port of 0 to 65535, such as 0.0.0.0:3379 or [::1]:3379.",
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

export function parseOptionalListenAddress(text: string): ListenAddress | null {
  return text === "" ? null : parseListenAddress(text);
}

/** What stands between commas, without what is empty. */
export function parseList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Comma-separated http:// or https:// URLs of a host and a port, as etcd takes them. */
export function parseUrls(text: string): string[] {
  const urls = parseList(text);
  for (const text of urls) {
    const url = URL.canParse(text) ? new URL(text) : null;
    const isPlain =
      url !== null &&
      (url.protocol === "http:" || url.protocol === "https:") &&
      url.hostname !== "" &&
      url.pathname === "/" &&
      url.search === "";
    if (!isPlain) {
      throw new InvalidArgumentError(
        `Expected URLs such as http://10.0.0.1:3379, separated by commas; "${text}" is none.`,
      );
    }
  }
  return urls;
}

/** A parser of whole numbers in [least, most]. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(
        `Expected a whole number from ${String(least)} to ${String(most)}.`,
      );
    }
    return value;
  };
}

/** A node's name: what may stand in a file name and a URL. */
export function parseNodeId(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(text)) {
    throw new InvalidArgumentError(
      "Expected 1 to 64 letters, digits, dots, dashes or underscores.",
    );
  }
  return text;
}

/** `--data-dir` is `T4_DATA_DIR` in the environment. */
export function environmentName(flag: string): string {
  return `T4_${flag.replace(/^--/, "").replaceAll("-", "_").toUpperCase()}`;
}

/** A flag that is also a variable. */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  return made.env(environmentName(made.long ?? ""));
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A parser of durations in milliseconds: "90s", "15m", "24h", "7d". */
export function duration(leastMs: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
    const unit = match?.[2] as keyof typeof UNIT_MS | undefined;
    const value = unit === undefined ? Number.NaN : Number(match?.[1]) * UNIT_MS[unit];
    if (!(value >= leastMs) || !Number.isSafeInteger(Math.round(value))) {
      throw new InvalidArgumentError(
        `Expected a duration of at least ${shownDuration(leastMs)}, such as 90s, 15m, 24h or 7d.`,
      );
    }
    return Math.round(value);
  };
}

const GO_UNIT_MS: Readonly<Record<string, number>> = {
  ...{ ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3 },
  ...{ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
};

const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** The milliseconds of a duration as Go writes it, "1h30m", "-1.5h" or "0"; null if it is none. */
export function parseGoDuration(text: string): number | null {
  if (!GO_DURATION.test(text)) {
    return null;
  }
  let ms = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d+\.?\d*|\.\d+)([a-zµμ]+)/g)) {
    ms += Number(count) * (GO_UNIT_MS[unit] ?? 0);
  }
  return text.startsWith("-") ? 0 - ms : ms;
}

/** The largest unit that divides it. */
export function shownDuration(milliseconds: number): string {
  const units = Object.entries(UNIT_MS).reverse();
  const [name, size] = units.find(([, each]) => milliseconds % each === 0 && milliseconds > 0) ?? [
    "ms",
    1,
  ];
  return `${String(milliseconds / size)}${name}`;
}

/** "true" or "false", and what twelve-factor environments use for them. */
export function parseSwitch(text: string): boolean {
  switch (text.toLowerCase()) {
    case "true":
    case "1":
    case "yes":
    case "on":
      return true;
    case "false":
    case "0":
    case "no":
    case "off":
      return false;
    default:
      throw new InvalidArgumentError("Expected true or false.");
  }
}

/** A moment as milliseconds since 1970: ISO 8601 with a zone. */
export function parseTime(text: string): number {
  const value = Date.parse(text);
  if (
    !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text) ||
    Number.isNaN(value)
  ) {
    throw new InvalidArgumentError(
      "Expected a time with its zone, such as 2026-05-04T12:30:00Z or 2026-05-04T14:30:00+02:00.",
    );
  }
  return value;
}
