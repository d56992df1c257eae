// What people get wrong, and stores that are damaged: each start ends with 1, says what to do, and harms nothing.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { BUCKET } from "../s3/harness.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { Acknowledged, ASYNC, fakePlaces, s3Flags, type Places } from "./archive-harness.js";

async function written(
  places: Places,
  flags: readonly string[],
  signal: NodeJS.Signals = "SIGTERM",
): Promise<Acknowledged> {
  const all = new Acknowledged();
  using server = await startServer(places.data, flags);
  using client = new GrpcClient(server.address);
  await all.fill(client, 0, 500);
  server.kill(signal);
  await server.ended;
  return all;
}

async function refused(
  data: string,
  flags: readonly string[],
  ...says: readonly RegExp[]
): Promise<void> {
  const { code, stderr } = await t4([
    "run",
    "--data-dir",
    data,
    "--listen",
    "127.0.0.1:0",
    ...flags,
  ]);
  assert.equal(code, 1, stderr);
  const shown = stderr.slice(stderr.lastIndexOf("error: "));
  for (const each of says) {
    assert.match(shown, each);
  }
  assert.doesNotMatch(shown, /\n {4}at /, "no stack is shown for what is no bug");
}

async function holds(data: string, flags: readonly string[], all: Acknowledged): Promise<string> {
  using server = await startServer(data, flags);
  using client = new GrpcClient(server.address);
  await all.verify(client);
  server.kill("SIGTERM");
  const { code, stderr } = await server.ended;
  assert.equal(code, 0, stderr);
  return stderr;
}

describe("bad input", { concurrency: true }, () => {
  test("a bucket, credentials or a region that are wrong are named", async () => {
    await using places = await fakePlaces({ region: "eu-central-1" });
    const { fake, data } = places;
    const all = await written(places, places.flags);
    const replaced = (from: string, to: string): readonly string[] =>
      places.flags.map((flag) => flag.replace(from, to));
    await refused(
      data,
      replaced("s3://bucket", "s3://nobucket"),
      /nobucket/,
      /T4_OBJECT_STORE_UNUSABLE/,
    );
    await refused(data, replaced("test-secret", "wrong"), /T4_OBJECT_STORE_UNUSABLE/);
    await refused(data, replaced("test-key", "wrong"), /T4_OBJECT_STORE_UNUSABLE/);
    await refused(data, replaced("eu-central-1", "us-west-7"), /region/);
    await refused(data, replaced("s3://bucket/db", "http://bucket"), /--object-store|URL|s3:\/\//);
    // However its slashes are written, it is the same database.
    for (const prefix of ["db", "db/"]) {
      await holds(data, s3Flags(fake, prefix), all);
    }
    const [, , ...rest] = places.flags;
    await holds(data, ["--s3-bucket", "bucket", "--s3-prefix", "/db/", ...rest], all);
  });

  test("a directory and a prefix of two databases are kept apart", async () => {
    await using places = await fakePlaces();
    const all = await written(places, places.flags);
    const other = join(places.root, "other");
    await written({ ...places, data: other }, s3Flags(places.fake, "other"));
    await refused(other, places.flags, /holds cluster [0-9a-f]+ and .* cluster [0-9a-f]+/);
    await holds(places.data, places.flags, all);
  });

  test("a store that is full refuses, and nothing is lost", async () => {
    await using places = await fakePlaces();
    const all = await written(places, places.flags);
    places.fake.quirks = { bytesMax: 1 };
    await refused(places.data, places.flags, /T4_OBJECT_STORE_UNUSABLE/);
    places.fake.quirks = {};
    await holds(places.data, places.flags, all);
  });

  for (const damage of ["missing", "truncated"] as const) {
    test(`a slot that is ${damage} is named, and the local directory is not harmed`, async () => {
      await using places = await fakePlaces();
      const all = await written(places, places.flags);
      const bucket = places.fake.createBucket(BUCKET);
      const [slot = ""] = bucket
        .keys()
        .filter((name) => name.includes("/wal/"))
        .sort();
      const object = bucket.current(slot);
      assert.ok(object !== null);
      if (damage === "missing") {
        bucket.put(slot, null);
      } else {
        bucket.put(slot, { ...object, body: object.body.subarray(0, 100) });
      }
      const empty = join(places.root, "empty");
      await refused(empty, places.flags, /T4_CORRUPT/, /wal\//);
      bucket.put(slot, object);
      await holds(places.data, places.flags, all);
      await holds(empty, places.flags, all);
    });
  }

  test("a manifest of a later version is refused, and one that is no manifest is named", async () => {
    await using places = await fakePlaces();
    const all = await written(places, [...places.flags, ...ASYNC]);
    const bucket = places.fake.createBucket(BUCKET);
    const name = "db/manifest/latest";
    const object = bucket.current(name);
    assert.ok(object !== null);
    const text = object.body.toString();
    const damaged = (body: string): void => {
      bucket.put(name, { ...object, body: Buffer.from(body) });
    };
    damaged(text.replace('"format": 1', '"format": 2'));
    await refused(places.data, places.flags, /T4_FORMAT_TOO_NEW/, /manifest\/latest/);
    damaged(text.slice(0, 100));
    await refused(places.data, places.flags, /T4_CORRUPT/, /manifest\/latest/);
    bucket.put(name, object);
    await holds(places.data, places.flags, all);
  });
});
