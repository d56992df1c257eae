// npm run bench: the embedded store against its floors. Every benchmark runs in a process and a directory of its own and
// measures the built package (npm run build). docs/benchmarks.md says what the figures mean.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { freePort } from "../test/support/process/free-port.js";
import { formatEmbedded, type EmbeddedResults, type Figure } from "./embedded/results.js";
import type { FillAnswer, ReopenAnswer, Task } from "./embedded/task-main.js";
import { probeThreadWrites } from "./embedded/thread-write.js";
import { formatDuration } from "./harness/table.js";
import { describeMachine, probeSyncedWrites } from "./harness/machine.js";
import { BackgroundProcess, removeAtExit, run } from "./harness/processes.js";
import { t4Command, waitUntilServing } from "./harness/server-under-test.js";
import { median } from "./harness/statistics.js";

const usage = `npm run bench -- [options]
  --seconds 5      measured seconds of each rate
  --only text      only benchmarks with this in their name; may be given more than once
  --list           print the names of the benchmarks
  --large          also 10 M keys (a minute or two, 4 GB of disk)
  --quick          1 second each and 100 k keys for 1 M: to see that it works, not for figures
  --dir path       where the data directories go (default: the system's temporary directory)
  --json path      write the figures; node build/bench/report.js prints them again
  --module name    measure another build of the package`;

interface Options {
  readonly seconds: number;
  readonly stallSeconds: number;
  readonly keys: number;
  readonly directory: string;
  readonly moduleName: string;
}

const startRuns = 9;
const repository = fileURLToPath(new URL("../../", import.meta.url));
const taskProgram = fileURLToPath(new URL("./embedded/task-main.js", import.meta.url));

/** Runs one task in a fresh process, with options for its node; `directory` may hold what an earlier one left. */
async function runTask(
  task: Task,
  options: Options,
  directory: string,
  nodeOptions: readonly string[] = [],
): Promise<unknown> {
  const argument = JSON.stringify({ task, moduleName: options.moduleName, directory });
  const args = [...nodeOptions, taskProgram, argument];
  const output = await run({ file: process.execPath, args });
  return JSON.parse(output) as unknown;
}

async function inFreshDirectory<T>(
  options: Options,
  action: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(options.directory, "t4-bench-embedded-"));
  removeAtExit(directory);
  try {
    return await action(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function figuresOf(
  task: Task,
  options: Options,
  nodeOptions: readonly string[] = [],
): Promise<Figure[]> {
  return inFreshDirectory(
    options,
    async (directory) => (await runTask(task, options, directory, nodeOptions)) as Figure[],
  );
}

/** With V8's four helper threads, and with one: on two cores they are what the event loop waits for. */
async function measureStalls(options: Options): Promise<Figure[]> {
  const task: Task = { name: "stalls", seconds: options.stallSeconds };
  const figures = await figuresOf(task, options);
  const oneHelper = "--v8-pool-size=1";
  for (const figure of await figuresOf(task, options, [oneHelper])) {
    figures.push({ ...figure, name: `${figure.name}, ${oneHelper}` });
  }
  return figures;
}

async function measurePuts(options: Options): Promise<Figure[]> {
  const syncedWriteNs = probeSyncedWrites(options.directory).p50;
  const threadWriteNs = await probeThreadWrites(options.directory);
  const figures = await figuresOf({ name: "puts", seconds: options.seconds }, options);
  const byThread: Figure = {
    name: "a synced write by another thread, without the store",
    value: 1e9 / threadWriteNs,
    unit: "per second",
    note: `p50 ${formatDuration(threadWriteNs)}; the same in one thread ${formatDuration(syncedWriteNs)}`,
  };
  return [byThread, ...figures];
}

/** Bytes of disk that all files take, holes not counted. */
function diskBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(directory, name)))
    .reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

/** Puts the files into the page cache, if the machine has taken some of them out of it. */
function readThrough(directory: string): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      readFileSync(join(entry.parentPath, entry.name));
    }
  }
}

interface FootprintFloors {
  readonly diskBytes?: number;
  readonly residentBytes: number;
  readonly openNs: number;
  readonly firstReadNs?: number;
}

async function measureFootprint(
  options: Options,
  keys: number,
  name: string,
  floors: FootprintFloors,
): Promise<Figure[]> {
  return inFreshDirectory(options, async (directory) => {
    const filled = (await runTask({ name: "fill", keys }, options, directory)) as FillAnswer;
    const bytes = diskBytes(directory);
    readThrough(directory);
    const reopened = (await runTask({ name: "reopen", keys }, options, directory)) as ReopenAnswer;
    return [
      { name: `${name}: fill`, value: keys / filled.seconds, unit: "per second" },
      {
        name: `${name}: on disk`,
        value: bytes,
        unit: "bytes",
        ...(floors.diskBytes === undefined ? {} : { floor: floors.diskBytes }),
      },
      {
        name: `${name}: resident after the fill`,
        value: filled.residentBytes,
        unit: "bytes",
        floor: floors.residentBytes,
      },
      {
        name: `${name}: open`,
        value: reopened.openMs * 1e6,
        unit: "ns",
        floor: floors.openNs,
        note: "the import of the package included",
      },
      {
        name: `${name}: random get, first touch`,
        value: reopened.firstReadNs,
        unit: "ns",
        ...(floors.firstReadNs === undefined ? {} : { floor: floors.firstReadNs }),
        note: `mean of ${reopened.reads.toLocaleString("en-US")}`,
      },
      {
        name: `${name}: resident after those reads`,
        value: reopened.residentBytes,
        unit: "bytes",
        floor: floors.residentBytes,
      },
    ];
  });
}

/** In a bare process; run from the repository, so that the package finds itself by its name. */
async function measureImport(options: Options): Promise<Figure[]> {
  const script =
    "const startedAt = performance.now(); await import(process.argv[1]); " +
    "console.log(performance.now() - startedAt);";
  const times: number[] = [];
  for (let attempt = 0; attempt < startRuns; attempt++) {
    const args = ["--input-type=module", "--eval", script, options.moduleName];
    const output = await run({ file: process.execPath, args, directory: repository });
    times.push(Number(output) * 1e6);
  }
  const note = `median of ${startRuns}`;
  return [{ name: `import "t4db"`, value: median(times), unit: "ns", floor: 60e6, note }];
}

/** From the start of the process to the first healthy answer. */
async function measureServerStart(options: Options): Promise<Figure[]> {
  const times: number[] = [];
  for (let attempt = 0; attempt < startRuns; attempt++) {
    await inFreshDirectory(options, async (directory) => {
      const port = await freePort();
      const startedAt = performance.now();
      const server = new BackgroundProcess({ ...t4Command(directory, port), cores: undefined });
      await waitUntilServing(port, server);
      times.push((performance.now() - startedAt) * 1e6);
      await server.stop();
    });
  }
  const note = `median of ${startRuns}`;
  const name = "t4 run on an empty directory: serving";
  return [{ name, value: median(times), unit: "ns", floor: 300e6, note }];
}

const benchmarks: Readonly<Record<string, (options: Options) => Promise<Figure[]>>> = {
  import: measureImport,
  "server start": measureServerStart,
  "hot reads": async (options) => figuresOf({ name: "hot-reads", keys: 1000 }, options),
  memory: async (options) => figuresOf({ name: "memory", seconds: options.seconds }, options),
  puts: measurePuts,
  stalls: measureStalls,
  watchers: async (options) => figuresOf({ name: "watchers", seconds: options.seconds }, options),
  "1 M keys": async (options) =>
    measureFootprint(options, options.keys, options.keys === 1e6 ? "1 M keys" : "100 k keys", {
      diskBytes: 350e6,
      residentBytes: 450e6,
      openNs: 0.5e9,
      firstReadNs: 6000,
    }),
  "10 M keys": async (options) =>
    measureFootprint(options, 1e7, "10 M keys", { residentBytes: 1e9, openNs: 2e9 }),
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      only: { type: "string", multiple: true, default: [""] },
      list: { type: "boolean", default: false },
      large: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      dir: { type: "string", default: tmpdir() },
      json: { type: "string" },
      module: { type: "string", default: "t4db" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.list) {
    console.log(values.help ? usage : Object.keys(benchmarks).join("\n"));
    return;
  }
  mkdirSync(values.dir, { recursive: true });
  const seconds = Number(values.seconds ?? (values.quick ? 1 : 5));
  const options: Options = {
    seconds,
    stallSeconds: seconds * 4,
    keys: values.quick ? 100_000 : 1_000_000,
    directory: values.dir,
    moduleName: values.module,
  };
  const figures: Figure[] = [];
  const startedAt = new Date().toISOString();
  const machine = describeMachine(options.directory);
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    const chosen = values.only.some((text) => name.includes(text));
    if (!chosen || (name === "10 M keys" && !values.large)) {
      continue;
    }
    console.error(`${name} …`);
    figures.push(...(await benchmark(options)));
  }
  const results: EmbeddedResults = { kind: "embedded", version: 1, startedAt, machine, figures };
  if (values.json !== undefined) {
    writeFileSync(values.json, JSON.stringify(results, undefined, 1));
  }
  console.log(formatEmbedded(results));
}

await main();
