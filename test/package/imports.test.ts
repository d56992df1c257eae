// What an import loads: an embedded store must not pay for a server, nor for a client of an object store.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** The npm packages that a process has loaded after importing a file of src/. The SDK is CommonJS and stays in its cache. */
async function packagesLoadedBy(file: string): Promise<string[]> {
  const url = new URL(`../../src/${file}`, import.meta.url).href;
  const program = `
    import { Module } from "node:module";
    await import(${JSON.stringify(url)});
    console.log(JSON.stringify(Object.keys(Module._cache)));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" } },
  );
  const names = (JSON.parse(stdout) as string[]).map(
    (path) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/u.exec(path)?.[1] ?? path,
  );
  return [...new Set(names)];
}

test("t4db loads no package at all", async () => {
  assert.deepEqual(await packagesLoadedBy("index.js"), []);
});

test("t4db/server loads no S3 client", async () => {
  const names = await packagesLoadedBy("server/index.js");
  assert.deepEqual(
    names.filter((name) => /aws|smithy/u.test(name)),
    [],
  );
});

test("t4db/s3 loads one, so that the tests above would see it", async () => {
  assert.ok((await packagesLoadedBy("object/s3/index.js")).includes("@aws-sdk/client-s3"));
});
