// `t4 restore point` and what restores it, on an S3 with versioning: as a person meets them after somebody has emptied a bucket.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open } from "../../src/embedded/open.js";
import { openS3ObjectStore } from "../../src/object/s3/s3-object-store.js";
import { FakeS3 } from "../s3/fake-s3.js";
import { BUCKET } from "../s3/harness.js";
import { startServer, t4, type CommandResult } from "../support/process/t4-command.js";
import { assertDone, assertFails, jsonLines } from "../support/process/t4-results.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

const PROD = `s3://${BUCKET}/prod/`;
const LAST_REVISION = 8;
const CHECKPOINT_REVISION = 6;

const fake = new FakeS3();
let root = "";
let names = 0;
/** Made before the bucket was emptied. */
let newest = "";
let early = "";

function fresh(name: string): string {
  names += 1;
  return join(root, `${name}-${names}`);
}

/** Reaches the fake as `t4 run` would reach another S3. */
async function onS3(...args: string[]): Promise<CommandResult> {
  return t4([...args, ...access()]);
}

function access(): string[] {
  return [
    ...["--s3-endpoint", fake.url, "--s3-region", fake.rules.region],
    ...["--s3-access-key-id", fake.rules.accessKeyId],
    ...["--s3-secret-access-key", fake.rules.secretAccessKey],
  ];
}

before(async () => {
  root = await makeTempDirectory("cli-restore-point");
  fake.createBucket(BUCKET).versioning = "enabled";
  await fake.listen();
  const { accessKeyId, secretAccessKey, region } = fake.rules;
  const objectStore = await openS3ObjectStore({
    ...{ bucket: BUCKET, prefix: "prod", endpoint: fake.url, region },
    ...{ accessKeyId, secretAccessKey },
  });
  const db = await open({ dataDir: join(root, "data"), objectStore });
  for (let revision = 2; revision <= LAST_REVISION; revision += 1) {
    await db.put(`k${revision}`, `v${revision}`);
    if (revision === CHECKPOINT_REVISION) {
      await db.checkpoint();
    }
  }
  await db.close();

  newest = fresh("newest.json");
  const made = await onS3("restore", "point", "--object-store", PROD, "--out", newest);
  assertDone(made);
  assert.match(made.stdout, new RegExp(`${PROD} at revision ${LAST_REVISION} of .*: ${newest}`));
  assert.match(made.stdout, /names \d+ objects of .* as long as the bucket keeps their versions/);
  assert.match(made.stdout, /t4 restore to --restore-point .* --data-dir/);
  early = fresh("early.json");
  const args = ["--object-store", PROD, "--revision", "4", "--out", early, "--json"];
  const [facts] = jsonLines(await onS3("restore", "point", ...args));
  assert.equal(facts?.["revision"], 4);
  assert.equal(facts["file"], early);

  for await (const { key } of objectStore.list("")) {
    await objectStore.put(key, new Uint8Array(3));
  }
  const keys: string[] = [];
  for await (const { key } of objectStore.list("")) {
    keys.push(key);
  }
  await objectStore.delete(keys);
  await objectStore.close();
});

after(async () => {
  await fake.close();
  await removeTempDirectory(root);
});

test("what was deleted is restored into a data directory, without naming the object store", async () => {
  for (const [file, revision] of [
    [newest, LAST_REVISION],
    [early, 4],
  ] as const) {
    const dataDir = fresh("restored");
    const args = ["--restore-point", file, "--data-dir", dataDir];
    assertDone(await onS3("restore", "to", ...args));
    const [meta] = jsonLines(await t4(["inspect", "meta", "--json", "--data-dir", dataDir]));
    assert.equal(meta?.["revision"], revision);
    await using db = await open({ dataDir });
    assert.equal((await db.get(`k${revision}`))?.value, `v${revision}`);
    assert.equal(await db.get(`k${revision + 1}`), undefined);
  }
});

test("t4 run begins an empty prefix with a restore point, and goes on with it when it starts again", async () => {
  const dataDir = fresh("data");
  const objectStore = ["--object-store", `s3://${BUCKET}/restored/`];
  const flags = ["--restore-point", early, ...objectStore, ...access()];
  for (let start = 0; start < 2; start += 1) {
    using server = await startServer(dataDir, flags);
    server.kill("SIGTERM");
    const ended = await server.ended;
    assertDone(ended);
    assert.match(
      ended.stderr,
      start === 0 ? /restored from a restore point/ : /the restore point is not asked again/,
    );
  }
  const lines = jsonLines(await onS3("restore", "list", "--json", ...objectStore));
  assert.equal((lines.at(-1)?.["newest"] as Record<string, unknown>)["revision"], 4);
});

test("without a file, the document goes to standard output", async () => {
  const from = ["--object-store", `s3://${BUCKET}/restored/`];
  const shown = await onS3("restore", "point", ...from);
  assertDone(shown);
  const [facts] = [JSON.parse(shown.stdout) as Record<string, unknown>];
  assert.equal(facts["kind"], "t4-restore-point");
  assert.equal(facts["revision"], 4);
});

test("a restore point that cannot be made or used says why, and leaves no database", async () => {
  const noPoint = fresh("no-point.json");
  writeFileSync(noPoint, "{}");
  const changed = fresh("changed.json");
  writeFileSync(changed, readFileSync(newest, "utf8").replace(`"revision": 8`, `"revision": 7`));
  const later = fresh("later.json");
  writeFileSync(later, readFileSync(newest, "utf8").replace(`"format": 1`, `"format": 2`));
  const cases: [string[], number, RegExp][] = [
    [["--restore-point", fresh("none.json")], 2, /no such file.*t4 restore point/],
    [["--restore-point", noPoint], 1, /no-point.*is no restore point[^]*T4_INVALID_ARGUMENT/],
    [["--restore-point", changed], 1, /changed[^]*T4_CORRUPT/],
    [["--restore-point", later], 1, /later[^]*T4_FORMAT_TOO_NEW/],
    [["--restore-point", newest, "--revision", "3"], 2, /leave --revision/],
    [
      ["--restore-point", newest, "--object-store", `s3://${BUCKET}/elsewhere/`],
      1,
      /is not kept in version.*Use another restore point[^]*T4_NOT_RETAINED/,
    ],
  ];
  await Promise.all(
    cases.map(async ([args, code, message]) => {
      const dataDir = fresh("failed");
      assertFails(await onS3("restore", "to", "--data-dir", dataDir, ...args), code, message);
      assert.ok(!existsSync(join(dataDir, "identity.json")));
    }),
  );
  const from = ["--object-store", `s3://${BUCKET}/restored/`];
  const there = await onS3("restore", "point", ...from, "--out", newest);
  assertFails(there, 1, /exists: name a new file/);
  const gone = await onS3("restore", "point", "--object-store", PROD);
  assertFails(gone, 1, /holds no database/);
  const bucket = fake.createBucket(BUCKET);
  bucket.versioning = "suspended";
  const suspended = await onS3("restore", "point", ...from);
  bucket.versioning = "enabled";
  assertFails(suspended, 1, /turn versioning on.*fork a branch[^]*T4_OBJECT_STORE_UNUSABLE/);
});

test("versions that the bucket has expired are named", async () => {
  const { objects } = JSON.parse(readFileSync(newest, "utf8")) as {
    objects: { key: string; version: string }[];
  };
  const { key, version } = objects.find((each) => each.key.startsWith("data/"))!;
  fake.createBucket(BUCKET).removeVersion(`prod/${key}`, version);
  const args = ["--restore-point", newest, "--data-dir", fresh("failed")];
  const failed = await onS3("restore", "to", ...args);
  assertFails(failed, 1, /T4_NOT_RETAINED/);
  assert.ok(failed.stderr.includes(key), failed.stderr);
});
