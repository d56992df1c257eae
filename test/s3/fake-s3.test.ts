// The fake is as strict as what it stands for: the SDK's own client, and raw requests, against it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { BUCKET as Bucket, openStore, startFake } from "./harness.js";
import { FakeS3 } from "./fake-s3.js";

function clientOf(context: TestContext, fake: FakeS3, config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({
    endpoint: fake.url,
    region: fake.rules.region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: fake.rules.accessKeyId,
      secretAccessKey: fake.rules.secretAccessKey,
    },
    ...config,
  });
  context.after(() => {
    client.destroy();
  });
  return client;
}

test("keys that need every kind of escape come back as they were", async (context) => {
  const fake = await startFake(context);
  const client = clientOf(context, fake);
  const keys = ["a b", "a+b", "a%20b", "a&b=c?d", "<a>'\"", "ä/é/😀", "x//y", "(a)!*'"];
  for (const Key of keys) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  }
  for (const Key of keys) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    assert.equal(await Body?.transformToString(), Key);
  }
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
  const byBytes = [...keys].sort((left, right) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  assert.deepEqual(
    Contents?.map(({ Key }) => Key),
    byBytes,
  );
  // Keys of others do not disturb a store that lists them.
  const store = await openStore(context, fake, { prefix: "" });
  const listed: string[] = [];
  for await (const { key } of store.list("")) {
    listed.push(key);
  }
  assert.deepEqual(listed, byBytes);
});

test("checksums of the SDK's default settings are verified", async (context) => {
  const fake = await startFake(context);
  const client = clientOf(context, fake);
  await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "hello" }));
  assert.ok(fake.requests[0]?.headers["x-amz-checksum-crc32"] !== undefined);
  for (const wrong of [
    { ChecksumCRC32: "AAAAAA==" },
    { ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" },
    { ChecksumSHA256: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
  ]) {
    const put = new PutObjectCommand({ Bucket, Key: "k", Body: "other", ...wrong });
    await assert.rejects(client.send(put), { name: "BadDigest" });
  }
});

test("a request that is not signed, or is signed wrongly, is refused", async (context) => {
  const fake = await startFake(context);
  const url = `${fake.url}/${Bucket}/k`;
  const anonymous = await fetch(url, { method: "PUT", body: "x" });
  assert.equal(anonymous.status, 403);

  const client = clientOf(context, fake);
  // Changes a request after it was signed, as one who listens on the line could.
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { path: string };
      request.path = request.path.replace("/mine", "/yours");
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  await assert.rejects(client.send(new PutObjectCommand({ Bucket, Key: "mine", Body: "x" })), {
    name: "SignatureDoesNotMatch",
  });
  assert.deepEqual(fake.createBucket(Bucket).keys(), ["k"]);
});

test("a date that is too far off is refused", async (context) => {
  const fake = await startFake(context);
  const command = new GetObjectCommand({ Bucket, Key: "k" });
  fake.clockOffsetMs = 14 * 60_000;
  await assert.rejects(clientOf(context, fake).send(command), { name: "NoSuchKey" });
  fake.clockOffsetMs = 16 * 60_000;
  await assert.rejects(clientOf(context, fake).send(command), { name: "RequestTimeTooSkewed" });
});

test("a conditional delete removes only what it was meant for", async (context) => {
  const fake = await startFake(context);
  const client = clientOf(context, fake);
  const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "1" }));
  const remove = (IfMatch: string | undefined): DeleteObjectCommand =>
    new DeleteObjectCommand({ Bucket, Key: "k", IfMatch });
  await assert.rejects(client.send(remove('"other"')), { name: "PreconditionFailed" });
  await client.send(remove(ETag));
  await assert.rejects(client.send(remove(ETag)), { name: "NoSuchKey" });
});

test("a versioned bucket keeps what is overwritten and deleted", async (context) => {
  const fake = await startFake(context);
  const client = clientOf(context, fake);
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  const put = async (Body: string) => client.send(new PutObjectCommand({ Bucket, Key: "k", Body }));
  const first = await put("one");
  await put("two");
  await client.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  await assert.rejects(client.send(new GetObjectCommand({ Bucket, Key: "k" })), {
    name: "NoSuchKey",
  });
  const old = await client.send(
    new GetObjectCommand({ Bucket, Key: "k", VersionId: first.VersionId }),
  );
  assert.equal(await old.Body?.transformToString(), "one");
  const list = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: "k" }));
  assert.equal(list.Versions?.length, 2);
  assert.equal(list.DeleteMarkers?.length, 1);
});

test("streams that the SDK would send in signed chunks are refused", async (context) => {
  const fake = await startFake(context);
  const client = clientOf(context, fake);
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(10);
    await Promise.resolve();
  }
  const { Readable } = await import("node:stream");
  const Body = Readable.from(chunks());
  const put = new PutObjectCommand({ Bucket, Key: "k", Body, ContentLength: 10 });
  await assert.rejects(client.send(put));
  assert.deepEqual(fake.createBucket(Bucket).keys(), []);
});

test("it runs as a process of its own", async (context) => {
  const program = fileURLToPath(new URL("./fake-s3-main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "--bucket", Bucket, "--secret-access-key", "s"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  const [endpoint] = (await once(createInterface(child.stdout), "line")) as [string];
  const rules = { ...new FakeS3().rules, secretAccessKey: "s" };
  const store = await openStore(context, { url: endpoint, rules });
  await store.put("k", new Uint8Array(3));
  assert.deepEqual(await store.head("k"), { key: "k", bytes: 3 });
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
});
