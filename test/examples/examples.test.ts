import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

async function runExample(name: string, ...args: string[]): Promise<string> {
  const hook = new URL("./resolve-source.js", import.meta.url).href;
  const example = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", hook, example, ...args]);
  return stdout;
}

test("examples/embed.ts", async () => {
  const directory = mkdtempSync(join(tmpdir(), "t4-example-"));
  try {
    assert.equal(await runExample("embed", directory), "light\ndark\n");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("examples/watch.ts", async () => {
  assert.equal(
    await runExample("watch"),
    [
      "2 put config/theme dark was undefined",
      "3 put config/theme light was dark",
      "4 delete config/theme undefined was light",
      "",
    ].join("\n"),
  );
});

test("examples/serve.ts", async () => {
  assert.equal(await runExample("serve"), "dark\n");
});

test("examples/lock.ts", async () => {
  const lines = (await runExample("lock")).trimEnd().split("\n");
  assert.equal(lines.pop(), "all done");
  assert.deepEqual(
    lines.sort(),
    [1, 2, 3].map((worker) => `worker ${worker} works, 1 inside`),
  );
});
