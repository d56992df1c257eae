// Each thing that is set up wrongly has its own message, which says what to do.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import type { ObjectStore } from "../../src/object/object-store.js";
import { openS3ObjectStore } from "../../src/object/s3/s3-object-store.js";
import { BUCKET, bytes, openStore, startFake } from "./harness.js";

const now = { retryTimeoutMs: 1 };

async function isRefused(
  call: Promise<unknown>,
  code: string,
  ...messages: readonly RegExp[]
): Promise<void> {
  await assert.rejects(call, (error: Error & { code?: string }) => {
    assert.equal(error.name, "ObjectStoreError");
    assert.equal(error.code, code, error.message);
    for (const message of messages) {
      assert.match(error.message, message);
    }
    assert.doesNotMatch(error.message, /test-secret/u);
    return true;
  });
}

const firstCalls: readonly ((store: ObjectStore) => Promise<unknown>)[] = [
  async (store) => store.get("k"),
  async (store) => store.putIf("k", bytes("1"), { kind: "absent" }),
  async (store) => store.list("")[Symbol.asyncIterator]().next(),
  async (store) => store.delete(["a", "b"]),
];

test("a bucket that is not there", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { bucket: "other" });
  for (const call of firstCalls) {
    await isRefused(call(store), "not-found", /no bucket "other"/u, /create it.*--s3-bucket/u);
  }
});

for (const wrongRegion of ["malformed", "redirect"] as const) {
  test(`a wrong region, told by ${wrongRegion}: the right one is named`, async (context) => {
    const fake = await startFake(context, { region: "eu-central-1", wrongRegion });
    const store = await openStore(context, fake);
    for (const call of firstCalls) {
      await isRefused(call(store), "not-found", /us-east-1/u, /set --s3-region eu-central-1/u);
    }
    const right = await openStore(context, fake, { region: "eu-central-1" });
    assert.equal(await right.get("k"), null);
  });
}

test("a redirect that does not name the region", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  fake.faults.always("*", { kind: "refuse", status: 301, code: "PermanentRedirect" });
  await isRefused(store.get("k"), "not-found", /not in region us-east-1/u, /--s3-region/u);
});

test("an access key that nobody knows", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { accessKeyId: "nobody" });
  for (const call of firstCalls) {
    await isRefused(
      call(store),
      "denied",
      /does not know the access key id/u,
      /--s3-access-key-id/u,
    );
  }
});

test("a secret that does not belong to its key", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { secretAccessKey: "wrong" });
  await isRefused(store.get("k"), "denied", /secret access key does not belong/u);
});

test("what the credentials do not allow is named as policies name it", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  fake.faults.always("*", { kind: "refuse", status: 403, code: "AccessDenied" });
  const expected = [/s3:GetObject/u, /s3:PutObject/u, /s3:ListBucket/u, /s3:DeleteObject/u];
  for (const [at, call] of firstCalls.entries()) {
    await isRefused(call(store), "denied", /docs\/object-stores\.md/u, expected[at]!);
  }
  await isRefused(store.head("k"), "denied", /s3:ListBucket/u);
});

test("temporary credentials that have expired", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  fake.faults.always("*", { kind: "refuse", status: 400, code: "ExpiredToken" });
  await isRefused(store.get("k"), "denied", /renew them/u);
});

test("a store without room", async (context) => {
  const fake = await startFake(context, { quirks: { bytesMax: 10 } });
  const store = await openStore(context, fake);
  await isRefused(store.put("k", new Uint8Array(11)), "full", /free space, or raise the quota/u);
  await store.put("k", new Uint8Array(10));
  for (const [status, code] of [
    [507, "Whatever"],
    [400, "EntityTooLarge"],
    [413, "Whatever"],
    [507, "XMinioStorageFull"],
  ] as const) {
    fake.faults.next("PutObject", { kind: "refuse", status, code });
    await isRefused(store.put("k", bytes("1")), "full");
  }
});

test("a store that knows no conditions", async (context) => {
  const fake = await startFake(context, { quirks: { conditions: "not-implemented" } });
  const store = await openStore(context, fake);
  const put = store.putIf("k", bytes("1"), { kind: "absent" });
  await isRefused(put, "unsupported", /docs\/object-stores\.md/u, /501/u);
});

test("a store that lists in an order of its own", async (context) => {
  const fake = await startFake(context, { quirks: { listOrder: "reversed" } });
  const store = await openStore(context, fake);
  await store.put("a", bytes("1"));
  await store.put("b", bytes("1"));
  const list = async (): Promise<void> => {
    for await (const info of store.list("")) {
      assert.ok(info.key !== "");
    }
  };
  await isRefused(list(), "unsupported", /S3 Express/u);
});

test("an endpoint at which nothing listens", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { ...now, endpoint: "http://127.0.0.1:1" });
  await isRefused(store.get("k"), "unavailable", /nothing listens at http:\/\/127\.0\.0\.1:1/u);
});

test("a host that has no address", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { ...now, endpoint: "http://no.such.host.invalid" });
  await isRefused(store.get("k"), "unavailable", /has no address: check --s3-endpoint/u);
});

test("https to a server without TLS", async (context) => {
  const fake = await startFake(context);
  const endpoint = fake.url.replace("http:", "https:");
  const store = await openStore(context, fake, { ...now, endpoint });
  await isRefused(store.get("k"), "unavailable", /is it http:\/\/ rather than https/u);
});

async function webServer(context: TestContext, status: number, body: string): Promise<string> {
  const server: Server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a web server that is no S3 is not taken for an empty store", async (context) => {
  const fake = await startFake(context);
  const page = "<html><body>a page</body></html>";
  for (const [status, body] of [
    [404, page],
    [404, ""],
    [404, "{}"],
    [200, page],
    [200, ""],
  ] as const) {
    const endpoint = await webServer(context, status, body);
    const store = await openStore(context, fake, { ...now, endpoint });
    await assert.rejects(store.get("k"), { name: "ObjectStoreError" });
    for (const condition of [{ kind: "absent" }, { kind: "match", tag: '"1"' }] as const) {
      const { kind } = await store
        .putIf("k", bytes("1"), condition)
        .catch(() => ({ kind: "thrown" }));
      assert.match(kind, /unknown|thrown/u);
    }
  }
});

test("options that contradict themselves are refused before any request", async () => {
  const refused = { name: "T4Error", code: "T4_INVALID_ARGUMENT" };
  const open = async (options: object): Promise<unknown> =>
    openS3ObjectStore({ bucket: BUCKET, ...options });
  await assert.rejects(open({ bucket: "" }), refused);
  await assert.rejects(open({ bucket: "bucket/prefix" }), refused);
  await assert.rejects(open({ accessKeyId: "only" }), {
    ...refused,
    message: /no secret access key/u,
  });
  await assert.rejects(open({ secretAccessKey: "only" }), {
    ...refused,
    message: /no access key id/u,
  });
  await assert.rejects(open({ endpoint: "s3.example.com" }), { ...refused, message: /https:/u });
  await assert.rejects(open({ prefix: "a/../b" }), refused);
  await assert.rejects(open({ prefix: "x".repeat(600) }), refused);
  await assert.rejects(open({ attemptTimeoutMs: 0 }), refused);
});

test("a prefix means the same with and without slashes", async (context) => {
  const fake = await startFake(context);
  for (const prefix of ["a/b", "/a/b", "a/b/", "//a//b//"]) {
    const store = await openStore(context, fake, { prefix });
    assert.equal(store.url, "s3://bucket/a/b/");
    assert.equal(store.at("../c/").url, "s3://bucket/a/c/");
    assert.equal(store.at("../../").url, "s3://bucket/");
    assert.throws(() => store.at("../../../"), { code: "unsupported" });
  }
  const whole = await openStore(context, fake, { prefix: "" });
  assert.equal(whole.url, "s3://bucket/");
  await whole.put("top", bytes("1"));
  assert.deepEqual(fake.createBucket(BUCKET).keys(), ["top"]);
});
