// Real processes count in one directory store by compare-and-swap, while one of them is killed or stopped at random
// moments: no increment is lost, and none of the others waits for the one that is gone.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openDirectoryObjectStore } from "../../src/object/directory/directory-object-store.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { systemRandom } from "../../src/runtime/system-random.js";
import { SeededRandom } from "../support/seeded-random.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { sleep, within } from "../support/process/wait.js";

const ROUNDS = 20;
const WRITER = fileURLToPath(new URL("directory-writer-main.js", import.meta.url));

class Writer {
  readonly won: number[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = "";
  #told: () => void = () => undefined;

  constructor(directory: string, name: string) {
    this.#child = spawn(process.execPath, [WRITER, directory, name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString();
      // A line that a kill cut off was not told.
      const lines = this.#output.split("\n");
      this.#output = lines.pop() ?? "";
      this.won.push(...lines.map(Number));
      this.#told();
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", () => {
        resolve();
      });
    });
  }

  /** Waits until it has won `count` more. */
  async wins(count: number): Promise<void> {
    const until = this.won.length + count;
    await within(
      20_000,
      `${count} more increments`,
      new Promise<void>((resolve) => {
        this.#told = () => {
          if (this.won.length >= until) {
            resolve();
          }
        };
        this.#told();
      }),
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

test("processes that are killed or stopped lose no increment and hold up nobody", async () => {
  const seed = 20_261_122;
  const random = new SeededRandom(seed);
  const directory = await makeTempDirectory("counter");
  const steady = new Writer(directory, "steady");
  const victims: Writer[] = [];
  try {
    await steady.wins(1);
    for (let round = 0; round < ROUNDS; round += 1) {
      const victim = new Writer(directory, `victim ${round}`);
      victims.push(victim);
      await victim.wins(1);
      await sleep(random.fraction() * 30);
      if (round % 4 === 0) {
        victim.signal("SIGSTOP");
        await steady.wins(3);
        victim.signal("SIGCONT");
        await victim.wins(1);
      }
      await victim.kill();
      await steady.wins(1);
    }
  } finally {
    await Promise.all([steady, ...victims].map(async (writer) => writer.kill()));
  }
  try {
    await checkCounter(directory, [steady, ...victims]);
  } finally {
    await removeTempDirectory(directory);
  }
});

async function checkCounter(directory: string, writers: readonly Writer[]): Promise<void> {
  const store = await openDirectoryObjectStore({
    directory,
    clock: systemClock,
    random: systemRandom,
  });
  const found = await store.get("locks/counter");
  const value = Number.parseInt(Buffer.from(found?.body ?? "").toString(), 10);
  const won = writers.flatMap((writer) => writer.won);
  assert.equal(new Set(won).size, won.length, "two writers won the same increment");
  assert.ok(Math.max(...won) <= value, "an increment that was won is gone");
  // Each that was killed may have won one that it did not come to tell.
  const untold = value - won.length;
  assert.ok(untold >= 0 && untold <= writers.length, `${untold} increments that nobody made`);
  const outcome = await store.putIf("locks/counter", Buffer.from("end"), {
    kind: "match",
    tag: found?.tag ?? "",
  });
  assert.equal(outcome.kind, "won");
  assert.equal(readdirSync(`${directory}/locks/counter@`).length, 2, "bodies are left over");
  await store.close();
}
