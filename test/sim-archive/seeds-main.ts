// Runs simulations in a thread of its own, one after the other, until one fails, and tells how each ended; with a planted bug if
// one is given.
import { register } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { PlantedBug } from "./plant-hook.js";

export interface SeedsOrder {
  readonly seeds: readonly number[];
  readonly bug: PlantedBug | null;
  readonly collectsSeals: boolean;
}

/** `failure` is null if every promise was kept. */
export interface SeedReply {
  readonly seed: number;
  readonly failure: string | null;
}

const { seeds, bug, collectsSeals } = workerData as SeedsOrder;
if (bug !== null) {
  register("./plant-hook.js", { parentURL: import.meta.url, data: bug });
}
// Loaded after the hook is there.
const { ArchiveSimulation } = await import("./simulation.js");

async function run(seed: number): Promise<SeedReply> {
  try {
    await new ArchiveSimulation(seed, { collectsSeals }).run();
    return { seed, failure: null };
  } catch (error) {
    return { seed, failure: error instanceof Error ? (error.stack ?? error.message) : "unknown" };
  }
}

// What `run` does not catch ends the thread, which its owner is told of.
for (const seed of seeds) {
  const reply = await run(seed);
  parentPort?.postMessage(reply);
  if (reply.failure !== null) {
    break;
  }
}
