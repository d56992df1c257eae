// Runs seeds of a simulation in a thread of its own, one after the other, until one fails, and tells how each ended.
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import type { Simulation, SimulationModule } from "./simulation.js";

export interface SeedsOrder {
  /** URL of a module that is a SimulationModule. */
  readonly simulation: string;
  readonly first: number;
  readonly count: number;
  /** From one seed to the next. */
  readonly step: number;
  /** No seed is begun after this time. */
  readonly secondsMax: number;
}

export interface SeedReply {
  readonly seed: number;
  /** Null if every promise was kept. */
  readonly failure: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

const TRACE_LINES = 60;

async function run(simulation: Simulation, seed: number): Promise<SeedReply> {
  const { counts, trace } = simulation;
  try {
    await simulation.run();
    return { seed, failure: null, counts };
  } catch (error) {
    const lines = (trace ?? []).slice(-TRACE_LINES);
    return { seed, failure: [inspect(error), ...lines].join("\n"), counts };
  }
}

const order = workerData as SeedsOrder;
const { simulate } = (await import(order.simulation)) as SimulationModule;
const endMs = performance.now() + order.secondsMax * 1_000;
for (let at = 0; at < order.count && performance.now() < endMs; at += 1) {
  const seed = order.first + at * order.step;
  // What a callback throws ends the thread, which its owner is told of.
  const reply = await run(simulate(seed), seed);
  parentPort?.postMessage(reply);
  if (reply.failure !== null) {
    break;
  }
}
