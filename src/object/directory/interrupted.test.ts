// A writer killed, stopped or without power at every one of its calls, and what others then find.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { MemoryFiles, watchedFiles } from "../../../test/sim/memory-files.js";
import { systemClock } from "../../runtime/system-clock.js";
import { memoryObjectStore } from "../memory-object-store.js";
import type { ObjectStore } from "../object-store.js";
import { openDirectoryObjectStore } from "./directory-object-store.js";
import type { Files } from "./files.js";

const HOUR_MS = 3_600_000;
const KEY = "wal/dir/key";
const random = new SeededRandom(1);

type Step =
  "create" | "swap" | "put" | "delete" | "get" | "list-later" | "swap-stale" | "put-large";
interface Answer {
  readonly step: Step;
  readonly answer: string;
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const textOf = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "nothing" : Buffer.from(bytes).toString();

/** One process: its store, and the tag it last saw. */
class Process {
  readonly #store: ObjectStore;
  readonly #name: string;
  #tag = "1-1-0123456789abcdef01234567";
  #steps = 0;

  constructor(store: ObjectStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  async look(): Promise<void> {
    this.#tag = (await this.#store.get(KEY))?.tag ?? this.#tag;
  }

  /** Swaps expect what this process saw before, "swap" looks first. */
  async take(step: Step): Promise<Answer> {
    this.#steps += 1;
    const body = bytesOf(`${this.#name}${this.#steps}`);
    switch (step) {
      case "create": {
        const outcome = await this.#store.putIf(KEY, body, { kind: "absent" });
        return { step, answer: outcome.kind };
      }
      case "swap":
        await this.look();
        return this.#swap(body);
      case "swap-stale":
        return this.#swap(body);
      case "put":
        await this.#store.put(KEY, body);
        return { step, answer: "done" };
      case "put-large":
        await this.#store.put(KEY, bytesOf(`${this.#name}${this.#steps}`.repeat(100)));
        return { step, answer: "done" };
      case "delete":
        await this.#store.delete([KEY]);
        return { step, answer: "done" };
      case "get":
        return { step, answer: textOf((await this.#store.get(KEY))?.body) };
      case "list-later": {
        for await (const { key } of this.#store.list("")) {
          assert.ok(key === KEY || key === "other", key);
        }
        return { step, answer: "done" };
      }
    }
  }

  async #swap(body: Uint8Array): Promise<Answer> {
    const outcome = await this.#store.putIf(KEY, body, { kind: "match", tag: this.#tag });
    return { step: "swap-stale", answer: outcome.kind };
  }
}

let laterMs = 0;
const clock = { ...systemClock, wallMs: () => laterMs };

async function openOn(files: Files): Promise<ObjectStore> {
  return openDirectoryObjectStore({ directory: "/store", clock, random, files });
}

/** Files with an object at KEY, or without, and one beside it. */
async function begin(hasObject: boolean): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  const store = await openOn(files);
  await store.put("other", bytesOf("other"));
  if (hasObject) {
    await store.putIf(KEY, bytesOf("before"), { kind: "absent" });
  }
  return files;
}

const STEPS: readonly Step[] = ["create", "swap-stale", "put", "put-large", "delete", "get"];

/** Calls that a step makes when nobody is beside it. */
async function callsOf(step: Step, hasObject: boolean): Promise<number> {
  let calls = 0;
  let counts = false;
  const files = watchedFiles(await begin(hasObject), async () => {
    calls += counts ? 1 : 0;
    return Promise.resolve();
  });
  const process = new Process(await openOn(files), "a");
  await process.look();
  counts = true;
  await process.take(step);
  return calls;
}

/** Runs `step` with the calls from number `at` on never made; of a file that is being created there is the half. */
async function killAt(inner: MemoryFiles, step: Step, at: number): Promise<void> {
  let calls = 0;
  let isArmed = false;
  let died = (): void => {};
  const dead = new Promise<void>((resolve) => {
    died = resolve;
  });
  const killed = watchedFiles(inner, async () => {
    calls += isArmed ? 1 : 0;
    if (isArmed && calls > at) {
      died();
      await new Promise(() => {
        // It never goes on.
      });
    }
  });
  const files: Files = {
    ...killed,
    async create(path, body) {
      if (isArmed && calls === at) {
        await inner.create(path, {
          bytes: body.bytes >> 1,
          read: async (offset, length) => body.read(offset, length),
        });
      }
      return killed.create(path, body);
    },
  };
  const process = new Process(await openOn(files), "a");
  await process.look();
  isArmed = true;
  await Promise.race([dead, process.take(step)]);
}

async function checkUsable(files: MemoryFiles, allowed: readonly string[]): Promise<void> {
  laterMs = 0;
  const store = await openOn(files);
  const found = await store.get(KEY);
  const text = textOf(found?.body);
  assert.ok(allowed.includes(text), `"${text}" is none of ${JSON.stringify(allowed)}`);
  assert.equal(textOf((await store.get("other"))?.body), "other");
  const outcome = await store.putIf(
    KEY,
    bytesOf("after"),
    found === null ? { kind: "absent" } : { kind: "match", tag: found.tag },
  );
  assert.equal(outcome.kind, "won");
  laterMs = 2 * HOUR_MS;
  const keys = [];
  for await (const { key } of store.list("")) {
    keys.push(key);
  }
  assert.deepEqual(keys, ["other", KEY]);
  const paths = files.paths();
  assert.deepEqual(
    paths.filter((path) => path.includes("/@") || path.endsWith(".body")).length,
    2,
    `nothing is left over but two bodies: ${paths.join(" ")}`,
  );
  await store.delete([KEY, "other"]);
  assert.deepEqual(files.paths(), ["/store/"]);
}

suite("a writer of a directory store that is interrupted", () => {
  for (const hasObject of [false, true]) {
    for (const step of STEPS) {
      const allowed = async (): Promise<string[]> => {
        const files = await begin(hasObject);
        const store = await openOn(files);
        const before = textOf((await store.get(KEY))?.body);
        const process = new Process(store, "a");
        await process.look();
        await process.take(step);
        return [before, textOf((await store.get(KEY))?.body)];
      };
      const where = hasObject ? "an object" : "nothing";
      test(`killed at any call of ${step} on ${where} leaves the old or the new`, async () => {
        const calls = await callsOf(step, hasObject);
        for (let at = 0; at <= calls; at += 1) {
          const files = await begin(hasObject);
          await killAt(files, step, at);
          await checkUsable(files, await allowed());
        }
      });
      test(`without power at any call of ${step} on ${where} leaves the old or the new`, async () => {
        const calls = await callsOf(step, hasObject);
        for (let at = 0; at <= calls; at += 1) {
          for (let seed = 0; seed < 8; seed += 1) {
            const files = await begin(hasObject);
            await killAt(files, step, at);
            const left = files.afterPowerLoss(new SeededRandom(seed));
            await checkUsable(left, at < calls ? await allowed() : (await allowed()).slice(1));
          }
        }
      });
    }
  }
});

test("a create that lost against one without power loses against one that is there", async () => {
  let losses = 0;
  const calls = await callsOf("create", false);
  for (let at = 0; at <= calls; at += 1) {
    for (let seed = 0; seed < 8; seed += 1) {
      const files = await begin(false);
      await killAt(files, "create", at);
      const answer = await new Process(await openOn(files), "b").take("create");
      const store = await openOn(files.afterPowerLoss(new SeededRandom(seed)));
      const text = textOf((await store.get(KEY))?.body);
      assert.equal(text, answer.answer === "won" ? "b1" : "a1");
      losses += answer.answer === "lost" ? 1 : 0;
    }
  }
  assert.ok(losses > 0);
});

/** What a store in memory answers when `paused` happens as one whole at place `at` between `others`. */
async function inOrder(
  hasObject: boolean,
  paused: Step,
  others: readonly Step[],
  at: number,
): Promise<string> {
  const store = memoryObjectStore();
  if (hasObject) {
    await store.put(KEY, bytesOf("before"));
  }
  const [slow, quick] = [new Process(store, "a"), new Process(store, "b")];
  await slow.look();
  await quick.look();
  const answers: Answer[] = [];
  let slowAnswer: Answer | undefined;
  for (const [place, step] of [...others, null].entries()) {
    slowAnswer = place === at ? await slow.take(paused) : slowAnswer;
    if (step !== null) {
      answers.push(await quick.take(step));
    }
  }
  const left = textOf((await store.get(KEY))?.body);
  return JSON.stringify([slowAnswer, answers, left]);
}

const MEANWHILE: readonly (readonly Step[])[] = [
  ["create"],
  ["swap"],
  ["put"],
  ["delete"],
  ["get"],
  ["swap", "swap"],
  ["delete", "create"],
  ["delete", "create", "swap"],
  ["swap", "delete"],
  ["create", "delete"],
  ["list-later"],
  ["delete", "list-later", "create", "swap"],
  ["swap", "swap-stale", "put", "put-large"],
];

suite("a writer of a directory store that is stopped for long", () => {
  for (const paused of STEPS) {
    test(`${paused} stopped at any call happens at once, before, between or after others`, async () => {
      for (const hasObject of [false, true]) {
        const calls = await callsOf(paused, hasObject);
        for (const others of MEANWHILE) {
          for (let at = 0; at < calls; at += 1) {
            const got = await stopAt(hasObject, paused, others, at);
            const orders = [];
            for (let place = 0; place <= others.length; place += 1) {
              orders.push(await inOrder(hasObject, paused, others, place));
            }
            assert.ok(
              orders.includes(got),
              `stopped at call ${at}: ${got} is none of\n${orders.join("\n")}`,
            );
          }
        }
      }
    });
  }
});

async function stopAt(
  hasObject: boolean,
  paused: Step,
  others: readonly Step[],
  at: number,
): Promise<string> {
  const inner = await begin(hasObject);
  let calls = -1;
  let isArmed = false;
  const quick = new Process(await openOn(inner), "b");
  await quick.look();
  const answers: Answer[] = [];
  const files = watchedFiles(inner, async () => {
    if (!isArmed) {
      return;
    }
    calls += 1;
    if (calls === at) {
      for (const step of others) {
        laterMs = step === "list-later" ? 2 * HOUR_MS : 0;
        answers.push(await quick.take(step));
      }
    }
  });
  const store = await openOn(files);
  const slow = new Process(store, "a");
  await slow.look();
  isArmed = true;
  const slowAnswer = await slow.take(paused);
  isArmed = false;
  const left = textOf((await store.get(KEY))?.body);
  return JSON.stringify([slowAnswer, answers, left]);
}

/** Lets one of several processes at a time make its next call, chosen by the seed. */
class Scheduler {
  readonly #random: SeededRandom;
  readonly #waiting: (() => void)[] = [];
  #processes = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  async turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#next();
    });
  }

  async run(tasks: readonly (() => Promise<void>)[]): Promise<void> {
    this.#processes = tasks.length;
    await Promise.all(
      tasks.map(async (task) => {
        await task();
        this.#processes -= 1;
        this.#next();
      }),
    );
  }

  #next(): void {
    if (this.#waiting.length === this.#processes && this.#processes > 0) {
      const [next] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
      next?.();
    }
  }
}

async function increment(store: ObjectStore, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const found = await store.get(KEY);
    assert.ok(found !== null);
    const body = bytesOf(`${Number(textOf(found.body)) + 1}`);
    const outcome = await store.putIf(KEY, body, { kind: "match", tag: found.tag });
    done += outcome.kind === "won" ? 1 : 0;
  }
}

suite("processes whose calls are interleaved by chance", () => {
  test("lose no increment, and leave nothing over", async () => {
    laterMs = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const files = new MemoryFiles();
      await (await openOn(files)).put(KEY, bytesOf("0"));
      const scheduler = new Scheduler(seed);
      const watched = watchedFiles(files, async () => scheduler.turn());
      const stores: ObjectStore[] = [];
      await scheduler.run([async () => void stores.push(await openOn(watched))]);
      const store = stores[0]!;
      await scheduler.run([0, 1, 2].map(() => async () => increment(store.at(""), 3)));
      const total = textOf((await (await openOn(files)).get(KEY))?.body);
      assert.equal(total, "9", `seed ${seed}`);
    }
  });

  test("create and delete beside one that sweeps, and no object is ever half", async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const files = new MemoryFiles();
      const scheduler = new Scheduler(seed);
      const watched = watchedFiles(files, async () => scheduler.turn());
      const stores: ObjectStore[] = [];
      laterMs = 2 * HOUR_MS;
      await scheduler.run([async () => void stores.push(await openOn(watched))]);
      const store = stores[0]!;
      let created = 0;
      const create = async (): Promise<void> => {
        const outcome = await store.putIf(KEY, bytesOf("body"), { kind: "absent" });
        created += outcome.kind === "won" ? 1 : 0;
      };
      await scheduler
        .run([
          create,
          create,
          async () => store.put(KEY, bytesOf("body")),
          async () => store.delete([KEY]),
          async () => {
            for (let round = 0; round < 3; round += 1) {
              for await (const { bytes } of store.list("")) {
                assert.equal(bytes, 4);
              }
            }
          },
        ])
        .catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      const found = await (await openOn(files)).get(KEY);
      assert.ok(found === null || textOf(found.body) === "body", `seed ${seed}`);
      assert.ok(created <= 2);
    }
  });
});
