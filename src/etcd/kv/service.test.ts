// The KV service over a node in memory: requests as clients encode them, answers as clients decode them.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { T4Error } from "../../core/errors.js";
import type { TestUnaryCall } from "../../../test/support/service-harness.js";
import { encodeWith, ServiceHarness } from "../../../test/support/service-harness.js";
import * as rpc from "../gen/rpc.js";

const range = { size: rpc.sizeRangeRequest, write: rpc.writeRangeRequest };
const put = { size: rpc.sizePutRequest, write: rpc.writePutRequest };
const deleteRange = { size: rpc.sizeDeleteRangeRequest, write: rpc.writeDeleteRangeRequest };
const txn = { size: rpc.sizeTxnRequest, write: rpc.writeTxnRequest };
const compaction = { size: rpc.sizeCompactionRequest, write: rpc.writeCompactionRequest };

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const text = (value: Uint8Array): string => Buffer.from(value).toString("latin1");

class Client {
  readonly harness: ServiceHarness;

  constructor(options: ConstructorParameters<typeof ServiceHarness>[0] = {}) {
    this.harness = new ServiceHarness(options);
  }

  async range(request: Partial<rpc.RangeRequest>): Promise<rpc.RangeResponse> {
    const call = await this.rangeCall(request);
    return rpc.decodeRangeResponse(call.message, 0, call.message.length);
  }

  async rangeCall(request: Partial<rpc.RangeRequest>): Promise<TestUnaryCall> {
    const message = { ...rpc.emptyRangeRequest(), ...request };
    return this.harness.call("/etcdserverpb.KV/Range", encodeWith(range, message));
  }

  async put(request: Partial<rpc.PutRequest>): Promise<rpc.PutResponse> {
    const call = await this.putCall(request);
    return rpc.decodePutResponse(call.message, 0, call.message.length);
  }

  async putCall(request: Partial<rpc.PutRequest>): Promise<TestUnaryCall> {
    const message = { ...rpc.emptyPutRequest(), ...request };
    return this.harness.call("/etcdserverpb.KV/Put", encodeWith(put, message));
  }

  async delete(request: Partial<rpc.DeleteRangeRequest>): Promise<rpc.DeleteRangeResponse> {
    const message = { ...rpc.emptyDeleteRangeRequest(), ...request };
    const call = await this.harness.call(
      "/etcdserverpb.KV/DeleteRange",
      encodeWith(deleteRange, message),
    );
    return rpc.decodeDeleteRangeResponse(call.message, 0, call.message.length);
  }

  async txn(request: Partial<rpc.TxnRequest>): Promise<rpc.TxnResponse> {
    const call = await this.txnCall(request);
    return rpc.decodeTxnResponse(call.message, 0, call.message.length);
  }

  async txnCall(request: Partial<rpc.TxnRequest>): Promise<TestUnaryCall> {
    const message = { ...rpc.emptyTxnRequest(), ...request };
    return this.harness.call("/etcdserverpb.KV/Txn", encodeWith(txn, message));
  }

  async compact(revision: number, physical = false): Promise<TestUnaryCall> {
    return this.harness.call(
      "/etcdserverpb.KV/Compact",
      encodeWith(compaction, { revision, physical }),
    );
  }
}

const opPut = (key: string, value: string, more: Partial<rpc.PutRequest> = {}): rpc.RequestOp => ({
  request: {
    kind: "requestPut",
    value: { ...rpc.emptyPutRequest(), key, value: bytes(value), ...more },
  },
});
const opRange = (key: string, more: Partial<rpc.RangeRequest> = {}): rpc.RequestOp => ({
  request: { kind: "requestRange", value: { ...rpc.emptyRangeRequest(), key, ...more } },
});
const opDelete = (key: string, rangeEnd = ""): rpc.RequestOp => ({
  request: {
    kind: "requestDeleteRange",
    value: { ...rpc.emptyDeleteRangeRequest(), key, rangeEnd },
  },
});
const opTxn = (request: Partial<rpc.TxnRequest>): rpc.RequestOp => ({
  request: { kind: "requestTxn", value: { ...rpc.emptyTxnRequest(), ...request } },
});

function assertFails(call: TestUnaryCall, status: number, message: string): void {
  assert.deepEqual([call.status, call.text], [status, message]);
}

suite("Range", () => {
  test("one key: the header has the current revision, the row all its fields", async () => {
    const client = new Client();
    await client.put({ key: "k", value: bytes("one") });
    await client.put({ key: "k", value: bytes("two") });
    await client.put({ key: "other", value: bytes("x") });
    const response = await client.range({ key: "k" });
    assert.deepEqual(response.header, {
      clusterId: 0xcdf818194e3a8c32n,
      memberId: 0x8e9e05c52164694dn,
      revision: 4,
      raftTerm: 2,
    });
    assert.deepEqual(response.kvs, [
      { key: "k", createRevision: 2, modRevision: 3, version: 2, value: bytes("two"), lease: 0n },
    ]);
    assert.equal(response.count, 1);
    assert.equal(response.more, false);
  });

  test("bytes of every length and value come back as they went", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        async (key, value) => {
          const client = new Client();
          await client.put({ key: text(key), value });
          const response = await client.range({ key: text(key) });
          assert.deepEqual(response.kvs[0]?.value, value);
          assert.equal(response.kvs[0].key, text(key));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("keys only leaves out values and keeps leases", async () => {
    const client = new Client();
    const { harness } = client;
    await harness.call("/etcdserverpb.Lease/LeaseGrant", Uint8Array.of(0x08, 60, 0x10, 5));
    await client.put({ key: "k", value: bytes("v".repeat(200)), lease: 5n });
    const response = await client.range({ key: "\0", rangeEnd: "\0", keysOnly: true });
    assert.deepEqual(response.kvs, [
      { key: "k", createRevision: 2, modRevision: 2, version: 1, value: bytes(""), lease: 5n },
    ]);
  });

  test("limit, count, more, and an answer that comes later", async () => {
    const client = new Client();
    for (const key of ["a", "b", "c"]) {
      await client.put({ key, value: bytes(key) });
    }
    client.harness.node.readsLater = true;
    const cut = await client.range({ key: "a", rangeEnd: "\0", limit: 2 });
    assert.deepEqual([cut.kvs.length, cut.count, cut.more], [2, 3, true]);
    const counted = await client.range({ key: "a", rangeEnd: "\0", countOnly: true });
    assert.deepEqual([counted.kvs.length, counted.count, counted.more], [0, 3, false]);
    const sorted = await client.range({ key: "a", rangeEnd: "\0", sortOrder: 2 });
    assert.deepEqual(
      sorted.kvs.map((kv) => kv.key),
      ["c", "b", "a"],
    );
    assert.equal((await client.range({ key: "a", rangeEnd: "\0", limit: -1 })).kvs.length, 3);
  });

  test("what is wrong is told in etcd's words", async () => {
    const client = new Client();
    await client.put({ key: "k", value: bytes("1") });
    await client.put({ key: "k", value: bytes("2") });
    await client.compact(3);
    assertFails(await client.rangeCall({}), 3, "etcdserver: key is not provided");
    assertFails(
      await client.rangeCall({ key: "", sortOrder: 9 }),
      3,
      "etcdserver: key is not provided",
    );
    for (const invalid of [{ sortOrder: 3 }, { sortTarget: 5 }, { sortOrder: -1 }]) {
      assertFails(
        await client.rangeCall({ key: "k", ...invalid }),
        3,
        "etcdserver: invalid sort option",
      );
    }
    assertFails(
      await client.rangeCall({ key: "k", revision: 4 }),
      11,
      "etcdserver: mvcc: required revision is a future revision",
    );
    assertFails(
      await client.rangeCall({ key: "k", revision: 2 }),
      11,
      "etcdserver: mvcc: required revision has been compacted",
    );
    assert.equal((await client.range({ key: "k", revision: -1 })).count, 1);
    assertFails(
      await client.harness.call("/etcdserverpb.KV/Range", Uint8Array.of(0x0a, 5, 0x61)),
      13,
      "grpc: error unmarshalling request: unexpected EOF",
    );
  });

  test("reads are linearizable unless their caller or the server says otherwise", async () => {
    const client = new Client();
    await client.range({ key: "k" });
    await client.range({ key: "k", limit: 1 });
    await client.range({ key: "k", serializable: true });
    assert.deepEqual(client.harness.node.consistencies, [
      "linearizable",
      "linearizable",
      "serializable",
    ]);
    const relaxed = new Client({ readConsistency: "serializable" });
    await relaxed.range({ key: "k" });
    await relaxed.range({ key: "k", limit: 1 });
    assert.deepEqual(relaxed.harness.node.consistencies, ["serializable", "serializable"]);
  });

  test("without a leader, callers that require one are told", async () => {
    const { harness } = new Client();
    harness.node.isLeader = false;
    const request = Uint8Array.of(0x0a, 1, 0x6b);
    const path = "/etcdserverpb.KV/Range";
    assertFails(
      await harness.call(path, request, { hasleader: "true" }),
      14,
      "etcdserver: no leader",
    );
    assert.equal((await harness.call(path, request)).status, 0);
    assertFails(
      await harness.call(path, request, { "client-api-version": "3.\xff" }),
      3,
      "etcdserver: invalid client api version",
    );
    assert.equal((await harness.call(path, request, { "client-api-version": "3.6.5" })).status, 0);
  });
});

suite("Put", () => {
  test("the row before is returned when it is asked for", async () => {
    const client = new Client();
    assert.equal((await client.put({ key: "k", value: bytes("1"), prevKv: true })).prevKv, null);
    const response = await client.put({ key: "k", value: bytes("2"), prevKv: true });
    assert.equal(response.header?.revision, 3);
    assert.equal(text(response.prevKv?.value ?? bytes("")), "1");
    assert.equal((await client.put({ key: "k", value: bytes("3") })).prevKv, null);
  });

  test("what is wrong is told in etcd's words", async () => {
    const client = new Client();
    assertFails(await client.putCall({}), 3, "etcdserver: key is not provided");
    assertFails(
      await client.putCall({ key: "k", value: bytes("v"), ignoreValue: true }),
      3,
      "etcdserver: value is provided",
    );
    assertFails(
      await client.putCall({ key: "k", lease: 7n, ignoreLease: true }),
      3,
      "etcdserver: lease is provided",
    );
    assertFails(
      await client.putCall({ key: "k", ignoreValue: true }),
      3,
      "etcdserver: key not found",
    );
    assertFails(
      await client.putCall({ key: "k", lease: 7n }),
      5,
      "etcdserver: requested lease not found",
    );
    client.harness.node.failWith = new T4Error("T4_NO_SPACE", "full");
    assertFails(await client.putCall({ key: "k" }), 8, "etcdserver: mvcc: database space exceeded");
  });

  test("a request of 1,572,847 bytes passes, one more is too large: measured on etcd", async () => {
    const client = new Client();
    const valueBytes = 1_572_840;
    assert.equal((await client.putCall({ key: "k", value: new Uint8Array(valueBytes) })).status, 0);
    assertFails(
      await client.putCall({ key: "k", value: new Uint8Array(valueBytes + 1) }),
      3,
      "etcdserver: request is too large",
    );
  });

  test("a caller that is gone gets no answer, and its write stays", () => {
    const { harness } = new Client();
    harness.node.isHeld = true;
    const request = encodeWith(put, { ...rpc.emptyPutRequest(), key: "k", value: bytes("v") });
    const gone = harness.start("/etcdserverpb.KV/Put", request);
    const other = harness.start("/etcdserverpb.KV/Put", request);
    gone.cancelled = true;
    harness.node.commit();
    assert.equal(gone.status, null);
    assert.equal(other.status, 0);
    assert.equal(harness.node.view.get("k", harness.node.revision)?.version, 2);
  });

  test("many writes in flight each get their own answer", () => {
    const { harness } = new Client();
    harness.node.isHeld = true;
    const calls: TestUnaryCall[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 10; i += 1) {
        const key = `k${round}-${i}`;
        const request = encodeWith(put, { ...rpc.emptyPutRequest(), key });
        calls.push(harness.start("/etcdserverpb.KV/Put", request));
      }
      harness.node.commit();
    }
    calls.forEach((call, at) => {
      const response = rpc.decodePutResponse(call.message, 0, call.message.length);
      assert.equal(response.header?.revision, 2 + at);
    });
  });
});

suite("DeleteRange", () => {
  test("counts, and returns the rows before in order", async () => {
    const client = new Client();
    for (const key of ["a", "b", "c"]) {
      await client.put({ key, value: bytes(key) });
    }
    const none = await client.delete({ key: "x" });
    assert.deepEqual([none.deleted, none.header?.revision], [0, 4]);
    const two = await client.delete({ key: "a", rangeEnd: "c", prevKv: true });
    assert.deepEqual([two.deleted, two.header?.revision], [2, 5]);
    assert.deepEqual(
      two.prevKvs.map((kv) => kv.key),
      ["a", "b"],
    );
  });
});

suite("Txn", () => {
  test("each operation has a header with only its revision, a nested transaction an empty one", async () => {
    const client = new Client();
    await client.put({ key: "a", value: bytes("1") });
    const response = await client.txn({
      success: [
        opRange("a"),
        opPut("b", "2", { prevKv: true }),
        opRange("b"),
        opDelete("a"),
        opTxn({
          success: [opPut("c", "3"), opTxn({ success: [opRange("\0", { rangeEnd: "\0" })] })],
        }),
      ],
    });
    assert.equal(response.succeeded, true);
    assert.equal(response.header?.revision, 3);
    const inner = (revision: number): rpc.ResponseHeader => ({
      clusterId: 0n,
      memberId: 0n,
      revision,
      raftTerm: 0,
    });
    const [first, second, third, fourth, fifth] = response.responses.map((each) => each.response);
    assert.ok(first?.kind === "responseRange" && second?.kind === "responsePut");
    assert.ok(third?.kind === "responseRange" && fourth?.kind === "responseDeleteRange");
    assert.ok(fifth?.kind === "responseTxn");
    assert.deepEqual(first.value.header, inner(2));
    assert.deepEqual(second.value.header, inner(3));
    assert.deepEqual(third.value.header, inner(3));
    assert.equal(third.value.kvs.length, 1);
    assert.deepEqual([fourth.value.header, fourth.value.deleted], [inner(3), 1]);
    assert.deepEqual(fifth.value.header, inner(0));
    const nested = fifth.value.responses[1]?.response;
    assert.ok(nested?.kind === "responseTxn");
    const all = nested.value.responses[0]?.response;
    assert.ok(all?.kind === "responseRange");
    assert.deepEqual(
      all.value.kvs.map((kv) => kv.key),
      ["b", "c"],
    );
  });

  test("compares of every target, and unknown ones as etcd takes them", async () => {
    const client = new Client();
    await client.put({ key: "k", value: bytes("v") });
    const holds = async (compare: Partial<rpc.Compare>): Promise<boolean> =>
      (await client.txn({ compare: [{ ...rpc.emptyCompare(), key: "k", ...compare }] })).succeeded;
    assert.ok(await holds({ target: 0, targetUnion: { kind: "version", value: 1 } }));
    assert.ok(await holds({ target: 1, targetUnion: { kind: "createRevision", value: 2 } }));
    assert.ok(
      await holds({ target: 2, result: 2, targetUnion: { kind: "modRevision", value: 3 } }),
    );
    assert.ok(await holds({ target: 3, targetUnion: { kind: "value", value: bytes("v") } }));
    assert.ok(await holds({ target: 4 }));
    assert.ok(await holds({ target: 0, result: 1 }), "an operand that is not sent is zero");
    assert.ok(!(await holds({ target: 0, targetUnion: { kind: "modRevision", value: 1 } })));
    assert.ok(await holds({ target: 0, result: 9 }), "an unknown result is true");
    assert.ok(await holds({ target: 3, result: 9 }));
    assert.ok(await holds({ key: "none", target: 0, result: 9 }));
    assert.ok(!(await holds({ key: "none", target: 3, result: 9 })), "no value is never true");
    assert.ok(await holds({ target: 9 }), "an unknown target is equal");
    assert.ok(!(await holds({ target: 9, result: 3 })));
  });

  test("what is wrong is told in etcd's words, the first thing first", async () => {
    const client = new Client();
    const many = Array.from({ length: 129 }, (_, i) => opPut(`k${i}`, ""));
    assertFails(
      await client.txnCall({ success: many }),
      3,
      "etcdserver: too many operations in txn request",
    );
    assertFails(
      await client.txnCall({ success: [opPut("a", ""), opPut("a", "")] }),
      3,
      "etcdserver: duplicate key given in txn request",
    );
    assertFails(
      await client.txnCall({ success: [{ request: null }] }),
      3,
      "etcdserver: key not found",
    );
    assertFails(
      await client.txnCall({ success: [opPut("", ""), { request: null }] }),
      3,
      "etcdserver: key is not provided",
    );
    assertFails(
      await client.txnCall({ success: [opRange("a", { sortTarget: 9 }), opPut("", "")] }),
      3,
      "etcdserver: invalid sort option",
    );
    assertFails(
      await client.txnCall({
        failure: [opRange("a", { sortTarget: 9 })],
        compare: [rpc.emptyCompare()],
      }),
      3,
      "etcdserver: key is not provided",
    );
    let deep: rpc.TxnRequest = rpc.emptyTxnRequest();
    for (let level = 0; level < 500; level += 1) {
      deep = { ...rpc.emptyTxnRequest(), success: [opTxn(deep)] };
    }
    assertFails(await client.txnCall(deep), 3, "etcdserver: too many operations in txn request");
  });

  test("a large transaction that only reads is not too large", async () => {
    const client = new Client();
    const compare = {
      ...rpc.emptyCompare(),
      key: "k",
      target: 3,
      targetUnion: { kind: "value", value: new Uint8Array(1_600_000) },
    } as const;
    assert.equal((await client.txnCall({ compare: [compare], failure: [opRange("k")] })).status, 0);
    assertFails(
      await client.txnCall({ compare: [compare], failure: [opPut("k", "")] }),
      3,
      "etcdserver: request is too large",
    );
  });
});

suite("Compact", () => {
  test("answers with the current revision, refuses the past and the future", async () => {
    const client = new Client();
    await client.put({ key: "k", value: bytes("1") });
    await client.put({ key: "k", value: bytes("2") });
    const call = await client.compact(2, true);
    const response = rpc.decodeCompactionResponse(call.message, 0, call.message.length);
    assert.equal(response.header?.revision, 3);
    assertFails(
      await client.compact(2),
      11,
      "etcdserver: mvcc: required revision has been compacted",
    );
    assertFails(
      await client.compact(9),
      11,
      "etcdserver: mvcc: required revision is a future revision",
    );
  });

  test("revision 0 can be compacted once, and only first", async () => {
    const compacted = "etcdserver: mvcc: required revision has been compacted";
    const client = new Client();
    assertFails(await client.compact(-1), 11, compacted);
    assert.equal((await client.compact(0)).status, 0);
    assertFails(await client.compact(0), 11, compacted);
  });
});
