// What a simulation is to those who run seeds.

/** One run. Everything in it follows from its seed. */
export interface Simulation {
  /** Rejects with the first promise that was broken. */
  run(): Promise<void>;
  /** How often what was met: a run in which nothing happens keeps every promise. */
  readonly counts: Readonly<Record<string, number>>;
  /** Who did what, oldest first, for a run that fails. */
  readonly trace?: readonly string[];
}

/** What the module of a simulation exports. */
export interface SimulationModule {
  readonly simulate: (seed: number) => Simulation;
}

export function addCounts(
  to: Record<string, number>,
  from: Readonly<Record<string, number>>,
): void {
  for (const [name, count] of Object.entries(from)) {
    to[name] = (to[name] ?? 0) + count;
  }
}
