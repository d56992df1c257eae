// Outages of the object store for minutes under load: `npm run test:soak -- --seconds 180 --only archive-outages`.
import { describe, test } from "node:test";
import { faultNames, otherFaultNames, runOutage } from "./archive-outages.js";

const seconds = Number(process.env["T4_TEST_SECONDS"] ?? "") || 180;

describe(`while the object store fails for ${seconds} s`, { concurrency: true }, () => {
  for (const mode of ["sync", "async"] as const) {
    for (const name of [...faultNames, ...otherFaultNames]) {
      test(`a ${mode} node meets ${name}, loses nothing and recovers`, async (context) => {
        const result = await runOutage(mode, name, seconds * 1_000);
        context.diagnostic(JSON.stringify(result));
      });
    }
  }
});
