// The suite of object stores against versitygw, an S3 server that nobody here wrote: what our fake only claims, it does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import type { ObjectStore } from "../../src/object/object-store.js";
import { assertFit, probeObjectStore, type Finding } from "../../src/object/probe.js";
import { openS3ObjectStore } from "../../src/object/s3/s3-object-store.js";
import { objectStoreCases } from "../../src/object/suite.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { systemRandom } from "../../src/runtime/system-random.js";
import { buildVersitygw, startVersitygw, type Versitygw } from "../support/process/versitygw.js";
import { bytes } from "./harness.js";

const PLAIN = "plain";
const VERSIONED = "versioned";

const skip = buildVersitygw();
let server: Versitygw | undefined;
let prefixes = 0;

before(async () => {
  if (skip !== false) {
    return;
  }
  server = await startVersitygw([PLAIN, VERSIONED]);
  const client = server.client();
  await client.send(
    new PutBucketVersioningCommand({
      Bucket: VERSIONED,
      VersioningConfiguration: { Status: "Enabled" },
    }),
  );
  client.destroy();
});

after(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** An empty place of its own for each caller. */
async function open(bucket: string, more: object = {}): Promise<ObjectStore> {
  prefixes += 1;
  const prefix = `place-${prefixes}`;
  assert.ok(server !== undefined);
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const access = { endpoint, region, accessKeyId, secretAccessKey };
  return openS3ObjectStore({ bucket, prefix, ...access, ...more });
}

/** It has its objects in a file system, and T4 needs none of this. */
const NOT_HELD = "an object may have the name of a folder of others";

for (const { name, run } of objectStoreCases().filter((each) => each.name !== NOT_HELD)) {
  test(`versitygw: ${name}`, { skip }, async () => {
    await run(async () => open(PLAIN));
  });
}

for (const { name, run } of objectStoreCases().filter((each) => each.name.includes("version"))) {
  test(`versitygw, versioned: ${name}`, { skip }, async () => {
    await run(async () => open(VERSIONED));
  });
}

test("versitygw says whether a bucket keeps versions", { skip }, async () => {
  for (const [bucket, isKept] of [
    [PLAIN, false],
    [VERSIONED, true],
  ] as const) {
    const store = await open(bucket);
    assert.equal(await store.versions?.areKept(), isKept);
    await store.close();
  }
});

const probe = async (bucket: string): Promise<readonly Finding[]> => {
  const store = await open(bucket);
  const world = { clock: systemClock, random: systemRandom };
  const findings = await probeObjectStore(store, world, new AbortController().signal);
  await store.close();
  return findings;
};

test("the probe finds nothing wrong with versitygw", { skip }, async () => {
  assertFit(await probe(PLAIN), "versitygw");
});

test(
  "the probe finds out that in a versioned bucket versitygw takes what was deleted for there",
  { skip },
  async () => {
    const bad = (await probe(VERSIONED)).filter(({ ok }) => !ok).map(({ name }) => name);
    assert.deepEqual(bad, ["delete"]);
  },
);

const refusals: readonly (readonly [string, object, string, RegExp])[] = [
  ["a missing bucket", { bucket: "missing" }, "not-found", /no bucket "missing"/u],
  ["an unknown key", { accessKeyId: "nobody" }, "denied", /access key id/u],
  ["a wrong secret", { secretAccessKey: "wrong" }, "denied", /secret access key/u],
  ["a wrong region", { region: "us-east-1" }, "not-found", /set --s3-region/u],
];

for (const [what, options, code, message] of refusals) {
  test(`versitygw: ${what} has its own message`, { skip }, async () => {
    const store = await open(PLAIN, options);
    const refused = { name: "ObjectStoreError", code, message };
    await assert.rejects(store.get("k"), refused);
    await assert.rejects(store.putIf("k", bytes("1"), { kind: "absent" }), refused);
    await assert.rejects(store.put("k", bytes("1")), refused);
    await assert.rejects(store.list("")[Symbol.asyncIterator]().next(), refused);
    await store.close();
  });
}
