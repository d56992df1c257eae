// node build/bench/report.js <json>…: prints what the benchmarks wrote with --json, as Markdown. With --into <file> it
// replaces what stands in that file between the two result marks, and nothing else.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { formatEmbedded, type EmbeddedResults } from "./embedded/results.js";
import type { Comparison } from "./harness/comparison.js";
import { formatComparison } from "./harness/comparison-report.js";

const startMark = "<!-- results -->";
const endMark = "<!-- end of results -->";

function format(path: string): string {
  const results = JSON.parse(readFileSync(path, "utf8")) as Comparison | EmbeddedResults;
  switch (results.kind) {
    case "etcd-comparison":
      return `### Against etcd\n\n${formatComparison(results)}`;
    case "embedded":
      return `### Embedded\n\n${formatEmbedded(results)}`;
    default:
      throw new Error(`${path} holds no results of a benchmark`);
  }
}

function replaceResults(path: string, text: string): void {
  const document = readFileSync(path, "utf8");
  const start = document.indexOf(startMark);
  const end = document.indexOf(endMark);
  if (start < 0 || end < start) {
    throw new Error(`${path} has no ${startMark} … ${endMark}`);
  }
  const before = document.slice(0, start + startMark.length);
  writeFileSync(path, `${before}\n\n${text}\n${document.slice(end)}`);
}

const { values, positionals } = parseArgs({
  options: { into: { type: "string" } },
  allowPositionals: true,
});
if (positionals.length === 0) {
  console.error("usage: node build/bench/report.js [--into docs/benchmarks.md] <json>…");
  process.exit(1);
}
const report = positionals.map(format).join("\n");
if (values.into === undefined) {
  console.log(report);
} else {
  replaceResults(values.into, report);
}
