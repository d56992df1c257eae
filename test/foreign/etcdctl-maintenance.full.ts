// What operators do with etcdctl 3.4, against our server and etcd: alarms, defragmentation, checksums, members, mirrors
// in both directions, and etcdctl's own checks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import {
  startEtcd,
  startSubject,
  startT4,
  type ServerProcess,
} from "../support/process/server-process.js";
import { within } from "../support/process/wait.js";
import { comparable, etcdctl, RunningEtcdctl, type CommandResult } from "./etcdctl.js";

const skip = skipWithout("etcd", "etcdctl");

async function run(server: ServerProcess, ...args: readonly string[]): Promise<CommandResult> {
  const result = await etcdctl(server.endpoint, args);
  const shared = (text: string): string => comparable(text, server.address);
  return { ...result, stdout: shared(result.stdout), stderr: result.stderr.map(shared) };
}

/** Gives the same commands to a fresh etcd and to a fresh server of ours. */
async function compareCommands(lines: readonly string[]): Promise<void> {
  await using etcd = await startEtcd();
  await using subject = await startSubject();
  for (const line of lines) {
    const args = line.split(" ");
    const [expected, actual] = await Promise.all([run(etcd, ...args), run(subject, ...args)]);
    assert.deepEqual(actual, expected, `etcdctl ${line}`);
  }
}

test("alarm, defrag, hashkv and members print what they print with etcd", { skip }, async () => {
  await compareCommands([
    "alarm list",
    "alarm disarm",
    "put k1 v1",
    "put k2 v2",
    "del k1",
    "endpoint hashkv",
    "endpoint hashkv --rev=2",
    "endpoint hashkv --rev=99",
    "compaction 3",
    "endpoint hashkv",
    "endpoint hashkv --cluster",
    "defrag",
    "defrag --cluster",
    "endpoint hashkv",
    "member remove 123abc",
    "member update 123abc --peer-urls=http://a:1",
    "member promote 123abc",
    "member add new --peer-urls=nothing",
    "move-leader 123abc",
  ]);
});

test("endpoint status shows sizes, the leader and no errors", { skip }, async () => {
  await using subject = await startSubject();
  await run(subject, "put", "key", "v".repeat(5_000));
  const { stdout } = await run(subject, "endpoint", "status", "-w", "json");
  const [{ Status }] = JSON.parse(stdout) as [
    { Status: { dbSize: number; dbSizeInUse: number; raftIndex: number; errors?: string[] } },
  ];
  assert.ok(Status.dbSize >= 5_000 && Status.dbSizeInUse >= 5_000, stdout);
  assert.ok(Status.raftIndex >= 2);
  assert.equal(Status.errors, undefined);
  const table = await run(subject, "endpoint", "status", "-w", "table");
  assert.match(table.stdout, /\| +true \| +false \|/);
  const members = await run(subject, "member", "list", "-w", "table");
  assert.match(members.stdout, /\| started \|/);
});

test(
  "a quota raises an alarm that etcdctl lists, and making room lowers it",
  { skip },
  async () => {
    await using server = await startT4({ flags: ["--quota-backend-bytes", "200000"] });
    const value = "v".repeat(20_000);
    let refusal = "";
    for (let count = 0; refusal === "" && count < 20; count += 1) {
      const put = await run(server, "put", `k${count}`, value);
      refusal = put.stderr.join("\n");
    }
    assert.match(refusal, /etcdserver: mvcc: database space exceeded/);
    const listed = await run(server, "alarm", "list");
    assert.match(listed.stdout, /^memberID:\d+ alarm:NOSPACE \n$/);
    assert.equal(await server.isHealthy(), false);
    assert.match((await run(server, "put", "small", "x")).stderr.join("\n"), /space exceeded/);
    assert.equal((await run(server, "del", "--prefix", "k")).exitCode, 0);
    const status = JSON.parse((await run(server, "endpoint", "status", "-w", "json")).stdout) as [
      { Status: { header: { revision: number } } },
    ];
    await run(server, "compaction", "--physical", String(status[0].Status.header.revision));
    assert.equal((await run(server, "defrag")).exitCode, 0);
    const lowered = async (): Promise<void> => {
      while ((await run(server, "alarm", "list")).stdout !== "") {
        // Each look is a process: the wait does not spin.
      }
    };
    await within(20_000, "the alarm is lowered", lowered());
    assert.equal((await run(server, "put", "small", "x")).exitCode, 0);
    assert.match(server.output, /below its quota again/);
  },
);

test("a lock passes from one etcdctl to the next, and so does an election", { skip }, async () => {
  await using subject = await startSubject();
  const waiting = async (prefix: string, count: number): Promise<void> => {
    const args = ["get", "--prefix", "--keys-only", prefix];
    while ((await etcdctl(subject.endpoint, args)).stdout.trim().split(/\n+/).length < count) {
      // Each look is a process: the wait does not spin.
    }
  };
  for (const [name, ...command] of [
    ["held/", "lock", "--ttl", "2", "held"],
    ["chair/", "elect", "chair", "value"],
  ] as const) {
    await using first = new RunningEtcdctl(subject.endpoint, command);
    const [held] = await first.untilLines(1);
    await using second = new RunningEtcdctl(subject.endpoint, command);
    await within(60_000, "the second stands in line", waiting(name, 2));
    assert.deepEqual(second.lines, []);
    if (name === "held/") {
      // Killed: its lease runs out, and the next one is served.
      await first[Symbol.asyncDispose]();
    } else {
      await first.interrupt();
    }
    const [next] = await second.untilLines(1);
    assert.notEqual(next, held);
  }
});

const KEYS_BEFORE = 50;

/** Everything in a server, as etcdctl prints it. */
async function contents(server: ServerProcess): Promise<string> {
  return (await etcdctl(server.endpoint, ["get", "--prefix", "m/"])).stdout;
}

for (const [from, to] of [
  ["t4", "etcd"],
  ["etcd", "t4"],
] as const) {
  test(`make-mirror copies from ${from} to ${to}, and goes on`, { skip }, async () => {
    const start = { t4: startT4, etcd: startEtcd };
    await using source = await start[from]();
    await using target = await start[to]();
    const txn = Array.from({ length: KEYS_BEFORE }, (_, at) => `put m/${at} before-${at}`);
    const filled = await etcdctl(source.endpoint, ["txn"], `\n${txn.join("\n")}\n\n\n`);
    assert.equal(filled.exitCode, 0, filled.stdout);
    await using mirror = new RunningEtcdctl(source.endpoint, ["make-mirror", target.address]);
    const equal = async (): Promise<void> => {
      while ((await contents(source)) !== (await contents(target))) {
        // Each look is a process: the wait does not spin.
      }
    };
    const printed = (what: string) => (): string => `${what}; it printed ${mirror.lines.join()}`;
    await within(30_000, printed("what was there is copied"), equal());
    await etcdctl(source.endpoint, ["put", "m/7", "changed"]);
    await etcdctl(source.endpoint, ["put", "m/new", "later"]);
    await etcdctl(source.endpoint, ["del", "m/3"]);
    await within(30_000, printed("what changes is copied"), equal());
    const copied = await contents(target);
    assert.match(copied, /m\/7\nchanged\n/);
    assert.match(copied, /m\/new\nlater\n/);
    assert.doesNotMatch(copied, /m\/3\n/);
  });
}

test("check datascale passes with the small load", { skip }, async () => {
  await using subject = await startSubject();
  const { stdout, exitCode } = await etcdctl(subject.endpoint, [
    ...["check", "datascale", "--load=s", "--auto-compact", "--auto-defrag"],
  ]);
  assert.equal(exitCode, 0, stdout.slice(-1_000));
  assert.match(stdout, /PASS: Approximate system memory used/);
});
