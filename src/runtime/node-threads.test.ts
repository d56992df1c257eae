import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { nodeThreads } from "./node-threads.js";
import type { Thread } from "./threads.js";

const main = new URL("../../test/workers/echo-worker-main.js", import.meta.url);

async function nextMessage(thread: Thread): Promise<unknown> {
  thread.hold();
  return new Promise((resolve, reject) => {
    thread.onMessage(resolve);
    thread.onError(reject);
  });
}

test("a thread gets its data and messages, and answers", async () => {
  const thread = nodeThreads.spawn("echo", main, { shared: 7 });
  const answer = nextMessage(thread);
  thread.post("hello");
  assert.deepEqual(await answer, { data: { shared: 7 }, message: "hello" });
  await thread.terminate();
});

test("an error thrown in a thread reaches its owner", async () => {
  const thread = nodeThreads.spawn("echo", main, null);
  const answer = nextMessage(thread);
  thread.post("throw");
  await assert.rejects(answer, /the worker was told to throw/);
  await thread.terminate();
});

test("a thread that ends by itself is an error for whoever waits for it", async () => {
  const thread = nodeThreads.spawn("echo", main, null);
  const answer = nextMessage(thread);
  thread.post("exit");
  await assert.rejects(answer, /ended by itself with code 3/);
  await thread.terminate();
});

/** Runs a program that starts the echo worker as `thread`; its exit code and output. */
function run(body: string): { status: number | null; output: string } {
  const threads = new URL("./node-threads.js", import.meta.url).href;
  const program = `
    import { nodeThreads } from ${JSON.stringify(threads)};
    const thread = nodeThreads.spawn("echo", new URL(${JSON.stringify(main.href)}), null);
    ${body}`;
  const options = { encoding: "utf8" as const, timeout: 20_000 };
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", program], options);
  return { status: result.status, output: result.stdout };
}

test("an idle thread does not keep the process alive, a held one does until it answers", () => {
  assert.deepEqual(run(""), { status: 0, output: "" });
  const held = run(`
    thread.hold();
    thread.onMessage((answer) => { console.log(answer.message); thread.release(); });
    thread.post("answered");`);
  assert.deepEqual(held, { status: 0, output: "answered\n" });
});

test("a thread that answers as fast as it is asked leaves turns to others", async () => {
  const thread = nodeThreads.spawn("echo", main, null);
  const rounds = 40;
  let turns = 0;
  await new Promise<void>((resolve, reject) => {
    const countTurn = (): void => {
      turns += 1;
      counting = setImmediate(countTurn);
    };
    let counting: NodeJS.Immediate | null = null;
    let answers = 0;
    thread.hold();
    thread.onError(reject);
    thread.onMessage(() => {
      counting ??= setImmediate(countTurn);
      answers += 1;
      if (answers === rounds) {
        clearImmediate(counting);
        resolve();
        return;
      }
      thread.post("next");
      // Long enough that the answer is there before this returns.
      const startedAt = performance.now();
      let now = startedAt;
      while (now - startedAt < 3) {
        now = performance.now();
      }
    });
    thread.post("first");
  });
  await thread.terminate();
  // Two in every turn: without that bound it is one or two turns for all.
  assert.ok(turns >= rounds / 4, `${rounds} answers of 3 ms took ${turns} turns`);
});
