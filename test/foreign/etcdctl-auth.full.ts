// etcdctl's auth, user and role commands against our server and against etcd: both must make it print the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { startEtcd, startSubject, type ServerProcess } from "../support/process/server-process.js";
import { comparable, etcdctl, RunningEtcdctl, type CommandResult } from "./etcdctl.js";

const skip = skipWithout("etcd", "etcdctl");
const options = { flags: ["--bcrypt-cost", "4"] };

type Command = string | { readonly line: string; readonly input: string };

async function run(server: ServerProcess, command: Command): Promise<CommandResult> {
  const { line, input } = typeof command === "string" ? { line: command, input: "" } : command;
  const result = await etcdctl(server.endpoint, line.split(" "), input);
  const shared = (text: string): string => comparable(text, server.address);
  return { ...result, stdout: shared(result.stdout), stderr: result.stderr.map(shared) };
}

async function compareCommands(commands: readonly Command[]): Promise<void> {
  await using etcd = await startEtcd(options);
  await using subject = await startSubject(options);
  for (const command of commands) {
    const [expected, actual] = await Promise.all([run(etcd, command), run(subject, command)]);
    assert.deepEqual(actual, expected, `etcdctl ${JSON.stringify(command)}`);
  }
}

const ROOT = "--user root:secret";
const ALICE = "--user alice:pw";

test("a session of an administrator prints what it prints with etcd", { skip }, async () => {
  await compareCommands([
    "auth enable",
    "user add root:secret",
    "user add root:secret",
    "user list",
    "role add root",
    "auth enable",
    "user grant-role root root",
    "auth enable",
    "get a",
    `${ROOT} get a`,
    "--user root:wrong get a",
    "--user nobody:pw get a",
    `${ROOT} user add alice:pw`,
    { line: `${ROOT} user add bob --interactive=false`, input: "from stdin\n" },
    `${ROOT} user add carol --no-password`,
    `${ROOT} user list`,
    `${ROOT} user get alice`,
    `${ROOT} role add reader`,
    `${ROOT} role add reader`,
    `${ROOT} role grant-permission reader read k1 k3`,
    `${ROOT} role grant-permission reader write own/ --prefix`,
    `${ROOT} role grant-permission reader readwrite one`,
    `${ROOT} role grant-permission reader read z --from-key`,
    `${ROOT} role grant-permission missing read k`,
    `${ROOT} role get reader`,
    `${ROOT} role get missing`,
    `${ROOT} role list`,
    `${ROOT} user grant-role alice reader`,
    `${ROOT} user grant-role alice missing`,
    `${ROOT} user grant-role nobody reader`,
    `${ROOT} user get alice --detail`,
    `${ROOT} put k2 v2`,
    `${ALICE} get k2`,
    `${ALICE} get k1 k3`,
    `${ALICE} get k1 k4`,
    `${ALICE} get --prefix k`,
    `${ALICE} put own/x 1`,
    `${ALICE} get own/x`,
    `${ALICE} put k2 mine`,
    `${ALICE} del one`,
    `${ALICE} get z --from-key`,
    `${ALICE} user get alice`,
    `${ALICE} user get bob`,
    `${ALICE} role get reader`,
    `${ALICE} user list`,
    `${ALICE} role add mine`,
    `${ROOT} role revoke-permission reader k1 k3`,
    `${ROOT} role revoke-permission reader k1 k3`,
    `${ALICE} get k2`,
    `${ROOT} user revoke-role alice reader`,
    `${ROOT} user revoke-role alice reader`,
    { line: `${ROOT} user passwd alice --interactive=false`, input: "new\n" },
    `${ALICE} get one`,
    `--user alice:new user get alice`,
    `${ROOT} user delete root`,
    `${ROOT} user revoke-role root root`,
    `${ROOT} role delete root`,
    `${ROOT} role delete reader`,
    `${ROOT} user delete bob`,
    `${ROOT} user delete bob`,
    `${ALICE} auth disable`,
    `${ROOT} auth disable`,
    `${ROOT} auth disable`,
    "get k2",
  ]);
});

test("a transaction, a lease and a watch take a permission each", { skip }, async () => {
  const setUp = [
    "user add root:secret",
    "user grant-role root root",
    "user add alice:pw",
    "role add r",
    "role grant-permission r readwrite own/ --prefix",
    "user grant-role alice r",
    "auth enable",
  ];
  await compareCommands([
    ...setUp,
    { line: `${ALICE} txn`, input: 'ver("own/a") = "0"\n\nput own/a 1\n\nget own/a\n\n' },
    { line: `${ALICE} txn`, input: 'ver("other") = "0"\n\nput own/a 1\n\n\n' },
    { line: `${ALICE} txn`, input: "\nget other\n\n\n" },
    `${ALICE} watch other`,
  ]);
  await using server = await startSubject(options);
  for (const command of setUp) {
    await run(server, command);
  }
  await using watch = new RunningEtcdctl(server.endpoint, [
    ...ALICE.split(" "),
    "watch",
    "--prefix",
    "own/",
  ]);
  // Until the watcher is there nobody tells us: puts go on until one is seen.
  for (let seen = 0; seen === 0;) {
    await run(server, `${ALICE} put own/x 1`);
    seen = watch.lines.length;
  }
  assert.deepEqual((await watch.untilLines(3)).slice(0, 3), ["PUT", "own/x", "1"]);
});
