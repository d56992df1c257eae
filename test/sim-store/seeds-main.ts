// Runs simulations in a thread of its own, one after the other, until one fails, and tells how each ended; with a planted bug if
// one is given.
import { register } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { PlantedBug } from "../sim-archive/plant-hook.js";

export interface SeedsOrder {
  readonly seeds: readonly number[];
  readonly bug: PlantedBug | null;
}

/** `failure` is null if every promise was kept. */
export interface SeedReply {
  readonly seed: number;
  readonly failure: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

const { seeds, bug } = workerData as SeedsOrder;
if (bug !== null) {
  register("../sim-archive/plant-hook.js", { parentURL: import.meta.url, data: bug });
}
// Loaded after the hook is there.
const { StoreSimulation } = await import("./simulation.js");

async function run(seed: number): Promise<SeedReply> {
  const simulation = new StoreSimulation(seed);
  try {
    await simulation.run();
    return { seed, failure: null, counts: simulation.counts };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : "unknown";
    return {
      seed,
      failure: `${failure}\n${simulation.trace.slice(-40).join("\n")}`,
      counts: simulation.counts,
    };
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
