import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { makeTempDirectory, removeTempDirectory } from "../../test/support/temp-directory.js";
import type { RestorePoint } from "../node/archive/archive-settings.js";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import { memoryObjectStore } from "../object/memory-object-store.js";
import type { ObjectStore } from "../object/object-store.js";
import type { Db } from "./db.js";
import { open } from "./open.js";
import { makeRestorePoint, restore as restoreDirectory } from "./without-opening.js";

interface Place {
  readonly root: ObjectStore;
  readonly prod: ObjectStore;
  /** A directory that no other call has given. */
  readonly fresh: () => string;
}

/** A bucket with versioning, with a database of revisions 2 to 6, a checkpoint at 4. */
async function withProd(run: (place: Place) => Promise<void>): Promise<void> {
  const parent = await makeTempDirectory("restore-point");
  let count = 0;
  const fresh = (): string => join(parent, `data-${(count += 1)}`);
  const root = memoryObjectStore({ keepVersions: true });
  const prod = root.at("prod/");
  try {
    const db = await open({ dataDir: fresh(), objectStore: prod });
    for (let revision = 2; revision <= 6; revision += 1) {
      await db.put(`k${revision}`, `v${revision}`);
      if (revision === 4) {
        await db.checkpoint();
      }
    }
    await db.close();
    await run({ root, prod, fresh });
  } finally {
    await removeTempDirectory(parent);
  }
}

async function empty(store: ObjectStore): Promise<void> {
  for await (const { key } of store.list("")) {
    await store.put(key, new Uint8Array(7));
    await store.delete([key]);
  }
}

async function fails(
  code: T4ErrorCode,
  message: RegExp,
  run: () => Promise<unknown>,
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof T4Error, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

async function assertAt(db: Db, revision: number): Promise<void> {
  assert.equal(db.currentRevision, revision);
  assert.equal((await db.get(`k${revision}`))?.value, `v${revision}`);
  assert.equal(await db.get(`k${revision + 1}`), undefined);
}

test("a database that was deleted is opened again at its restore points, as one of its own", async () => {
  await withProd(async ({ root, prod, fresh }) => {
    const newest = await makeRestorePoint({ store: prod });
    const third = await makeRestorePoint({ store: prod, revision: 3 });
    const fifth = await makeRestorePoint({ store: prod, revision: 5 });
    assert.equal(newest.revision, 6);
    assert.ok(newest.time !== null && newest.bytes > 0 && newest.objects > 2);
    await empty(prod);

    for (const [made, revision] of [
      [newest, 6],
      [third, 3],
      [fifth, 5],
    ] as const) {
      const objectStore = root.at(`restored-${revision}/`);
      const restore = { restorePoint: made.document };
      const progress: number[] = [];
      await using db = await open({
        dataDir: fresh(),
        objectStore,
        restore,
        onRestoreProgress: ({ entries }) => progress.push(entries),
      });
      await assertAt(db, revision);
      assert.ok(progress.length > 0);
      assert.equal((await db.put("more", "x")).revision, revision + 1);
      assert.equal((await db.get("k2"))?.value, "v2");
    }
  });
});

test("a restore point becomes a data directory that needs no object store", async () => {
  await withProd(async ({ prod, fresh }) => {
    const { document } = await makeRestorePoint({ store: prod, revision: 5 });
    await empty(prod);
    const dataDir = fresh();
    const restored = await restoreDirectory({ store: prod, restorePoint: document, dataDir });
    assert.equal(restored.revision, 5);
    await using db = await open({ dataDir });
    await assertAt(db, 5);
  });
});

test("later starts go on with the prefix, on the same directory and after the loss of a disk", async () => {
  await withProd(async ({ root, prod, fresh }) => {
    const { document } = await makeRestorePoint({ store: prod, revision: 5 });
    await empty(prod);
    const objectStore = root.at("restored/");
    const settings = { objectStore, restore: { restorePoint: document } };
    const dataDir = fresh();
    const first = await open({ dataDir, ...settings });
    await first.put("k6", "other");
    await first.close();
    for (const directory of [dataDir, fresh()]) {
      await using db = await open({ dataDir: directory, ...settings });
      assert.equal(db.currentRevision, 6);
      assert.equal((await db.get("k6"))?.value, "other");
    }
  });
});

test("a first start that was interrupted after the restore is begun again", async () => {
  await withProd(async ({ root, prod, fresh }) => {
    const { document } = await makeRestorePoint({ store: prod });
    const restore = { restorePoint: document };
    const dataDir = fresh();
    const refusing = refusingPuts(root.at("restored/"));
    await assert.rejects(open({ dataDir, objectStore: refusing, restore }));
    await using db = await open({ dataDir, objectStore: root.at("restored/"), restore });
    await assertAt(db, 6);
  });
});

test("the place that was emptied may be used again", async () => {
  await withProd(async ({ prod, fresh }) => {
    const { document } = await makeRestorePoint({ store: prod, revision: 4 });
    await empty(prod);
    const restore = { restorePoint: document };
    await using db = await open({ dataDir: fresh(), objectStore: prod, restore });
    await assertAt(db, 4);
    const again = await makeRestorePoint({ store: prod });
    assert.equal(again.revision, 4);
  });
});

test("a restore point rewinds nothing and takes nothing over", async () => {
  await withProd(async ({ root, prod, fresh }) => {
    const { document } = await makeRestorePoint({ store: prod });
    const restore = { restorePoint: document };
    await fails("T4_INVALID_ARGUMENT", /never rewinds/, async () =>
      open({ dataDir: fresh(), objectStore: prod, restore }),
    );
    const used = fresh();
    await (await open({ dataDir: used })).close();
    await fails("T4_DATA_DIR_UNUSABLE", /empty or new/, async () =>
      open({ dataDir: used, objectStore: root.at("new/"), restore }),
    );
    await fails("T4_INVALID_ARGUMENT", /one of the two/, async () =>
      open({ dataDir: used, objectStore: root.at("new/"), restore, branch: { source: prod } }),
    );
  });
});

test("a restore point that cannot be used says why", async () => {
  await withProd(async ({ root, prod, fresh }) => {
    const { document } = await makeRestorePoint({ store: prod });
    const openWith = async (restorePoint: string, objectStore: ObjectStore): Promise<Db> =>
      open({ dataDir: fresh(), objectStore, restore: { restorePoint } });
    const there = root.at("new/");
    await fails("T4_INVALID_ARGUMENT", /no restore point/, async () => openWith("{}", there));
    await fails("T4_CORRUPT", /hash/, async () =>
      openWith(document.replace(`"index": `, `"index": 1`), there),
    );
    await fails("T4_OBJECT_STORE_UNUSABLE", /turn versioning on/, async () =>
      makeRestorePoint({ store: memoryObjectStore() }),
    );
    // Another bucket, which has nothing of this one.
    const source = memoryObjectStore({ keepVersions: true }).at("prod/");
    await fails("T4_NOT_RETAINED", /is not kept in version/, async () =>
      open({ dataDir: fresh(), objectStore: there, restore: { restorePoint: document, source } }),
    );
    await assert.rejects(makeRestorePoint({ store: prod, signal: AbortSignal.abort() }), {
      name: "AbortError",
    });
    const loose = restoreDirectory as (options: object) => Promise<unknown>;
    const twoPoints = { restorePoint: document, revision: 3 } as unknown as RestorePoint;
    await fails("T4_INVALID_ARGUMENT", /one state/, async () =>
      open({ dataDir: fresh(), objectStore: there, restore: twoPoints }),
    );
    for (const more of [{}, { restorePoint: document, revision: 3 }]) {
      await fails("T4_INVALID_ARGUMENT", /restorePoint/, async () =>
        loose({ dataDir: fresh(), ...more }),
      );
    }
  });
});

/** A store in which a start's probe is the last that can be written. */
function refusingPuts(store: ObjectStore): ObjectStore {
  return {
    url: store.url,
    at: (path) => refusingPuts(store.at(path)),
    ...(store.versions === undefined ? {} : { versions: store.versions }),
    get: async (key, options) => store.get(key, options),
    getRange: async (key, range, options) => store.getRange(key, range, options),
    head: async (key, options) => store.head(key, options),
    put: async (key, body, options) => store.put(key, body, options),
    putIf: async (key, body, condition, options) =>
      key === "manifest/latest"
        ? Promise.reject(new Error("the process ended here"))
        : store.putIf(key, body, condition, options),
    delete: async (keys, options) => store.delete(keys, options),
    list: (prefix, options) => store.list(prefix, options),
    close: async () => store.close(),
  };
}
