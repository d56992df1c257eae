// A few hundred random conversations; fuzz.soak.ts goes on for as long as it is let.
import { test } from "node:test";
import { fuzzBytes, fuzzFrames, NARROW } from "./fuzz-cases.js";

const RUNS = 400;

test("frames of all kinds, mutated and cut anywhere", async () => {
  await fuzzFrames({}, { numRuns: RUNS });
});

test("the same with narrow limits", async () => {
  await fuzzFrames(NARROW, { numRuns: RUNS });
});

test("any bytes at all on a new connection", async () => {
  await fuzzBytes({ numRuns: RUNS });
});
