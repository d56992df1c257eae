// Random histories without end: T4_TEST_SECONDS of them, or T4_TEST_SEEDS, from T4_TEST_FIRST_SEED on.
import { test } from "node:test";
import { runRandomHistory } from "./store-history.js";

const number = (name: string): number => Number(process.env[name] ?? "") || 0;
const seconds = number("T4_TEST_SECONDS");
const seeds = number("T4_TEST_SEEDS") || (seconds > 0 ? Infinity : 100);
const firstSeed = number("T4_TEST_FIRST_SEED") || 1;

test("random histories of both backends answer as the model does", async () => {
  const endMs = seconds > 0 ? performance.now() + seconds * 1_000 : Infinity;
  let seed = firstSeed;
  for (; seed < firstSeed + seeds && performance.now() < endMs; seed += 1) {
    for (const backend of ["memory", "disk"] as const) {
      try {
        await runRandomHistory(seed, { backend });
      } catch (error) {
        console.error(`failed on ${backend} with T4_TEST_FIRST_SEED=${seed} T4_TEST_SEEDS=1`);
        throw error;
      }
    }
  }
  console.log(`${seed - firstSeed} seeds`);
});
