// Outages of the object store under load, in both modes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { faultNames, runOutage } from "./archive-outages.js";

/** Above what a write waits for the store. */
const OUTAGE_MS = 20_000;

describe("while the object store fails", { concurrency: true }, () => {
  for (const mode of ["sync", "async"] as const) {
    test(`a ${mode} node meets ${faultNames.join(", ")} and loses nothing`, async (context) => {
      const results = await Promise.all(
        faultNames.map(async (name) => runOutage(mode, name, OUTAGE_MS)),
      );
      context.diagnostic(JSON.stringify(results));
      if (mode === "sync") {
        assert.ok(results.every(({ refused }) => refused > 0));
      }
    });
  }
});
