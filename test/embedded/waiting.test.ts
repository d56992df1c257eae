// A program whose only work is to wait for an object store: it must not end in the middle of it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

/** Every call of the store waits for a timer that does not keep the process alive, as a retry does. */
const PROGRAM = `
  const [{ open }, { memoryObjectStore }] = await Promise.all([import(INDEX), import(STORE)]);
  let delayMs = 5;
  const slow = (store) => new Proxy(store, {
    get(_, name) {
      const value = store[name];
      if (name === "at") return (path) => slow(store.at(path));
      if (name === "list" || typeof value !== "function") {
        return typeof value === "function" ? value.bind(store) : value;
      }
      return async (...given) => {
        await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
        return value.apply(store, given);
      };
    },
  });
  const db = await open({ dataDir: DIRECTORY, objectStore: slow(memoryObjectStore()) });
  // Long after the log has written it.
  delayMs = 300;
  const { revision } = await db.put("a", "1");
  await db.close();
  console.log("revision", revision);
`;

test("open, put and close are waited for, though only timers run", async () => {
  const directory = await makeTempDirectory("waiting");
  try {
    const at = (file: string): string =>
      JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
    const program = PROGRAM.replace("INDEX", at("index.js"))
      .replace("STORE", at("object/memory-object-store.js"))
      .replace("DIRECTORY", JSON.stringify(`${directory}/data`));
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--eval",
      program,
    ]);
    assert.equal(stdout, "revision 2\n");
  } finally {
    await removeTempDirectory(directory);
  }
});
