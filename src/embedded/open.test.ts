import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import { open } from "./open.js";

async function inDirectory(run: (dataDir: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "t4-open-"));
  try {
    await run(join(parent, "data"));
  } finally {
    rmSync(parent, { recursive: true });
  }
}

async function fails(code: T4ErrorCode, run: () => Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => error instanceof T4Error && error.code === code);
}

test("what was written is there when the directory is opened again", async () => {
  await inDirectory(async (dataDir) => {
    const first = await open({ dataDir, nodeId: "one" });
    await first.put("k", "1");
    await first.flush();
    await first.put("k", "2");
    const { id } = await first.leases.grant(60);
    await first.put("l", "", { lease: id });
    await first.close();

    await using second = await open({ dataDir });
    assert.equal(second.currentRevision, 4);
    assert.equal(second.status().nodeId, "one");
    assert.equal((await second.get("k"))?.value, "2");
    assert.equal((await second.get("k", { revision: 2 }))?.value, "1");
    assert.deepEqual((await second.leases.timeToLive(id))?.keys, ["l"]);
    const watch = second.watch("", { startRevision: 3 });
    const { value } = await watch[Symbol.asyncIterator]().next();
    assert.deepEqual(
      value?.events.map((event) => event.key),
      ["k", "l"],
    );
  });
});

test("a directory is open once at a time", async () => {
  await inDirectory(async (dataDir) => {
    await using db = await open({ dataDir });
    await fails("T4_DATA_DIR_IN_USE", async () => open({ dataDir }));
    await db.close();
    await (await open({ dataDir })).close();
  });
});

test("where the data goes must be said, and once", async () => {
  const loose = open as (config: object) => Promise<unknown>;
  await fails("T4_INVALID_ARGUMENT", async () => loose({}));
  await fails("T4_INVALID_ARGUMENT", async () => loose({ dataDir: "" }));
  await fails("T4_INVALID_ARGUMENT", async () => loose({ dataDir: "x", memory: true }));
});

test("an encoding of values that there is not is refused before anything is opened", async () => {
  const loose = open as (config: object) => Promise<unknown>;
  await fails("T4_INVALID_ARGUMENT", async () => loose({ memory: true, valueEncoding: "utf-8" }));
});

test("JSON values have the type asked for", async () => {
  await using db = await open<{ readonly theme: string }>({ memory: true, valueEncoding: "json" });
  await db.put("alice", { theme: "dark" });
  assert.equal((await db.get("alice"))?.value.theme, "dark");
});
