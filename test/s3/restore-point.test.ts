// Restore points on S3: what versions are worth there, on a bad day and in a bucket that was given versioning late.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { open } from "../../src/embedded/open.js";
import { makeRestorePoint } from "../../src/embedded/without-opening.js";
import type { ObjectStore } from "../../src/object/object-store.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { slowDown } from "./fake/faults.js";
import type { FakeS3 } from "./fake-s3.js";
import { BUCKET, hastyClock, openStore, startFake } from "./harness.js";

const ROUNDS = 12;

async function directory(context: TestContext): Promise<string> {
  const path = await makeTempDirectory("s3-restore-point");
  context.after(async () => removeTempDirectory(path));
  return path;
}

/** Some revisions, a checkpoint in the middle. */
async function write(path: string, objectStore: ObjectStore, to: number): Promise<void> {
  await using db = await open({ dataDir: join(path, "data"), objectStore });
  while (db.currentRevision < to) {
    await db.put(`k${db.currentRevision + 1}`, "x");
    if (db.currentRevision === to >> 1) {
      await db.checkpoint();
    }
  }
}

async function empty(fake: FakeS3): Promise<void> {
  const bucket = fake.createBucket(BUCKET);
  for (const key of bucket.keys()) {
    bucket.put(key, { body: Buffer.from("other"), etag: "other", meta: {}, modifiedMs: 0 });
    bucket.put(key, null);
  }
  assert.deepEqual(bucket.keys(), []);
  return Promise.resolve();
}

test("a point is made and restored although requests fail and answers are lost", async (context) => {
  const fake = await startFake(context);
  fake.createBucket(BUCKET).versioning = "enabled";
  const path = await directory(context);
  const store = await openStore(context, fake, {}, { clock: hastyClock });
  await write(path, store, ROUNDS);
  fake.faults.random(1, 0.15, [
    slowDown(),
    { kind: "drop-before" },
    { kind: "drop-after" },
    { kind: "truncate", bytes: 1 },
  ]);
  const { document, revision } = await makeRestorePoint({ store });
  assert.equal(revision, ROUNDS);
  await empty(fake);
  await using db = await open({
    dataDir: join(path, "restored"),
    objectStore: store.at("../restored/"),
    restore: { restorePoint: document },
  });
  assert.equal(db.currentRevision, ROUNDS);
  assert.equal((await db.list("k")).items.length, ROUNDS - 1);
});

test("objects from before the bucket had versioning are pinned, too", async (context) => {
  const fake = await startFake(context);
  const bucket = fake.createBucket(BUCKET);
  const path = await directory(context);
  const store = await openStore(context, fake);
  await write(path, store, ROUNDS);
  const refused = { code: "T4_OBJECT_STORE_UNUSABLE", message: /turn versioning on/ };
  await assert.rejects(makeRestorePoint({ store }), refused);
  bucket.versioning = "enabled";
  const { document } = await makeRestorePoint({ store });
  assert.match(document, /"version": "null"/);
  await empty(fake);
  const restore = { restorePoint: document };
  const objectStore = store.at("../restored/");
  await using db = await open({ dataDir: join(path, "restored"), objectStore, restore });
  assert.equal(db.currentRevision, ROUNDS);
});

test("who may not ask for versions is told which permission that needs", async (context) => {
  const fake = await startFake(context);
  fake.createBucket(BUCKET).versioning = "enabled";
  const store = await openStore(context, fake);
  await write(await directory(context), store, 2);
  const denied = { kind: "refuse", status: 403, code: "AccessDenied" } as const;
  fake.faults.always("GetBucketVersioning", denied);
  await assert.rejects(makeRestorePoint({ store }), {
    code: "T4_OBJECT_STORE_UNUSABLE",
    message: /s3:GetBucketVersioning/,
  });
  fake.faults.none();
  fake.faults.always("GetObject", denied);
  await assert.rejects(store.versions?.get("k", "v") ?? Promise.resolve(), {
    code: "denied",
    message: /s3:GetObjectVersion/,
  });
});
