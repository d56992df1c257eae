// etcdctl 3.4 against our server and against etcd: both must make it print the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { skipUntilServed } from "../differential/not-yet-served.js";
import { startEtcd, startSubject, type ServerProcess } from "../support/process/server-process.js";
import { comparable, etcdctl, RunningEtcdctl, type CommandResult } from "./etcdctl.js";

const skip = skipWithout("etcd", "etcdctl");
const skipUntil = (path: string): string | false => (skip === false ? skipUntilServed(path) : skip);

/** One command line, split at blanks, and what is typed into it. */
type Command = string | { readonly line: string; readonly input: string };

async function run(server: ServerProcess, command: Command): Promise<CommandResult> {
  const { line, input } = typeof command === "string" ? { line: command, input: "" } : command;
  const result = await etcdctl(server.endpoint, line.split(" "), input);
  const shared = (text: string): string => comparable(text, server.address);
  return { ...result, stdout: shared(result.stdout), stderr: result.stderr.map(shared) };
}

/** Gives the same commands to a fresh etcd and to a fresh server of ours. */
async function compareCommands(commands: readonly Command[]): Promise<void> {
  await using etcd = await startEtcd();
  await using subject = await startSubject();
  for (const command of commands) {
    const [expected, actual] = await Promise.all([run(etcd, command), run(subject, command)]);
    assert.deepEqual(actual, expected, `etcdctl ${JSON.stringify(command)}`);
  }
}

const puts = ["put k1 v1", "put k2 v2", "put k3 v3", "put k2 again", "put other x"];

test("put and get print what they print with etcd", { skip }, async () => {
  await compareCommands([
    "get nothing",
    ...puts,
    "put --prev-kv k1 new",
    { line: "put typed", input: "from stdin" },
    "put --ignore-value k1",
    "put --ignore-value nothing",
    "put --ignore-lease k1 v",
    "put --lease=123abc k1 v",
    "get k1",
    "get k1 k3",
    "get --prefix k",
    "get --prefix --limit=2 k",
    "get --prefix --keys-only k",
    "get --prefix --count-only --write-out=fields k",
    "get --prefix --print-value-only k",
    "get --from-key k2",
    "get --prefix --sort-by=modify --order=descend k",
    "get --prefix --sort-by=value --order=ascend k",
    "get --prefix --sort-by=version --order=descend k",
    "get --prefix --rev=3 k",
    "get --rev=99 k1",
    "get --consistency=s k1",
    "get --hex k1",
    "get --prefix -w json k",
    "get -w fields k2",
  ]);
});

test("del prints what it prints with etcd", { skip }, async () => {
  await compareCommands([
    ...puts,
    "del nothing",
    "del k1",
    "del --prev-kv k2",
    "del --prefix k",
    "del --from-key a",
    "get --prefix -w json k",
  ]);
});

test("txn prints what it prints with etcd", { skip }, async () => {
  const txn = (compares: string[], success: string[], failure: string[]): Command => ({
    line: "txn",
    input: [...compares, "", ...success, "", ...failure, "", ""].join("\n"),
  });
  await compareCommands([
    ...puts,
    txn(['mod("k1") > "0"'], ["put k1 won", "get k1"], ["put k1 lost"]),
    txn(['value("k1") = "nope"'], ["put k1 won"], ["get k1", "del k2"]),
    txn(['create("new") = "0"'], ['put new "with blanks"'], []),
    txn(['version("new") < "1"'], [], ["get --prefix k", "get new"]),
    txn(['lease("k1") = "0"'], ["del --prefix k"], []),
    txn([], ["put twice 1", "put twice 2"], []),
    { line: "txn --interactive", input: 'mod("new") > "0"\n\nget new\n\n\n' },
    "get --from-key a -w json",
  ]);
});

test("watch prints what it prints with etcd", { skip }, async () => {
  const watches: readonly (readonly [string, number])[] = [
    ["watch --rev=2 --prefix k", 15],
    ["watch --rev=2 --prev-kv k2", 13],
    ["watch --rev=3 k1 k3", 6],
    ["watch --rev=2 --prefix -w json k", 1],
  ];
  const seen = async (server: ServerProcess): Promise<string[]> => {
    for (const put of [...puts, "del k1", "del k2"]) {
      await run(server, put);
    }
    const texts: string[] = [];
    for (const [line, count] of watches) {
      await using watch = new RunningEtcdctl(server.endpoint, line.split(" "));
      const lines = await watch.untilLines(count);
      texts.push(comparable(lines.join("\n"), server.address));
    }
    return texts;
  };
  await using etcd = await startEtcd();
  await using subject = await startSubject();
  const [expected, actual] = await Promise.all([seen(etcd), seen(subject)]);
  // How a history is cut into JSON responses is the server's choice: of those, only that they came is compared.
  assert.deepEqual(actual.slice(0, 3), expected.slice(0, 3));
});

test("an interactive watch is told of writes and of progress", { skip }, async () => {
  for (const start of [startEtcd, startSubject]) {
    await using server = await start();
    await using watch = new RunningEtcdctl(server.endpoint, ["watch", "-i"]);
    watch.type("watch k1");
    await run(server, "put k0 unseen");
    // A write of the key is repeated until the watch is there: etcdctl does not say when it is.
    while (watch.lines.length === 0) {
      await run(server, "put k1 v");
    }
    assert.deepEqual(await watch.untilLines(3), ["PUT", "k1", "v"]);
    watch.type("progress");
    const count = watch.lines.length + 1;
    await watch.untilLines(count);
    assert.ok(
      watch.lines.some((line) => /^progress notify: \d+$/.test(line)),
      server.name,
    );
  }
});

test("lease commands print what they print with etcd", { skip }, async () => {
  const session = async (server: ServerProcess): Promise<unknown[]> => {
    const results: unknown[] = [];
    const granted = await etcdctl(server.endpoint, ["lease", "grant", "100"]);
    const id = /lease ([0-9a-f]+) granted with TTL\(100s\)/.exec(granted.stdout)?.[1];
    assert.ok(id !== undefined, granted.stdout);
    for (const line of [
      `put --lease=${id} k1 v1`,
      `put --lease=${id} k2 v2`,
      `lease timetolive ${id}`,
      `lease timetolive --keys ${id}`,
      "lease list",
      `lease keep-alive --once ${id}`,
      "get -w fields k1",
      `lease revoke ${id}`,
      "get --prefix k",
      `lease revoke ${id}`,
      `lease timetolive ${id}`,
      `lease keep-alive --once ${id}`,
      "lease list",
    ]) {
      const result = await run(server, line);
      const shared = JSON.stringify(result)
        .replaceAll(id, "<lease>")
        .replaceAll(BigInt(`0x${id}`).toString(), "<lease>")
        // The keys of a lease come in any order.
        .replace("[k2 k1]", "[k1 k2]");
      results.push([line.replaceAll(id, "<lease>"), shared]);
    }
    return results;
  };
  await using etcd = await startEtcd();
  await using subject = await startSubject();
  const [expected, actual] = await Promise.all([session(etcd), session(subject)]);
  assert.deepEqual(actual, expected);
});

test("lease keep-alive goes on", { skip }, async () => {
  await using subject = await startSubject();
  const granted = await etcdctl(subject.endpoint, ["lease", "grant", "2"]);
  const id = /lease ([0-9a-f]+) granted/.exec(granted.stdout)?.[1] ?? "";
  await using running = new RunningEtcdctl(subject.endpoint, ["lease", "keep-alive", id]);
  const line = `lease ${id} keepalived with TTL(2)`;
  assert.deepEqual(await running.untilLines(4), [line, line, line, line]);
});

test("compaction prints what it prints with etcd", { skip }, async () => {
  await compareCommands([
    ...puts,
    "compaction 3",
    "compaction 3",
    "compaction --physical 4",
    "compaction 99",
    "get --rev=3 k1",
    "get --rev=4 --prefix k",
  ]);
});

test(
  "there is no alarm to list or to disarm",
  { skip: skipUntil("/etcdserverpb.Maintenance/Alarm") },
  async () => {
    await compareCommands(["alarm list", "alarm disarm"]);
  },
);

test("endpoint and member commands say that all is well", { skip }, async () => {
  await compareCommands(["endpoint health"]);
  await using subject = await startSubject();
  const status = await run(subject, "endpoint status -w json");
  const [{ Endpoint, Status }] = JSON.parse(status.stdout.replace("<address>", "A")) as [
    { Endpoint: string; Status: { version: string; leader: number } },
  ];
  assert.deepEqual([status.exitCode, Endpoint], [0, "http://A"]);
  assert.match(Status.version, /^3\.\d+\.\d+$/);
  assert.notEqual(Status.leader, 0);
  const members = await run(subject, "member list");
  assert.match(members.stdout, /^<id>, started, \S+, \S*, http:\/\/<address>, false\n$/);
  const cluster = await run(subject, "endpoint health --cluster");
  assert.match(cluster.stderr.join("\n"), /http:\/\/<address> is healthy/);
});

test("lock and elect work as with etcd", { skip }, async () => {
  await compareCommands([
    "lock name echo locked",
    { line: "lock --ttl=5 name sh", input: "echo from the shell\n" },
  ]);
  await using subject = await startSubject();
  await using leader = new RunningEtcdctl(subject.endpoint, ["elect", "chair", "first"]);
  const [key, value] = await leader.untilLines(2);
  assert.match(key ?? "", /^chair\/[0-9a-f]+$/);
  assert.equal(value, "first");
  await using listener = new RunningEtcdctl(subject.endpoint, ["elect", "--listen", "chair"]);
  assert.deepEqual(await listener.untilLines(2), [key, "first"]);
});

test(
  "users and roles are kept as with etcd",
  { skip: skipUntil("/etcdserverpb.Auth/RoleAdd") },
  async () => {
    await compareCommands([
      "role add reader",
      "role add reader",
      "role grant-permission reader read k1",
      "role grant-permission reader readwrite --prefix p/",
      "role get reader",
      "role revoke-permission reader k1",
      "role revoke-permission reader missing",
      "role list",
      { line: "user add --interactive=false ann", input: "secret\n" },
      { line: "user add --interactive=false ann", input: "secret\n" },
      "user grant-role ann reader",
      "user grant-role ann nothing",
      "user get ann",
      "user get bob",
      "user list",
      "user revoke-role ann reader",
      "user delete ann",
      "role delete reader",
      "auth enable",
    ]);
  },
);
