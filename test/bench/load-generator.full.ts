// The load generator against a real etcd: what it counts, etcd must have counted too. A generator that took failures for
// successes, or lost an event, would make every figure of the benchmarks worthless.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import {
  buildGenerator,
  generateLoad,
  generatorBinary,
  type LoadOptions,
  type RequestsReport,
} from "../../bench/harness/load-generator.js";
import { runH2load } from "../../bench/harness/h2load.js";
import {
  BackgroundProcess,
  isInstalled,
  removeAtExit,
  run,
} from "../../bench/harness/processes.js";
import { freePort } from "../support/process/free-port.js";
import { etcdCommand, waitUntilServing } from "../../bench/harness/server-under-test.js";

const missing = ["etcd", process.env["CC"] ?? "cc"].filter((program) => !isInstalled(program));
const skip = missing.length > 0 ? `not installed: ${missing.join(", ")}` : false;
const skipH2load = isInstalled("h2load") ? skip : "not installed: h2load";

interface Etcd {
  readonly port: number;
  readonly background: BackgroundProcess;
}

async function startEtcd(...flags: string[]): Promise<Etcd> {
  const directory = mkdtempSync(join(tmpdir(), "t4-test-load-"));
  removeAtExit(directory);
  const port = await freePort();
  const command = etcdCommand(join(directory, "data"), port, await freePort(), 2);
  const background = new BackgroundProcess({ ...command, args: [...command.args, ...flags] });
  await waitUntilServing(port, background);
  return { port, background };
}

/** One of etcd's own counters; `labels` must all stand in its line. 0 if it was never raised. */
async function counter(etcd: Etcd, name: string, ...labels: string[]): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${etcd.port}/metrics`);
  const line = (await response.text())
    .split("\n")
    .find((text) => text.startsWith(name) && labels.every((label) => text.includes(label)));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ") + 1));
}

async function answered(etcd: Etcd, method: string, code: string): Promise<number> {
  const labels = [`grpc_method="${method}"`, `grpc_code="${code}"`];
  return counter(etcd, "grpc_server_handled_total{", ...labels);
}

const short = { seconds: 1, warmUpSeconds: 0.2, keys: 2000, connections: 4, streams: 4 } as const;

async function requests(etcd: Etcd, options: Partial<LoadOptions>): Promise<RequestsReport> {
  const report = await generateLoad({ ...short, port: etcd.port, mode: "put", ...options });
  assert.notEqual(report.mode, "watch");
  return report as RequestsReport;
}

suite("the load generator against etcd", { skip }, () => {
  let etcd: Etcd;

  before(async () => {
    await buildGenerator();
    etcd = await startEtcd();
  });
  after(async () => etcd.background.stop());

  test("a fill puts each key once", async () => {
    const report = await requests(etcd, { mode: "fill" });
    assert.equal(report.done, short.keys);
    assert.equal(await counter(etcd, "etcd_debugging_mvcc_put_total"), short.keys);
    assert.equal(await counter(etcd, "etcd_debugging_mvcc_keys_total"), short.keys);
  });

  for (const [connections, streams] of [
    [1, 1],
    [4, 16],
    [50, 1],
  ] as const) {
    test(`etcd has answered as many calls as it counts, ${connections} × ${streams}`, async () => {
      const rangesBefore = await answered(etcd, "Range", "OK");
      const putsBefore = await answered(etcd, "Put", "OK");
      const range = await requests(etcd, { mode: "range", connections, streams });
      const put = await requests(etcd, { mode: "put", connections, streams });
      const mixed = await requests(etcd, { mode: "mixed", connections, streams });
      for (const { wholeRun, done, failed, latencyNs } of [range, put, mixed]) {
        assert.deepEqual(wholeRun.failuresByStatus, {});
        assert.equal(wholeRun.notFound, 0);
        assert.equal(failed, 0);
        assert.ok(done > 0);
        assert.equal(latencyNs.count, done);
        assert.ok(latencyNs.p50 <= latencyNs.p99 && latencyNs.p99 <= latencyNs.max);
      }
      const ranges = range.wholeRun.range + mixed.wholeRun.range;
      const puts = put.wholeRun.put + mixed.wholeRun.put;
      assert.equal((await answered(etcd, "Range", "OK")) - rangesBefore, ranges);
      assert.equal((await answered(etcd, "Put", "OK")) - putsBefore, puts);
      const share = mixed.wholeRun.put / (mixed.wholeRun.put + mixed.wholeRun.range);
      assert.ok(share > 0.02 && share < 0.25, `${share} of the mixed calls were puts`);
    });
  }

  test("a txn puts unless another one came first, and etcd has put as often", async () => {
    const txnsBefore = await answered(etcd, "Txn", "OK");
    const putsBefore = await counter(etcd, "etcd_debugging_mvcc_put_total");
    const { wholeRun } = await requests(etcd, { mode: "txn" });
    assert.deepEqual(wholeRun.failuresByStatus, {});
    assert.equal((await answered(etcd, "Txn", "OK")) - txnsBefore, wholeRun.txn);
    const puts = (await counter(etcd, "etcd_debugging_mvcc_put_total")) - putsBefore;
    assert.equal(puts, wholeRun.txn - wholeRun.conflicts);
    assert.ok(wholeRun.conflicts * 10 < wholeRun.txn, `${wholeRun.conflicts} conflicts`);
  });

  test("values longer than a frame arrive whole", async () => {
    const valueBytes = 20_000;
    await requests(etcd, { mode: "fill", valueBytes, keys: 100 });
    const { wholeRun, done } = await requests(etcd, { mode: "range", keys: 100 });
    assert.deepEqual(wholeRun.failuresByStatus, {});
    assert.ok(done > 0);
    await requests(etcd, { mode: "fill" });
  });

  test("reads of keys that are not there are told from reads that found one", async () => {
    const { wholeRun } = await requests(etcd, { mode: "range", keys: 100 * short.keys });
    assert.ok(wholeRun.notFound > wholeRun.range * 0.9);
  });

  for (const [watchers, putsPerSecond] of [
    [1, 0],
    [20, 0],
    [20, 100],
  ] as const) {
    test(`each of ${watchers} watchers gets each event once, at ${putsPerSecond} puts/s`, async () => {
      const putsBefore = await answered(etcd, "Put", "OK");
      const eventsBefore = await counter(etcd, "etcd_debugging_mvcc_events_total");
      const report = await generateLoad({
        ...short,
        ...{ mode: "watch", port: etcd.port, watchers, putsPerSecond },
      });
      assert.equal(report.mode, "watch");
      const { put, events, missing: missed, outOfOrder } = report.wholeRun;
      assert.equal((await answered(etcd, "Put", "OK")) - putsBefore, put);
      assert.equal(
        (await counter(etcd, "etcd_debugging_mvcc_events_total")) - eventsBefore,
        events,
      );
      assert.equal(events, put * watchers);
      assert.equal(missed + outOfOrder, 0);
      assert.ok(report.latencyNs.count > 0);
    });
  }

  test("h2load's second opinion is that all calls succeed", { skip: skipH2load }, async () => {
    const common = { port: etcd.port, connections: 4, streams: 4, seconds: 1, warmUpSeconds: 1 };
    for (const method of ["Put", "Range"] as const) {
      const report = await runH2load({ ...common, method, valueBytes: 256 });
      assert.ok(report.done > 0 && report.perSecond > 0);
    }
  });
});

test("a call that fails is counted by its status and never as done", { skip }, async () => {
  await buildGenerator();
  const etcd = await startEtcd("--quota-backend-bytes", String(1024 * 1024));
  try {
    const { wholeRun, done, failed } = await requests(etcd, { mode: "put" });
    const noSpace = wholeRun.failuresByStatus["8"] ?? 0;
    assert.deepEqual(Object.keys(wholeRun.failuresByStatus), ["8"]);
    assert.equal(wholeRun.firstFailure, "etcdserver: mvcc: database space exceeded");
    assert.equal(wholeRun.put, await answered(etcd, "Put", "OK"));
    assert.equal(noSpace, await answered(etcd, "Put", "ResourceExhausted"));
    assert.ok(done <= wholeRun.put && failed <= noSpace && failed > 0);
  } finally {
    await etcd.background.stop();
  }
});

test("header blocks are decoded as in the examples of RFC 7541", { skip }, async () => {
  await buildGenerator();
  const decode = async (...blocks: string[]): Promise<string[]> => {
    const output = await run({ file: generatorBinary, args: ["decode-headers", ...blocks] });
    return output.split("\n").filter((line) => line !== "" && !line.startsWith("table: "));
  };
  const requestHeaders = [":method: GET", ":scheme: http", ":path: /"];
  const authority = ":authority: www.example.com";
  const requestBlocks = [
    "828684418cf1e3c2e5f23a6ba0ab90f4ff",
    "828684be5886a8eb10649cbf",
    "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
  ];
  assert.deepEqual(await decode(...requestBlocks), [
    ...[...requestHeaders, authority],
    ...[...requestHeaders, authority, "cache-control: no-cache"],
    ...[":method: GET", ":scheme: https", ":path: /index.html", authority],
    "custom-key: custom-value",
  ]);
  const responseBlocks = [
    "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
    "4883640effc1c0bf",
  ];
  const common = [
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
  ];
  assert.deepEqual(await decode(...responseBlocks), [
    ...[":status: 302", ...common],
    ...[":status: 307", ...common],
  ]);
  await assert.rejects(decode("c5"), /not a valid header block/);
  await assert.rejects(decode("0085ffffffffff00"), /not a valid header block/);
});
