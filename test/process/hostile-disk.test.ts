// A real server on a real file system that is full, or that it may not write to: clear refusals, nothing lost, and no
// restart needed once the trouble is over.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { GrpcClient, type CallOutcome } from "../support/grpc-client.js";
import { startServer, t4, type Identity } from "../support/process/t4-command.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { sleep, within } from "../support/process/wait.js";

const PUT = "/etcdserverpb.KV/Put";
const RANGE = "/etcdserverpb.KV/Range";
const DISK_MIB = 40;
const BALLAST_BYTES = 20 * 1024 * 1024;
const VALUE = Buffer.alloc(64 * 1024, "v");
const NO_SPACE: CallOutcome = {
  ok: false,
  code: 8,
  message: "etcdserver: mvcc: database space exceeded",
};
/** The user that is nobody, on every system that tests run on as root. */
const NOBODY = 65_534;

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Mounts a small file system in memory; false where that is not allowed. */
function mountSmall(path: string): boolean {
  return (
    isRoot() &&
    spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", path]).status === 0
  );
}

function fillUp(path: string): void {
  for (let bytes = 1024 * 1024; bytes >= 1024; bytes /= 2) {
    try {
      for (;;) {
        appendFileSync(path, Buffer.alloc(bytes));
      }
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
    }
  }
}

function key(at: number): Buffer {
  return Buffer.from(`key/${String(at).padStart(6, "0")}`);
}

async function count(client: GrpcClient): Promise<number> {
  const request = { key: Buffer.from("key/"), range_end: Buffer.from("key0"), count_only: true };
  return Number((await client.must(RANGE, request))["count"]);
}

/** Puts until the disk is full; returns how many were acknowledged. */
async function fill(client: GrpcClient): Promise<number> {
  let acknowledged = 0;
  for (let at = 0; ; at += 1) {
    const outcome = await client.call(PUT, { key: key(at), value: VALUE });
    if (!outcome.ok) {
      assert.deepEqual(outcome, NO_SPACE);
      return acknowledged;
    }
    acknowledged += 1;
  }
}

/** What a full disk must not touch. */
async function checkReads(client: GrpcClient, acknowledged: number): Promise<void> {
  assert.equal(await count(client), acknowledged);
  const read = { request_range: { key: key(0) } };
  const answer = await client.must("/etcdserverpb.KV/Txn", { success: [read] });
  assert.equal(answer["succeeded"], true);
}

async function untilWritable(client: GrpcClient): Promise<void> {
  const write = async (): Promise<void> => {
    while (!(await client.call(PUT, { key: Buffer.from("after"), value: VALUE })).ok) {
      await sleep(50);
    }
  };
  await within(20_000, "writes are accepted again", write());
}

test("a full disk refuses writes and nothing else, and is forgotten when it has room", async (context: TestContext) => {
  const path = await makeTempDirectory("full");
  const isMounted = mountSmall(path);
  try {
    if (!isMounted) {
      context.diagnostic("skipped: a small file system can be mounted by root only");
      return;
    }
    const ballast = join(path, "ballast");
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
    const data = join(path, "data");
    using first = await startServer(data, ["--segment-max-size-mb", "2"]);
    let acknowledged: number;
    {
      using client = new GrpcClient(first.address);
      using watch = client.open("/etcdserverpb.Watch/Watch");
      watch.send({ create_request: { key: Buffer.from("key/"), range_end: Buffer.from("key0") } });
      await watch.until("created", () => watch.received.length > 0);
      acknowledged = await fill(client);
      assert.ok(acknowledged > 100, `${acknowledged} writes`);
      const seen = (): number =>
        watch.received.reduce((sum, message) => sum + (message["events"] as unknown[]).length, 0);
      await watch.until("every event", () => seen() === acknowledged);
      await checkReads(client, acknowledged);
      for (const method of ["DeleteRange", "Txn", "Compact"]) {
        const request =
          method === "Txn" ? { success: [{ request_put: { key: key(0) } }] } : { key: key(0) };
        assert.deepEqual(
          await client.call(`/etcdserverpb.KV/${method}`, request),
          NO_SPACE,
          method,
        );
      }
      const health = await fetch(`http://${first.address}/health`);
      assert.match(await health.text(), /NOSPACE/);
      assert.match(first.stderr(), /the disk is full: writes are refused/);
    }
    first.kill("SIGKILL");
    await first.ended;

    // It starts on a disk without a free byte too, and takes writes when there is room.
    fillUp(join(path, "rest"));
    using second = await startServer(data, ["--segment-max-size-mb", "2"]);
    {
      using client = new GrpcClient(second.address);
      await checkReads(client, acknowledged);
      rmSync(ballast);
      rmSync(join(path, "rest"));
      await untilWritable(client);
      assert.equal(await count(client), acknowledged);
      second.kill("SIGTERM");
      assert.equal((await second.ended).code, 0);
    }
    using third = await startServer(data);
    using client = new GrpcClient(third.address);
    assert.equal(await count(client), acknowledged);
    assert.equal((await client.must(RANGE, { key: Buffer.from("after") }))["count"], "1");
    third.kill("SIGTERM");
    assert.equal((await third.ended).code, 0);
  } finally {
    if (isMounted) {
      // Lazily: a server that a failed test left keeps it busy.
      spawnSync("umount", ["-l", path]);
    }
    await removeTempDirectory(path);
  }
});

test("a directory that may not be written to is named with the reason, and stays empty", async (context: TestContext) => {
  const path = await makeTempDirectory("unwritable");
  try {
    // Root may write anywhere, so somebody else runs the server then.
    const identity: Identity = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
    const obstacle = await t4(["--version"], identity).then(
      ({ code, stderr }) => (code === 0 ? null : stderr),
      (error: unknown) => String(error),
    );
    if (obstacle !== null) {
      context.skip(`another user cannot run this program here: ${obstacle}`);
      return;
    }
    chmodSync(path, 0o755);
    const closed = join(path, "closed");
    mkdirSync(closed, { mode: 0o555 });
    chmodSync(closed, 0o555);
    const sealed = join(path, "sealed");
    mkdirSync(sealed, { mode: 0o700 });
    chmodSync(sealed, isRoot() ? 0o700 : 0o000);
    for (const directory of [closed, join(closed, "below"), sealed]) {
      const run = ["run", "--listen", "127.0.0.1:0", "--data-dir", directory];
      const { code, stdout, stderr } = await t4(run, identity);
      assert.equal(code, 1, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /T4_DATA_DIR_UNUSABLE/);
      assert.ok(stderr.includes(directory), stderr);
      assert.match(stderr, /permission denied: check owner and mode/);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
    chmodSync(sealed, 0o700);
    assert.deepEqual([readdirSync(closed), readdirSync(sealed)], [[], []]);
  } finally {
    await removeTempDirectory(path);
  }
});
