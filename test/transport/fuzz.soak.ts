// Random conversations without end: T4_TEST_SECONDS bounds the time (30), T4_TEST_SEEDS=a,b,c replays.
import { test } from "node:test";
import { fuzzBytes, fuzzFrames, NARROW } from "./fuzz-cases.js";

const RUNS_PER_SEED = 500;

async function fuzz(seed: number): Promise<void> {
  await fuzzFrames({}, { numRuns: RUNS_PER_SEED, seed });
  await fuzzFrames(NARROW, { numRuns: RUNS_PER_SEED, seed });
  await fuzzBytes({ numRuns: RUNS_PER_SEED, seed });
}

test("mutated conversations, seed after seed", async (context) => {
  const seeds = (process.env["T4_TEST_SEEDS"] ?? "").split(",").filter((text) => text !== "");
  if (seeds.length > 0) {
    for (const seed of seeds) {
      await fuzz(Number(seed));
    }
    return;
  }
  const seconds = Number(process.env["T4_TEST_SECONDS"] ?? "");
  const untilMs = Date.now() + (seconds > 0 ? seconds : 30) * 1000;
  let seed = Date.now() % 0x7fffffff;
  const first = seed;
  for (; Date.now() < untilMs; seed += 1) {
    await fuzz(seed);
  }
  context.diagnostic(`seeds ${first} to ${seed - 1}`);
});
