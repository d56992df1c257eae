import assert from "node:assert/strict";
import { chmodSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { suite, test } from "node:test";
import { MemoryFiles, watchedFiles, type FilesCall } from "../../../test/sim/memory-files.js";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { makeTempDirectory, removeTempDirectory } from "../../../test/support/temp-directory.js";
import { systemClock } from "../../runtime/system-clock.js";
import { systemRandom } from "../../runtime/system-random.js";
import type { ObjectStore, ObjectStoreErrorCode } from "../object-store.js";
import { assertFit, probeObjectStore } from "../probe.js";
import { objectStoreCases } from "../suite.js";
import { openDirectoryObjectStore } from "./directory-object-store.js";
import type { Files } from "./files.js";
import { nodeFiles } from "./node-files.js";

const world = { clock: systemClock, random: systemRandom };
const body = new Uint8Array([1, 2, 3, 4]);
const forever = new AbortController().signal;
/** Syncing takes most of the time, and what needs it is tested where the power is cut: interrupted.test.ts. */
const unsynced: Files = { ...nodeFiles, syncDirectory: async () => Promise.resolve() };

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await makeTempDirectory("objects");
  try {
    await run(directory);
  } finally {
    await removeTempDirectory(directory);
  }
}

async function open(directory: string, files: Files = nodeFiles): Promise<ObjectStore> {
  return openDirectoryObjectStore({ directory, ...world, files });
}

async function listAll(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) {
    keys.push(key);
  }
  return keys;
}

async function rejectsCode(
  code: ObjectStoreErrorCode,
  text: RegExp,
  promise: Promise<unknown>,
): Promise<void> {
  await assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

suite("a directory as an object store", () => {
  for (const { name, run } of objectStoreCases()) {
    test(name, async () => {
      await inDirectory(async (directory) => run(async () => open(`${directory}/store`, unsynced)));
    });
  }

  test("is fit, as the probe finds, and is empty again", async () => {
    await inDirectory(async (directory) => {
      const store = await open(directory);
      assertFit(await probeObjectStore(store, world, forever), store.url);
      assert.deepEqual(readdirSync(directory), []);
      await store.close();
    });
  });

  test("a prefix beside the one that was opened can be written to and read", async () => {
    await inDirectory(async (directory) => {
      const store = await open(`${directory}/prod`);
      await store.at("../dev/").put("a/k", body);
      const dev = await open(`${directory}/dev`);
      assert.deepEqual((await dev.get("a/k"))?.body, body);
      assert.equal(store.at("../dev/").url, dev.url);
      await store.close();
      await dev.close();
    });
  });

  test("other files in the directory are neither listed nor touched", async () => {
    await inDirectory(async (directory) => {
      await mkdir(`${directory}/lost+found`);
      await mkdir(`${directory}/a/@eaDir`, { recursive: true });
      writeFileSync(`${directory}/README.txt`, "mine");
      writeFileSync(`${directory}/a/k@`, "mine, too");
      const store = await open(directory);
      await store.put("a/b", body);
      assert.deepEqual(await listAll(store), ["a/b"]);
      await store.delete(["a/b"]);
      assert.deepEqual(readdirSync(directory).sort(), ["README.txt", "a", "lost+found"]);
      assert.deepEqual(readdirSync(`${directory}/a`).sort(), ["@eaDir", "k@"]);
      await store.close();
    });
  });
});

suite("a directory store says what is wrong and what to do", () => {
  test("a file in the place of the directory", async () => {
    await inDirectory(async (directory) => {
      writeFileSync(`${directory}/file`, "");
      const text = /it is a file, or lies below one: name a directory/;
      await rejectsCode("not-found", text, open(`${directory}/file`));
      await rejectsCode("not-found", text, open(`${directory}/file/below`));
    });
  });

  test("a body that is short, missing, or not named by any file", async () => {
    await inDirectory(async (directory) => {
      const store = await open(directory);
      for (const key of ["short", "missing", "unnamed"]) {
        await store.put(key, body);
      }
      const find = (key: string, suffix: string): string =>
        `${directory}/${key}@/${readdirSync(`${directory}/${key}@`).find((name) => name.endsWith(suffix))!}`;
      truncateSync(find("short", ".body"), 3);
      rmSync(find("missing", ".body"));
      rmSync(find("unnamed", ".current"));
      await rejectsCode("damaged", /has 3 bytes of 4: restore/, store.get("short"));
      await rejectsCode(
        "damaged",
        /has 3 bytes of 4/,
        store.getRange("short", { offset: 0, length: 1 }),
      );
      await rejectsCode("damaged", /\.body is missing/, store.get("missing"));
      await rejectsCode("damaged", /no file in it says/, store.get("unnamed"));
      const outcome = await store.putIf("unnamed", body, { kind: "absent" });
      assert.equal(outcome.kind, "unknown");
      await store.close();
    });
  });

  test("a directory that is gone is not an empty store", async () => {
    await inDirectory(async (directory) => {
      const store = await open(`${directory}/mount`);
      await store.put("k", body);
      renameSync(`${directory}/mount`, `${directory}/elsewhere`);
      const text = /is not the one that was opened: look whether its volume is still mounted/;
      const useAll = async (): Promise<void> => {
        await rejectsCode("not-found", text, store.get("k"));
        await rejectsCode("not-found", text, store.head("k"));
        await rejectsCode("not-found", text, store.put("k", body));
        await rejectsCode("not-found", text, store.putIf("k", body, { kind: "absent" }));
        await rejectsCode("not-found", text, store.putIf("a/k", body, { kind: "absent" }));
        await rejectsCode("not-found", text, store.putIf("k", body, { kind: "match", tag: "1" }));
        await rejectsCode("not-found", text, store.delete(["k"]));
        await rejectsCode("not-found", text, listAll(store));
      };
      await useAll();
      // What is seen when a volume is unmounted: the empty directory below.
      await mkdir(`${directory}/mount`);
      await useAll();
      assert.deepEqual(readdirSync(`${directory}/mount`), []);
      await store.close();
    });
  });

  test(
    "a directory without permission",
    { skip: process.getuid?.() === 0 && "root may do all" },
    async () => {
      await inDirectory(async (directory) => {
        const store = await open(directory);
        chmodSync(directory, 0o500);
        await rejectsCode(
          "denied",
          /permission denied: check owner and mode/,
          store.put("k", body),
        );
        chmodSync(directory, 0o700);
        await store.close();
      });
    },
  );

  for (const [errno, code, text] of [
    ["ENOSPC", "full", /the disk is full: free some space/],
    ["EDQUOT", "full", /quota/],
    ["EACCES", "denied", /permission denied/],
    ["EROFS", "denied", /read-only/],
    ["ENAMETOOLONG", "unsupported", /choose a shorter path/],
    ["EIO", "unavailable", /device failed/],
    ["EMFILE", "unavailable", /ulimit -n/],
  ] as const) {
    test(`${errno} at any call that writes`, async () => {
      for (const failing of ["makeDirectory", "create", "syncDirectory"] as const) {
        const store = await failingStore(failing, errno);
        await rejectsCode(code, text, store.put("k", body));
        if (code === "unavailable") {
          const outcome = await store.putIf("k", body, { kind: "absent" });
          assert.equal(outcome.kind, "unknown");
        } else {
          await rejectsCode(code, text, store.putIf("k", body, { kind: "absent" }));
        }
        assert.equal(await store.get("k"), null, "nothing was written");
      }
    });
  }

  test("what cannot be made durable any more is unknown, not refused", async () => {
    let isArmed = false;
    const files = watchedFiles(new MemoryFiles(), async (call, path) => {
      if (isArmed && call === "syncDirectory" && path === "/store") {
        throw Object.assign(new Error("no space"), { code: "ENOSPC", errno: -28 });
      }
      return Promise.resolve();
    });
    const store = await open("/store", files);
    isArmed = true;
    const outcome = await store.putIf("k", body, { kind: "absent" });
    assert.equal(outcome.kind, "unknown");
    assert.deepEqual((await store.get("k"))?.body, body);
  });

  test("a disk that hangs ends in time, and a store that closes does not wait for it", async () => {
    const clock = new VirtualClock(1);
    let hangs = false;
    const files = watchedFiles(new MemoryFiles(), async () => {
      await (hangs ? new Promise(() => undefined) : Promise.resolve());
    });
    const store = await openDirectoryObjectStore({ directory: "/store", ...world, clock, files });
    hangs = true;
    const text = /did not end within 30 s/;
    await rejectsCode("unavailable", text, clock.resolve(store.get("k")));
    const outcome = await clock.resolve(store.putIf("k", body, { kind: "absent" }));
    assert.equal(outcome.kind, "unknown");
    const controller = new AbortController();
    const reading = store.get("k", { signal: controller.signal });
    controller.abort();
    await rejectsCode("cancelled", /given up/, reading);
    const hanging = store.get("k");
    await Promise.all([rejectsCode("cancelled", /given up/, hanging), store.close()]);
    await rejectsCode("cancelled", /is closed/, store.get("k"));
    await rejectsCode("cancelled", /is closed/, store.putIf("k", body, { kind: "absent" }));
  });
});

/** A store where from now on every call of this kind fails. */
async function failingStore(failing: FilesCall, errno: string): Promise<ObjectStore> {
  let isArmed = false;
  const files = watchedFiles(new MemoryFiles(), async (call) => {
    if (isArmed && call === failing) {
      throw Object.assign(new Error(errno), { code: errno, errno: -1 });
    }
    return Promise.resolve();
  });
  const store = await open("/store", files);
  isArmed = true;
  return store;
}
