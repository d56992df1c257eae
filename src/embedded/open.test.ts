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

test("a quota refuses what adds, and history is given up by itself", async () => {
  await using small = await open({ memory: true, quotaBytes: 10_000 });
  await small.put("k", "v".repeat(5_000));
  await fails("T4_NO_SPACE", async () => small.put("l", "v".repeat(8_000)));
  await small.delete("k");
  await using young = await open({
    memory: true,
    autoCompaction: { mode: "periodic", periodMs: 1_000 },
  });
  await young.put("k", "1");
  await young.put("k", "2");
  while (young.compactRevision === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal((await young.get("k"))?.value, "2");
});

test("limits that make no sense are refused", async () => {
  const loose = open as (config: object) => Promise<unknown>;
  for (const wrong of [
    { segmentBytesMax: 0 },
    { segmentAgeMsMax: 0.5 },
    { quotaBytes: -1 },
    { autoCompaction: { mode: "periodic", periodMs: 10 } },
    { autoCompaction: { mode: "revision", revisions: 0 } },
    { autoCompaction: { mode: "hourly" } },
    { autoCompaction: {} },
  ]) {
    await fails("T4_INVALID_ARGUMENT", async () => loose({ memory: true, ...wrong }));
  }
});
