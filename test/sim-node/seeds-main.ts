// Runs simulations of a node in a thread of its own, one after the other, until one fails, and tells how each ended.
import { parentPort, workerData } from "node:worker_threads";
import { NodeSimulation } from "./simulation.js";

/** A seed to run, and how many lives. */
export interface SeedOrder {
  readonly seed: number;
  readonly lives: number;
}

/** `failure` is null if every promise was kept. */
export interface SeedReply {
  readonly seed: number;
  readonly failure: string | null;
}

async function run({ seed, lives }: SeedOrder): Promise<SeedReply> {
  try {
    await new NodeSimulation(seed).run(lives);
    return { seed, failure: null };
  } catch (error) {
    return { seed, failure: error instanceof Error ? (error.stack ?? error.message) : "unknown" };
  }
}

// What `run` does not catch ends the thread, which its owner is told of.
for (const order of workerData as readonly SeedOrder[]) {
  const reply = await run(order);
  parentPort?.postMessage(reply);
  if (reply.failure !== null) {
    break;
  }
}
