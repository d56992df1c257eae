// Runs simulations in a thread of its own, one after the other, until one fails, and tells how each ended.
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { CheckpointSimulation } from "./simulation.js";

/** A seed to run, and how many steps. */
export interface SeedOrder {
  readonly seed: number;
  readonly steps: number;
}

/** `failure` is null if every promise was kept. */
export interface SeedReply {
  readonly seed: number;
  readonly failure: string | null;
}

async function run({ seed, steps }: SeedOrder): Promise<SeedReply> {
  try {
    await new CheckpointSimulation(seed).run(steps);
    return { seed, failure: null };
  } catch (error) {
    return { seed, failure: inspect(error) };
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
