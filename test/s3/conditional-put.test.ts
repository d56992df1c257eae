// Compare and swap over S3: what each answer, and each kind of missing answer, is taken for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectStoreError, type PutOutcome } from "../../src/object/object-store.js";
import { ManualClock } from "../support/manual-clock.js";
import { conflict, internalError, slowDown, type Fault } from "./fake/faults.js";
import { bytes, hastyClock, openStore, startFake, text } from "./harness.js";
import { until } from "./until.js";

function tagOf(outcome: PutOutcome): string {
  assert.ok(outcome.kind === "won", outcome.kind);
  return outcome.tag;
}

function causeOf(outcome: PutOutcome): ObjectStoreError {
  assert.ok(outcome.kind === "unknown" && outcome.cause instanceof ObjectStoreError, outcome.kind);
  return outcome.cause;
}

test("create and swap are won once, and lost by everybody else", async (context) => {
  const store = await openStore(context, await startFake(context));
  const first = tagOf(await store.putIf("k", bytes("1"), { kind: "absent" }));
  assert.deepEqual(await store.putIf("k", bytes("2"), { kind: "absent" }), { kind: "lost" });
  const second = tagOf(await store.putIf("k", bytes("3"), { kind: "match", tag: first }));
  assert.deepEqual(await store.putIf("k", bytes("4"), { kind: "match", tag: first }), {
    kind: "lost",
  });
  assert.deepEqual(await store.putIf("none", bytes("5"), { kind: "match", tag: second }), {
    kind: "lost",
  });
  const object = await store.get("k");
  assert.equal(text(object?.body), "3");
  assert.equal(object?.tag, second);
});

const ambiguous: readonly (readonly [string, Fault, "written" | "not written"])[] = [
  ["a 500", internalError, "not written"],
  ["a 503 SlowDown", slowDown(), "not written"],
  ["a 503 with Retry-After", slowDown(1), "not written"],
  ["a 409 ConditionalRequestConflict", conflict, "not written"],
  ["a 408", { kind: "refuse", status: 408, code: "RequestTimeout" }, "not written"],
  ["a 429", { kind: "refuse", status: 429, code: "TooManyRequests" }, "not written"],
  ["a request that was dropped", { kind: "drop-before" }, "not written"],
  ["a lost answer", { kind: "drop-after" }, "written"],
];

for (const [what, fault, effect] of ambiguous) {
  test(`${what} makes a conditional put unknown, and it is not sent again`, async (context) => {
    const fake = await startFake(context);
    const store = await openStore(context, fake, {}, { clock: hastyClock });
    fake.faults.next("PutObject", fault);
    const cause = causeOf(await store.putIf("k", bytes("mine"), { kind: "absent" }));
    assert.equal(cause.code, "unavailable");
    assert.equal(fake.count("PutObject"), 1);
    const object = await store.get("k");
    assert.equal(object === null ? "not written" : "written", effect);
  });
}

test("a conditional put without an answer is unknown when its time is up", async (context) => {
  const fake = await startFake(context);
  const clock = new ManualClock();
  const store = await openStore(context, fake, {}, { clock });
  fake.faults.next("PutObject", { kind: "hang-after" });
  const outcome = store.putIf("k", bytes("mine"), { kind: "absent" });
  await until(() => fake.count("PutObject") === 1);
  clock.advance(10_000 - 1);
  clock.advance(2);
  const cause = causeOf(await outcome);
  assert.equal(cause.code, "unavailable");
  assert.match(cause.message, /PutObject of s3:\/\/bucket\/prefix\/k: no answer within \d+ ms/u);
  assert.equal(fake.count("PutObject"), 1);
});

test("a conditional put that its caller gives up is unknown, unless it had not begun", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  const giveUp = new AbortController();
  fake.faults.next("PutObject", { kind: "hang-after" });
  const options = { signal: giveUp.signal };
  const outcome = store.putIf("k", bytes("mine"), { kind: "absent" }, options);
  await until(() => fake.count("PutObject") === 1);
  giveUp.abort();
  assert.equal(causeOf(await outcome).code, "cancelled");
  await assert.rejects(store.putIf("k", bytes("mine"), { kind: "absent" }, options), {
    name: "ObjectStoreError",
    code: "cancelled",
  });
  assert.equal(fake.count("PutObject"), 1);
});

const certain: readonly (readonly [number, string, string])[] = [
  [403, "AccessDenied", "denied"],
  [403, "InvalidAccessKeyId", "denied"],
  [403, "QuotaExceeded", "full"],
  [404, "NoSuchBucket", "not-found"],
  [301, "PermanentRedirect", "not-found"],
  [400, "InvalidRequest", "unsupported"],
  [405, "MethodNotAllowed", "unsupported"],
  [501, "NotImplemented", "unsupported"],
  [507, "InsufficientStorage", "full"],
];

for (const [status, code, expected] of certain) {
  test(`${status} ${code} of a conditional put is thrown: nothing was written`, async (context) => {
    const fake = await startFake(context);
    const store = await openStore(context, fake);
    fake.faults.next("PutObject", { kind: "refuse", status, code });
    await assert.rejects(store.putIf("k", bytes("mine"), { kind: "absent" }), {
      name: "ObjectStoreError",
      code: expected,
    });
    assert.equal(fake.count("PutObject"), 1);
  });
}

test("a store that takes tags only without quotes is found out once and then given what it takes", async (context) => {
  const fake = await startFake(context, { quirks: { unquotedTagsOnly: true } });
  const store = await openStore(context, fake);
  let tag = tagOf(await store.putIf("k", bytes("0"), { kind: "absent" }));
  tag = tagOf(await store.putIf("k", bytes("1"), { kind: "match", tag }));
  // The create; the swap with quotes; the look; the swap without.
  assert.equal(fake.requests.length, 4);
  tagOf(await store.putIf("k", bytes("2"), { kind: "match", tag }));
  const other = store.at("../other/");
  tag = tagOf(await other.putIf("k", bytes("2"), { kind: "absent" }));
  tagOf(await other.putIf("k", bytes("3"), { kind: "match", tag }));
  assert.equal(fake.requests.length, 7);
});

test("where tags are taken with quotes, one that is stale is refused without another request", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  const first = tagOf(await store.putIf("k", bytes("0"), { kind: "absent" }));
  const stale = { kind: "match", tag: first } as const;
  tagOf(await store.putIf("k", bytes("1"), stale));
  const before = fake.requests.length;
  assert.equal((await store.putIf("k", bytes("2"), stale)).kind, "lost");
  assert.equal(fake.requests.length, before + 1);
});

test("while the form of tags is not known, a stale one is lost, and unknown if nobody can look", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { retryTimeoutMs: 1 });
  await store.put("k", bytes("0"));
  const stale = { kind: "match", tag: '"0123456789abcdef0123456789abcdef"' } as const;
  assert.equal((await store.putIf("k", bytes("1"), stale)).kind, "lost");
  fake.faults.next("HeadObject", internalError);
  assert.equal(causeOf(await store.putIf("k", bytes("1"), stale)).code, "unavailable");
  assert.equal(text((await store.get("k"))?.body), "0");
});

test("in a versioned bucket a deleted object is absent", async (context) => {
  const fake = await startFake(context);
  fake.createBucket("bucket").versioning = "enabled";
  const store = await openStore(context, fake);
  tagOf(await store.putIf("k", bytes("1"), { kind: "absent" }));
  await store.delete(["k"]);
  assert.equal(await store.get("k"), null);
  tagOf(await store.putIf("k", bytes("2"), { kind: "absent" }));
  assert.equal((await store.putIf("k", bytes("3"), { kind: "absent" })).kind, "lost");
});
