// One benchmark in a process of its own, so that none meets the heap, the caches or the optimised code of another.
// Reads a Task as JSON from its argument and prints what it measured as JSON.
import { openDatabase } from "./database.js";
import { measureFirstReads, measureHotReads, measureMemory } from "./reads.js";
import type { Figure } from "./results.js";
import { measureWatchers } from "./watchers.js";
import { fill } from "./workload.js";
import { measureDurablePuts, measureStalls } from "./writes.js";

export type Task =
  | { readonly name: "hot-reads" | "fill"; readonly keys: number }
  | { readonly name: "reopen"; readonly keys: number }
  | { readonly name: "memory" | "puts" | "stalls" | "watchers"; readonly seconds: number };

export interface TaskRun {
  readonly task: Task;
  readonly moduleName: string;
  readonly directory: string;
}

/** How long a store may work on after its last put before its memory is read. */
const restMs = 3000;

export interface FillAnswer {
  readonly seconds: number;
  readonly residentBytes: number;
}

export interface ReopenAnswer {
  readonly openMs: number;
  readonly firstReadNs: number;
  readonly reads: number;
  readonly residentBytes: number;
}

async function runTask({ task, moduleName, directory }: TaskRun): Promise<unknown> {
  const openedAt = performance.now();
  const database = await openDatabase(
    moduleName,
    task.name === "memory" ? { memory: true } : { dataDir: directory },
  );
  const openMs = performance.now() - openedAt;
  let answer: readonly Figure[] | FillAnswer | ReopenAnswer;
  switch (task.name) {
    case "hot-reads":
      answer = await measureHotReads(database);
      break;
    case "memory":
      answer = await measureMemory(database, task.seconds);
      break;
    case "puts":
      answer = await measureDurablePuts(database, task.seconds, directory);
      break;
    case "stalls":
      answer = await measureStalls(database, task.seconds);
      break;
    case "watchers":
      answer = await measureWatchers(database, task.seconds);
      break;
    case "fill": {
      const startedAt = performance.now();
      await fill(database, task.keys);
      const seconds = (performance.now() - startedAt) / 1000;
      await new Promise((resolve) => setTimeout(resolve, restMs));
      answer = { seconds, residentBytes: process.memoryUsage.rss() };
      break;
    }
    case "reopen": {
      const { ns, reads } = await measureFirstReads(database, task.keys);
      answer = { openMs, firstReadNs: ns, reads, residentBytes: process.memoryUsage.rss() };
      break;
    }
  }
  await database.close();
  return answer;
}

const run = JSON.parse(process.argv[2] ?? "") as TaskRun;
console.log(JSON.stringify(await runTask(run)));
