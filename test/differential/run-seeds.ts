// Runs one script a seed and throws a readable report at the first difference.
import { generateScript } from "./script/generate.js";
import type { Script } from "./script/operation.js";
import { replay, report, shrink, type Contest } from "./replay.js";

export interface SeedsResult {
  readonly operations: number;
  readonly known: ReadonlyMap<string, number>;
}

/** Throws the report of the first difference. `title` says how to run it again. */
export async function runScript(
  title: string,
  script: Script,
  contest: Contest,
): Promise<ReadonlyMap<string, number>> {
  const { finding, known } = await replay(script, contest);
  if (finding !== undefined) {
    const shortest = await shrink(script, finding, contest);
    throw new Error(report(title, shortest.script, shortest.finding));
  }
  return known;
}

export async function runSeeds(
  seeds: readonly number[],
  operationsEach: number,
  contest: Contest,
): Promise<SeedsResult> {
  const known = new Map<string, number>();
  for (const seed of seeds) {
    const title = `seed ${seed}, ${operationsEach} operations`;
    const met = await runScript(title, generateScript(seed, operationsEach), contest);
    for (const [id, count] of met) {
      known.set(id, (known.get(id) ?? 0) + count);
    }
  }
  return { operations: seeds.length * operationsEach, known };
}
