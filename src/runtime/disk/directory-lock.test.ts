// A lock is for processes, so these tests start some: each prints a line once it holds the lock or was refused.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { lockNodeDirectory } from "./directory-lock.js";
import { DiskError } from "./disk.js";

const lockModule = new URL("./directory-lock.js", import.meta.url).href;

const program = `
  import { lockNodeDirectory } from ${JSON.stringify(lockModule)};
  try {
    const lock = await lockNodeDirectory(process.argv[1]);
    console.log("held");
    process.stdin.on("data", async (text) => {
      if (String(text).includes("stall")) {
        console.log("stalling");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
      await lock.release();
      process.exit();
    });
  } catch (error) {
    console.log("refused " + error.code + " " + error.message);
  }
`;

interface Contender {
  readonly process: ChildProcess;
  readonly line: () => Promise<string>;
}

function contender(t: TestContext, directory: string): Contender {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, line: async () => String((await lines.next()).value) };
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "t4-lock-"));
  t.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

function sockets(directory: string): string[] {
  return readdirSync(join(directory, "lock"));
}

test("a second process is refused and told which one holds the directory", async (t) => {
  const directory = temporaryDirectory(t);
  const first = contender(t, directory);
  assert.equal(await first.line(), "held");
  const second = contender(t, directory);
  const refusal = await second.line();
  assert.match(refusal, /^refused in-use /);
  assert.ok(refusal.includes(`process ${first.process.pid}`), refusal);
  assert.equal(sockets(directory).length, 1);
});

test("a process killed with SIGKILL leaves nothing that stops the next one", async (t) => {
  const directory = temporaryDirectory(t);
  for (let round = 0; round < 3; round += 1) {
    const holder = contender(t, directory);
    assert.equal(await holder.line(), "held");
    holder.process.kill("SIGKILL");
    await once(holder.process, "exit");
  }
  const lock = await lockNodeDirectory(directory);
  assert.equal(sockets(directory).length, 1, "sockets of the dead are removed");
  await lock.release();
  assert.equal(sockets(directory).length, 0);
});

test("of many that start at once exactly one gets the directory", async (t) => {
  const directory = temporaryDirectory(t);
  for (let round = 0; round < 2; round += 1) {
    const contenders = Array.from({ length: 5 }, () => contender(t, directory));
    const lines = await Promise.all(contenders.map(async ({ line }) => line()));
    assert.equal(lines.filter((line) => line === "held").length, 1, lines.join("; "));
    assert.equal(lines.filter((line) => line.startsWith("refused in-use")).length, 4);
    for (const { process: child } of contenders) {
      child.kill("SIGKILL");
    }
  }
});

test("a holder that is busy keeps its lock", async (t) => {
  const directory = temporaryDirectory(t);
  const holder = contender(t, directory);
  assert.equal(await holder.line(), "held");
  holder.process.stdin?.write("stall\n");
  assert.equal(await holder.line(), "stalling");
  await assert.rejects(lockNodeDirectory(directory), (error: unknown) => {
    assert.ok(error instanceof DiskError && error.code === "in-use");
    assert.ok(error.message.includes(`process ${holder.process.pid} (it does not answer)`));
    return true;
  });
});

test("within one process a directory is taken once, also by many at a time", async (t) => {
  const directory = temporaryDirectory(t);
  for (let round = 0; round < 20; round += 1) {
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, async () => lockNodeDirectory(directory)),
    );
    const held = attempts.filter((attempt) => attempt.status === "fulfilled");
    assert.equal(held.length, 1);
    await held[0]?.value.release();
  }
});

test("a path longer than a socket's can be locked", async (t) => {
  const directory = join(temporaryDirectory(t), "d".repeat(100), "e".repeat(100));
  mkdirSync(directory, { recursive: true });
  const lock = await lockNodeDirectory(directory);
  await assert.rejects(lockNodeDirectory(directory), { code: "in-use" });
  await lock.release();
});

test("a directory that does not exist is named", async () => {
  await assert.rejects(lockNodeDirectory("/nowhere/at/all"), { code: "not-found" });
});
