// What the embedded benchmarks produce: named figures, some with a floor.
import type { Machine } from "../harness/machine.js";
import { formatBytes, formatCount, formatDuration, formatTable } from "../harness/table.js";
import { describe } from "../harness/comparison-report.js";

export type Unit = "ns" | "per second" | "bytes";

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** Times and bytes must not be above their floor, rates not below. */
  readonly floor?: number;
  readonly note?: string;
}

export interface EmbeddedResults {
  readonly kind: "embedded";
  readonly version: 1;
  readonly startedAt: string;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
}

export function isMet({ value, unit, floor }: Figure): boolean {
  return floor === undefined || (unit === "per second" ? value >= floor : value <= floor);
}

function format(value: number, unit: Unit): string {
  switch (unit) {
    case "ns":
      return formatDuration(value);
    case "bytes":
      return formatBytes(value);
    case "per second":
      return `${formatCount(value)} /s`;
  }
}

export function formatEmbedded(results: EmbeddedResults): string {
  const rows = results.figures.map((figure) => {
    const { name, value, unit, floor, note = "" } = figure;
    if (floor === undefined) {
      return [name, format(value, unit), "", "", note];
    }
    const sign = unit === "per second" ? "≥" : "≤";
    const verdict = isMet(figure) ? "pass" : "**miss**";
    return [name, format(value, unit), `${sign} ${format(floor, unit)}`, verdict, note];
  });
  return [
    `${results.startedAt}: ${describe(results.machine)}.`,
    "",
    formatTable([["what", "measured", "floor", "", "note"], ...rows]),
    "",
  ].join("\n");
}
