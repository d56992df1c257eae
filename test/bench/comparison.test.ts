// The figures that the comparison derives from what was measured: a wrong median or a wrong pair would be believed.
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "../support/fast-check.js";
import { summarise, type Measurement } from "../../bench/harness/comparison.js";
import { parseH2load } from "../../bench/harness/h2load.js";
import type { RequestsReport } from "../../bench/harness/load-generator.js";
import type { Load } from "../../bench/harness/loads.js";
import type { ServerName } from "../../bench/harness/server-under-test.js";
import { median, quantile } from "../../bench/harness/statistics.js";
import { formatCount, formatDuration, formatTable } from "../../bench/harness/table.js";

function report(perSecond: number, p99: number): RequestsReport {
  return {
    mode: "put",
    measuredSeconds: 1,
    perSecond,
    generatorCpuShare: 0.5,
    done: perSecond,
    failed: 0,
    latencyNs: { count: perSecond, mean: p99, p50: p99 / 2, p90: p99, p99, p999: p99, max: p99 },
    latencyNsByMethod: {},
    wholeRun: {
      ...{ range: 0, put: perSecond, txn: 0, notFound: 0, conflicts: 0 },
      ...{ failuresByStatus: {}, firstFailure: "" },
    },
  };
}

function measured(server: ServerName, round: number, perSecond: number, p99: number): Measurement {
  return { load: "put", round, server, report: report(perSecond, p99) };
}

const load: Load = {
  name: "put",
  work: { tool: "t4-load", options: { mode: "put" } },
  floor: { ratio: 2, ratioToTwoCores: 2, notSlower: "p99", perSecond: 1000 },
};

suite("what a comparison derives", () => {
  test("ratios are taken pair by pair, not between medians", () => {
    const measurements = [
      ...[measured("ours", 0, 100, 10), measured("etcd", 0, 10, 20)],
      ...[measured("ours", 1, 300, 10), measured("etcd", 1, 100, 20)],
      ...[measured("etcd", 2, 1000, 20), measured("ours", 2, 2000, 30)],
    ];
    const [summary] = summarise(measurements, [load]);
    assert.deepEqual(summary?.ratios.etcd, { median: 3, least: 2, most: 10 });
    assert.equal(summary.servers.ours?.perSecond, 300);
    assert.equal(summary.servers.etcd?.p99, 20);
  });

  test("a floor is judged only against servers that were measured", () => {
    const measurements = [measured("ours", 0, 900, 10), measured("etcd", 0, 600, 9)];
    const [summary] = summarise(measurements, [load]);
    assert.deepEqual(summary?.verdicts, [
      { floor: "≥ 2× etcd", met: false },
      { floor: "p99 ≤ etcd's", met: false },
      { floor: "≥ 1 k/s", met: false },
    ]);
    const better = [measured("ours", 0, 1200, 9), measured("etcd", 0, 600, 9)];
    const verdicts = summarise(better, [load])[0]?.verdicts.map(({ met }) => met);
    assert.deepEqual(verdicts, [true, true, true]);
  });

  test("a load that nobody ran is left out", () => {
    assert.deepEqual(summarise([], [load]), []);
  });
});

suite("figures", () => {
  test("a median lies in the middle, in any order of the values", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        assert.ok(values.filter((value) => value < middle).length <= values.length / 2);
        assert.ok(values.filter((value) => value > middle).length <= values.length / 2);
      }),
    );
  });

  test("a quantile is the smallest value that so many do not exceed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const found = quantile(values, share);
          assert.ok(values.includes(found));
          const wanted = share * values.length - 1e-9; // share × length is rounded
          assert.ok(values.filter((value) => value <= found).length >= wanted);
          assert.ok(values.filter((value) => value < found).length < wanted + 1e-6);
        },
      ),
    );
  });

  test("numbers keep three digits and their unit", () => {
    assert.equal(formatCount(1_234_567.8), "1,234,568");
    assert.equal(formatCount(12.345), "12.3");
    assert.equal(formatDuration(950), "950 ns");
    assert.equal(formatDuration(1_234_000), "1.23 ms");
    assert.equal(formatDuration(Number.NaN), "–");
  });

  test("a table is aligned Markdown", () => {
    const table = formatTable([
      ["load", "per second"],
      ["put", "12"],
      ["range", "1,234"],
    ]);
    assert.equal(
      table,
      [
        "| load  | per second |",
        "| ----- | ---------: |",
        "| put   |         12 |",
        "| range |      1,234 |",
      ].join("\n"),
    );
  });

  test("h2load's summary is read, and anything else refused", () => {
    const summary = `finished in 2.00s, 11209.00 req/s, 701.58KB/s
requests: 11209 total, 11209 started, 11209 done, 11207 succeeded, 2 failed, 0 errored, 1 timeout
traffic: 701.58KB (718418) total, 41.59KB (42584) headers (space savings 94.71%), 641.68KB (657076) data
                     min         max         mean         sd        +/- sd
time for request:     1.74ms     53.57ms     22.40ms      9.29ms    70.42%`;
    assert.deepEqual(parseH2load(summary), {
      mode: "h2load",
      perSecond: 11209,
      done: 11207,
      failed: 3,
      bytesPerAnswer: 657076 / 11207,
      latencyNs: { mean: 22.4e6, max: 53.57e6 },
    });
    assert.throws(() => parseH2load("Could not connect"), /printed something unknown/);
  });
});
