// The tests that every simulation has: so many seeds keep their promises and meet what they are for, and bugs that are planted
// in the compiled program are found.
// T4_TEST_SEEDS, T4_TEST_SEED (the first) and T4_TEST_SECONDS ask for others than the usual ones.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runInThread, runSeeds, SEEDS_MAIN } from "./run-seeds.js";

export interface UsualSeeds {
  readonly first: number;
  readonly seeds: number;
  readonly threads?: number;
  /** What so many seeds must have met, by its name in the counts. */
  readonly meets?: (seeds: number) => readonly string[];
}

function asked(name: string): number | null {
  return Number(process.env[name] ?? "") || null;
}

/** `simulation` is the URL of a SimulationModule. */
export function testSeeds(title: string, simulation: URL, usual: UsualSeeds): void {
  test(title, async (t) => {
    const secondsMax = asked("T4_TEST_SECONDS");
    const { seeds, counts } = await runSeeds({
      simulation,
      first: asked("T4_TEST_SEED") ?? usual.first,
      count: asked("T4_TEST_SEEDS") ?? (secondsMax === null ? usual.seeds : 1_000_000),
      threads: usual.threads ?? availableParallelism(),
      secondsMax: secondsMax ?? Infinity,
    });
    t.diagnostic(`${seeds} seeds: ${JSON.stringify(counts)}`);
    const missing = (usual.meets?.(seeds) ?? []).filter((name) => (counts[name] ?? 0) === 0);
    assert.deepEqual(missing, [], "what no run met");
  });
}

/** `find` occurs exactly once in `file` of the compiled program. */
export interface PlantedBug {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The first seed that is tried: for a bug that seeds from 1 on find too, and only after minutes. */
  readonly first?: number;
}

/** Within so many seeds each planted bug must show. */
const SEARCH_SEEDS = 1_000;
const BUILD = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * A copy of the compiled program with the bug in it, beside the program, where its packages are found. A loader's hook would
 * make each import take real time, in which virtual time goes on.
 */
function plant({ file, find, replace }: PlantedBug): string {
  const copy = mkdtempSync(join(BUILD, "planted-"));
  for (const part of ["src", "test"]) {
    cpSync(join(BUILD, part), join(copy, part), {
      recursive: true,
      filter: (path) => !/\.(map|d\.ts|test\.js)$/.test(path),
    });
  }
  const source = readFileSync(join(copy, file), "utf8");
  assert.equal(source.split(find).length, 2, `${file} has "${find}" once: plant it elsewhere`);
  writeFileSync(
    join(copy, file),
    source.replace(find, () => replace),
  );
  return copy;
}

/** A simulation is worth what it finds: each bug must be found by some seed. */
export function testPlanted(simulation: URL, bugs: Readonly<Record<string, PlantedBug>>): void {
  const inCopy = (copy: string, url: URL): URL =>
    pathToFileURL(join(copy, fileURLToPath(url).slice(BUILD.length)));
  suite("the simulation finds", () => {
    for (const [name, bug] of Object.entries(bugs)) {
      test(name, async (t) => {
        const copy = plant(bug);
        try {
          const order = {
            first: bug.first ?? 1,
            count: SEARCH_SEEDS,
            step: 1,
            secondsMax: Infinity,
          };
          const { failed } = await runInThread(
            { simulation: inCopy(copy, simulation).href, ...order },
            inCopy(copy, SEEDS_MAIN),
          );
          assert.ok(failed !== null, "not found by any seed");
          t.diagnostic(`seed ${failed.seed}: ${failed.failure.split("\n")[0]}`);
        } finally {
          rmSync(copy, { recursive: true });
        }
      });
    }
  });
}
