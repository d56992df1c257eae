// Keys and values of every size up to the limits and over them, any bytes as keys: through gRPC to a real
// server and through the embedded API, across a restart.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { open, T4Error, type Db } from "../../src/index.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, type RunningServer } from "../support/process/t4-command.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

const PUT = "/etcdserverpb.KV/Put";
const RANGE = "/etcdserverpb.KV/Range";
const LIMIT_BYTES = 1.5 * 1024 * 1024;
const TOO_LARGE = { ok: false, code: 3, message: "etcdserver: request is too large" };

/** Around every power of two, where lengths grow by a byte and buffers end. */
function sizes(most: number): number[] {
  const all = new Set([0, 1]);
  for (let size = 2; size < most; size *= 2) {
    for (const each of [size - 1, size, size + 1]) {
      all.add(each);
    }
  }
  return [...all].filter((size) => size <= most);
}

/** Rows of every size: values with short keys, keys with short values. */
function* rows(random: SeededRandom): Iterable<{ key: Buffer; value: Buffer }> {
  const bytes = (length: number): Buffer => Buffer.from(random.bytes(length));
  for (const size of sizes(LIMIT_BYTES - 200)) {
    yield { key: Buffer.concat([Buffer.from(`v${size}`), bytes(8)]), value: bytes(size) };
  }
  for (const size of sizes(LIMIT_BYTES / 2)) {
    yield { key: Buffer.concat([Buffer.from("key"), bytes(size)]), value: bytes(3) };
  }
  for (let byte = 0; byte < 256; byte += 1) {
    yield { key: Buffer.from([byte]), value: Buffer.from([byte]) };
    yield { key: Buffer.from([0, byte, 0xff]), value: Buffer.alloc(0) };
  }
}

async function withDirectory(use: (path: string) => Promise<void>): Promise<void> {
  const path = await makeTempDirectory("sizes");
  try {
    await use(path);
  } finally {
    await removeTempDirectory(path);
  }
}

async function stop(server: RunningServer): Promise<void> {
  server.kill("SIGTERM");
  assert.equal((await server.ended).code, 0, server.stderr());
}

test("keys and values of every size and any bytes come back over gRPC, also after a restart", async () => {
  await withDirectory(async (path) => {
    const data = join(path, "data");
    const expected = [...rows(new SeededRandom(7))];
    for (const life of [1, 2]) {
      using server = await startServer(data);
      using client = new GrpcClient(server.address);
      for (const { key, value } of expected) {
        if (life === 1) {
          await client.must(PUT, { key, value });
        }
        const answer = await client.must(RANGE, { key });
        const [kv] = answer["kvs"] as { key: Buffer; value: Buffer }[];
        assert.ok(kv !== undefined, `a key of ${key.length} bytes is there`);
        assert.ok(kv.key.equals(key) && kv.value.equals(value), `${key.length}, ${value.length}`);
      }
      const whole = { key: Buffer.from([0]), range_end: Buffer.from([0]), keys_only: true };
      const { kvs } = await client.must(RANGE, whole);
      const keys = (kvs as { key: Buffer }[]).map(({ key }) => key);
      assert.ok(
        keys.every((key, at) => at === 0 || Buffer.compare(keys[at - 1]!, key) < 0),
        "keys come in byte order",
      );
      assert.equal(keys.length, expected.length);
      await stop(server);
    }
  });
});

test("what is over a limit is refused over gRPC with etcd's words, and nothing of it is written", async () => {
  await withDirectory(async (path) => {
    using server = await startServer(join(path, "data"));
    using client = new GrpcClient(server.address);
    const over = Buffer.alloc(LIMIT_BYTES);
    assert.deepEqual(await client.call(PUT, { key: Buffer.from("a"), value: over }), TOO_LARGE);
    assert.deepEqual(await client.call(PUT, { key: over }), TOO_LARGE);
    const puts = Array.from({ length: 2 }, (_, at) => ({
      request_put: { key: Buffer.from([at]), value: over.subarray(over.length / 2) },
    }));
    assert.deepEqual(await client.call("/etcdserverpb.KV/Txn", { success: puts }), TOO_LARGE);
    const far = await client.call(PUT, { key: Buffer.from("a"), value: Buffer.alloc(4_000_000) });
    assert.ok(!far.ok && far.code === 8, "above what a message may have it is not even read");
    assert.match(far.message, /received message larger than max/);
    const empty = await client.call(PUT, { value: Buffer.from("x") });
    assert.deepEqual(empty, { ok: false, code: 3, message: "etcdserver: key is not provided" });
    const { header } = await client.must(RANGE, { key: Buffer.from("a") });
    assert.equal((header as { revision: string }).revision, "1");
    await stop(server);
  });
});

test("the embedded store takes every size up to the limit, and names the limit above it", async () => {
  await withDirectory(async (path) => {
    const expected = [...rows(new SeededRandom(8))].filter(({ key }) => key.length < 100_000);
    const check = async (db: Db<Uint8Array>): Promise<void> => {
      for (const { key, value } of expected) {
        const found = await db.get(key);
        assert.ok(
          Buffer.from(found?.value ?? []).equals(value) && found !== undefined,
          `${value.length}`,
        );
      }
    };
    const config = { dataDir: path, valueEncoding: "buffer" } as const;
    const first = await open(config);
    for (const { key, value } of expected) {
      await first.put(key, value);
    }
    await check(first);
    const over = new Uint8Array(LIMIT_BYTES);
    await assert.rejects(first.put("a", over), (error) => {
      assert.ok(error instanceof T4Error && error.code === "T4_REQUEST_TOO_LARGE");
      assert.match(error.message, /above the limit of 1572864/);
      return true;
    });
    await first.put("other", over.subarray("other".length));
    await assert.rejects(first.put("", over.subarray(1)), { code: "T4_KEY_EMPTY" });
    await first.flush();
    await check(first);
    await first.close();
    const second = await open(config);
    await check(second);
    await second.close();
  });
});
