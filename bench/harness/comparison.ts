// The comparison's results as data, and the figures derived from them. What is stored is what was measured; ratios are
// always taken between neighbours of one round, so that a machine that gets slower during the run is no advantage.
import type { H2loadReport } from "./h2load.js";
import type { LoadReport } from "./load-generator.js";
import type { Floor, Load } from "./loads.js";
import type { Machine } from "./machine.js";
import type { ServerName, Subject } from "./server-under-test.js";
import { median } from "./statistics.js";

export interface Measurement {
  readonly load: string;
  readonly round: number;
  readonly server: ServerName;
  readonly report: LoadReport | H2loadReport;
}

/** A load that a server did not bear: it has no figure. */
export interface Failure {
  readonly load: string;
  readonly round: number;
  readonly server: ServerName;
  readonly error: string;
}

export interface Comparison {
  readonly kind: "etcd-comparison";
  readonly version: 1;
  readonly startedAt: string;
  readonly machine: Machine;
  readonly conditions: {
    readonly subject: Subject;
    readonly rounds: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
    readonly keys: number;
    readonly valueBytes: number;
    /** Undefined if server and load had a core each. */
    readonly notPinnedBecause?: string;
  };
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

/** Medians over the rounds. Times are nanoseconds; h2load knows only a mean, given as `p50`. */
export interface ServerSummary {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
  readonly generatorCpuShare: number;
}

export interface Ratios {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Verdict {
  readonly floor: string;
  readonly met: boolean;
}

export interface LoadSummary {
  readonly load: string;
  readonly servers: Readonly<Partial<Record<ServerName, ServerSummary>>>;
  /** Our throughput ÷ theirs, pair by pair. */
  readonly ratios: Readonly<Partial<Record<"etcd" | "etcd-two-cores", Ratios>>>;
  readonly verdicts: readonly Verdict[];
}

function percentiles(report: Measurement["report"]): { p50: number; p99: number } {
  return report.mode === "h2load"
    ? { p50: report.latencyNs.mean, p99: Number.NaN }
    : { p50: report.latencyNs.p50, p99: report.latencyNs.p99 };
}

function summariseServer(reports: readonly Measurement["report"][]): ServerSummary {
  const of = (pick: (report: Measurement["report"]) => number): number =>
    median(reports.map((report) => pick(report)));
  const ofGenerated = (pick: (report: LoadReport) => number): number =>
    of((report) => (report.mode === "h2load" ? Number.NaN : pick(report)));
  return {
    perSecond: of((report) => report.perSecond),
    p50: of((report) => percentiles(report).p50),
    p99: of((report) => percentiles(report).p99),
    cpuMicroseconds: of((report) => report.serverCpuMicrosecondsPerOperation ?? Number.NaN),
    residentBytes: ofGenerated((report) => report.serverResidentBytes ?? Number.NaN),
    generatorCpuShare: ofGenerated((report) => report.generatorCpuShare),
  };
}

/** `pick` of ours ÷ `pick` of theirs, for each round that has both. */
function pairwise(
  measurements: readonly Measurement[],
  other: ServerName,
  pick: (report: Measurement["report"]) => number,
): number[] {
  return measurements
    .filter(({ server }) => server === "ours")
    .flatMap(({ round, report }) => {
      const pair = measurements.find((their) => their.server === other && their.round === round);
      return pair === undefined ? [] : [pick(report) / pick(pair.report)];
    });
}

function judge(floor: Floor, measurements: readonly Measurement[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const atLeast = (other: ServerName, least: number | undefined, name: string): void => {
    const ratios = pairwise(measurements, other, (report) => report.perSecond);
    if (least !== undefined && ratios.length > 0) {
      verdicts.push({ floor: `≥ ${least}× ${name}`, met: median(ratios) >= least });
    }
  };
  atLeast("etcd", floor.ratio, "etcd");
  atLeast("etcd-two-cores", floor.ratioToTwoCores, "etcd on both cores");
  const { notSlower, perSecond } = floor;
  if (notSlower !== undefined) {
    const ratios = pairwise(measurements, "etcd", (report) => percentiles(report)[notSlower]);
    if (ratios.length > 0) {
      verdicts.push({ floor: `${notSlower} ≤ etcd's`, met: median(ratios) <= 1 });
    }
  }
  const ours = measurements.filter(({ server }) => server === "ours");
  if (perSecond !== undefined && ours.length > 0) {
    const reached = median(ours.map(({ report }) => report.perSecond));
    verdicts.push({ floor: `≥ ${perSecond / 1000} k/s`, met: reached >= perSecond });
  }
  return verdicts;
}

/** The loads that were measured, in their own order. */
export function summarise(
  measurements: readonly Measurement[],
  loads: readonly Load[],
): LoadSummary[] {
  return loads.flatMap((load) => {
    const ofLoad = measurements.filter((measurement) => measurement.load === load.name);
    if (ofLoad.length === 0) {
      return [];
    }
    const servers: Partial<Record<ServerName, ServerSummary>> = {};
    for (const name of new Set(ofLoad.map(({ server }) => server))) {
      servers[name] = summariseServer(
        ofLoad.filter(({ server }) => server === name).map(({ report }) => report),
      );
    }
    const ratios: Partial<Record<"etcd" | "etcd-two-cores", Ratios>> = {};
    for (const other of ["etcd", "etcd-two-cores"] as const) {
      const all = pairwise(ofLoad, other, (report) => report.perSecond);
      if (all.length > 0) {
        ratios[other] = { median: median(all), least: Math.min(...all), most: Math.max(...all) };
      }
    }
    return [{ load: load.name, servers, ratios, verdicts: judge(load.floor, ofLoad) }];
  });
}
