// Builds and runs the load generator in bench/load/. A load program in Node would be slower than the server it measures.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { isInstalled, run } from "./processes.js";

const benchFolder = fileURLToPath(new URL("../../../bench/", import.meta.url));
const sourceFolder = join(benchFolder, "load");
const binaryFolder = join(benchFolder, "bin");
export const generatorBinary: string = join(binaryFolder, "t4-load");

/** Nanoseconds. */
export interface Latency {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

interface Usage {
  readonly measuredSeconds: number;
  readonly perSecond: number;
  /** Of one core; near 1 the generator is the bottleneck and the figure a lower bound. */
  readonly generatorCpuShare: number;
  readonly serverCpuShare?: number;
  readonly serverCpuMicrosecondsPerOperation?: number;
  readonly serverResidentBytes?: number;
  readonly latencyNs: Latency;
}

export interface RequestsReport extends Usage {
  readonly mode: "fill" | "range" | "put" | "mixed" | "txn";
  /** Calls in the measured span that ended with status 0 and one message, and those that did not. */
  readonly done: number;
  readonly failed: number;
  readonly latencyNsByMethod: Readonly<Partial<Record<"range" | "put" | "txn", Latency>>>;
  /** With the warm-up and the calls that were open at the end: what the server must have counted. */
  readonly wholeRun: {
    readonly range: number;
    readonly put: number;
    readonly txn: number;
    readonly notFound: number;
    readonly conflicts: number;
    readonly failuresByStatus: Readonly<Record<string, number>>;
    readonly firstFailure: string;
  };
}

/** `perSecond` is deliveries; `latencyNs` is from a put to its last delivery. */
export interface WatchReport extends Usage {
  readonly mode: "watch";
  readonly putsPerSecond: number;
  readonly putLatencyNs: Latency;
  readonly wholeRun: {
    readonly put: number;
    readonly events: number;
    readonly missing: number;
    readonly outOfOrder: number;
  };
}

export type LoadReport = RequestsReport | WatchReport;

export interface LoadOptions {
  readonly mode: LoadReport["mode"];
  readonly port: number;
  /** The core it is kept on; undefined: any. */
  readonly core?: number;
  readonly serverPid?: number;
  readonly connections?: number;
  readonly streams?: number;
  readonly keys?: number;
  readonly valueBytes?: number;
  readonly seconds?: number;
  readonly warmUpSeconds?: number;
  readonly watchers?: number;
  readonly putsPerSecond?: number;
  readonly seed?: number;
  /** Of the user whose calls these are, where auth is on. */
  readonly token?: string;
}

/** Compiles the generator unless its binary is newer than every source. */
export async function buildGenerator(): Promise<void> {
  const sources = readdirSync(sourceFolder).map((name) => join(sourceFolder, name));
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
  const built = statSync(generatorBinary, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest) {
    return;
  }
  const compiler = process.env["CC"] ?? "cc";
  if (!isInstalled(compiler)) {
    throw new Error(
      `the load generator needs a C compiler and "${compiler}" is not installed: install gcc or clang, or name one in CC`,
    );
  }
  mkdirSync(binaryFolder, { recursive: true });
  await run({
    file: compiler,
    args: [
      ...["-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", generatorBinary],
      ...sources.filter((path) => path.endsWith(".c")),
    ],
  });
}

function toArguments(options: LoadOptions): string[] {
  const named = {
    port: options.port,
    "server-pid": options.serverPid,
    connections: options.connections,
    streams: options.streams,
    keys: options.keys,
    "value-bytes": options.valueBytes,
    seconds: options.seconds,
    "warm-up": options.warmUpSeconds,
    watchers: options.watchers,
    "puts-per-second": options.putsPerSecond,
    seed: options.seed,
    token: options.token,
  };
  return [
    options.mode,
    ...Object.entries(named).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
  ];
}

/** Runs one load. Failed calls are in the report; see `assertSound`. */
export async function generateLoad(options: LoadOptions): Promise<LoadReport> {
  const output = await run({
    file: generatorBinary,
    args: toArguments(options),
    cores: options.core === undefined ? undefined : [options.core],
  });
  return JSON.parse(output) as LoadReport;
}

/** A figure counts only if every call did what it should: throws otherwise. */
export function assertSound(report: LoadReport): void {
  const { wholeRun } = report;
  if (report.mode === "watch") {
    const { missing, outOfOrder } = report.wholeRun;
    if (missing > 0 || outOfOrder > 0) {
      throw new Error(`watchers missed ${missing} events and got ${outOfOrder} out of order`);
    }
    return;
  }
  if ("failuresByStatus" in wholeRun && Object.keys(wholeRun.failuresByStatus).length > 0) {
    throw new Error(
      `calls failed, by status: ${JSON.stringify(wholeRun.failuresByStatus)}, the first with "${wholeRun.firstFailure}"`,
    );
  }
  if (report.wholeRun.notFound > 0) {
    throw new Error(`${report.wholeRun.notFound} keys were not found`);
  }
}
