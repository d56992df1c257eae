// What every object store must do, done by S3 on a good and on a bad day, and what the probe makes of other stores.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFit, probeObjectStore } from "../../src/object/probe.js";
import { objectStoreCases } from "../../src/object/suite.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { systemRandom } from "../../src/runtime/system-random.js";
import { slowDown, type Fault } from "./fake/faults.js";
import { SURVIVED_QUIRKS } from "./fake/quirks.js";
import { BUCKET, hastyClock, openStore, startFake } from "./harness.js";

for (const { name, run } of objectStoreCases()) {
  test(`S3: ${name}`, async (context) => {
    const fake = await startFake(context);
    await run(async () => openStore(context, fake));
  });
}

for (const { name, run } of objectStoreCases()) {
  test(`S3, versioned: ${name}`, async (context) => {
    const fake = await startFake(context);
    fake.createBucket(BUCKET).versioning = "enabled";
    await run(async () => openStore(context, fake));
  });
}

test("a bucket whose versioning is suspended, or that knows none, keeps no versions", async (context) => {
  const fake = await startFake(context);
  const store = await openStore(context, fake);
  assert.equal(await store.versions?.areKept(), false);
  fake.createBucket(BUCKET).versioning = "enabled";
  assert.equal(await store.versions?.areKept(), true);
  fake.createBucket(BUCKET).versioning = "suspended";
  assert.equal(await store.versions?.areKept(), false);
  fake.quirks = { versioning: "not-implemented" };
  assert.equal(await store.versions?.areKept(), false);
});

/** What a client that repeats what may be repeated does not notice. Lost answers of conditional puts are among them. */
const passing: readonly Fault[] = [
  slowDown(),
  { kind: "drop-before" },
  { kind: "drop-after" },
  { kind: "truncate", bytes: 1 },
];

for (const { name, run } of objectStoreCases()) {
  test(`S3 on a bad day: ${name}`, async (context) => {
    const fake = await startFake(context);
    fake.faults.random(1, 0.1, passing);
    await run(async () => openStore(context, fake, {}, { clock: hastyClock }));
  });
}

const world = { clock: systemClock, random: systemRandom };
const signal = new AbortController().signal;

for (const [what, quirks] of SURVIVED_QUIRKS) {
  test(`the probe finds nothing wrong with ${what}`, async (context) => {
    const store = await openStore(context, await startFake(context, { quirks }));
    assertFit(await probeObjectStore(store, world, signal), store.url);
  });
}

test("the probe finds out a store that ignores conditions", async (context) => {
  const fake = await startFake(context, { quirks: { conditions: "ignored" } });
  const store = await openStore(context, fake);
  const findings = await probeObjectStore(store, world, signal);
  const bad = findings.filter(({ ok }) => !ok).map(({ name }) => name);
  assert.deepEqual(bad, [
    "reject-create",
    "reject-stale",
    "reject-swap-of-absent",
    "race-of-creates",
    "race-of-swaps",
  ]);
  assert.throws(
    () => {
      assertFit(findings, store.url);
    },
    { code: "T4_OBJECT_STORE_UNFIT", message: /s3:\/\/bucket\/prefix\// },
  );
  assert.deepEqual(fake.createBucket(BUCKET).keys(), []);
});

test("the probe finds out a store that knows no conditions", async (context) => {
  const fake = await startFake(context, { quirks: { conditions: "not-implemented" } });
  const store = await openStore(context, fake);
  const findings = await probeObjectStore(store, world, signal);
  assert.equal(findings.find(({ name }) => name === "create")?.ok, false);
});

test("a store that lists in no order is refused when it is asked to", async (context) => {
  const fake = await startFake(context, { quirks: { listOrder: "reversed" } });
  const store = await openStore(context, fake);
  await assert.rejects(probeObjectStore(store, world, signal), { code: "unsupported" });
});
