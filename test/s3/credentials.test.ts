// Where credentials and the region come from. The SDK reads the environment, so each case sets its own.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { ObjectStore } from "../../src/object/object-store.js";
import { openS3ObjectStore } from "../../src/object/s3/s3-object-store.js";
import type { S3StoreOptions } from "../../src/object/s3/s3-options.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import type { FakeS3 } from "./fake-s3.js";
import { BUCKET, forgetAwsEnvironment, startFake } from "./harness.js";

async function open(
  context: TestContext,
  fake: FakeS3,
  environment: Readonly<Record<string, string>>,
  options: Partial<S3StoreOptions> = {},
): Promise<ObjectStore> {
  context.after(forgetAwsEnvironment);
  Object.assign(process.env, environment);
  const store = await openS3ObjectStore({ bucket: BUCKET, endpoint: fake.url, ...options });
  context.after(async () => store.close());
  return store;
}

async function sharedFiles(context: TestContext): Promise<Record<string, string>> {
  const directory = await makeTempDirectory("aws");
  context.after(async () => removeTempDirectory(directory));
  const files = {
    AWS_CONFIG_FILE: join(directory, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, "credentials"),
  };
  await writeFile(
    files.AWS_CONFIG_FILE,
    "[default]\nregion = eu-west-1\n[profile store]\nregion = eu-north-1\n",
  );
  await writeFile(
    files.AWS_SHARED_CREDENTIALS_FILE,
    "[default]\naws_access_key_id = default-key\naws_secret_access_key = default-secret\n" +
      "[store]\naws_access_key_id = store-key\naws_secret_access_key = store-secret\n",
  );
  return files;
}

const inEnvironment = { AWS_ACCESS_KEY_ID: "test-key", AWS_SECRET_ACCESS_KEY: "test-secret" };

test("credentials of the environment are used without being asked for", async (context) => {
  const fake = await startFake(context);
  assert.equal(await (await open(context, fake, inEnvironment)).get("k"), null);
});

test("the region comes from the environment, and is us-east-1 if nobody names one", async (context) => {
  const fake = await startFake(context, { region: "eu-south-2" });
  const store = await open(context, fake, { ...inEnvironment, AWS_REGION: "eu-south-2" });
  assert.equal(await store.get("k"), null);
});

test("the default profile of the shared files is used without being asked for", async (context) => {
  const fake = await startFake(context, {
    accessKeyId: "default-key",
    secretAccessKey: "default-secret",
    region: "eu-west-1",
  });
  assert.equal(await (await open(context, fake, await sharedFiles(context))).get("k"), null);
});

test("a profile by name brings its credentials and its region, whatever the environment has", async (context) => {
  const fake = await startFake(context, {
    accessKeyId: "store-key",
    secretAccessKey: "store-secret",
    region: "eu-north-1",
  });
  const files = await sharedFiles(context);
  const named = await open(context, fake, { ...files, ...inEnvironment }, { profile: "store" });
  assert.equal(await named.get("k"), null);
  const byVariable = await open(context, fake, { ...files, AWS_PROFILE: "store" });
  assert.equal(await byVariable.get("k"), null);
});

test("credentials among the options win over all others", async (context) => {
  const fake = await startFake(context, { accessKeyId: "own", secretAccessKey: "own-secret" });
  const store = await open(
    context,
    fake,
    { ...inEnvironment, AWS_PROFILE: "default", ...(await sharedFiles(context)) },
    { accessKeyId: "own", secretAccessKey: "own-secret", region: "us-east-1" },
  );
  assert.equal(await store.get("k"), null);
});

test("a session token is sent along", async (context) => {
  const fake = await startFake(context);
  const store = await open(context, fake, { ...inEnvironment, AWS_SESSION_TOKEN: "temporary" });
  await store.get("k");
  assert.equal(fake.requests[0]?.headers["x-amz-security-token"], "temporary");
});

test("without credentials nothing is sent, and the message says where they can come from", async (context) => {
  const fake = await startFake(context);
  const store = await open(context, fake, {});
  const message =
    /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.*--s3-access-key-id.*--s3-secret-access-key.*--s3-profile/u;
  const denied = { name: "ObjectStoreError", code: "denied", message };
  await assert.rejects(store.get("k"), denied);
  await assert.rejects(store.putIf("k", new Uint8Array(1), { kind: "absent" }), denied);
  assert.equal(fake.requests.length, 0);
});

test("a profile that does not exist is named", async (context) => {
  const fake = await startFake(context);
  const files = await sharedFiles(context);
  const store = await open(context, fake, files, { profile: "missing" });
  await assert.rejects(store.get("k"), { code: "denied", message: /missing/u });
});
