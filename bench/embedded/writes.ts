// Durable writes in process, and how long the event loop is held up while the store flushes, merges and compacts.
import { monitorEventLoopDelay } from "node:perf_hooks";

import { revisionOf, type Database } from "./database.js";
import type { Figure } from "./results.js";
import { watchStalls } from "./stall-watch.js";
import { keyOf, nextValue, randomBelow, runCallers } from "./workload.js";
import { probeSyncedWrites } from "../harness/machine.js";
import { formatCount, formatDuration } from "../harness/table.js";

const keys = 100_000;

/** Puts a second with a synced write of 0.1 ms, by the number of callers. */
const floors = [
  { callers: 1, perSecond: 6_000 },
  { callers: 16, perSecond: 55_000 },
  { callers: 256, perSecond: 200_000 },
] as const;

const floorSyncedWriteNs = 100_000;

/** A disk's speed changes within minutes: what a synced write takes in `directory` is measured before and after each load. */
export async function measureDurablePuts(
  database: Database,
  seconds: number,
  directory: string,
): Promise<Figure[]> {
  const names = Array.from({ length: keys }, (_, number) => keyOf(number));
  const figures: Figure[] = [];
  let beforeNs = probeSyncedWrites(directory).p50;
  for (const { callers, perSecond } of floors) {
    const result = await runCallers(
      callers,
      seconds,
      // not async: a promise within a promise would be measured too
      (): PromiseLike<unknown> => database.put(names[randomBelow(keys)] ?? "", nextValue()),
    );
    const afterNs = probeSyncedWrites(directory).p50;
    const syncedWriteNs = (beforeNs + afterNs) / 2;
    beforeNs = afterNs;
    figures.push({
      name: `durable put, ${callers} ${callers === 1 ? "caller" : "callers"}`,
      value: result.perSecond,
      unit: "per second",
      floor: (perSecond * floorSyncedWriteNs) / syncedWriteNs,
      note:
        `p50 ${formatDuration(result.p50Ns)}, p99 ${formatDuration(result.p99Ns)}; ` +
        `floor ${formatCount(perSecond)} scaled by 100 µs ÷ ${formatDuration(syncedWriteNs)}`,
    });
  }
  return figures;
}

const stallResolutionMs = 1;
const stallCallers = 64;
const compactionEveryMs = 1000;

/**
 * Writes long enough that segments are flushed and runs merged, and compacts every second. A stall is how late a timer
 * of 1 ms fires, so it holds the benchmark's own callers and the garbage collector too.
 */
export async function measureStalls(database: Database, seconds: number): Promise<Figure[]> {
  const names = Array.from({ length: keys }, (_, number) => keyOf(number));
  let revision = 0;
  let compactions = 0;
  const compacting = setInterval(() => {
    database.compact(revision).then(
      () => compactions++,
      (error: unknown) => {
        throw error;
      },
    );
  }, compactionEveryMs);
  const delays = monitorEventLoopDelay({ resolution: stallResolutionMs });
  delays.enable();
  const watch = watchStalls();
  let puts = 0;
  const endsAt = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: stallCallers }, async () => {
      while (performance.now() < endsAt) {
        // notes no times: a growing array would be a stall of its own
        const answer = await database.put(names[randomBelow(keys)] ?? "", nextValue());
        revision = Math.max(revision, revisionOf(answer));
        puts++;
      }
    }),
  );
  delays.disable();
  const longest = watch.end();
  clearInterval(compacting);
  const resolutionNs = stallResolutionMs * 1e6;
  return [
    {
      name: "longest stall of the event loop",
      value: Math.max(delays.max - resolutionNs, 0),
      unit: "ns",
      floor: 20e6,
      note:
        (Number.isNaN(longest.coreWaitMs)
          ? ""
          : `of it ${formatDuration(longest.coreWaitMs * 1e6)} waiting for a core; `) +
        `p99.9 ${formatDuration(Math.max(delays.percentile(99.9) - resolutionNs, 0))}; ` +
        `${formatCount(puts / seconds)} puts/s, ${compactions} compactions`,
    },
  ];
}
