import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { makeTempDirectory, removeTempDirectory } from "../../test/support/temp-directory.js";
import { systemClock } from "../runtime/system-clock.js";
import { objectStoreT4Error } from "./object-errors.js";
import { ObjectStoreError } from "./object-store.js";
import { openObjectStore } from "./open-object-store.js";

const world = { clock: systemClock, random: new SeededRandom(1) };

suite("an object store by its URL", () => {
  test("a file URL opens a directory, whatever characters its path has", async () => {
    const directory = await makeTempDirectory("objects");
    try {
      const url = pathToFileURL(`${directory}/with space & ü/deeper`).href;
      const store = await openObjectStore(url, world);
      await store.put("a/k", new Uint8Array([7]));
      await store.close();
      const again = await openObjectStore(`${url}/`, world);
      assert.equal(again.url, `${url}/`);
      assert.deepEqual((await again.get("a/k"))?.body, new Uint8Array([7]));
      await again.close();
    } finally {
      await removeTempDirectory(directory);
    }
  });

  test("an S3 URL names a bucket and a prefix", async () => {
    for (const [url, opened] of [
      ["s3://bucket", "s3://bucket/"],
      ["s3://bucket/", "s3://bucket/"],
      ["s3://bucket/a/b", "s3://bucket/a/b/"],
    ] as const) {
      const store = await openObjectStore(url, world);
      assert.equal(store.url, opened);
      await store.close();
    }
  });

  for (const url of [
    "",
    "/data/objects",
    "file:",
    "file://data/objects",
    "file:///",
    "file:///data?x=1",
    "file:///data%2Fobjects",
    "memory:",
    "gs://bucket/prefix",
    "s3:bucket",
    "s3:///prefix",
    "s3://bucket/prefix?x=1",
  ]) {
    test(`"${url}" is refused with the forms that are known`, async () => {
      await assert.rejects(openObjectStore(url, world), (error: Error & { code?: string }) => {
        assert.equal(error.code, "T4_INVALID_ARGUMENT");
        assert.ok(error.message.includes(`"${url}"`), error.message);
        assert.ok(error.message.includes("file:///path"), error.message);
        return true;
      });
    });
  }

  test("its errors leave as T4 errors, with their message", () => {
    const codeOf = (code: ConstructorParameters<typeof ObjectStoreError>[0]): string => {
      const error = objectStoreT4Error(new ObjectStoreError(code, "what to do"));
      assert.equal(error.message, "what to do");
      assert.ok(error.cause instanceof ObjectStoreError);
      return error.code;
    };
    assert.equal(codeOf("unavailable"), "T4_UNAVAILABLE");
    assert.equal(codeOf("denied"), "T4_OBJECT_STORE_UNUSABLE");
    assert.equal(codeOf("not-found"), "T4_OBJECT_STORE_UNUSABLE");
    assert.equal(codeOf("full"), "T4_OBJECT_STORE_UNUSABLE");
    assert.equal(codeOf("unsupported"), "T4_OBJECT_STORE_UNUSABLE");
    assert.equal(codeOf("damaged"), "T4_CORRUPT");
    assert.equal(codeOf("cancelled"), "T4_CANCELLED");
  });
});
