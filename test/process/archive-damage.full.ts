// Damage in the middle of an object store: what can be done without is done without, and told; what cannot is named, with what
// to do, and nothing is overwritten.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Bucket } from "../s3/fake/buckets.js";
import { BUCKET } from "../s3/harness.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { Acknowledged, eventually, fakePlaces, type FakePlaces } from "./archive-harness.js";

type Damage = "missing" | "truncated" | "changed";

const DAMAGES: readonly Damage[] = ["missing", "truncated", "changed"];

/** In byte order, which is the log's. */
const keysBelow = (bucket: Bucket, prefix: string): string[] =>
  bucket
    .keys()
    .filter((name) => name.startsWith(`db/${prefix}`) && bucket.current(name) !== null)
    .sort();

/** Returns what makes it whole again. */
function harm(bucket: Bucket, name: string, damage: Damage): () => void {
  const object = bucket.current(name);
  assert.ok(object !== null, name);
  const body = Buffer.from(object.body);
  const middle = Math.floor(body.length / 2);
  body[middle] = (body[middle] ?? 0) ^ 0xff;
  const cut = object.body.subarray(0, middle);
  const damaged = { ...object, body: damage === "changed" ? body : cut };
  bucket.put(name, damage === "missing" ? null : damaged);
  return () => {
    bucket.put(name, object);
  };
}

/** The bodies of all objects, to see whether one was written. */
const contentsOf = (bucket: Bucket): Map<string, string> =>
  new Map(keysBelow(bucket, "").map((name) => [name, String(bucket.current(name)?.etag)]));

async function filled(
  { data, flags }: FakePlaces,
  more: readonly string[],
  rounds: number,
  isOver: (stderr: string, round: number) => boolean,
): Promise<Acknowledged> {
  const written = new Acknowledged();
  using server = await startServer(data, [...flags, ...more]);
  using client = new GrpcClient(server.address);
  for (let round = 1; round <= rounds; round += 1) {
    await written.fill(client, round * 1_000, 500);
    await eventually(() => isOver(server.stderr(), round));
  }
  server.kill("SIGTERM");
  await server.ended;
  return written;
}

describe("damage in the middle", { concurrency: 2 }, () => {
  for (const part of ["checkpoint", "file"] as const) {
    for (const damage of DAMAGES) {
      test(`an older checkpoint is used where the newest one's ${part} is ${damage}`, async () => {
        await using places = await fakePlaces();
        const bucket = places.fake.createBucket(BUCKET);
        let before: readonly string[] = [];
        const written = await filled(places, ["--checkpoint-entries", "5"], 3, (stderr, round) => {
          const isMade = stderr.split("checkpoint made").length > round;
          // What came with the last one is what the one before does not name.
          before = isMade && round === 2 ? keysBelow(bucket, "data/") : before;
          return isMade;
        });
        const newest = keysBelow(bucket, "checkpoint/").at(-1) ?? "";
        const own = keysBelow(bucket, "data/").filter((name) => !before.includes(name));
        harm(bucket, part === "file" ? (own[0] ?? "") : newest, damage);
        using server = await startServer(join(places.root, "empty"), places.flags);
        using client = new GrpcClient(server.address);
        await written.verify(client);
        assert.match(server.stderr(), /a checkpoint cannot be restored: an older one/);
        assert.match(server.stderr(), new RegExp(newest.replace(/^db\//, "")));
      });
    }
  }

  for (const damage of DAMAGES) {
    test(`a slot in the middle of the log that is ${damage} is named, and nothing is overwritten`, async () => {
      await using places = await fakePlaces();
      const bucket = places.fake.createBucket(BUCKET);
      const written = await filled(places, [], 4, () => true);
      const slots = keysBelow(bucket, "wal/");
      assert.ok(slots.length >= 3, slots.join());
      const slot = slots[Math.floor(slots.length / 2)] ?? "";
      const mend = harm(bucket, slot, damage);
      const contents = contentsOf(bucket);
      const place = slot.replace(/^db\//, "");
      const empty = join(places.root, "empty");
      const restored = join(places.root, "restored");
      let revision = 0;
      for (const args of [
        ["run", "--data-dir", empty, "--listen", "127.0.0.1:0"],
        ["restore", "to", "--data-dir", restored, "--revision", String(written.revision)],
      ]) {
        const { code, stderr } = await t4([...args, ...places.flags]);
        assert.equal(code, 1, stderr);
        const shown = stderr.slice(stderr.lastIndexOf("error: "));
        assert.match(shown, /T4_CORRUPT/);
        assert.ok(shown.includes(place), shown);
        revision = Number(/t4 restore to --revision (\d+)/.exec(shown)?.[1]);
        assert.ok(revision > 1 && revision < written.revision, shown);
        assert.doesNotMatch(shown, /\n {4}at /, "no stack");
      }
      assert.ok(![empty, restored].some((path) => existsSync(join(path, "identity.json"))));
      const after = contentsOf(bucket);
      after.delete("db/leader-lock");
      contents.delete("db/leader-lock");
      assert.deepEqual(after, contents);
      const earlier = ["--data-dir", restored, "--revision", String(revision)];
      const back = await t4(["restore", "to", ...earlier, ...places.flags]);
      assert.equal(back.code, 0, back.stderr);
      mend();
      using server = await startServer(empty, places.flags);
      using client = new GrpcClient(server.address);
      await written.verify(client);
    });
  }
});
