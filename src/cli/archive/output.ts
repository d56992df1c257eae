// How the commands around an object store print: lines for people, one JSON object a line for programs, and progress on
// standard error.

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** For what a person should know while a command runs; never part of its answer. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns padded to the widest cell of each. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [header, ...rows];
  const widths = header.map((_, at) => Math.max(...all.map((row) => (row[at] ?? "").length)));
  for (const row of all) {
    print(
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}

/** One fact a line. */
export function printFacts(facts: readonly (readonly [string, string])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) {
    print(`${name.padEnd(width)}  ${value}`);
  }
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function shownBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}

export function shownTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** A word of a command that can be pasted into a shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** On a terminal the line is written anew at most so often; elsewhere a line is added. */
const TERMINAL_MS = 200;
const PLAIN_MS = 3_000;

/** What long work says of itself on standard error. Nothing, if it is over sooner. */
export class Progress {
  readonly #isTerminal = process.stderr.isTTY;
  #lastMs = performance.now();
  #isShown = false;

  show(text: () => string): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < (this.#isTerminal ? TERMINAL_MS : PLAIN_MS)) {
      return;
    }
    this.#lastMs = nowMs;
    this.#isShown = true;
    process.stderr.write(this.#isTerminal ? `\r\u001b[K${text()}` : `${text()}\n`);
  }

  /** To be called before anything else is printed. */
  end(): void {
    if (this.#isShown && this.#isTerminal) {
      process.stderr.write("\r\u001b[K");
    }
    this.#isShown = false;
  }
}
