// Power losses of the log for many seeds: T4_TEST_SEEDS of them (or "first-last"), at most T4_TEST_SECONDS long.
import { test } from "node:test";
import { survivePowerLosses } from "./suites/log-crash-suite.js";

const [first = 1, last = first] = (process.env["T4_TEST_SEEDS"] ?? "")
  .split("-")
  .map((seed) => Number(seed) || 100);
const range = (process.env["T4_TEST_SEEDS"] ?? "").includes("-") ? [first, last] : [1, first];
const seconds = Number(process.env["T4_TEST_SECONDS"] ?? "") || 3_600;

test("the log survives the power losses of every seed", async (t) => {
  const endMs = performance.now() + seconds * 1_000;
  const [from = 1, to = 1] = range;
  let seed = from;
  for (; seed <= to && performance.now() < endMs; seed += 1) {
    await survivePowerLosses(seed);
  }
  t.diagnostic(`seeds ${from} to ${seed - 1}`);
});
