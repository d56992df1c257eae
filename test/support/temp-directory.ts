// Directories for one test's data. `T4_TEST_TMP` names another place, for instance a memory file system where
// what is measured is not the disk.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function makeTempDirectory(prefix: string): Promise<string> {
  return mkdtemp(join(process.env["T4_TEST_TMP"] ?? tmpdir(), `t4-${prefix}-`));
}

export async function removeTempDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
