// The simulation is worth what it finds: each of these bugs, planted in the shipped code, must be found by some seed.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { PlantedBug } from "./plant-hook.js";
import { firstFailure } from "./run-seeds.js";

const SEEDS = Array.from({ length: 1_000 }, (_, at) => at + 1);

const BUGS: Readonly<Record<string, PlantedBug>> = {
  "a put believes a 412 about its own first try": {
    file: "src/object/settle-put.js",
    find: 'mayBeWritten ||= outcome.kind === "unknown";',
    replace: "",
  },
  "the lock's renewal believes a 412 about its own first try": {
    file: "src/election/leader-lock.js",
    find: "return this.#judge(found) && this.#record.writeId === record.writeId;",
    replace: 'if (outcome.kind === "lost") { this.#lose(found?.record ?? null); } return false;',
  },
  "the floor is not looked at after the seal": {
    file: "src/archive/take-over.js",
    find: "return compareAddresses(position, manifest.floor) < 0;",
    replace: "return false;",
  },
  "the manifest is written with a plain put": {
    file: "src/archive/latest-manifest.js",
    find: "const settled = await settle(context, LATEST_MANIFEST_KEY, body, condition);",
    replace:
      'await context.store.put(LATEST_MANIFEST_KEY, body); const settled = { kind: "won", tag: "" };',
  },
  "the lock alone is trusted, without a seal": {
    file: "src/archive/take-over.js",
    find: "if (await putSeal(context, reader.position, seal))",
    replace: "if (true)",
  },
};

suite("the simulation finds", () => {
  for (const [name, bug] of Object.entries(BUGS)) {
    test(name, async (t) => {
      const found = await firstFailure({ seeds: SEEDS, bug, collectsSeals: false });
      assert.ok(found !== null, "not found by any seed");
      t.diagnostic(`seed ${found.seed}: ${found.failure?.split("\n")[0]}`);
    });
  }
  test("seals are collected", async (t) => {
    const found = await firstFailure({ seeds: SEEDS, bug: null, collectsSeals: true });
    assert.ok(found !== null, "not found by any seed");
    t.diagnostic(`seed ${found.seed}: ${found.failure?.split("\n")[0]}`);
  });
});
