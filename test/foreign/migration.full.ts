// From etcd to our server and back: snapshots that etcd's own tools make and take, compared key by key at every revision.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SeededRandom } from "../sim/seeded-random.js";
import { skipWithout } from "../support/process/foreign-tool.js";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { startEtcd, startT4, type ServerProcess } from "../support/process/server-process.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { etcdctl } from "./etcdctl.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

const skip = skipWithout("etcd", "etcdctl");

const EVERYTHING = { key: Buffer.from("\0"), range_end: Buffer.from("\0") };

/** Runs a foreign command to its end; it must succeed. */
function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ETCDCTL_API: "3" },
  });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

async function imported(...args: string[]): Promise<void> {
  const { code, stderr } = await t4(["import", ...args]);
  assert.equal(code, 0, stderr);
}

function randomRequest(random: SeededRandom, revision: number): readonly [string, Message] {
  const key = Buffer.from(`key/${random.below(12)}`);
  const value = Buffer.from("v".repeat(random.chance(0.1) ? 6_000 : random.below(30)));
  const lease = String(random.chance(0.3) ? 1 + random.below(3) : 0);
  const put = { key, value, lease };
  switch (random.below(12)) {
    case 0:
    case 1:
      return ["/etcdserverpb.KV/DeleteRange", { key }];
    case 2:
      return [
        "/etcdserverpb.KV/DeleteRange",
        { key: Buffer.from("key/1"), range_end: Buffer.from("key/3") },
      ];
    case 3:
      return [
        "/etcdserverpb.KV/Txn",
        {
          success: [
            { request_put: { key: Buffer.from("txn/a"), value } },
            { request_delete_range: { key } },
            { request_put: { key: Buffer.from("txn/b"), value, lease } },
          ],
        },
      ];
    case 4:
      return ["/etcdserverpb.Lease/LeaseGrant", { ID: String(1 + random.below(3)), TTL: "7000" }];
    case 5:
      return random.chance(0.3)
        ? ["/etcdserverpb.Lease/LeaseRevoke", { ID: String(1 + random.below(3)) }]
        : ["/etcdserverpb.KV/Put", put];
    case 6:
      return random.chance(0.2) && revision > 10
        ? ["/etcdserverpb.KV/Compact", { revision: String(revision - random.below(10)) }]
        : ["/etcdserverpb.KV/Put", put];
    default:
      return ["/etcdserverpb.KV/Put", put];
  }
}

/** Writes of all kinds; what the server refuses has changed nothing. */
async function writeHistory(server: ServerProcess, seed: number, steps: number): Promise<void> {
  using client = new GrpcClient(server.address);
  const random = new SeededRandom(seed);
  let revision = 1;
  for (let step = 0; step < steps; step += 1) {
    const [path, request] = randomRequest(random, revision);
    const outcome = await client.call(path, request);
    const header = outcome.ok ? (outcome.response["header"] as Message) : {};
    revision = Math.max(revision, Number(header["revision"] ?? 0));
  }
}

/** All that a client can read: every key at every revision since the last compaction, and the leases. */
async function content(server: ServerProcess): Promise<unknown> {
  using client = new GrpcClient(server.address);
  const now = await client.must("/etcdserverpb.KV/Range", EVERYTHING);
  const last = Number((now["header"] as Message)["revision"]);
  const states: unknown[] = [];
  for (let revision = last; revision > 0; revision -= 1) {
    const outcome = await client.call("/etcdserverpb.KV/Range", { ...EVERYTHING, revision });
    if (!outcome.ok) {
      assert.match(outcome.message, /compacted/);
      break;
    }
    const { kvs, count } = outcome.response;
    states.push({ revision, count, kvs });
  }
  const { leases } = await client.must("/etcdserverpb.Lease/LeaseLeases", {});
  const ids = (leases as Message[]).map(({ ID }) => ID as string).sort();
  const held: unknown[] = [];
  for (const ID of ids) {
    const lease = await client.must("/etcdserverpb.Lease/LeaseTimeToLive", { ID, keys: true });
    const keys = (lease["keys"] as Buffer[]).map(String).sort();
    held.push({ ID, grantedTTL: lease["grantedTTL"], keys });
  }
  return { last, states, held };
}

/** Starts etcd on what its own tool restores. */
async function restoredEtcd(snapshot: string, directory: string): Promise<ServerProcess> {
  mkdirSync(directory, { recursive: true });
  run(
    "etcdctl",
    ...["snapshot", "restore", snapshot, "--name", directory],
    ...["--data-dir", join(directory, "etcd")],
    ...["--initial-cluster", `${directory}=http://127.0.0.1:2380`],
    ...["--initial-advertise-peer-urls", "http://127.0.0.1:2380"],
  );
  return startEtcd({ dataDirectory: directory });
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await makeTempDirectory("migration");
  try {
    await use(directory);
  } finally {
    await removeTempDirectory(directory);
  }
}

for (const seed of [1, 2, 3]) {
  test(`etcd → t4 → etcd shows the same at every revision, seed ${seed}`, { skip }, async () => {
    await inDirectory(async (directory) => {
      const saved = join(directory, "etcd.db");
      const etcdHome = join(directory, "from");
      mkdirSync(etcdHome);
      let expected: unknown;
      {
        await using etcd = await startEtcd({ dataDirectory: etcdHome });
        await writeHistory(etcd, seed, 250);
        expected = await content(etcd);
        run("etcdctl", "--endpoints", etcd.address, "snapshot", "save", saved);
      }
      const home = join(directory, "home");
      mkdirSync(home);
      const from = seed === 3 ? join(etcdHome, "etcd/member/snap/db") : saved;
      const flags = seed === 3 ? ["--skip-hash-check"] : [];
      await imported("--from", from, "--data-dir", join(home, "t4"), ...flags);
      await using server = await startT4({ dataDirectory: home });
      assert.deepEqual(await content(server), expected);
      await writeHistory(server, seed + 100, 120);
      const later = await content(server);
      const out = join(directory, "t4.db");
      if (seed === 2) {
        const { code, stderr } = await t4(["export", out, "--data-dir", join(home, "t4")]);
        assert.equal(code, 0, stderr);
      } else {
        run("etcdctl", "--endpoints", server.address, "snapshot", "save", out);
      }
      const status = JSON.parse(run("etcdctl", "snapshot", "status", out, "-w", "json")) as Message;
      assert.equal(status["revision"], (later as { last: number }).last);
      await using back = await restoredEtcd(out, join(directory, "back"));
      assert.deepEqual(await content(back), later);
    });
  });
}

/** Runs etcdctl as a user; whether it was let. */
function isLet(server: { readonly address: string }, user: string, ...args: string[]): boolean {
  const flags = ["--endpoints", server.address, "--user", user];
  return spawnSync("etcdctl", [...flags, ...args], { encoding: "utf8" }).status === 0;
}

function assertGuarded(server: { readonly address: string }): void {
  assert.equal(isLet(server, "alice:secret", "get", "app/1"), true);
  assert.equal(isLet(server, "alice:secret", "get", "other"), false);
  assert.equal(isLet(server, "alice:secret", "put", "app/1", "x"), false);
  assert.equal(isLet(server, "alice:wrong", "get", "app/1"), false);
  assert.equal(isLet(server, "root:pw", "put", "other", "x"), true);
}

test("users, passwords and permissions come along, and back", { skip }, async () => {
  await inDirectory(async (directory) => {
    const saved = join(directory, "etcd.db");
    {
      await using etcd = await startEtcd();
      for (const line of [
        ...["put app/1 v", "put other v", "user add root:pw", "user grant-role root root"],
        ...["role add reader", "role grant-permission reader --prefix=true read app/"],
        ...["user add alice:secret", "user grant-role alice reader", "auth enable"],
      ]) {
        run("etcdctl", "--endpoints", etcd.address, ...line.split(" "));
      }
      const as = ["--endpoints", etcd.address, "--user", "root:pw"];
      run("etcdctl", ...as, "snapshot", "save", saved);
      assertGuarded(etcd);
    }
    const home = join(directory, "home");
    mkdirSync(home);
    await imported("--from", saved, "--data-dir", join(home, "t4"));
    const out = join(directory, "t4.db");
    const offline = join(directory, "offline.db");
    {
      using server = await startServer(join(home, "t4"));
      assertGuarded(server);
      const from = ["--endpoint", server.address];
      const denied = await t4(["export", out, ...from, "--user", "alice:secret"]);
      assert.match(denied.stderr, /permission denied/);
      const { code, stderr } = await t4(["export", out, ...from, "--user", "root:pw"]);
      assert.equal(code, 0, stderr);
      await t4(["export", offline, "--data-dir", join(home, "t4")]);
      server.kill("SIGTERM");
      await server.ended;
    }
    for (const file of [out, offline]) {
      await using back = await restoredEtcd(file, `${file}.etcd`);
      assertGuarded(back);
    }
    const open = join(directory, "open");
    mkdirSync(open);
    await imported("--from", saved, "--without-auth", "--data-dir", join(open, "t4"));
    await using server = await startT4({ dataDirectory: open });
    run("etcdctl", "--endpoints", server.address, "get", "other");
  });
});

test("a snapshot is one moment of a server that is written to meanwhile", { skip }, async () => {
  await inDirectory(async (directory) => {
    await using server = await startT4();
    await writeHistory(server, 5, 100);
    let isOver = false;
    const writing = writeHistory(server, 6, 1_000).then(() => {
      isOver = true;
    });
    for (const number of [1, 2, 3]) {
      const path = join(directory, `${number}.db`);
      const { exitCode, stderr } = await etcdctl(server.address, ["snapshot", "save", path]);
      assert.equal(exitCode, 0, stderr.join("\n"));
      if (number === 1) {
        assert.equal(isOver, false, "writes went on meanwhile");
      }
      const data = join(directory, `data-${number}`);
      await imported("--from", path, "--data-dir", data);
      const meta = JSON.parse((await inspect("meta", data))[0]!) as { revision: number };
      const rows = (await inspect("list", data)).map((line) => JSON.parse(line) as Message);
      using client = new GrpcClient(server.address);
      const outcome = await client.call("/etcdserverpb.KV/Range", {
        ...EVERYTHING,
        revision: meta.revision,
      });
      if (outcome.ok) {
        const kvs = outcome.response["kvs"] as Message[];
        assert.deepEqual(
          rows.map(({ modRevision, version }) => [modRevision, version].map(String)),
          kvs.map((kv) => [kv["mod_revision"], kv["version"]]),
        );
      } else {
        assert.match(outcome.message, /compacted/);
      }
    }
    await writing;
  });
});

async function inspect(what: "list" | "meta", dataDirectory: string): Promise<string[]> {
  const { code, stdout, stderr } = await t4([
    ...["inspect", what, "--data-dir", dataDirectory, "--json"],
  ]);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n");
}

test(
  "files that are no snapshots are refused with what to do, and nothing is made",
  { skip },
  async () => {
    await inDirectory(async (directory) => {
      const data = join(directory, "data");
      for (const [from, message] of [
        [join(directory, "absent.db"), /cannot be read/],
        [directory, /cannot be read/],
        ["/usr/bin/etcd", /no snapshot of etcd/],
      ] as const) {
        const { code, stderr } = await t4(["import", "--from", from, "--data-dir", data]);
        assert.notEqual(code, 0);
        assert.match(stderr, message);
      }
      const { stdout } = spawnSync("ls", [directory], { encoding: "utf8" });
      assert.equal(stdout, "");
    });
  },
);
