// Runs simulations in a thread of its own, one after the other, until one fails, and tells how each ended.
import { parentPort, workerData } from "node:worker_threads";
import { StoreSimulation } from "./simulation.js";

export interface SeedsOrder {
  readonly seeds: readonly number[];
}

/** `failure` is null if every promise was kept. */
export interface SeedReply {
  readonly seed: number;
  readonly failure: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

const { seeds } = workerData as SeedsOrder;

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
