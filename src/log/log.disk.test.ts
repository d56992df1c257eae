// The log on a real disk with its real thread.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fingerprint, LOG_START, positionOf, randomEntry } from "../../test/sim/entries.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import type { Entry } from "../core/entry.js";
import type { LogIndex, Term } from "../core/words.js";
import { nodeDisk } from "../runtime/disk/node-disk.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Log, SealedSegment } from "./log.js";
import { openLog } from "./open-log.js";
import { systemRuntime } from "../runtime/system-runtime.js";

const runtime: Runtime = systemRuntime();

interface Opened {
  readonly log: Log;
  readonly replayed: Entry[];
  readonly closed: SealedSegment[];
}

function open(directory: string, segmentBytesMax: number): Opened {
  const replayed: Entry[] = [];
  const closed: SealedSegment[] = [];
  const log = openLog(
    {
      runtime,
      directory,
      afterIndex: 0 as LogIndex,
      afterTerm: 0 as Term,
      segmentBytesMax,
      listener: {
        durable() {},
        sealed() {},
        segmentClosed: (segment) => closed.push(segment),
        failed(error) {
          throw error;
        },
      },
    },
    { entry: (entry) => replayed.push(entry), segmentEnd() {} },
  );
  return { log, replayed, closed };
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "t4-log-"));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  return join(directory, "log");
}

test("on a real disk, what is appended in several lives is replayed", async (t) => {
  const directory = temporaryDirectory(t);
  const random = new SeededRandom(1);
  const entries: Entry[] = [];
  let position = LOG_START;
  for (let life = 0; life < 3; life += 1) {
    const { log, replayed } = open(directory, 200_000);
    assert.deepEqual(replayed.map(fingerprint), entries.map(fingerprint));
    for (let turn = 0; turn < 20; turn += 1) {
      for (let i = random.below(20); i >= 0; i -= 1) {
        const entry = randomEntry(random, position, 30_000);
        position = positionOf(entry);
        entries.push(entry);
        log.append(entry);
      }
      await log.flush();
      assert.equal(log.durableIndex, position.index);
    }
    await log.close();
  }
  const { log, replayed } = open(directory, 200_000);
  assert.equal(replayed.length, entries.length);
  log.deleteThrough(position.index as LogIndex);
  await log.close();
  assert.equal(nodeDisk.list(directory).length, 1, "the newest entry's segment stays");
});

/** The start of a child's program: what it needs to open a log. */
const preamble = `
  import { openLog } from ${JSON.stringify(new URL("./open-log.js", import.meta.url).href)};
  const at = (path) => import(new URL(path, ${JSON.stringify(import.meta.url)}).href);
  const { systemClock } = await at("../runtime/system-clock.js");
  const { nodeDisk } = await at("../runtime/disk/node-disk.js");
  const { nodeThreads } = await at("../runtime/node-threads.js");
  const { silentLogger } = await at("../runtime/logger.js");
  const { noMetrics } = await at("../runtime/metrics/metrics.js");
  const { putEntry, positionOf } = await at("../../test/sim/entries.js");
  const runtime = { clock: systemClock, disk: nodeDisk, threads: nodeThreads, logger: silentLogger, metrics: noMetrics };
`;

test("a process killed with SIGKILL has every entry that it said is durable", async (t) => {
  const directory = temporaryDirectory(t);
  const program = `${preamble}
    let position = JSON.parse(process.argv[2]);
    const append = () => {
      for (let i = 0; i < 10; i += 1) {
        const entry = putEntry(position, "key-" + i, new Uint8Array(500).fill(i + 1));
        position = positionOf(entry);
        log.append(entry);
      }
    };
    const log = openLog({
      runtime, directory: process.argv[1], afterIndex: 0, afterTerm: 0, segmentBytesMax: 100000,
      listener: {
        durable(index) { process.stdout.write(index + "\\n"); append(); },
        sealed() {}, segmentClosed() {}, failed(error) { throw error; },
      },
    }, { entry() {}, segmentEnd() {} });
    append();
    setInterval(() => {}, 1000);
  `;
  let position = LOG_START;
  for (let life = 0; life < 3; life += 1) {
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", program, directory, JSON.stringify(position)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let durable = 0;
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      durable = Number(line);
      lines += 1;
      if (lines === 60) {
        child.kill("SIGKILL");
      }
    }
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, "exit");
    }
    const { log, replayed } = open(directory, 100_000);
    assert.ok(durable > position.index && log.tipIndex >= durable, `${log.tipIndex} ≥ ${durable}`);
    assert.deepEqual(
      replayed.map(({ index }) => index),
      replayed.map((_, at) => at + 1),
    );
    position = positionOf(replayed.at(-1)!);
    await log.close();
  }
});

test("a process with nothing else to do waits for its log, and ends when that is closed", (t) => {
  const program = `${preamble}
    const listener = { durable() {}, sealed() {}, segmentClosed() {}, failed(error) { throw error; } };
    const options = { runtime, directory: process.argv[1], afterIndex: 0, afterTerm: 0, listener };
    const log = openLog(options, { entry() {}, segmentEnd() {} });
    log.append(putEntry({ index: 0, revision: 1, term: 1 }, "a", new Uint8Array(1)));
    await log.flush();
    await log.close();
    console.log("closed at " + log.durableIndex);
  `;
  const args = ["--input-type=module", "-e", program, temporaryDirectory(t)];
  const result = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
  assert.deepEqual([result.status, result.stdout], [0, "closed at 1\n"], result.stderr);
});
