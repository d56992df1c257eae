// The suite of object stores against versitygw, an S3 server that nobody here wrote: what our fake only claims, it does.
// It is built once, at a release that is known to be atomic; without Go that is a failure in CI, and elsewhere a reason to
// skip.
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import type { ObjectStore } from "../../src/object/object-store.js";
import { assertFit, probeObjectStore, type Finding } from "../../src/object/probe.js";
import { openS3ObjectStore } from "../../src/object/s3/s3-object-store.js";
import { objectStoreCases } from "../../src/object/suite.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { systemRandom } from "../../src/runtime/system-random.js";
import { freePort } from "../support/free-port.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { sleep, within } from "../support/wait.js";
import { bytes } from "./harness.js";

const VERSION = "v1.8.0";
const root = fileURLToPath(new URL("../../../", import.meta.url));
const directory = join(root, ".cache", `versitygw-${VERSION}`);
const binary = join(directory, "versitygw");

const credentials = { accessKeyId: "foreign-key", secretAccessKey: "foreign-secret" };
const region = "eu-test-1";
const PLAIN = "plain";
const VERSIONED = "versioned";

function build(): string | false {
  if (existsSync(binary)) {
    return false;
  }
  if (spawnSync("go", ["version"]).status !== 0) {
    assert.notEqual(process.env["CI"], "true", "CI must have the Go tool to build versitygw");
    console.log("skipped: no Go tool to build versitygw with");
    return "no Go tool to build versitygw with";
  }
  mkdirSync(directory, { recursive: true });
  const built = spawnSync(
    "go",
    ["install", `github.com/versity/versitygw/cmd/versitygw@${VERSION}`],
    { encoding: "utf8", env: { ...process.env, GOBIN: directory, GOFLAGS: "" } },
  );
  assert.equal(built.status, 0, built.stderr);
  return false;
}

const skip = build();
let endpoint = "";
let server: ChildProcess | undefined;
let data = "";
let prefixes = 0;

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
}

async function start(): Promise<void> {
  data = await makeTempDirectory("versitygw");
  const [buckets, versions] = [join(data, "buckets"), join(data, "versions")];
  await Promise.all([buckets, versions].map(async (path) => mkdir(path)));
  const port = await freePort();
  server = spawn(
    binary,
    [
      ...["--port", `127.0.0.1:${port}`, "--region", region, "--quiet"],
      ...["posix", "--versioning-dir", versions, buckets],
    ],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  endpoint = `http://127.0.0.1:${port}`;
  const ready = async (): Promise<void> => {
    while (!(await answers(endpoint))) {
      await sleep(20);
    }
  };
  await within(30_000, "versitygw serves", ready());
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: PLAIN }));
  await client.send(new CreateBucketCommand({ Bucket: VERSIONED }));
  await client.send(
    new PutBucketVersioningCommand({
      Bucket: VERSIONED,
      VersioningConfiguration: { Status: "Enabled" },
    }),
  );
  client.destroy();
}

before(async () => {
  if (skip === false) {
    await start();
  }
});

after(async () => {
  server?.kill("SIGKILL");
  if (data !== "") {
    await removeTempDirectory(data);
  }
});

/** An empty place of its own for each caller. */
async function open(bucket: string, more: object = {}): Promise<ObjectStore> {
  prefixes += 1;
  const prefix = `place-${prefixes}`;
  return openS3ObjectStore({ bucket, prefix, endpoint, region, ...credentials, ...more });
}

/** It has its objects in a file system, and T4 needs none of this. */
const NOT_HELD = "an object may have the name of a folder of others";

for (const { name, run } of objectStoreCases().filter((each) => each.name !== NOT_HELD)) {
  test(`versitygw: ${name}`, { skip }, async () => {
    await run(async () => open(PLAIN));
  });
}

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
