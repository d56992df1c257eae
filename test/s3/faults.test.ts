// What may be repeated is, until it succeeds or time is up; what comes back damaged is never given out.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectStore } from "../../src/object/object-store.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import type { Clock } from "../../src/runtime/clock.js";
import { ManualClock } from "../support/manual-clock.js";
import { SeededRandom } from "../support/seeded-random.js";
import { conflict, internalError, slowDown, type Fault } from "./fake/faults.js";
import { BUCKET, bytes, hastyClock, openStore, startFake, text } from "./harness.js";
import { until } from "./until.js";

/** A clock on which no wait takes time, and which notes how long each would have been. */
function notingClock(delaysMs: number[]): Clock {
  return {
    ...hastyClock,
    after(delayMs, run) {
      if (delayMs < 10_000) {
        delaysMs.push(delayMs);
      }
      return hastyClock.after(delayMs, run);
    },
  };
}

async function keysOf(store: ObjectStore, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) {
    keys.push(key);
  }
  return keys;
}

/** Every call that may be repeated, and the request it makes. */
const repeatable: readonly (readonly [string, (store: ObjectStore) => Promise<unknown>])[] = [
  ["GetObject", async (store) => text((await store.get("old"))?.body)],
  ["GetObject", async (store) => text(await store.getRange("old", { offset: 1, length: 2 }))],
  ["HeadObject", async (store) => store.head("old")],
  ["PutObject", async (store) => store.put("new", bytes("new"))],
  ["DeleteObject", async (store) => store.delete(["old"])],
  ["DeleteObjects", async (store) => store.delete(["old", "other"])],
  ["ListObjectsV2", async (store) => keysOf(store)],
];

const passing: readonly Fault[] = [
  internalError,
  slowDown(),
  { kind: "drop-before" },
  { kind: "drop-after" },
  { kind: "refuse", status: 429, code: "TooManyRequests" },
  { kind: "refuse", status: 408, code: "RequestTimeout" },
  { kind: "refuse", status: 502, code: "BadGateway" },
];

for (const [operation, call] of repeatable) {
  test(`${operation} is sent again after every passing fault: ${call.toString()}`, async (context) => {
    const fake = await startFake(context);
    const store = await openStore(context, fake, {}, { clock: hastyClock });
    await store.put("old", bytes("value"));
    const expected = await call(store);
    await store.put("old", bytes("value"));
    const before = fake.count(operation);
    for (const fault of passing) {
      fake.faults.next(operation, fault);
    }
    assert.deepEqual(await call(store), expected);
    assert.equal(fake.count(operation), before + passing.length + 1);
  });

  test(`${operation} is not sent again after a refusal: ${call.toString()}`, async (context) => {
    const fake = await startFake(context);
    const store = await openStore(context, fake, {}, { clock: hastyClock });
    fake.faults.always(operation, { kind: "refuse", status: 403, code: "AccessDenied" });
    await assert.rejects(call(store), { code: "denied" });
    assert.equal(fake.count(operation), 1);
  });
}

test("waits between tries double with full jitter, up to 5 s", async (context) => {
  const fake = await startFake(context);
  const delaysMs: number[] = [];
  const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0.5 };
  const store = await openStore(context, fake, {}, { clock: notingClock(delaysMs), random });
  fake.faults.next("GetObject", internalError, 10);
  assert.equal(await store.get("k"), null);
  assert.deepEqual(delaysMs, [25, 50, 100, 200, 400, 800, 1600, 2500, 2500, 2500]);
});

test("a store that asks for patience gets it", async (context) => {
  const fake = await startFake(context);
  const delaysMs: number[] = [];
  const store = await openStore(context, fake, {}, { clock: notingClock(delaysMs) });
  fake.faults.next("GetObject", slowDown(7));
  assert.equal(await store.get("k"), null);
  assert.deepEqual(delaysMs, [7000]);
});

test("repetition ends with its budget of time, and the error says why", async (context) => {
  const fake = await startFake(context);
  let nowMs = 0;
  // Every wait takes the time it should, at once.
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      return systemClock.after(delayMs >= 10_000 ? delayMs : 0, () => {
        nowMs += delayMs;
        run();
      });
    },
  };
  const store = await openStore(context, fake, {}, { clock });
  fake.faults.always("GetObject", slowDown());
  await assert.rejects(store.get("k"), {
    code: "unavailable",
    message: /GetObject of s3:\/\/bucket\/prefix\/k .*fewer requests.*SlowDown, status 503/u,
  });
  assert.ok(nowMs < 30_000);
  assert.ok(fake.count("GetObject") > 5, `${fake.count("GetObject")} tries in ${nowMs} ms`);
});

test("a body that is cut short is asked for again, and never given out", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, {}, { clock: hastyClock });
  const body = new Uint8Array(300_000).fill(7);
  await store.put("k", body);
  fake.faults.next("GetObject", { kind: "truncate", bytes: 100_000 }, 2);
  assert.deepEqual((await store.get("k"))?.body, body);
  assert.equal(fake.count("GetObject"), 3);
});

test("a body that stays cut short is damaged", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, { retryTimeoutMs: 1 });
  await store.put("k", new Uint8Array(300_000));
  fake.faults.always("GetObject", { kind: "truncate", bytes: 100_000 });
  await assert.rejects(store.get("k"), { name: "ObjectStoreError", code: "damaged" });
  const range = { offset: 0, length: 200_000 };
  await assert.rejects(store.getRange("k", range), { code: "damaged" });
});

test("a range past the end is damaged, and a store that ignores ranges is unsupported", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  await store.put("k", bytes("0123456789"));
  await assert.rejects(store.getRange("k", { offset: 8, length: 3 }), { code: "damaged" });
  await assert.rejects(store.getRange("k", { offset: 10, length: 1 }), { code: "damaged" });
  assert.equal(fake.count("GetObject"), 2);
  assert.equal(await store.getRange("none", { offset: 10, length: 1 }), null);
  fake.quirks = { ranges: "ignored" };
  await assert.rejects(store.getRange("k", { offset: 1, length: 3 }), { code: "unsupported" });
});

test("an answer that stops midway is given up when the time for its bytes is over", async (context) => {
  const fake = await startFake(context);
  const clock = new ManualClock();
  const store = await openStore(context, fake, { retryTimeoutMs: 1 }, { clock });
  const size = 1024 * 1024;
  await store.put("k", new Uint8Array(size));
  fake.faults.always("GetObject", { kind: "stall", bytes: 1000 });
  const progress = { ended: false };
  const call = assert.rejects(store.get("k"), { code: "unavailable" }).finally(() => {
    progress.ended = true;
  });
  await until(() => fake.requests.at(-1)?.operation === "GetObject");
  // However the headers and the clock meet, it ends by 10 s for the headers and 10 s + 4 s for 1 MiB at 256 KiB/s.
  while (!progress.ended) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await call;
  assert.ok(clock.monotonicMs() >= 10_000);
  assert.equal(fake.count("GetObject"), 1);
});

test("a call is given up by its signal, and all of them by closing the store", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  fake.faults.always("GetObject", { kind: "hang" });
  fake.faults.always("HeadObject", slowDown(5));
  const giveUp = new AbortController();
  const given = assert.rejects(store.get("a", { signal: giveUp.signal }), {
    name: "ObjectStoreError",
    code: "cancelled",
  });
  const closedUpon = assert.rejects(store.at("b/").get("b"), { code: "cancelled" });
  const waiting = assert.rejects(store.head("c"), { code: "cancelled" });
  await until(() => fake.count("GetObject") === 2 && fake.count("HeadObject") === 1);
  giveUp.abort();
  await given;
  await store.close();
  await closedUpon;
  await waiting;
  await assert.rejects(store.put("d", bytes("1")), { code: "cancelled" });
  assert.equal(fake.count("PutObject"), 0);
});

test("closing a store made by at() closes nothing", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  await store.at("b/").close();
  assert.equal(await store.get("a"), null);
});

for (const offsetMs of [-3_600_000, 3_600_000]) {
  test(`a clock that is off by ${offsetMs / 3_600_000} h is corrected for, once`, async (context) => {
    const fake = await startFake(context);
    fake.clockOffsetMs = offsetMs;
    const store = await openStore(context, fake);
    const outcome = await store.putIf("k", bytes("1"), { kind: "absent" });
    assert.equal(outcome.kind, "won");
    assert.deepEqual(
      fake.requests.map(({ status }) => status),
      [403, 200],
    );
    assert.equal(text((await store.get("k"))?.body), "1");
    assert.equal(fake.requests.length, 3);
  });
}

test("a clock that cannot be corrected for is said to be wrong", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  const refusal: Fault = { kind: "refuse", status: 403, code: "RequestTimeTooSkewed" };
  fake.faults.always("*", refusal);
  await assert.rejects(store.get("k"), { code: "denied", message: /set the clock/u });
  fake.clockOffsetMs = 3_600_000;
  await assert.rejects(store.putIf("k", bytes("1"), { kind: "absent" }), { code: "denied" });
  assert.ok(fake.requests.length <= 4);
});

test("what all faults together let through is what was written", async (context) => {
  const faults: Fault[] = [
    ...passing,
    conflict,
    { kind: "truncate", bytes: 3 },
    { kind: "delay", delayMs: 3 },
  ];
  for (const seed of [1, 2, 3]) {
    const fake = await startFake(context);
    const random = new SeededRandom(seed);
    const ports = {
      clock: hastyClock,
      random: {
        bytes: (count: number) => new Uint8Array(count).map(() => random.below(256)),
        fraction: () => random.fraction(),
      },
    };
    const store = await openStore(context, fake, {}, ports);
    fake.faults.random(seed, 0.4, faults);
    const expected = new Map<string, string>();
    for (let step = 0; step < 60; step += 1) {
      const key = `k${random.below(10)}`;
      if (random.chance(0.3)) {
        await store.delete([key, "absent"]);
        expected.delete(key);
      } else if (random.chance(0.5)) {
        await store.put(key, bytes(`value ${step}`));
        expected.set(key, `value ${step}`);
      }
      const read = await store.get(key);
      assert.equal(read === null ? undefined : text(read.body), expected.get(key), `seed ${seed}`);
    }
    assert.deepEqual(await keysOf(store), [...expected.keys()].sort(), `seed ${seed}`);
  }
});

test("a list that many append to loses nothing and holds nothing twice, though answers are lost", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake, {}, { clock: hastyClock });
  await store.put("list", bytes("[]"));
  fake.faults.random(7, 0.25, [{ kind: "drop-before" }, { kind: "drop-after" }, conflict]);
  const append = async (name: string): Promise<void> => {
    for (;;) {
      const current = await store.get("list");
      assert.ok(current !== null);
      const names = JSON.parse(text(current.body)) as string[];
      if (names.includes(name)) {
        // An answer was lost, and this is how one finds out.
        return;
      }
      const body = bytes(JSON.stringify([...names, name]));
      const outcome = await store.putIf("list", body, { kind: "match", tag: current.tag });
      if (outcome.kind === "won") {
        return;
      }
    }
  };
  const workers = ["a", "b", "c", "d"];
  await Promise.all(
    workers.map(async (worker) => {
      for (let round = 0; round < 10; round += 1) {
        await append(`${worker}${round}`);
      }
    }),
  );
  const names = JSON.parse(text((await store.get("list"))?.body)) as string[];
  const expected = workers.flatMap((worker) =>
    Array.from({ length: 10 }, (_, round) => `${worker}${round}`),
  );
  assert.deepEqual([...names].sort(), expected);
});

test("requests and bytes are counted by operation and outcome", async (context) => {
  const fake = await startFake(context);
  const families = new Map<string, () => unknown>();
  const metrics = {
    counter: (name: string, _help: string, read: () => number) => families.set(name, read),
    gauge() {},
    family: (_kind: string, name: string, _help: string, _labels: unknown, read: () => unknown) =>
      families.set(name, read),
    histogram: () => ({ observe() {} }),
  };
  const store = await openStore(context, fake, {}, { clock: hastyClock, metrics: metrics });
  fake.faults.next("PutObject", internalError);
  await store.put("k", bytes("12345"));
  await store.get("k");
  await store.get("none");
  await store.putIf("k", bytes("1"), { kind: "absent" });
  const rows = families.get("t4_object_store_requests_total")?.() as {
    labels: Record<string, string>;
    value: number;
  }[];
  assert.deepEqual(
    Object.fromEntries(
      rows.map(({ labels, value }) => [`${labels["operation"]} ${labels["outcome"]}`, value]),
    ),
    {
      "PutObject unavailable": 1,
      "PutObject ok": 1,
      "GetObject ok": 1,
      "GetObject absent": 1,
      "PutObject lost": 1,
    },
  );
  assert.equal(families.get("t4_object_store_sent_bytes_total")?.(), 11);
  assert.equal(families.get("t4_object_store_received_bytes_total")?.(), 5);
});

test("deletes fall back to one at a time where a store knows no DeleteObjects", async (context) => {
  const fake = await startFake(context, { quirks: { multiDelete: "absent" } });
  const store = await openStore(context, fake);
  const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
  for (const key of keys) {
    await store.put(key, bytes("1"));
  }
  await store.delete(keys);
  assert.deepEqual(await keysOf(store), []);
  await store.delete(keys);
  assert.equal(fake.count("DeleteObjects"), 1);
  assert.equal(fake.count("DeleteObject"), 40);
  assert.equal(fake.createBucket(BUCKET).keys().length, 0);
});

test("DeleteObjects carries Content-MD5 and no other checksum", async (context) => {
  const fake = await startFake(context, { quirks: { multiDelete: "md5-required" } });
  const store = await openStore(context, fake);
  await store.put("a", bytes("1"));
  await store.delete(["a", "b"]);
  assert.equal(await store.get("a"), null);
  const request = fake.requests.find(({ operation }) => operation === "DeleteObjects");
  assert.equal(request?.status, 200);
  const checksums = Object.keys(request.headers).filter((name) => name.includes("checksum"));
  assert.deepEqual(checksums, []);
});

test("bodies are sent plain: with a length, without checksums or chunks", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  await store.put("k", new Uint8Array(3_000_000));
  await store.putIf("c", bytes("1"), { kind: "absent" });
  await store.put("empty", new Uint8Array(0));
  for (const { headers } of fake.requests) {
    const names = Object.keys(headers).join(" ");
    assert.doesNotMatch(names, /checksum|trailer|transfer-encoding|content-encoding|expect/u);
    assert.match(String(headers["content-length"]), /^\d+$/u);
  }
});
