// A comparison as text that is Markdown too: one table of throughput against the floors, one of latency and CPU.
import type { Comparison, LoadSummary, Ratios, ServerSummary } from "./comparison.js";
import { summarise } from "./comparison.js";
import { loads, tlsLoads } from "./loads.js";
import type { Machine } from "./machine.js";
import { formatBytes, formatCount, formatDuration, formatTable } from "./table.js";

/** Above this share of its core the generator may be what limits the figure. */
const busyGeneratorShare = 0.9;

export function describe(machine: Machine): string {
  return [
    `${machine.cores} × ${machine.cpuModel}, ${formatCount(machine.memoryBytes / 1e9)} GB`,
    machine.kernel,
    `Node ${machine.nodeVersion}`,
    machine.etcdVersion,
    `${machine.fileSystem}, O_DSYNC write p50 ${formatDuration(machine.syncedWriteNs.p50)}` +
      ` p99 ${formatDuration(machine.syncedWriteNs.p99)}`,
  ].join("; ");
}

function formatRatio(ratios: Ratios | undefined): string {
  return ratios === undefined
    ? "–"
    : `×${formatCount(ratios.median)} (${formatCount(ratios.least)}–${formatCount(ratios.most)})`;
}

function formatVerdicts(summary: LoadSummary): string {
  return summary.verdicts
    .map(({ floor, met }) => `${floor}: ${met ? "pass" : "**miss**"}`)
    .join("; ");
}

function formatRate(summary: ServerSummary | undefined): string {
  if (summary === undefined) {
    return "–";
  }
  const limited = summary.generatorCpuShare > busyGeneratorShare ? " ≥" : "";
  return `${formatCount(summary.perSecond)}${limited}`;
}

function throughputTable(summaries: readonly LoadSummary[]): string {
  return formatTable([
    [
      "load",
      "ours /s",
      "etcd /s",
      "etcd, both cores /s",
      "ours ÷ etcd",
      "ours ÷ etcd on both",
      "floor",
    ],
    ...summaries.map((summary) => [
      summary.load,
      formatRate(summary.servers.ours),
      formatRate(summary.servers.etcd),
      formatRate(summary.servers["etcd-two-cores"]),
      formatRatio(summary.ratios.etcd),
      formatRatio(summary.ratios["etcd-two-cores"]),
      formatVerdicts(summary),
    ]),
  ]);
}

function latencyTable(summaries: readonly LoadSummary[]): string {
  const names = ["ours", "etcd", "etcd-two-cores"] as const;
  const rows = summaries.map((summary) => [
    summary.load,
    ...names.map((name) => {
      const server = summary.servers[name];
      return server === undefined
        ? "–"
        : `${formatDuration(server.p50)} / ${formatDuration(server.p99)}`;
    }),
    names
      .map((name) => formatCount(summary.servers[name]?.cpuMicroseconds ?? Number.NaN))
      .join(" / "),
    names
      .map((name) => formatBytes(summary.servers[name]?.residentBytes ?? Number.NaN))
      .join(" / "),
  ]);
  return formatTable([
    [
      "load",
      "ours p50 / p99",
      "etcd p50 / p99",
      "etcd, both cores p50 / p99",
      "server CPU µs per operation",
      "resident",
    ],
    ...rows,
  ]);
}

function formatFailures({ failures }: Comparison): string[] {
  if (failures.length === 0) {
    return [];
  }
  const lines = failures.map(
    ({ load, round, server, error }) => `- round ${round + 1}, ${load}, ${server}: ${error}`,
  );
  return ["", "**Failed, so without a figure:**", "", ...lines];
}

export function formatComparison(comparison: Comparison): string {
  const { conditions, machine, measurements } = comparison;
  const summaries = summarise(measurements, [...loads, ...tlsLoads]);
  const subject =
    conditions.subject === "t4"
      ? []
      : ["**etcd plays our part: this run shows the noise of the machine, nothing else.**", ""];
  const pinning =
    conditions.notPinnedBecause === undefined
      ? "each server on core 0 (all threads), the load on core 1; etcd on both cores shares core 1 with the load"
      : `not pinned: ${conditions.notPinnedBecause}`;
  return [
    `${comparison.startedAt}: ${describe(machine)}.`,
    "",
    `${conditions.rounds} alternating rounds of ${conditions.seconds} s after ${conditions.warmUpSeconds} s of warm-up, ` +
      `${formatCount(conditions.keys)} keys with values of ${conditions.valueBytes} B; ${pinning}. ` +
      "Medians; ratios pair by pair (least–most). For watch: deliveries, and the time from a put to its last delivery. " +
      "“≥” behind a figure: the load generator was busy for over 90 % of its core. h2load gives means, no percentiles.",
    "",
    ...subject,
    throughputTable(summaries),
    "",
    latencyTable(summaries),
    ...formatFailures(comparison),
    "",
  ].join("\n");
}
