// npm run bench:put-cpu: what a durable put costs the server in CPU time, thread by thread, and (with --profile) where it
// goes. CPU time, unlike throughput, can be compared on a machine that does other things too: take the least of the runs.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { freePort } from "../test/support/process/free-port.js";
import { assertSound, buildGenerator, generateLoad } from "./harness/load-generator.js";
import { preloadedKeys, valueBytes } from "./harness/loads.js";
import { BackgroundProcess, removeAtExit, residentBytes, settle } from "./harness/processes.js";
import { loadCore, t4Command, t4Program, waitUntilServing } from "./harness/server-under-test.js";
import { median } from "./harness/statistics.js";
import { formatTable } from "./harness/table.js";
import { groupSamples } from "./harness/perf-samples.js";

const usage = `npm run bench:put-cpu -- [options]
  --shape 16x16    connections x calls open on each; may be given more than once
  --runs 5         runs of each shape
  --seconds 6      measured seconds of each run
  --profile        one more run of each under perf: where the time goes, by thread and group of functions
  --program path   the t4 to measure (default: dist/cli/main.js); if given more than once, in turns
  --node-option o  an option for the server's node; may be given more than once`;

/** Threads in the order in which a server starts them. */
const threadNames = [
  "main",
  "V8 helpers",
  "V8 helpers",
  "V8 helpers",
  "V8 helpers",
  "V8 helpers",
  "signals",
  "libuv pool",
  "libuv pool",
  "libuv pool",
  "libuv pool",
  "log worker",
  "table worker",
] as const;

type ThreadTimes = ReadonlyMap<string, number>;

/** Thread ids in order of start, which is that of their numbers but for a wrap of those. */
function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).sort((left, right) => Number(left) - Number(right));
}

function nameOfThread(place: number): string {
  return threadNames[place] ?? "others";
}

/** Microseconds on a core so far, by name of thread. */
function threadTimes(pid: number): ThreadTimes {
  const times = new Map<string, number>();
  threadsOf(pid).forEach((thread, place) => {
    const [onCore = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    const name = nameOfThread(place);
    times.set(name, (times.get(name) ?? 0) + Number(onCore) / 1000);
  });
  return times;
}

interface Run {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly residentMb: number;
  readonly putsPerGroup: number;
  readonly total: number;
  /** CPU microseconds per put. */
  readonly byThread: ThreadTimes;
}

interface Shape {
  readonly name: string;
  readonly connections: number;
  readonly streams: number;
}

function shapeOf(text: string): Shape {
  const [connections = 0, streams = 0] = text.split("x").map(Number);
  if (!(connections > 0 && streams > 0)) {
    throw new Error(`--shape must be like 16x16, not ${text}`);
  }
  return { name: text, connections, streams };
}

/** Groups that the log has written: of how many puts one is, decides what each of them costs. */
async function groupsWritten(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^t4_log_groups_total (\d+)/m.exec(metrics)?.[1] ?? 0);
}

async function measureOnce(
  background: BackgroundProcess,
  port: number,
  shape: Shape,
  seconds: number,
  seed: number,
): Promise<Run> {
  const { connections, streams } = shape;
  const groupsBefore = await groupsWritten(port);
  const before = threadTimes(background.pid);
  const report = await generateLoad({
    mode: "put",
    port,
    core: loadCore,
    connections,
    streams,
    keys: preloadedKeys,
    valueBytes,
    seconds,
    warmUpSeconds: 0,
    seed,
  });
  assertSound(report);
  if (report.mode === "watch") {
    throw new Error("puts were asked for");
  }
  await settle(background.pid, 3_000);
  const puts = report.wholeRun.put;
  const byThread = new Map<string, number>();
  let total = 0;
  for (const [name, time] of threadTimes(background.pid)) {
    const perPut = (time - (before.get(name) ?? 0)) / puts;
    byThread.set(name, perPut);
    total += perPut;
  }
  return {
    perSecond: report.perSecond,
    p50Us: report.latencyNs.p50 / 1000,
    p99Us: report.latencyNs.p99 / 1000,
    residentMb: residentBytes(background.pid) / 1e6,
    putsPerGroup: puts / ((await groupsWritten(port)) - groupsBefore),
    total,
    byThread,
  };
}

/** Every run, and of each column the least, the median and the mean. */
function printRuns(runs: readonly Run[]): void {
  const names = [...new Set(threadNames), "others"].filter((name) =>
    runs.some(({ byThread }) => (byThread.get(name) ?? 0) >= 0.01),
  );
  const columns = runs.map((run) => [
    run.total,
    ...names.map((name) => run.byThread.get(name) ?? 0),
    run.putsPerGroup,
    run.perSecond,
    run.p50Us,
    run.p99Us,
    run.residentMb,
  ]);
  const ofColumns = (pick: (values: readonly number[]) => number): number[] =>
    (columns[0] ?? []).map((_, column) => pick(columns.map((values) => values[column] ?? NaN)));
  const row = (name: string, values: readonly number[]): string[] => [
    name,
    ...values.map((value) => value.toFixed(value < 100 ? 2 : 0)),
  ];
  console.log(
    formatTable([
      ["", "all", ...names, "puts/group", "puts/s", "p50 µs", "p99 µs", "RSS MB"],
      ...columns.map((values) => row("", values)),
      row(
        "least",
        ofColumns((values) => Math.min(...values)),
      ),
      row("median", ofColumns(median)),
      row(
        "mean",
        ofColumns((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
      ),
    ]),
  );
}

/** One run with `perf` looking at every thread of the server. */
async function profile(
  { background, port }: Subject,
  shape: Shape,
  { seconds, directory }: Options,
): Promise<void> {
  const file = join(directory, "perf.data");
  const threads = threadsOf(background.pid);
  const perf = new BackgroundProcess({
    file: "perf",
    args: ["record", "-q", "-F", "2999", "-g", "-p", String(background.pid), "-o", file],
  });
  await sleep(500);
  const run = await measureOnce(background, port, shape, seconds, 99);
  await perf.interrupt();
  const text = execFileSync("perf", ["script", "-i", file, "-F", "tid,ip,sym,dso"], {
    encoding: "utf8",
    maxBuffer: 4 * 1024 ** 3,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const nameOf = (thread: string): string => nameOfThread(threads.indexOf(thread));
  const rows = groupSamples(text, nameOf, run.byThread);
  console.log(`\nput ${shape.name}, where ${run.total.toFixed(1)} µs go (with perf looking on):`);
  console.log(formatTable([["thread", "what", "µs per put"], ...rows]));
}

/** A t4 that is measured. */
interface Subject {
  readonly program: string;
  readonly background: BackgroundProcess;
  readonly port: number;
}

async function start(program: string, place: number, options: Options): Promise<Subject> {
  if (!existsSync(program)) {
    throw new Error(`${program} does not exist: run "npm run build" first`);
  }
  const port = await freePort();
  const command = t4Command(join(options.directory, `data-${place}`), port);
  const profiling = options.profile
    ? ["--perf-basic-prof", "--interpreted-frames-native-stack"]
    : [];
  const background = new BackgroundProcess({
    ...command,
    args: [...options.nodeOptions, ...profiling, program, ...command.args.slice(1)],
  });
  await waitUntilServing(port, background);
  const fill = { port, core: loadCore, keys: preloadedKeys, valueBytes };
  assertSound(await generateLoad({ mode: "fill", connections: 16, streams: 16, ...fill }));
  await settle(background.pid, 3_000);
  return { program, background, port };
}

interface Options {
  readonly shapes: readonly Shape[];
  readonly runs: number;
  readonly seconds: number;
  readonly profile: boolean;
  readonly programs: readonly string[];
  readonly nodeOptions: readonly string[];
  readonly directory: string;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      shape: { type: "string", multiple: true, default: ["16x16", "100x1"] },
      runs: { type: "string", default: "5" },
      seconds: { type: "string", default: "6" },
      profile: { type: "boolean", default: false },
      program: { type: "string", multiple: true, default: [t4Program] },
      "node-option": { type: "string", multiple: true, default: [] },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const directory = mkdtempSync(join(tmpdir(), "t4-put-cpu-"));
  removeAtExit(directory);
  return {
    shapes: values.shape.map(shapeOf),
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    profile: values.profile,
    programs: values.program,
    nodeOptions: values["node-option"],
    directory,
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  await buildGenerator();
  const subjects: Subject[] = [];
  for (const [place, program] of options.programs.entries()) {
    subjects.push(await start(program, place, options));
  }
  for (const shape of options.shapes) {
    const runs = subjects.map((): Run[] => []);
    // The first run is not counted: the compilers have not seen the load yet.
    for (let number = 0; number <= options.runs; number += 1) {
      for (const [place, { background, port }] of subjects.entries()) {
        const run = await measureOnce(background, port, shape, options.seconds, number + 1);
        if (number > 0) {
          runs[place]?.push(run);
        }
      }
    }
    for (const [place, subject] of subjects.entries()) {
      console.log(`\nput ${shape.name}, CPU µs per put, ${subject.program}:`);
      printRuns(runs[place] ?? []);
      if (options.profile) {
        await profile(subject, shape, options);
      }
    }
  }
  await Promise.all(subjects.map(async ({ background }) => background.stop()));
}

await main();
