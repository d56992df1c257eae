// The Python client `etcd3` (Debian's python3-etcd3) against real etcd and our server: both tell its users the same.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, suite, test } from "node:test";
import { skipUntilServed } from "../differential/not-yet-served.js";
import { skipWithout, skipWithoutPythonModule } from "../support/process/foreign-tool.js";
import { repositoryPath } from "../support/paths.js";
import { startEtcd, startT4, type ServerProcess } from "../support/process/server-process.js";
import { within } from "../support/process/wait.js";

const SESSION_DEADLINE_MS = 60_000;

/** A group of the script's steps, and the calls that it makes beside KV, Watch and Lease. */
const groups: Readonly<Record<string, readonly string[]>> = {
  keys: [],
  transactions: [],
  watches: [],
  leases: [],
  locks: [],
  cluster: ["/etcdserverpb.Cluster/MemberRemove"],
  maintenance: [
    "/etcdserverpb.Maintenance/Alarm",
    "/etcdserverpb.Maintenance/Defragment",
    "/etcdserverpb.Maintenance/Hash",
  ],
  snapshot: ["/etcdserverpb.Maintenance/Snapshot"],
};

const withoutEtcd = skipWithout("etcd");
const without = withoutEtcd === false ? skipWithoutPythonModule("etcd3") : withoutEtcd;

/** What the script printed, a line a step. */
async function session(server: ServerProcess, group: string): Promise<unknown[]> {
  const script = repositoryPath("test/foreign/python/etcd3_session.py");
  const child = spawn("/usr/bin/python3", [script, "127.0.0.1", String(server.port), group], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("latin1")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("latin1")));
  try {
    const exitCode = await within(
      SESSION_DEADLINE_MS,
      () => `the end of group ${group}; it printed: ${stdout}${stderr}`,
      new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", resolve);
      }),
    );
    assert.equal(exitCode, 0, `${server.name}: ${stdout}${stderr}`);
  } finally {
    child.kill("SIGKILL");
  }
  const lines = stdout.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}

suite("the Python client etcd3", { skip: without }, () => {
  let etcd: ServerProcess;
  let t4: ServerProcess;

  before(async () => {
    [etcd, t4] = await Promise.all([startEtcd(), startT4()]);
  });

  after(async () => {
    await etcd[Symbol.asyncDispose]();
    await t4[Symbol.asyncDispose]();
  });

  for (const [group, calls] of Object.entries(groups)) {
    test(
      `${group}: what it is told is what etcd tells it`,
      { skip: skipUntilServed(...calls) },
      async () => {
        const [expected, actual] = await Promise.all([session(etcd, group), session(t4, group)]);
        assert.deepEqual(actual, expected);
        assert.deepEqual(actual.at(-1), { step: "end" });
      },
    );
  }
});
