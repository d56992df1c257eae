// An etcd snapshot of a million keys with values of 256 bytes, imported and exported again: time, CPU and peak memory of
// the commands as processes of their own. Usage: node build/bench/migrate.js [keys] [value bytes] [snapshot.db]
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_AUTH } from "../src/core/auth/auth-state.js";
import { makeRow } from "../src/core/row.js";
import {
  NEVER_COMPACTED,
  NO_LEASE,
  type LogIndex,
  type Revision,
  type Term,
} from "../src/core/words.js";
import { writeSnapshot } from "../src/etcd/snapshot/snapshot-writer.js";
import type { StateCopy } from "../src/node/state-copy.js";
import { repositoryPath } from "../test/support/paths.js";

const MAIN = repositoryPath("build/src/cli/main.js");
const MEASURE =
  "data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();" +
  "process.stderr.write('USAGE '+JSON.stringify({rss:u.maxRSS*1024,cpu:(u.userCPUTime+u.systemCPUTime)/1e6})+'\\n')})";

function command(args: readonly string[]): void {
  const beganMs = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", MEASURE, MAIN, ...args],
    { encoding: "utf8" },
  );
  const seconds = (performance.now() - beganMs) / 1000;
  const usage = /USAGE (.*)/.exec(stderr)?.[1] ?? "{}";
  const { rss = 0, cpu = 0 } = JSON.parse(usage) as { rss?: number; cpu?: number };
  console.log(
    `t4 ${args[0] ?? ""}: exit ${String(status)}, ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of CPU, ` +
      `peak ${(rss / 1024 / 1024).toFixed(0)} MiB resident; ${stdout.trim()}${status === 0 ? "" : stderr}`,
  );
}

/** Keys in no order, as clients write them; each has one version. */
async function makeSnapshot(path: string, keys: number, valueBytes: number): Promise<void> {
  const descriptor = openSync(path, "w");
  const value = new Uint8Array(valueBytes);
  let made = 0;
  const copy: StateCopy = {
    index: 1 as LogIndex,
    term: 1 as Term,
    revision: (keys + 1) as Revision,
    compactRevision: NEVER_COMPACTED,
    leases: [],
    auth: NO_AUTH,
    nextRow: () => {
      if (made === keys) {
        return null;
      }
      const scrambled = (made * 7_368_787) % keys;
      made += 1;
      for (let i = 0; i < valueBytes; i += 1) {
        value[i] = 97 + ((made * 31 + i * 7) % 26);
      }
      const revision = (made + 1) as Revision;
      const key = `/registry/pods/default/pod-${String(scrambled).padStart(9, "0")}`;
      return makeRow(key, value, revision, 0, revision, 1, NO_LEASE);
    },
    nextTurn: async () => Promise.resolve(),
    close: () => {},
  };
  await writeSnapshot(
    { write: (bytes, at) => writeSync(descriptor, bytes, 0, bytes.length, at) },
    copy,
  );
  closeSync(descriptor);
}

const [keys = "1000000", valueBytes = "256", given] = process.argv.slice(2);
const directory = mkdtempSync(join(process.env["T4_TEST_TMP"] ?? tmpdir(), "t4-bench-migrate-"));
try {
  const snapshot = given ?? join(directory, "snapshot.db");
  if (given === undefined) {
    await makeSnapshot(snapshot, Number(keys), Number(valueBytes));
  }
  console.log(`${snapshot}: ${(statSync(snapshot).size / 1024 / 1024).toFixed(0)} MiB`);
  const data = join(directory, "data");
  command(["import", "--from", snapshot, "--skip-hash-check", "--data-dir", data, "--json"]);
  command(["export", join(directory, "exported.db"), "--data-dir", data, "--json"]);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
