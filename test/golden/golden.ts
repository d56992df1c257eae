// Files whose bytes a format promises. A test makes them anew and compares; `T4_UPDATE_GOLDEN=1` writes them instead,
// which is right only together with a new format version.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory of the sources, seen from the compiled file: build/test/golden → test/golden. */
const directory = fileURLToPath(new URL("../../../test/golden/", import.meta.url));

export function goldenPath(name: string): string {
  return `${directory}${name}`;
}

export function readGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(goldenPath(name)));
}

/** Asserts that `actual` is the golden file to the byte. */
export function assertGolden(name: string, actual: Uint8Array): void {
  const path = goldenPath(name);
  if (process.env["T4_UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
  }
  assert.ok(existsSync(path), `${path} does not exist: run with T4_UPDATE_GOLDEN=1`);
  assert.equal(Buffer.from(actual).toString("hex"), readFileSync(path).toString("hex"), name);
}
