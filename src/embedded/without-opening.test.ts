import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import { open } from "./open.js";
import { fork, listBranches, restore, unfork } from "./without-opening.js";

const parent = mkdtempSync(join(tmpdir(), "t4-offline-"));
const place = (name: string): string => join(parent, name);
const urlOf = (name: string): string => pathToFileURL(place(name)).href;

after(() => {
  rmSync(parent, { recursive: true });
});

async function fails(code: T4ErrorCode, run: () => Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => error instanceof T4Error && error.code === code);
}

/** A database whose key k is written once a revision, from 2 on; returns the times between. */
async function write(name: string, revisions: number): Promise<Date[]> {
  await using db = await open({ dataDir: place(`${name}-data`), objectStore: urlOf(name) });
  const times: Date[] = [];
  for (let revision = 2; revision <= revisions; revision += 1) {
    await db.put("k", String(revision));
    await new Promise((resolve) => setTimeout(resolve, 5));
    times.push(new Date());
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (revision === 4) {
      await db.checkpoint();
    }
  }
  return times;
}

test("a branch is made, used beside its source, listed and removed", async () => {
  await write("source", 6);
  const store = urlOf("source");
  const branch = await fork({ store, branchId: "b", revision: 5 });
  assert.equal(branch.revision, 5);
  {
    await using db = await open({ dataDir: place("b-data"), objectStore: branch.url });
    assert.equal((await db.get("k"))?.value, "5");
    await db.put("k", "of the branch");
    assert.equal(db.currentRevision, 6);
    assert.equal(db.status().clusterId, branch.clusterId);
  }
  await fails("T4_BRANCH_EXISTS", async () => fork({ store, branchId: "b" }));
  const beside = await fork({ store, branchId: "c", path: "../beside/" });
  assert.equal(beside.url, `${urlOf("beside")}/`);
  assert.equal(beside.revision, 6);
  const listed = await listBranches({ store });
  assert.deepEqual(
    listed.map(({ branchId, revision, state }) => [branchId, revision, state]),
    [
      ["b", 5, "ready"],
      ["c", 6, "ready"],
    ],
  );
  assert.ok(Date.now() - (listed[0]?.created.getTime() ?? 0) < 600_000);
  await unfork({ store, branchId: "b" });
  await fails("T4_BRANCH_NOT_FOUND", async () => unfork({ store, branchId: "b" }));
  assert.equal((await listBranches({ store })).length, 1);
});

test("a directory is restored to a revision, a time, a checkpoint and the newest state", async () => {
  const times = await write("history", 6);
  const store = urlOf("history");
  const valueIn = async (dataDir: string): Promise<string | undefined> => {
    await using db = await open({ dataDir });
    return (await db.get("k"))?.value;
  };
  const told = await restore({ store, dataDir: place("at-3"), revision: 3 });
  assert.equal(told.revision, 3);
  assert.ok(told.time !== null && told.time <= (times[1] as Date), "the time of its last entry");
  assert.deepEqual(told.skipped, []);
  assert.equal(await valueIn(place("at-3")), "3");
  await restore({ store, dataDir: place("then"), time: times[3] as Date });
  assert.equal(await valueIn(place("then")), "5");
  let progress = 0;
  await restore({ store, dataDir: place("newest"), onProgress: () => (progress += 1) });
  assert.equal(await valueIn(place("newest")), "6");
  assert.ok(progress > 0);
  await restore({ store, dataDir: place("raised"), bumpRevision: 1_000 });
  await using raised = await open({ dataDir: place("raised") });
  assert.ok(raised.currentRevision > 1_000 && raised.compactRevision > 6);
});

test("what cannot be is refused, and leaves nothing behind", async () => {
  await write("refused", 3);
  const store = urlOf("refused");
  const loose = restore as (options: object) => Promise<unknown>;
  await fails("T4_INVALID_ARGUMENT", async () =>
    loose({ store, dataDir: place("x"), revision: 2, checkpoint: "checkpoint/1" }),
  );
  await fails("T4_INVALID_ARGUMENT", async () => fork({ store, branchId: "a/b" }));
  await fails("T4_INVALID_ARGUMENT", async () => fork({ store: "nowhere", branchId: "a" }));
  await fails("T4_FUTURE_REVISION", async () =>
    restore({ store, dataDir: place("x"), revision: 99 }),
  );
  await fails("T4_DATA_DIR_UNUSABLE", async () =>
    restore({ store, dataDir: place("refused-data") }),
  );
  const reason = new Error("enough");
  await assert.rejects(
    restore({ store, dataDir: place("x"), signal: AbortSignal.abort(reason) }),
    reason,
  );
  await restore({ store, dataDir: place("x") });
  await using db = await open({ dataDir: place("x") });
  assert.equal((await db.get("k"))?.value, "3");
});
