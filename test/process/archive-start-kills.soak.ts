// `npm run test:soak -- --seeds N --only archive-start-kills`: N times 300 starts.
import { test } from "node:test";
import { runStartKills } from "./archive-start-kills.js";

const seeds = Number(process.env["T4_TEST_SEEDS"] ?? "") || 1;

for (let seed = 1; seed <= seeds; seed += 1) {
  test(`300 starts that end by kill -9 (seed ${seed})`, async (context) => {
    context.diagnostic(JSON.stringify(await runStartKills(seed, 300)));
  });
}
