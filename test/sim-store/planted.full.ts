// The simulation is worth what it finds: each of these bugs, planted in the shipped code, must be found by some seed. What the
// archive does with a put whose answer is lost, and with seals, is found out by its own simulation.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PlantedBug } from "../sim-archive/plant-hook.js";
import { runInThread } from "./run-seeds.js";

const SEEDS = Array.from({ length: 200 }, (_, at) => at + 1);

const BUGS: Readonly<Record<string, PlantedBug>> = {
  "a write is acknowledged before its slot is won": {
    file: "src/node/archive/archive-rule.js",
    find: "if (!this.#confirmsByArchive) {\n            this.#commitDurable();",
    replace: "if (true) {\n            this.#commitDurable();",
  },
  "a restart trusts a lock that is old": {
    file: "src/election/leader-lock.js",
    find: "return this.validForMs > 0;",
    replace: "return true;",
  },
  "a start takes over the lock without waiting or a seal": {
    file: "src/archive/take-over.js",
    find: "if (await putSeal(context, reader.position, seal))",
    replace: "if (true)",
  },
};

/** A copy of the compiled program with the bug in it: a loader hook would take real time for each module. */
function plant({ file, find, replace }: PlantedBug): string {
  const build = fileURLToPath(new URL("../../", import.meta.url));
  // Beside the program, where its packages are found.
  const copy = mkdtempSync(join(build, "planted-"));
  for (const part of ["src", "test"]) {
    cpSync(join(build, part), join(copy, part), { recursive: true });
  }
  const source = readFileSync(join(copy, file), "utf8");
  assert.equal(source.split(find).length, 2, `${file} has "${find}" once: plant it elsewhere`);
  writeFileSync(
    join(copy, file),
    source.replace(find, () => replace),
  );
  return copy;
}

suite("the simulation finds", () => {
  for (const [name, bug] of Object.entries(BUGS)) {
    test(name, async (t) => {
      const copy = plant(bug);
      try {
        const main = pathToFileURL(join(copy, "test/sim-store/seeds-main.js"));
        const { failed } = await runInThread({ seeds: SEEDS }, main);
        assert.ok(failed !== null, "not found by any seed");
        t.diagnostic(`seed ${failed.seed}: ${failed.failure?.split("\n")[0]}`);
      } finally {
        rmSync(copy, { recursive: true });
      }
    });
  }
});
