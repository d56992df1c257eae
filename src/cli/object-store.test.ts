import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveFlags } from "./flags/archive-flags.js";
import { archiveSettings, objectStoreUrl, sourceUrl } from "./object-store.js";

const defaults: ArchiveFlags = {
  walSyncUpload: true,
  walLingerMs: 20,
  walBatchBytesMax: 4_194_304,
  checkpointIntervalMin: 15,
  checkpointEntries: 0,
  checkpointObjects: 2_000,
  checkpointKeep: 3,
  restoreWindow: 86_400_000,
  gcGrace: 86_400_000,
  objectStoreTimeout: 300_000,
};

test("a store is named by its URL or by bucket and prefix, with slashes or without", () => {
  assert.equal(objectStoreUrl({}), null);
  assert.equal(objectStoreUrl({ objectStore: "file:///a" }), "file:///a");
  for (const s3Prefix of ["prod/db", "/prod/db", "prod/db/", "//prod/db//"]) {
    assert.equal(objectStoreUrl({ s3Bucket: "b", s3Prefix }), "s3://b/prod/db/");
  }
  assert.equal(objectStoreUrl({ s3Bucket: "b" }), "s3://b/");
});

test("flags that contradict each other or say nothing are refused", () => {
  assert.throws(() => objectStoreUrl({ objectStore: "file:///a", s3Bucket: "b" }), /alone/);
  assert.throws(() => objectStoreUrl({ s3Region: "eu-central-1" }), /--s3-region .* bucket/);
  assert.throws(() => archiveSettings({ ...defaults, restoreRevision: 5 }), /need an object store/);
  const store = { ...defaults, objectStore: "s3://b/p" };
  assert.throws(() => archiveSettings({ ...store, restoreTime: 1 }), /--branch-prefix/);
  assert.throws(
    () => archiveSettings({ ...store, branchPrefix: "q", restoreTime: 1, restoreRevision: 2 }),
    /use one of them/,
  );
  const pinned = { ...defaults, restorePoint: "point.json" };
  assert.throws(() => archiveSettings(pinned), /t4 restore to --restore-point/);
  assert.throws(() => archiveSettings({ ...store, ...pinned, branchPrefix: "q" }), /one state/);
  assert.throws(() => archiveSettings({ ...store, ...pinned, restoreTime: 1 }), /one state/);
  assert.throws(() => archiveSettings({ ...store, restorePoint: "/none" }), /--restore-point: /);
  assert.equal(archiveSettings(defaults), null);
});

test("a branch's source is a URL, a prefix of the same bucket, or a directory", () => {
  assert.equal(sourceUrl("s3://b/p/", "prod"), "s3://b/prod/");
  assert.equal(sourceUrl("s3://b/p/", "s3://b/other/"), "s3://b/other/");
  assert.equal(sourceUrl("file:///a/b", "/a/c"), "file:///a/c");
  const settings = archiveSettings({
    ...defaults,
    s3Bucket: "b",
    s3Prefix: "p",
    branchPrefix: "q",
  });
  assert.deepEqual(settings?.branch, { source: "s3://b/q/" });
});
