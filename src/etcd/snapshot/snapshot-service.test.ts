import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { propose, put } from "../../../test/node/plain-node.js";
import { ByteFile } from "../../../test/support/byte-file.js";
import { ServiceHarness, type TestStreamCall } from "../../../test/support/service-harness.js";
import { T4Error } from "../../core/errors.js";
import { GRPC_STATUS } from "../../transport/service.js";
import { decodeSnapshotResponse, type SnapshotResponse } from "../gen/rpc.js";
import { EtcdSnapshot } from "./snapshot-reader.js";

const PATH = "/etcdserverpb.Maintenance/Snapshot";

async function settle(harness: ServiceHarness, turns = 200): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    harness.clock.settle();
    await Promise.resolve();
  }
}

async function filled(keys: number): Promise<ServiceHarness> {
  const harness = new ServiceHarness();
  const writes = Array.from({ length: keys }, async (_, i) =>
    propose(harness.node, put(`key/${i}`, "v".repeat(300))),
  );
  await settle(harness, 10);
  await Promise.all(writes);
  return harness;
}

function responses(call: TestStreamCall): SnapshotResponse[] {
  return call.sent.map((message) => decodeSnapshotResponse(message, 0, message.length));
}

const statusOf = (call: TestStreamCall): number | null => call.status;

function begin(harness: ServiceHarness): ReturnType<ServiceHarness["open"]> {
  const opened = harness.open(PATH);
  opened.receiver.message(new Uint8Array(0), 0, 0);
  opened.receiver.halfClosed();
  return opened;
}

test("a snapshot comes in pieces that count down, and ends with the hash of all before", async () => {
  const harness = await filled(500);
  const { call } = begin(harness);
  await settle(harness);
  assert.equal(call.status, GRPC_STATUS.OK, call.text);
  const sent = responses(call);
  const last = sent.pop()!;
  const file = Buffer.concat(sent.map(({ blob }) => blob));
  assert.equal(file.length % 4_096, 0);
  let rest = file.length;
  for (const { blob, remainingBytes, version } of sent) {
    assert.ok(blob.length > 0 && blob.length <= 32 * 1024);
    rest -= blob.length;
    assert.equal(remainingBytes, rest);
    assert.equal(version, "3.6.0");
  }
  assert.equal(last.remainingBytes, 0);
  assert.deepEqual(Buffer.from(last.blob), createHash("sha256").update(file).digest());
  const whole = new ByteFile(Buffer.concat([file, last.blob]));
  const snapshot = new EtcdSnapshot(whole, { path: "s.db", skipHashCheck: false });
  let rows = 0;
  while (snapshot.next() !== null) {
    rows += 1;
  }
  assert.equal(rows, 500);
  assert.equal(harness.node.scratchOpen, 0);
});

test("a client that does not read is waited for, and holds no files of the store", async () => {
  const harness = await filled(500);
  const { call } = harness.open(PATH);
  call.reads = false;
  const method = harness.services.methods.get(PATH);
  assert.ok(method?.kind === "stream");
  const receiver = method.open(call);
  receiver.message(new Uint8Array(0), 0, 0);
  await settle(harness);
  assert.equal(call.status, null);
  assert.equal(call.sent.length, 1);
  assert.ok(harness.node.copiesClosed > 0);
  assert.equal(harness.node.scratchOpen, 1);
  for (let i = 0; i < 1_000 && statusOf(call) === null; i += 1) {
    call.drain();
    await settle(harness, 5);
  }
  assert.equal(call.status, GRPC_STATUS.OK);
  assert.equal(harness.node.scratchOpen, 0);
});

test("a client that goes away, and a server that ends, leave nothing open", async () => {
  const harness = await filled(500);
  const gone = harness.open(PATH);
  gone.call.reads = false;
  gone.receiver.message(new Uint8Array(0), 0, 0);
  await settle(harness);
  gone.call.cancelled = true;
  gone.receiver.cancelled();
  await settle(harness);
  assert.equal(harness.node.scratchOpen, 0);
  const ended = harness.open(PATH);
  ended.call.reads = false;
  ended.receiver.message(new Uint8Array(0), 0, 0);
  await settle(harness);
  harness.services.endStreams();
  await settle(harness);
  assert.equal(ended.call.status, GRPC_STATUS.UNAVAILABLE);
  assert.equal(ended.call.text, "etcdserver: server stopped");
  assert.equal(harness.node.scratchOpen, 0);
  assert.equal(begin(harness).call.text, "etcdserver: server stopped");
});

test("what comes after the request is ignored, whatever it is, and the snapshot is whole", async () => {
  const harness = await filled(500);
  const { call, receiver } = begin(harness);
  for (const more of [Uint8Array.of(0x08), new Uint8Array(0)]) {
    receiver.message(more, 0, more.length);
    await settle(harness, 3);
  }
  await settle(harness);
  assert.equal(call.status, GRPC_STATUS.OK, call.text);
  assert.deepEqual(responses(call).at(-1)?.remainingBytes, 0);
  const malformed = harness.open(PATH);
  malformed.receiver.message(Uint8Array.of(0x08), 0, 1);
  malformed.receiver.message(new Uint8Array(0), 0, 0);
  assert.equal(malformed.call.status, GRPC_STATUS.INTERNAL);
  assert.match(malformed.call.text, /^grpc: failed to unmarshal the received message: /);
});

test("a call that ends without a request ends", async () => {
  const harness = await filled(1);
  const { call, receiver } = harness.open(PATH);
  receiver.halfClosed();
  assert.deepEqual([call.status, call.sent.length], [GRPC_STATUS.OK, 0]);
  assert.equal(harness.node.scratchOpen, 0);
});

test("what fails on the way fails the call, never ends it as complete", async () => {
  const harness = await filled(2_000);
  const { call } = begin(harness);
  harness.node.failWith = new T4Error("T4_CLOSED", "closed");
  await settle(harness);
  assert.equal(call.status, GRPC_STATUS.UNAVAILABLE);
  assert.equal(harness.node.scratchOpen, 0);
});

test("one whose file cannot be closed takes no place of others", async () => {
  const harness = await filled(10);
  const { node } = harness;
  const open = node.openScratch.bind(node);
  node.openScratch = () => ({
    ...open(),
    close() {
      throw new T4Error("T4_IO", "broken");
    },
  });
  for (let at = 0; at < 5; at += 1) {
    const { call } = begin(harness);
    await settle(harness);
    assert.equal(call.status, GRPC_STATUS.UNAVAILABLE, call.text);
  }
  node.openScratch = open;
  const { call } = begin(harness);
  await settle(harness);
  assert.equal(call.status, GRPC_STATUS.OK, call.text);
});

test("snapshots beyond those that may be made at one time are refused", async () => {
  const harness = await filled(500);
  const waiting = Array.from({ length: 4 }, () => {
    const opened = harness.open(PATH);
    opened.call.reads = false;
    opened.receiver.message(new Uint8Array(0), 0, 0);
    return opened;
  });
  const { call } = begin(harness);
  assert.equal(call.status, GRPC_STATUS.RESOURCE_EXHAUSTED);
  assert.equal(call.text, "etcdserver: too many requests");
  await settle(harness);
  for (const { call: held, receiver } of waiting) {
    held.cancelled = true;
    receiver.cancelled();
  }
  await settle(harness);
  const { call: next } = begin(harness);
  await settle(harness);
  assert.equal(next.status, GRPC_STATUS.OK);
});
