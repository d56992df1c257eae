// Large objects are sent in parts; each part survives the faults that a whole body would.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectSource } from "../../src/object/object-store.js";
import { internalError } from "./fake/faults.js";
import { BUCKET, bytes, hastyClock, openStore, startFake } from "./harness.js";
import { until } from "./until.js";

const PART = 16 * 1024 * 1024;

function pattern(size: number): Uint8Array {
  const body = new Uint8Array(size);
  for (let at = 0; at < size; at += 4096) {
    body[at] = at >>> 12;
  }
  return body;
}

function sourceOf(body: Uint8Array, reads: number[] = []): ObjectSource {
  return {
    bytes: body.length,
    async read(offset, length) {
      reads.push(length);
      return Promise.resolve(body.slice(offset, offset + length));
    },
  };
}

test("a body up to 16 MiB is one request, a larger one is parts", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  await store.put("one", sourceOf(pattern(PART)));
  assert.deepEqual(
    fake.requests.map(({ operation }) => operation),
    ["PutObject"],
  );
  const reads: number[] = [];
  const body = pattern(2 * PART + 1);
  await store.put("three", sourceOf(body, reads));
  assert.deepEqual(reads, [PART, PART, 1]);
  assert.equal(fake.count("UploadPart"), 3);
  const whole = await store.get("three");
  assert.equal(Buffer.compare(whole?.body ?? bytes(""), body), 0);
  const range = await store.getRange("three", { offset: PART - 3, length: 6 });
  assert.deepEqual(range, body.slice(PART - 3, PART + 3));
  assert.deepEqual(await store.head("three"), { key: "three", bytes: body.length });
});

test("requests of an upload that fail are sent again alone", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, {}, { clock: hastyClock });
  const body = pattern(PART + 7);
  for (const operation of ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]) {
    fake.faults.next(operation, internalError);
    fake.faults.next(operation, { kind: "drop-before" });
  }
  const reads: number[] = [];
  await store.put("k", sourceOf(body, reads));
  assert.deepEqual(reads, [PART, 7]);
  assert.equal(fake.count("UploadPart"), 4);
  assert.equal(Buffer.compare((await store.get("k"))?.body ?? bytes(""), body), 0);
});

test("an upload whose last answer was lost is recognised as complete", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, {}, { clock: hastyClock });
  fake.faults.next("CompleteMultipartUpload", { kind: "drop-after" });
  const body = pattern(PART + 7);
  await store.put("k", body);
  assert.equal(Buffer.compare((await store.get("k"))?.body ?? bytes(""), body), 0);
  assert.equal(fake.count("AbortMultipartUpload"), 0);
});

test("an upload that vanished, with another object in its place, is no success", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, {}, { clock: hastyClock });
  await store.put("k", bytes("another"));
  fake.faults.next("CompleteMultipartUpload", {
    kind: "refuse",
    status: 404,
    code: "NoSuchUpload",
  });
  await assert.rejects(store.put("k", pattern(PART + 7)), { code: "unavailable" });
});

test("an upload that fails or is given up is taken back", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { retryTimeoutMs: 1 });
  fake.faults.next("UploadPart", internalError);
  await assert.rejects(store.put("k", pattern(PART + 7)), { code: "unavailable" });
  assert.equal(fake.count("AbortMultipartUpload"), 1);

  const giveUp = new AbortController();
  fake.faults.next("UploadPart", { kind: "hang" });
  const call = store.put("k", pattern(PART + 7), { signal: giveUp.signal });
  await Promise.all([
    assert.rejects(call, { code: "cancelled" }),
    until(() => fake.count("UploadPart") === 2).then(() => {
      giveUp.abort();
    }),
  ]);

  const failing: ObjectSource = {
    bytes: PART + 7,
    read: async () => Promise.reject(new Error("the disk failed")),
  };
  await assert.rejects(store.put("k", failing), { message: "the disk failed" });
  assert.equal(fake.count("AbortMultipartUpload"), 3);
  assert.equal(fake.createBucket(BUCKET).uploads.size, 0);
  assert.equal(await store.get("k"), null);
});
