// npm run bench:etcd: this package's server and etcd side by side, in one run, under the same loads. It measures the
// built server in dist/ and builds only its load generator. docs/benchmarks.md says what the figures mean.
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import type { Comparison, Failure, Measurement } from "./harness/comparison.js";
import { formatComparison } from "./harness/comparison-report.js";
import { runH2load, type H2loadReport } from "./harness/h2load.js";
import {
  assertSound,
  buildGenerator,
  generateLoad,
  type LoadReport,
} from "./harness/load-generator.js";
import { loads, preloadedKeys, tlsLoads, valueBytes, type Load } from "./harness/loads.js";
import { describeMachine } from "./harness/machine.js";
import { isInstalled, removeAtExit, settle, whyNotPinned } from "./harness/processes.js";
import { formatCount } from "./harness/table.js";
import {
  loadCore,
  ServerUnderTest,
  t4Program,
  type ServerName,
  type Subject,
} from "./harness/server-under-test.js";

const usage = `npm run bench:etcd -- [options]
  --rounds 5       alternating rounds
  --seconds 10     measured seconds of each load
  --warm-up 2      seconds before them
  --only text      only loads with this in their name; may be given more than once
  --list           print the names of the loads
  --quick          1 round of 1 second: to see that it works, not for figures
  --tls            the loads with TLS, instead of those without
  --one-core       leave out etcd on both cores
  --dir path       where the data directories go (default: the system's temporary directory)
  --json path      write everything measured; node build/bench/report.js prints it again
  --subject etcd   let etcd play our part: shows what the noise of the machine is worth`;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly directory: string;
  readonly jsonPath: string | undefined;
  readonly subject: Subject;
  readonly servers: readonly ServerName[];
  readonly loads: readonly Load[];
}

const fillConnections = 16;
const settleMs = 5_000;

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      seconds: { type: "string" },
      "warm-up": { type: "string" },
      only: { type: "string", multiple: true, default: [""] },
      list: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      "one-core": { type: "boolean", default: false },
      tls: { type: "boolean", default: false },
      dir: { type: "string", default: tmpdir() },
      json: { type: "string" },
      subject: { type: "string", default: "t4" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const offered = values.tls ? tlsLoads : loads;
  const chosen = offered.filter(({ name }) => values.only.some((text) => name.includes(text)));
  if (values.list || chosen.length === 0) {
    console.log(offered.map(({ name }) => name).join("\n"));
    process.exit(values.list ? 0 : 1);
  }
  if (values.subject !== "t4" && values.subject !== "etcd") {
    throw new Error(`--subject must be t4 or etcd, not ${values.subject}`);
  }
  const number = (text: string | undefined, normal: number, quick: number): number => {
    const value = text === undefined ? (values.quick ? quick : normal) : Number(text);
    if (!(value >= 0)) {
      throw new Error(`not a number: ${text ?? ""}`);
    }
    return value;
  };
  return {
    rounds: number(values.rounds, 5, 1),
    seconds: number(values.seconds, 10, 1),
    warmUpSeconds: number(values["warm-up"], 2, 0.5),
    directory: values.dir,
    jsonPath: values.json,
    subject: values.subject,
    servers: values["one-core"] ? ["ours", "etcd"] : ["ours", "etcd", "etcd-two-cores"],
    loads: chosen,
  };
}

function checkPrograms(options: Options): void {
  if (!isInstalled("etcd")) {
    throw new Error("etcd is not installed (Debian: apt-get install etcd-server)");
  }
  if (options.subject === "t4" && !existsSync(t4Program)) {
    throw new Error(`${t4Program} does not exist: run "npm run build" first`);
  }
}

async function measure(
  load: Load,
  server: ServerUnderTest,
  options: Options,
  round: number,
): Promise<LoadReport | H2loadReport> {
  const common = {
    port: server.port,
    core: loadCore,
    seconds: options.seconds,
    warmUpSeconds: options.warmUpSeconds,
    valueBytes,
  };
  if (load.work.tool === "h2load") {
    const { options: asked } = load.work;
    const port = asked.tls === true ? (server.tlsPort ?? server.port) : server.port;
    return runH2load({ ...common, ...asked, port, serverPid: server.pid });
  }
  const report = await generateLoad({
    keys: preloadedKeys,
    serverPid: server.pid,
    seed: round + 1,
    ...common,
    ...load.work.options,
  });
  assertSound(report);
  return report;
}

/**
 * Starts every server on an empty directory, fills it, and starts it again: etcd 3.4 copies its read buffer for every
 * read, and that buffer keeps the size that a burst of writes gave it. Measured right after the fill a Range costs it
 * four times the CPU (350 µs against 90 µs), which would be a false victory.
 */
async function startServers(options: Options, directory: string): Promise<ServerUnderTest[]> {
  const servers: ServerUnderTest[] = [];
  for (const name of options.servers) {
    const withTls = options.loads.some(
      ({ work }) => work.tool === "h2load" && work.options.tls === true,
    );
    const server = await ServerUnderTest.start(name, options.subject, directory, withTls);
    servers.push(server);
    const fill = await generateLoad({
      mode: "fill",
      port: server.port,
      core: loadCore,
      connections: fillConnections,
      streams: fillConnections,
      keys: preloadedKeys,
      valueBytes,
    });
    assertSound(fill);
    await server.restart();
    await settle(server.pid, settleMs);
  }
  return servers;
}

/**
 * One after the other under each load, in an order that moves on with the rounds: A B C, B C A, C A B. A load that fails
 * is noted and the others go on.
 */
async function runRound(
  options: Options,
  directory: string,
  round: number,
  measurements: Measurement[],
  failures: Failure[],
): Promise<void> {
  const servers = await startServers(options, directory);
  const first = round % servers.length;
  const order = [...servers.slice(first), ...servers.slice(0, first)];
  for (const load of options.loads) {
    for (const server of order) {
      const what = { load: load.name, round, server: server.name };
      const progress = `round ${round + 1}/${options.rounds}  ${load.name}  ${server.name}`;
      try {
        const report = await measure(load, server, options, round);
        measurements.push({ ...what, report });
        console.error(`${progress}: ${formatCount(report.perSecond)}/s`);
        await settle(server.pid, settleMs);
      } catch (error) {
        failures.push({ ...what, error: error instanceof Error ? error.message : String(error) });
        console.error(`${progress}: FAILED`, error);
      }
    }
  }
  await Promise.all(servers.map(async (server) => server.stop()));
}

async function main(): Promise<void> {
  const options = readOptions();
  checkPrograms(options);
  await buildGenerator();
  const notPinnedBecause = whyNotPinned();
  if (notPinnedBecause !== undefined) {
    console.error(`note: not pinned to cores: ${notPinnedBecause}`);
  }
  const withH2load = isInstalled("h2load");
  if (!withH2load) {
    console.error("note: h2load is not installed: its loads are left out");
  }
  const runnable = {
    ...options,
    loads: options.loads.filter(({ work }) => withH2load || work.tool !== "h2load"),
  };
  mkdirSync(options.directory, { recursive: true });
  const directory = mkdtempSync(join(options.directory, "t4-bench-"));
  removeAtExit(directory);

  const startedAt = new Date().toISOString();
  const machine = describeMachine(directory);
  const measurements: Measurement[] = [];
  const failures: Failure[] = [];
  const comparison: Comparison = {
    kind: "etcd-comparison",
    version: 1,
    startedAt,
    machine,
    conditions: {
      subject: options.subject,
      rounds: options.rounds,
      seconds: options.seconds,
      warmUpSeconds: options.warmUpSeconds,
      keys: preloadedKeys,
      valueBytes,
      ...(notPinnedBecause === undefined ? {} : { notPinnedBecause }),
    },
    measurements,
    failures,
  };
  for (let round = 0; round < options.rounds; round++) {
    await runRound(runnable, directory, round, measurements, failures);
    if (options.jsonPath !== undefined) {
      writeFileSync(options.jsonPath, JSON.stringify(comparison, undefined, 1)); // survives a broken off run
    }
  }
  console.log(formatComparison(comparison));
  process.exitCode = failures.length > 0 ? 1 : 0;
}

await main();
