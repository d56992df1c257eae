// Measures the store on a real disk, without log and network: `node build/bench/store.js load|read|merge|memtable DIR [keys]`.
// The table worker runs inline, so figures for reads and inserts are those of one thread.
import { rmSync, statSync, readdirSync } from "node:fs";
import type { Entry } from "../src/core/entry.js";
import { ALL_KEYS } from "../src/core/range/key-range.js";
import { makeRow } from "../src/core/row.js";
import type { LogIndex, Revision, Term } from "../src/core/words.js";
import type { WorkerHandler, Thread, Threads } from "../src/runtime/threads.js";
import { noMetrics } from "../src/runtime/metrics/metrics.js";
import { nodeDisk } from "../src/runtime/disk/node-disk.js";
import { assert } from "../src/lib/assert.js";
import { silentLogger } from "../src/runtime/logger.js";
import { systemClock } from "../src/runtime/system-clock.js";
import type { DiskStore } from "../src/store/disk/disk-store.js";
import { openDiskStore } from "../src/store/disk/open-disk-store.js";
import { Memtable } from "../src/store/memory/memtable.js";
import { EMPTY_MANIFEST } from "../src/store/upkeep/manifest.js";
import { planStep } from "../src/store/upkeep/plan-step.js";
import { handleOrder, tableWorker } from "../src/store/upkeep/table-worker.js";

const [mode = "load", directory = "/tmp/t4-store-bench", keyCount = "1000000"] =
  process.argv.slice(2);
const KEYS = Number(keyCount);
const VALUE = new Uint8Array(256).fill(7);
const SEGMENT_ROWS = 160_000;

/** Keys of 39 bytes in scrambled order. */
function keyOf(i: number): string {
  const scrambled = (i * 7919) % KEYS;
  return `/registry/pods/namespace-${String(scrambled % 100).padStart(4, "0")}/${String(scrambled).padStart(9, "0")}`;
}

const segments = new Map<string, Entry[]>();

function inlineThread(handler: WorkerHandler, data: unknown): Thread {
  let toOwner: (message: unknown) => void = () => {};
  let toWorker: (message: unknown) => void = () => {};
  handler({
    data,
    disk: nodeDisk,
    clock: systemClock,
    post: (message) =>
      setImmediate(() => {
        toOwner(message);
      }),
    onMessage: (listener) => {
      toWorker = listener;
    },
  });
  return {
    post: (message) =>
      setImmediate(() => {
        toWorker(message);
      }),
    onMessage: (listener) => {
      toOwner = listener;
    },
    onError: () => {},
    hold: () => {},
    release: () => {},
    terminate: async () => Promise.resolve(),
  };
}

const handler = tableWorker((_disk, paths) => paths.flatMap((path) => segments.get(path) ?? []));
const threads: Threads = { spawn: (_name, _main, data) => inlineThread(handler, data) };

function open(): DiskStore {
  return openDiskStore(
    {
      directory,
      runtime: {
        clock: systemClock,
        disk: nodeDisk,
        threads,
        logger: silentLogger,
        metrics: noMetrics,
      },
    },
    {
      encodeSystemState: () => null,
      persisted: () => {},
      admissionChanged: () => {},
      failed: (error) => {
        throw error;
      },
    },
  );
}

function report(name: string, value: string): void {
  console.log(`${name.padEnd(40)} ${value}`);
}

/** Time of the processor, not of the clock on the wall: other programs on the machine do not count. */
function perCall(name: string, calls: number, run: (i: number) => void): void {
  const start = process.cpuUsage();
  for (let i = 0; i < calls; i += 1) {
    run(i);
  }
  const { user, system } = process.cpuUsage(start);
  const us = (user + system) / calls;
  report(name, `${us.toFixed(3)} µs of CPU (${Math.round(1e6 / us)}/s)`);
}

function bytesOnDisk(): number {
  return readdirSync(directory).reduce(
    (sum, name) => sum + statSync(`${directory}/${name}`).size,
    0,
  );
}

async function load(): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const store = open();
  let appendMs = 0;
  let longestMs = 0;
  for (let first = 0; first < KEYS; first += SEGMENT_ROWS) {
    const entries: Entry[] = [];
    for (let i = first; i < Math.min(first + SEGMENT_ROWS, KEYS); i += 1) {
      const revision = (i + 2) as Revision;
      const row = makeRow(keyOf(i), VALUE, revision, 0, revision, 1, 0n);
      entries.push({
        index: (i + 1) as LogIndex,
        term: 1 as Term,
        revision,
        rows: [row],
        system: null,
      });
    }
    const start = performance.now();
    for (const entry of entries) {
      store.append(entry);
      store.commit(entry);
    }
    appendMs += performance.now() - start;
    const firstIndex = entries[0]!.index;
    const lastIndex = entries.at(-1)!.index;
    const path = `segment-${firstIndex}`;
    segments.set(path, entries);
    store.sealed({ index: lastIndex, bytes: 50 << 20 });
    store.segmentClosed({ path, firstIndex, lastIndex, bytes: 50 << 20 });
    const flushStart = performance.now();
    await store.flush();
    longestMs = Math.max(longestMs, performance.now() - flushStart);
    segments.delete(path);
  }
  const upkeepStart = performance.now();
  while (store.workDone.get("none") === undefined || store.manifest.runs.length > 9) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (performance.now() - upkeepStart > 60_000) {
      break;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  report(
    "append + commit",
    `${((appendMs * 1000) / KEYS).toFixed(3)} µs a row (${Math.round((KEYS * 1000) / appendMs)}/s)`,
  );
  report("longest flush of 160,000 rows, with upkeep", `${longestMs.toFixed(0)} ms`);
  report("work", JSON.stringify([...store.workDone]));
  report(
    "bytes on disk",
    `${(bytesOnDisk() / 1e6).toFixed(1)} MB, ${(bytesOnDisk() / KEYS).toFixed(1)} a key`,
  );
  const runBytes = store.manifest.runs.reduce((sum, run) => sum + run.bytes, 0);
  report(
    "bytes of index runs",
    `${(runBytes / KEYS).toFixed(1)} a key in ${store.manifest.runs.length} runs`,
  );
  await store.close();
}

async function read(): Promise<void> {
  const start = performance.now();
  const store = open();
  report("open", `${(performance.now() - start).toFixed(1)} ms`);
  const at = store.committedRevision;
  const random = new Uint32Array(200_000);
  let state = 12345;
  for (let i = 0; i < random.length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    random[i] = Math.floor((state / 0x1_0000_0000) * KEYS);
  }
  const keys = Array.from(random, keyOf);
  let bytes = 0;
  const get = (i: number): void => {
    const row = store.get(keys[i]!, at)!;
    bytes += row.valueEnd - row.valueStart;
  };
  perCall("get, first touch", keys.length, get);
  perCall("get, second pass", keys.length, get);
  perCall("get, 1,000 keys", 2_000_000, (i) => {
    get(i % 1_000);
  });
  perCall("get, 50,000 keys", 50_000, get);
  perCall("get, 50,000 keys again", 50_000, get);
  perCall("get, absent key", 200_000, (i) => {
    store.get(`${keys[i]!}x`, at);
  });
  const scan =
    (limit: number, descending: boolean, withRows: boolean): ((i: number) => void) =>
    (i) => {
      const cursor = store.scan(
        { kind: "interval", start: descending ? "" : keys[i]!, end: descending ? keys[i]! : null },
        at,
        descending,
      );
      for (let n = 0; n < limit && cursor.next(); n += 1) {
        bytes += withRows ? cursor.row().end : cursor.head.version;
      }
      cursor.close();
    };
  perCall("scan 10 keys", 5_000, scan(10, false, false));
  perCall("scan 10 keys down", 2_000, scan(10, true, false));
  perCall("scan 1,000 keys", 200, scan(1_000, false, false));
  perCall("scan 1,000 rows", 200, scan(1_000, false, true));
  perCall("scan 1,000 keys down", 200, scan(1_000, true, false));
  perCall("count all", 1, () => {
    const cursor = store.scan(ALL_KEYS, at, false);
    let count = 0;
    while (cursor.next()) {
      count += 1;
    }
    cursor.close();
    bytes += count;
  });
  perCall("events, all", 1, () => {
    const cursor = store.events(ALL_KEYS, 1 as Revision, at);
    while (cursor.next() !== null) {
      bytes += 1;
    }
    cursor.close();
  });
  const memory = process.memoryUsage();
  report("resident", `${(memory.rss / 1e6).toFixed(0)} MB: ${JSON.stringify(memory)}`);
  report("checked", String(bytes));
  await store.close();
}

function memtable(): void {
  const rows = Array.from({ length: SEGMENT_ROWS }, (_, i) =>
    makeRow(keyOf(i), VALUE, (i + 2) as Revision, 0, (i + 2) as Revision, 1, 0n),
  );
  for (let round = 0; round < 4; round += 1) {
    const table = new Memtable();
    perCall("memtable insert, new keys", rows.length, (i) => {
      table.append(rows[i]!);
    });
    perCall("memtable get, random", rows.length, (i) => {
      table.at(rows[(i * 31) % rows.length]!.key, 1e9 as Revision);
    });
    perCall("memtable get, 1,000 hot", 2_000_000, (i) => {
      table.at(rows[i % 1_000]!.key, 1e9 as Revision);
    });
  }
}

/** Four runs of a quarter of the keys each, made into one. */
function merge(): void {
  rmSync(directory, { recursive: true, force: true });
  nodeDisk.makeDirectory(directory);
  let manifest = EMPTY_MANIFEST;
  const quarter = KEYS / 4;
  for (let part = 0; part < 4; part += 1) {
    const entries = Array.from({ length: quarter }, (_, i): Entry => {
      const n = part * quarter + i;
      const revision = (n + 2) as Revision;
      const row = makeRow(keyOf(n), VALUE, revision, 0, revision, 1, 0n);
      return { index: (n + 1) as LogIndex, term: 1 as Term, revision, rows: [row], system: null };
    });
    const { index, term, revision } = entries.at(-1)!;
    const compactRevision = 0 as Revision;
    const flush = {
      throughIndex: index,
      term,
      revision,
      compactRevision,
      system: null,
      segments: [],
    };
    perCall("flush, a row", quarter, (i) => {
      if (i === 0) {
        const reply = handleOrder(nodeDisk, systemClock, directory, () => entries, {
          kind: "flush",
          manifest,
          flush,
        });
        manifest = reply.kind === "done" ? (reply.manifest ?? manifest) : manifest;
      }
    });
  }
  perCall("merge, a row", KEYS, (i) => {
    if (i === 0) {
      const step = planStep(manifest);
      assert(step !== null, "there is something to merge");
      const reply = handleOrder(nodeDisk, systemClock, directory, () => [], {
        kind: "upkeep",
        manifest,
        step,
      });
      report("step", reply.kind === "done" ? reply.work : reply.message);
    }
  });
}

if (mode === "load") {
  await load();
} else if (mode === "merge") {
  merge();
} else if (mode === "read") {
  await read();
} else {
  memtable();
}
