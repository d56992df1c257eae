// The commands around an object store, as a person or a script meets them: what they print, what they leave, how they fail.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open } from "../../src/embedded/open.js";
import { decodeLockRecord, encodeLockRecord } from "../../src/election/lock-record.js";
import type { ObjectStore } from "../../src/object/object-store.js";
import { openObjectStore } from "../../src/object/open-object-store.js";
import { systemRuntime } from "../../src/runtime/system-runtime.js";
import { repositoryPath } from "../support/paths.js";
import { t4, type CommandResult } from "../support/process/t4-command.js";
import { assertDone, assertFails, jsonLines } from "../support/process/t4-results.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

/** Revisions 2 to 6, a checkpoint, revisions 7 and 8. */
const LAST_REVISION = 8;
const CHECKPOINT_REVISION = 6;

let root = "";
/** Objects of a database that nobody runs; never written to by a test. */
let objects = "";
let copies = 0;

before(async () => {
  root = await makeTempDirectory("cli-archive");
  objects = join(root, "objects");
  await using db = await open({ dataDir: join(root, "data"), objectStore: `file://${objects}` });
  for (let at = 2; at <= CHECKPOINT_REVISION; at += 1) {
    await db.put(`k${at}`, `v${at}`);
  }
  await db.checkpoint();
  await db.put("k7", "v7");
  await db.put("k8", "v8");
});

after(async () => {
  await removeTempDirectory(root);
});

/** A name below the test's directory that nothing has yet. */
function fresh(name: string): string {
  copies += 1;
  return join(root, `${name}-${copies}`);
}

/** The database, to be damaged or changed. */
function copyOfObjects(): string {
  const copy = fresh("objects");
  cpSync(objects, copy, { recursive: true });
  return copy;
}

async function on(directory: string, ...args: string[]): Promise<CommandResult> {
  return t4([...args, "--object-store", `file://${directory}`]);
}

async function withStore<Result>(
  directory: string,
  use: (store: ObjectStore) => Promise<Result>,
): Promise<Result> {
  const store = await openObjectStore(`file://${directory}`, systemRuntime());
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function firstKey(store: ObjectStore, prefix: string): Promise<string> {
  for await (const { key } of store.list(prefix)) {
    return key;
  }
  throw new Error(`nothing below ${prefix}`);
}

async function checkpointKeyIn(directory: string): Promise<string> {
  const [first] = jsonLines(await on(directory, "restore", "list", "--json"));
  return String(first?.["key"]);
}

test("status tells checkpoints, log, leader and branches", async () => {
  const shown = await on(objects, "status");
  assertDone(shown);
  assert.match(shown.stdout, /leader +none; the last was node/);
  assert.match(shown.stdout, new RegExp(`revision ${LAST_REVISION},`));
  assert.match(shown.stdout, /since checkpoint +2 entries/);
  const [facts] = jsonLines(await on(objects, "status", "--json"));
  assert.equal((facts?.["checkpoints"] as unknown[]).length, 1);
  assert.equal((facts?.["leader"] as Record<string, unknown>)["state"], "released");
});

test("a revision, a moment and a checkpoint are restored into databases of their own", async () => {
  const [list, window] = jsonLines(await on(objects, "restore", "list", "--json"));
  assert.equal(list?.["revision"], CHECKPOINT_REVISION);
  assert.equal((window?.["newest"] as Record<string, unknown>)["revision"], LAST_REVISION);
  const key = String(list["key"]);
  const cases: [string[], number][] = [
    [["restore", "to", "--revision", "3"], 3],
    [["restore", "to", "--revision", "7"], 7],
    [["restore", "to", "--time", "2999-01-01T00:00:00Z"], LAST_REVISION],
    [["restore", "to", "--checkpoint", key], CHECKPOINT_REVISION],
    [["restore", "checkpoint", key], CHECKPOINT_REVISION],
  ];
  const identity = readFileSync(join(root, "data", "identity.json"), "utf8");
  const { clusterId } = JSON.parse(identity) as { clusterId: string };
  await Promise.all(
    cases.map(async ([args, revision]) => {
      const dataDir = fresh("restored");
      const result = await on(objects, ...args, "--data-dir", dataDir, "--json");
      assertDone(result);
      const [facts] = jsonLines(result);
      assert.equal(facts?.["revision"], revision);
      assert.equal(facts["run"], `t4 run --data-dir ${dataDir}`);
      const [meta] = jsonLines(await t4(["inspect", "meta", "--json", "--data-dir", dataDir]));
      assert.equal(meta?.["revision"], revision);
      assert.equal(meta["keys"], revision - 1);
      assert.notEqual(meta["clusterId"], clusterId);
    }),
  );
});

test("a restored database can be opened, written and opened again", async () => {
  const dataDir = fresh("restored");
  const args = ["restore", "to", "--revision", "6", "--data-dir", dataDir, "--node-id", "node1"];
  const restored = await on(objects, ...args);
  assertDone(restored);
  assert.match(restored.stdout, new RegExp(`t4 run --data-dir ${dataDir}`));
  for (const revision of [7, 8]) {
    await using db = await open({ dataDir, nodeId: "node1" });
    assert.equal((await db.put("again", String(revision))).revision, revision);
  }
});

test("a revision that is raised is raised once, and all before it is compacted", async () => {
  const dataDir = fresh("raised");
  const bump = ["--bump-revision", "1000", "--mark-compacted"];
  const args = ["restore", "to", "--revision", "8", "--data-dir", dataDir];
  assertDone(await on(objects, ...args, ...bump));
  for (let start = 0; start < 2; start += 1) {
    await using db = await open({ dataDir });
    assert.equal(db.currentRevision, LAST_REVISION + 1000);
    assert.equal((await db.get("k2"))?.value, "v2");
    await assert.rejects(db.get("k2", { revision: LAST_REVISION }), { code: "T4_COMPACTED" });
  }
});

test("a restore that cannot be done says why, and leaves no database", async () => {
  const full = fresh("full");
  assertDone(await on(objects, "restore", "to", "--revision", "3", "--data-dir", full));
  const foreign = await makeTempDirectory("foreign");
  writeFileSync(join(foreign, "thesis.txt"), "all my work");
  const cases: [string[], number, RegExp][] = [
    [["--revision", "99"], 1, /T4_FUTURE_REVISION/],
    [["--time", "2001-01-01T00:00:00Z", "--revision", "3"], 2, /use one of them/],
    [["--checkpoint", "checkpoint/0000000000000009/0000000000000009.json"], 1, /T4_NOT_RETAINED/],
    [[], 2, /say what to restore/],
    [["--revision", "none"], 2, /whole number/],
    [["--time", "yesterday"], 2, /time with its zone/],
    [["--revision", "3", "--bump-revision", "5"], 2, /go together/],
    [["--revision", "3", "--mark-compacted"], 2, /go together/],
  ];
  await Promise.all([
    ...cases.map(async ([args, code, message]) => {
      const dataDir = fresh("failed");
      assertFails(
        await on(objects, "restore", "to", "--data-dir", dataDir, ...args),
        code,
        message,
      );
      assert.ok(!existsSync(join(dataDir, "identity.json")));
    }),
    (async () => {
      const again = await on(objects, "restore", "to", "--revision", "3", "--data-dir", full);
      assertFails(again, 1, /holds a database already/);
      const other = await on(objects, "restore", "to", "--revision", "3", "--data-dir", foreign);
      assertFails(other, 1, /thesis\.txt/);
      assert.deepEqual(readdirSync(foreign), ["thesis.txt"]);
      const unnamed = await on(objects, "restore", "to", "--revision", "3");
      assertFails(unnamed, 2, /--data-dir/);
    })(),
  ]);
  await removeTempDirectory(foreign);
});

test("branches are forked, listed, used and removed", async () => {
  const copy = copyOfObjects();
  const forked = await on(copy, "branch", "fork", "--branch-id", "exp", "--revision", "7");
  assertDone(forked);
  assert.match(forked.stdout, /begins at revision 7: file:\/\/.*\/branch\/exp\//);
  assert.match(forked.stdout, /t4 run --data-dir \.\/t4-data-exp --object-store file:\/\//);
  const beside = fresh("beside");
  const placed = ["--branch-id", "beside", "--prefix", beside, "--json"];
  const [facts] = jsonLines(await on(copy, "branch", "fork", ...placed));
  assert.equal(facts?.["url"], `file://${beside}/`);
  const listed = jsonLines(await on(copy, "branch", "list", "--json"));
  assert.deepEqual(
    listed.map(({ branchId, state }) => [branchId, state]),
    [
      ["beside", "ready"],
      ["exp", "ready"],
    ],
  );
  {
    const objectStore = `file://${copy}/branch/exp/`;
    await using db = await open({ dataDir: fresh("branch"), objectStore });
    assert.equal(await db.count({ prefix: "" }), 6);
  }
  for (const id of ["exp", "beside"]) {
    assertDone(await on(copy, "branch", "unfork", id));
  }
  assert.match((await on(copy, "branch", "list")).stdout, /no branches/);
});

test("a branch that cannot be made or removed says why", async () => {
  const copy = copyOfObjects();
  assertDone(await on(copy, "branch", "fork", "--branch-id", "one"));
  const fork = ["branch", "fork", "--branch-id"];
  const cases: [string[], number, RegExp][] = [
    [[...fork, "one"], 1, /T4_BRANCH_EXISTS/],
    [[...fork, "a/b"], 1, /T4_INVALID_ARGUMENT/],
    [[...fork, "two", "--prefix", copyOfObjects()], 1, /T4_BRANCH_EXISTS/],
    [[...fork, "three", "--revision", "99"], 1, /T4_FUTURE_REVISION/],
    [[...fork, "four", "--prefix", "s3://bucket/x"], 1, /another object store/],
    [["branch", "fork"], 2, /--branch-id/],
    [["branch", "unfork", "none"], 1, /T4_BRANCH_NOT_FOUND/],
  ];
  for (const [args, code, message] of cases) {
    assertFails(await on(copy, ...args), code, message);
  }
});

test("gc leads for a moment, collects, and the node goes on where it was", async () => {
  const copy = copyOfObjects();
  const dataDir = fresh("data");
  cpSync(join(root, "data"), dataDir, { recursive: true });
  const wanted = ["--keep", "1", "--restore-window", "1ms"];
  const planned = await on(copy, "gc", ...wanted, "--dry-run", "--json");
  assertDone(planned);
  const [plan] = jsonLines(planned);
  assert.equal(plan?.["kind"], "planned");
  assert.ok((plan["condemned"] as unknown[]).length > 0);
  const collected = await on(copy, "gc", ...wanted);
  assertDone(collected);
  assert.match(collected.stdout, /condemned, to be deleted after the grace: \d+ objects/);
  assertDone(await on(copy, "verify"));
  await using db = await open({ dataDir, objectStore: `file://${copy}` });
  assert.equal(db.currentRevision, LAST_REVISION);
  const running = await on(copy, "gc", ...wanted);
  assertFails(running, 1, /collects by itself after each checkpoint/);
});

/** As a node leaves the lock that was killed. */
async function leaveHeld(directory: string, rule: "archive" | "local"): Promise<void> {
  await withStore(directory, async (store) => {
    const lock = await store.get("leader-lock");
    assert.ok(lock !== null);
    const record = decodeLockRecord(lock.body, "leader-lock");
    await store.put("leader-lock", encodeLockRecord({ ...record, rule, state: "held" }));
  });
}

test("gc leaves a lock alone whose holder may have more than the archive", async () => {
  const copy = copyOfObjects();
  await leaveHeld(copy, "local");
  assertFails(await on(copy, "gc"), 1, /start it again first/);
  const [facts] = jsonLines(await on(copy, "status", "--json"));
  assert.equal((facts?.["leader"] as Record<string, unknown>)["rule"], "local");
});

test("SIGINT ends a command that waits", async () => {
  const copy = copyOfObjects();
  await leaveHeld(copy, "archive");
  const main = repositoryPath("build/src/cli/main.js");
  const child = spawn(process.execPath, [main, "gc", "--object-store", `file://${copy}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    if (stderr.includes("waiting")) {
      child.kill("SIGINT");
    }
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  assert.equal(code, 130);
  assert.match(stderr, /error: stopped by SIGINT\n$/);
});

test("verify reads everything, and names what is missing or cut with what to do", async () => {
  const whole = await on(objects, "verify");
  assertDone(whole);
  assert.match(whole.stdout, /all is well: 1 checkpoints, \d+ files .* slots/);
  const damaged = copyOfObjects();
  const [file, slot] = await withStore(damaged, async (store) => {
    const data = await firstKey(store, "data/");
    await store.delete([data]);
    const cut = await firstKey(store, "wal/");
    const object = await store.get(cut);
    assert.ok(object !== null);
    await store.put(cut, object.body.subarray(0, object.body.length - 5));
    return [data, cut];
  });
  const found = await on(damaged, "verify", "--json");
  assert.equal(found.code, 1, found.stderr);
  const lines = jsonLines(found);
  for (const key of [file, slot]) {
    const finding = lines.find(({ object }) => String(object).endsWith(key));
    assert.match(String(finding?.["remedy"]), /put the object back from a copy/);
  }
  const shown = await on(damaged, "verify");
  assert.equal(shown.code, 1);
  assert.match(shown.stdout, new RegExp(`${file}.*missing.*put the object back`));
});

test("a damaged checkpoint is told, and a longer way is taken where there is one", async () => {
  const damaged = copyOfObjects();
  const key = await checkpointKeyIn(damaged);
  await withStore(damaged, async (store) => {
    await store.delete([await firstKey(store, "data/")]);
  });
  const dataDir = fresh("restored");
  const args = ["--data-dir", dataDir, "--json"];
  const longer = await on(damaged, "restore", "to", "--revision", "8", ...args);
  assertDone(longer);
  const [facts] = jsonLines(longer);
  assert.equal(facts?.["revision"], 8);
  assert.equal((facts["skipped"] as Record<string, unknown>[])[0]?.["key"], key);
  const only = await on(damaged, "restore", "checkpoint", key, "--data-dir", fresh("failed"));
  assertFails(only, 1, /T4_CORRUPT/);
});

test("doctor tells what it found of store, disk and clock, and what the requests cost", async () => {
  const dataDir = fresh("not-yet");
  const whole = await on(objects, "doctor", "--data-dir", dataDir, "--json");
  assertDone(whole);
  const lines = jsonLines(whole);
  assert.ok(lines.some(({ name, result }) => name === "race-of-swaps" && result === "ok"));
  assert.match(String(lines.find(({ about }) => about === "disk")?.["detail"]), /p50 .* p99/);
  assert.equal(lines.at(-1)?.["kind"], "bill");
  assert.ok(!existsSync(dataDir));
  const machine = await t4(["doctor", "--data-dir", root]);
  assertDone(machine);
  assert.match(machine.stdout, /skipped object store/);
  assert.ok(!readdirSync(root).includes("t4-doctor.tmp"));
  const nowhere = join(root, "data", "identity.json", "below");
  assert.equal((await t4(["doctor", "--data-dir", nowhere])).code, 1);
});

test("no store, no database, and a database of the future are refused by every command", async () => {
  const commands = [
    ["status"],
    ["restore", "list"],
    ["restore", "to", "--revision", "2", "--data-dir", fresh("never")],
    ["branch", "fork", "--branch-id", "b"],
    ["branch", "list"],
    ["branch", "unfork", "b"],
    ["gc"],
    ["verify"],
  ];
  const future = copyOfObjects();
  await withStore(future, async (store) => {
    const manifest = await store.get("manifest/latest");
    const fields = JSON.parse(Buffer.from(manifest?.body ?? "").toString()) as object;
    await store.put("manifest/latest", Buffer.from(JSON.stringify({ ...fields, format: 99 })));
  });
  const absent = fresh("absent");
  await Promise.all(
    commands.map(async (args) => {
      assertFails(await t4(args), 2, /no object store is named: add --object-store/);
      assertFails(await on(absent, ...args), 1, /does not exist/);
      assertFails(await on(join(objects, "data"), ...args), 1, /holds no database/);
      assertFails(await on(future, ...args), 1, /T4_FORMAT_TOO_NEW/);
    }),
  );
  assert.ok(!existsSync(absent));
  assertFails(await t4(["status", "--object-store", "ftp://x"]), 1, /T4_INVALID_ARGUMENT/);
  assertFails(await t4(["status", "--s3-prefix", "x"]), 2, /without a bucket/);
  const both = ["--object-store", `file://${objects}`, "--s3-bucket", "b"];
  assertFails(await t4(["status", ...both]), 2, /names the whole store/);
});

test("every command has help with examples", async () => {
  for (const name of ["status", "restore", "branch", "gc", "verify", "doctor"]) {
    const help = await t4([name, "--help"]);
    assertDone(help);
    assert.match(help.stdout, /Examples:/);
  }
});
