// Ranges in chunks: their sizes, what only the last one has, what is refused, and clients that read slowly.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeWith,
  ServiceHarness,
  type TestStreamCall,
} from "../../../test/support/service-harness.js";
import { T4Error } from "../../core/errors.js";
import { NO_LEASE } from "../../core/words.js";
import { GRPC_STATUS } from "../../transport/service.js";
import * as rpc from "../gen/rpc.js";

const PATH = "/etcdserverpb.KV/RangeStream";
const codec = { size: rpc.sizeRangeRequest, write: rpc.writeRangeRequest };

function put(harness: ServiceHarness, key: string, bytes: number): void {
  harness.node.propose(
    {
      kind: "put",
      key,
      value: new Uint8Array(bytes),
      lease: NO_LEASE,
      prevKv: false,
      ignoreValue: false,
      ignoreLease: false,
    },
    () => {},
  );
}

function filled(keys: number, valueBytes: number): ServiceHarness {
  const harness = new ServiceHarness();
  for (let at = 0; at < keys; at += 1) {
    put(harness, `k${String(at).padStart(5, "0")}`, valueBytes);
  }
  return harness;
}

const ALL: Partial<rpc.RangeRequest> = { key: "k", rangeEnd: "l" };

function open(
  harness: ServiceHarness,
  request: Partial<rpc.RangeRequest>,
): { readonly call: TestStreamCall; readonly cancel: () => void } {
  const { call, receiver } = harness.open(PATH);
  const bytes = encodeWith(codec, { ...rpc.emptyRangeRequest(), ...request });
  receiver.message(bytes, 0, bytes.length);
  receiver.halfClosed();
  return {
    call,
    cancel: () => {
      receiver.cancelled();
    },
  };
}

async function settled(harness: ServiceHarness): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    harness.clock.settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const chunksOf = (call: TestStreamCall): rpc.RangeResponse[] =>
  call.sent.map((bytes) => {
    const { rangeResponse } = rpc.decodeRangeStreamResponse(bytes, 0, bytes.length);
    assert.ok(rangeResponse !== null);
    return rangeResponse;
  });

test("chunks grow from ten keys; only the last has header, count and more", async () => {
  const harness = filled(100, 10);
  const { call } = open(harness, ALL);
  await settled(harness);
  assert.equal(call.status, GRPC_STATUS.OK);
  const chunks = chunksOf(call);
  assert.deepEqual(
    chunks.map(({ kvs }) => kvs.length),
    [10, 20, 40, 30],
  );
  const last = chunks.pop();
  for (const chunk of chunks) {
    assert.deepEqual([chunk.header, chunk.count, chunk.more], [null, 0, false]);
  }
  assert.deepEqual([last?.header?.revision, last?.count, last?.more], [101, 100, false]);
  assert.equal(harness.node.openPages, 0);
});

test("a chunk is about as large as the largest request: then it grows no more", async () => {
  const harness = filled(120, 100_000);
  const { call } = open(harness, ALL);
  await settled(harness);
  assert.deepEqual(
    chunksOf(call).map(({ kvs }) => kvs.length),
    [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10],
  );
  const large = filled(30, 500_000);
  const { call: second } = open(large, ALL);
  await settled(large);
  assert.deepEqual(
    chunksOf(second).map(({ kvs }) => kvs.length),
    [7, 5, 5, 5, 5, 3],
  );
});

test("large values after many small ones come in chunks as small as ever", async () => {
  const harness = filled(5_000, 10);
  for (let at = 0; at < 40; at += 1) {
    put(harness, `kz${String(at).padStart(5, "0")}`, 1_000_000);
  }
  const { call } = open(harness, ALL);
  await settled(harness);
  const chunks = chunksOf(call);
  assert.ok(
    chunks.some(({ kvs }) => kvs.length > 2_000),
    "chunks had grown",
  );
  const bytes = call.sent.map((chunk) => chunk.length);
  assert.ok(Math.max(...bytes) < 5_000_000, `none is far above 3 MiB: ${Math.max(...bytes)}`);
  assert.equal(chunks.at(-1)?.count, 5_040);
});

test("limit, keys only and count only are as with Range", async () => {
  const harness = filled(50, 10);
  const { call } = open(harness, { ...ALL, limit: 25, keysOnly: true });
  await settled(harness);
  const chunks = chunksOf(call);
  assert.deepEqual(
    chunks.map(({ kvs }) => kvs.length),
    [10, 15],
  );
  assert.deepEqual([chunks[1]?.count, chunks[1]?.more], [50, true]);
  assert.equal(chunks[0]?.kvs[0]?.value.length, 0);
  const counted = open(harness, { ...ALL, countOnly: true });
  const none = open(harness, { key: "z", rangeEnd: "zz" });
  const one = open(harness, { key: "k00003" });
  await settled(harness);
  const only = (stream: TestStreamCall): unknown[] =>
    chunksOf(stream).map(({ kvs, count, header }) => [kvs.length, count, header?.revision]);
  assert.deepEqual(only(counted.call), [[0, 50, 51]]);
  assert.deepEqual(only(none.call), [[0, 0, 51]]);
  assert.deepEqual(only(one.call), [[1, 1, 51]]);
});

test("the revision is that of the start, whatever is written and compacted meanwhile", async () => {
  const harness = filled(40, 1_000);
  const { call } = open(harness, ALL);
  call.reads = false;
  await settled(harness);
  assert.equal(chunksOf(call).length, 1, "one chunk, and no more before it is taken");
  for (let at = 0; at < 40; at += 1) {
    put(harness, `k${String(at).padStart(5, "0")}`, 1);
  }
  harness.node.propose({ kind: "compact", revision: 81 }, () => {});
  while (call.status === null) {
    call.drain();
    await settled(harness);
  }
  const chunks = chunksOf(call);
  const rows = chunks.flatMap(({ kvs }) => kvs);
  assert.equal(rows.length, 40);
  for (const row of rows) {
    assert.deepEqual([row.version, row.value.length], [1, 1_000]);
  }
  assert.equal(chunks.at(-1)?.header?.revision, 41);
});

test("a revision of the past is read, and the header tells the current one", async () => {
  const harness = filled(5, 10);
  const { call } = open(harness, { ...ALL, revision: 3 });
  await settled(harness);
  const [only] = chunksOf(call);
  assert.deepEqual([only?.kvs.length, only?.count, only?.header?.revision], [2, 2, 6]);
});

test("a client that goes away costs nothing more", async () => {
  const harness = filled(100, 1_000);
  const { call, cancel } = open(harness, ALL);
  call.reads = false;
  await settled(harness);
  cancel();
  await settled(harness);
  assert.deepEqual([call.status, call.sent.length, harness.node.openPages], [null, 1, 0]);
});

test("what is refused has etcd's status and text", async () => {
  const harness = filled(5, 10);
  harness.node.propose({ kind: "compact", revision: 4 }, () => {});
  const refusals: readonly (readonly [Partial<rpc.RangeRequest>, number, string])[] = [
    [{}, GRPC_STATUS.INVALID_ARGUMENT, "etcdserver: key is not provided"],
    [{ ...ALL, sortOrder: 9 }, GRPC_STATUS.INVALID_ARGUMENT, "etcdserver: invalid sort option"],
    [{ ...ALL, sortTarget: 9 }, GRPC_STATUS.INVALID_ARGUMENT, "etcdserver: invalid sort option"],
    [{ sortTarget: 9 }, GRPC_STATUS.INVALID_ARGUMENT, "etcdserver: key is not provided"],
    [
      { ...ALL, sortOrder: 2, minModRevision: 1 },
      GRPC_STATUS.UNIMPLEMENTED,
      "RangeStream does not support custom sort orders",
    ],
    [
      { ...ALL, sortOrder: 1, sortTarget: 3 },
      GRPC_STATUS.UNIMPLEMENTED,
      "RangeStream does not support custom sort orders",
    ],
    ...(
      ["minModRevision", "maxModRevision", "minCreateRevision", "maxCreateRevision"] as const
    ).map(
      (filter) =>
        [
          { ...ALL, [filter]: 1 },
          GRPC_STATUS.UNIMPLEMENTED,
          "RangeStream does not support revision filters",
        ] as const,
    ),
    [
      { ...ALL, revision: 99 },
      GRPC_STATUS.OUT_OF_RANGE,
      "etcdserver: mvcc: required revision is a future revision",
    ],
    [
      { ...ALL, revision: 3 },
      GRPC_STATUS.OUT_OF_RANGE,
      "etcdserver: mvcc: required revision has been compacted",
    ],
  ];
  for (const [request, status, text] of refusals) {
    const { call } = open(harness, request);
    await settled(harness);
    assert.deepEqual([call.status, call.text, call.sent.length], [status, text, 0]);
  }
  for (const request of [
    { ...ALL, sortOrder: 1 },
    { ...ALL, sortTarget: 3 },
  ]) {
    const { call } = open(harness, request);
    await settled(harness);
    assert.equal(call.status, GRPC_STATUS.OK);
  }
  harness.node.failWith = new T4Error("T4_UNAVAILABLE", "no leader");
  const { call } = open(harness, ALL);
  await settled(harness);
  assert.deepEqual([call.status, call.text], [GRPC_STATUS.UNAVAILABLE, "etcdserver: no leader"]);
  const malformed = harness.open(PATH);
  malformed.receiver.message(Uint8Array.of(0x0f), 0, 1);
  assert.equal(malformed.call.status, GRPC_STATUS.INTERNAL);
});
