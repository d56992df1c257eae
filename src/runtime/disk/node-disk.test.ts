import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { diskCases } from "../../../test/suites/disk-suite.js";
import { DiskError } from "./disk.js";
import { diskError } from "./disk-error.js";
import { nodeDisk } from "./node-disk.js";

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "t4-disk-"));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
}

for (const { name, run } of diskCases) {
  test(`node disk: ${name}`, async (t) => {
    await run(nodeDisk, temporaryDirectory(t));
  });
}

test("an error of the system becomes one that says what to do", () => {
  const cause = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  const error = diskError("write", "/data/file", cause);
  assert.equal(error.code, "no-space");
  assert.equal(error.cause, cause);
  assert.equal(
    error.message,
    "cannot write /data/file: the disk is full: free some space (ENOSPC)",
  );
  const unknown = diskError("write", "/f", Object.assign(new Error("odd"), { code: "EODD" }));
  assert.equal(unknown.code, "io");
});

test("a closed file cannot be used, and closing it again does nothing", (t) => {
  const path = join(temporaryDirectory(t), "a");
  writeFileSync(path, "abc");
  const file = nodeDisk.open(path, { mode: "read" });
  file.close();
  file.close();
  assert.throws(() => file.read(new Uint8Array(1), 0), DiskError);
});
