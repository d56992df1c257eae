// A thousand watchers of one prefix in the process that writes.
import { setTimeout as sleep } from "node:timers/promises";

import { eventsIn, type Database } from "./database.js";
import type { Figure } from "./results.js";
import { keyOf, nextValue, prefix, randomBelow } from "./workload.js";

const watchers = 1000;
const keys = 100_000;
const putsUnderWay = 16;
const patienceMs = 30_000;

/** Counts what every watcher got. */
function startWatchers(
  database: Database,
  signal: AbortSignal,
): { counts: Float64Array; ended: Promise<unknown> } {
  const counts = new Float64Array(watchers);
  const watch = async (number: number): Promise<void> => {
    try {
      for await (const item of database.watch(prefix, { signal })) {
        counts[number] = (counts[number] ?? 0) + eventsIn(item);
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  };
  const ended = Promise.all(Array.from({ length: watchers }, async (_, number) => watch(number)));
  return { counts, ended };
}

/** Puts until every watcher has got something: from then on each put reaches them all. */
async function untilAllWatch(database: Database, counts: Float64Array): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (counts.some((count) => count === 0)) {
    await database.put(keyOf(0), nextValue());
    await sleep(20);
    if (performance.now() > deadline) {
      throw new Error("not every watcher gets events");
    }
  }
}

async function untilDelivered(counts: Float64Array, wanted: Float64Array): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (let at = 0; at < watchers;) {
    if ((counts[at] ?? 0) >= (wanted[at] ?? 0)) {
      at++;
      continue;
    }
    if (performance.now() > deadline) {
      throw new Error(`watcher ${at} misses events`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export async function measureWatchers(database: Database, seconds: number): Promise<Figure[]> {
  const stop = new AbortController();
  const { counts, ended } = startWatchers(database, stop.signal);
  await untilAllWatch(database, counts);
  await sleep(200); // the last events of that
  let puts = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < seconds * 1000) {
    const wanted = counts.map((count) => count + putsUnderWay);
    await Promise.all(
      Array.from({ length: putsUnderWay }, async () =>
        database.put(keyOf(randomBelow(keys)), nextValue()),
      ),
    );
    await untilDelivered(counts, wanted);
    puts += putsUnderWay;
  }
  const perSecond = (puts * watchers * 1000) / (performance.now() - startedAt);
  stop.abort();
  await ended;
  return [
    {
      name: "deliveries to 1,000 watchers in process",
      value: perSecond,
      unit: "per second",
      floor: 300_000,
      note: `${Math.round(perSecond / watchers)} puts/s`,
    },
  ];
}
