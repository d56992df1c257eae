// How many durable entries a second the log takes, with callers that each wait for their entry before the next.
// Usage: node build/bench/log.js [seconds] [callers …]
import { mkdtempSync, rmSync, openSync, writeSync, closeSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow } from "../src/core/row.js";
import type { LogIndex, Revision, Term } from "../src/core/words.js";
import { openLog } from "../src/log/open-log.js";
import { systemRuntime } from "../src/runtime/system-runtime.js";

const [seconds = "3", ...callerCounts] = process.argv.slice(2);
const runtime = systemRuntime();
const value = new Uint8Array(131).fill(65);

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
}

/** Median microseconds of an O_DSYNC write of 300 bytes over written space: what the figures are scaled by. */
function deviceMicroseconds(directory: string): number {
  const file = openSync(
    join(directory, "probe"),
    constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC,
  );
  writeSync(file, new Uint8Array(1 << 20), 0, 1 << 20, 0);
  const times: number[] = [];
  for (let i = 0; i < 500; i += 1) {
    const start = performance.now();
    writeSync(file, value, 0, value.length, i * 300);
    times.push((performance.now() - start) * 1_000);
  }
  closeSync(file);
  times.sort((a, b) => a - b);
  return quantile(times, 0.5);
}

async function run(callers: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "t4-bench-"));
  const device = deviceMicroseconds(directory);
  const waiters: (() => void)[] = [];
  let durable = 0;
  let groups = 0;
  const log = openLog(
    {
      runtime,
      directory: join(directory, "log"),
      afterIndex: 0 as LogIndex,
      afterTerm: 0 as Term,
      listener: {
        durable(index) {
          groups += 1;
          const done = waiters.splice(0, index - durable);
          durable = index;
          for (const resolve of done) {
            resolve();
          }
        },
        sealed() {},
        segmentClosed() {
          log.deleteThrough((log.durableIndex - 1) as LogIndex);
        },
        failed(error) {
          throw error;
        },
      },
    },
    { entry() {}, segmentEnd() {} },
  );
  let revision = 1;
  let stop = false;
  const times: number[] = [];
  const append = async (): Promise<void> => {
    revision += 1;
    const at = revision as Revision;
    const key = `/registry/pods/default/${String(revision % 100_000).padStart(16, "0")}`;
    const row = makeRow(key, value, at, 0, at, 1, 0n);
    const index = (revision - 1) as LogIndex;
    log.append({ index, term: 1 as Term, revision: at, rows: [row], system: null });
    return new Promise((resolve) => waiters.push(resolve));
  };
  const caller = async (): Promise<void> => {
    while (!stop) {
      const start = performance.now();
      await append();
      times.push((performance.now() - start) * 1_000);
    }
  };
  const start = performance.now();
  const timer = setTimeout(
    () => {
      stop = true;
    },
    Number(seconds) * 1_000,
  );
  await Promise.all(Array.from({ length: callers }, caller));
  clearTimeout(timer);
  const elapsed = (performance.now() - start) / 1_000;
  await log.close();
  rmSync(directory, { recursive: true });
  times.sort((a, b) => a - b);
  const perSecond = times.length / elapsed;
  console.log(
    `${String(callers).padStart(4)} callers: ${Math.round(perSecond)}/s` +
      ` (at 100 µs: ${Math.round((perSecond * device) / 100)}/s)` +
      ` p50 ${Math.round(quantile(times, 0.5))} µs p99 ${Math.round(quantile(times, 0.99))} µs` +
      `, ${(times.length / groups).toFixed(1)} a group, device ${Math.round(device)} µs`,
  );
}

for (const callers of callerCounts.length > 0 ? callerCounts : ["1", "16", "64", "256", "1024"]) {
  await run(Number(callers));
}
