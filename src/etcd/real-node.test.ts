// The services over the real node in memory: the same requests get the same answers as over the tests' small node.
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { FakeNode } from "../../test/support/fake-node.js";
import {
  encodeWith,
  plainPasswords,
  TestStreamCall,
  TestUnaryCall,
} from "../../test/support/service-harness.js";
import { openNode } from "../node/open-node.js";
import type { Node } from "../node/node.js";
import { systemClock } from "../runtime/system-clock.js";
import { systemRandom } from "../runtime/system-random.js";
import * as rpc from "./gen/rpc.js";
import { createServices, type EtcdServices } from "./services.js";
import { switchAuthOn } from "./auth/bootstrap.js";
import { systemRuntime } from "../runtime/system-runtime.js";

const keys = ["a", "b", "c"];
const key = fc.constantFrom(...keys);
const rangeEnd = fc.constantFrom("", "", "b", "c", "\0", "a");
const value = fc.constantFrom("", "1", "22").map((text) => new Uint8Array(Buffer.from(text)));
const lease = fc.constantFrom(0n, 0n, 0n, 5n, 6n);
const revision = fc.integer({ min: -1, max: 12 });

const rangeRequest = fc
  .record({
    key,
    rangeEnd,
    revision: fc.oneof(fc.constant(0), revision),
    limit: fc.integer({ min: -1, max: 3 }),
    sortOrder: fc.integer({ min: 0, max: 3 }),
    sortTarget: fc.integer({ min: 0, max: 5 }),
    keysOnly: fc.boolean(),
    countOnly: fc.boolean(),
    minModRevision: fc.constantFrom(0, 0, 3),
  })
  .map((some) => ({ ...rpc.emptyRangeRequest(), ...some }));
const putRequest = fc
  .record({ key, value, lease, prevKv: fc.boolean(), ignoreValue: fc.boolean() })
  .map((some) => ({ ...rpc.emptyPutRequest(), ...some }));
const deleteRequest = fc.record({ key, rangeEnd, prevKv: fc.boolean() });
const compare = fc
  .record({
    key,
    rangeEnd,
    result: fc.integer({ min: 0, max: 3 }),
    target: fc.integer({ min: 0, max: 4 }),
    targetUnion: fc.oneof(
      fc.record({ kind: fc.constant("version" as const), value: fc.nat(2) }),
      fc.record({ kind: fc.constant("modRevision" as const), value: fc.nat(6) }),
      fc.record({ kind: fc.constant("value" as const), value }),
    ),
  })
  .map((some) => ({ ...rpc.emptyCompare(), ...some }));
const txnRequest: fc.Arbitrary<rpc.TxnRequest> = fc.letrec<{
  txn: rpc.TxnRequest;
  operation: rpc.RequestOp;
}>((tie) => ({
  operation: fc.record({
    request: fc.oneof(
      { maxDepth: 2 },
      fc.record({ kind: fc.constant("requestPut" as const), value: putRequest }),
      fc.record({ kind: fc.constant("requestRange" as const), value: rangeRequest }),
      fc.record({ kind: fc.constant("requestDeleteRange" as const), value: deleteRequest }),
      fc.record({ kind: fc.constant("requestTxn" as const), value: tie("txn") }),
    ),
  }),
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie("operation"), { maxLength: 3 }),
    failure: fc.array(tie("operation"), { maxLength: 2 }),
  }),
})).txn;

interface Request {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const request = fc.oneof(
  putRequest.map((message) => ({
    path: "KV/Put",
    bytes: encodeWith({ size: rpc.sizePutRequest, write: rpc.writePutRequest }, message),
  })),
  rangeRequest.map((message) => ({
    path: "KV/Range",
    bytes: encodeWith({ size: rpc.sizeRangeRequest, write: rpc.writeRangeRequest }, message),
  })),
  deleteRequest.map((message) => ({
    path: "KV/DeleteRange",
    bytes: encodeWith(
      { size: rpc.sizeDeleteRangeRequest, write: rpc.writeDeleteRangeRequest },
      message,
    ),
  })),
  txnRequest.map((message) => ({
    path: "KV/Txn",
    bytes: encodeWith({ size: rpc.sizeTxnRequest, write: rpc.writeTxnRequest }, message),
  })),
  revision.map((at) => ({
    path: "KV/Compact",
    bytes: encodeWith(
      { size: rpc.sizeCompactionRequest, write: rpc.writeCompactionRequest },
      { revision: at, physical: at % 2 === 0 },
    ),
  })),
  fc.constantFrom(5n, 6n).map((ID) => ({
    path: "Lease/LeaseGrant",
    bytes: encodeWith(
      { size: rpc.sizeLeaseGrantRequest, write: rpc.writeLeaseGrantRequest },
      { TTL: 1000, ID },
    ),
  })),
  fc.constantFrom(5n, 6n).map((ID) => ({
    path: "Lease/LeaseRevoke",
    bytes: encodeWith(
      { size: rpc.sizeLeaseRevokeRequest, write: rpc.writeLeaseRevokeRequest },
      { ID },
    ),
  })),
  fc.constant({ path: "Lease/LeaseLeases", bytes: new Uint8Array(0) }),
);

/** Every header begins with both ids; all nodes here have ids and terms of their own. */
const decoders: Record<string, (bytes: Uint8Array, start: number, end: number) => unknown> = {
  "KV/Put": rpc.decodePutResponse,
  "KV/Range": rpc.decodeRangeResponse,
  "KV/DeleteRange": rpc.decodeDeleteRangeResponse,
  "KV/Txn": rpc.decodeTxnResponse,
  "KV/Compact": rpc.decodeCompactionResponse,
  "Lease/LeaseGrant": rpc.decodeLeaseGrantResponse,
  "Lease/LeaseRevoke": rpc.decodeLeaseRevokeResponse,
  "Lease/LeaseLeases": rpc.decodeLeaseLeasesResponse,
};

class Side {
  readonly #services: EtcdServices;
  readonly #watch = new TestStreamCall();

  constructor(node: Node) {
    this.#services = createServices({
      node,
      clock: systemClock,
      random: systemRandom,
      members: () => [],
      auth: { passwords: plainPasswords },
    });
    const method = this.#services.methods.get("/etcdserverpb.Watch/Watch");
    assert.ok(method?.kind === "stream");
    // All keys, with the rows before.
    const create = Uint8Array.of(0x0a, 8, 0x0a, 1, 0, 0x12, 1, 0, 0x30, 1);
    method.open(this.#watch).message(create, 0, create.length);
  }

  async answer({ path, bytes }: Request): Promise<unknown> {
    const method = this.#services.methods.get(`/etcdserverpb.${path}`);
    assert.ok(method?.kind === "unary");
    const call = new TestUnaryCall();
    method.handle(call, new Uint8Array(bytes), 0, bytes.length);
    for (let turn = 0; call.status === null && turn < 1000; turn += 1) {
      await nextTurn();
    }
    if (call.status !== 0) {
      return [call.status, call.text];
    }
    return withoutIdentity(decoders[path]?.(call.message, 0, call.message.length));
  }

  /** Events seen until now, as bytes of their responses without headers. */
  async events(): Promise<unknown[]> {
    for (let turn = 0; turn < 5; turn += 1) {
      await nextTurn();
    }
    return this.#watch.sent
      .slice(1)
      .map((bytes) => rpc.decodeWatchResponse(bytes, 0, bytes.length).events);
  }
}

function withoutIdentity(message: unknown): unknown {
  const { header, ...rest } = message as { readonly header: rpc.ResponseHeader };
  return { ...rest, revision: header.revision };
}

test("answers and events are those of the tests' small node, which plans and reads in the simplest way", async () => {
  const runtime = systemRuntime();
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 30 }), async (requests) => {
      const node = await openNode({ dataDirectory: null, nodeId: null }, runtime);
      const real = new Side(node);
      const fake = new Side(new FakeNode(systemClock));
      for (const each of requests) {
        assert.deepEqual(await real.answer(each), await fake.answer(each), each.path);
      }
      assert.deepEqual(await real.events(), await fake.events());
      await node.close();
    }),
    { numRuns: 60 },
  );
});

test("a token is known to every server of the node, for as long as the server lives", async () => {
  const runtime = systemRuntime();
  const nodes = [
    await openNode({ dataDirectory: null, nodeId: null }, runtime),
    new FakeNode(systemClock),
  ];
  for (const node of nodes) {
    const serve = (): EtcdServices =>
      createServices({
        node,
        clock: systemClock,
        random: systemRandom,
        members: () => [],
        auth: { passwords: plainPasswords },
      });
    const login = async (services: EtcdServices): Promise<void> => {
      const method = services.methods.get("/etcdserverpb.Auth/Authenticate");
      assert.ok(method?.kind === "unary");
      const bytes = encodeWith(
        { size: rpc.sizeAuthenticateRequest, write: rpc.writeAuthenticateRequest },
        { name: "root", password: "secret" },
      );
      const call = new TestUnaryCall();
      method.handle(call, bytes, 0, bytes.length);
      while (call.status === null) {
        await nextTurn();
      }
      assert.equal(call.status, 0, call.text);
    };
    const [first, second] = [serve(), serve()];
    await switchAuthOn(node, plainPasswords, "secret");
    await login(first);
    await login(second);
    assert.deepEqual([first.auth.tokens, second.auth.tokens], [2, 2]);
    second.endStreams();
    await login(first);
    assert.deepEqual([first.auth.tokens, second.auth.tokens], [3, 2]);
    first.endStreams();
    await node.close();
  }
});
