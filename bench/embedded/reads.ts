// Reads in process: of a few rows that are cached, and of rows that have not been read since the store was opened.
import type { Database } from "./database.js";
import type { Figure } from "./results.js";
import { fill, keyOf, prefix, randomBelow, runCallers } from "./workload.js";

const hotKeys = 1000;
const hotReads = 2_000_000;
const firstReads = 200_000;

async function readHot(database: Database, keys: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  for (let read = 0; read < hotReads; read++) {
    await database.get(keys[read % hotKeys] ?? "");
  }
  return ((performance.now() - startedAt) * 1e6) / hotReads;
}

/** `await get(key)` in a loop, of 1,000 rows. */
export async function measureHotReads(database: Database): Promise<Figure[]> {
  await fill(database, hotKeys);
  const keys = Array.from({ length: hotKeys }, (_, number) => keyOf(number));
  await readHot(database, keys); // fills the caches, and lets the JIT see the loop
  const ns = await readHot(database, keys);
  return [{ name: "get of a cached row", value: ns, unit: "ns", floor: 300 }];
}

/** Each key is read at most once since the store was opened; the files are in the page cache. */
export async function measureFirstReads(
  database: Database,
  keys: number,
): Promise<{ ns: number; reads: number }> {
  const reads = Math.min(firstReads, keys);
  const chosen = new Set<number>();
  while (chosen.size < reads) {
    chosen.add(randomBelow(keys));
  }
  const names = Array.from(chosen, keyOf);
  const startedAt = performance.now();
  for (const name of names) {
    const found = await database.get(name);
    if (found === undefined || found === null) {
      throw new Error(`${name} is not found`);
    }
  }
  return { ns: ((performance.now() - startedAt) * 1e6) / reads, reads };
}

export async function measureMemory(database: Database, seconds: number): Promise<Figure[]> {
  const keys = 100_000;
  await fill(database, keys);
  const names = Array.from({ length: keys }, (_, number) => keyOf(number));
  const reads = await runCallers(1, seconds, async () =>
    database.get(names[randomBelow(keys)] ?? ""),
  );
  // One prefix in 256 of scattered keys. Its rows are all its keys; a page of 1,000 comes with the count of all 100,000.
  const few = keyOf(0).slice(0, prefix.length + 2);
  const fewRows = names.filter((name) => name.startsWith(few)).length;
  const lists = await runCallers(1, seconds, async () => database.list(few));
  const pages = await runCallers(1, seconds, async () => database.list(prefix, { limit: 1000 }));
  const pageName = "in memory: list of 1,000 rows, all 100 k keys counted";
  return [
    { name: "in memory: get, random among 100 k", value: 1e9 / reads.perSecond, unit: "ns" },
    { name: `in memory: list of ${fewRows} rows`, value: lists.p50Ns, unit: "ns", note: "p50" },
    { name: pageName, value: pages.p50Ns, unit: "ns", note: "p50" },
  ];
}
