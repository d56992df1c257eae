// Where etcd 3.4 is not followed, a difference to it proves nothing: here our server alone is held to what
// known-differences.md says we follow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { skipUntilServed } from "./not-yet-served.js";
import { startT4, subjectName } from "../support/process/server-process.js";

const skip = subjectName === "t4" ? false : "the subject is etcd itself";
const skipUntil = (path: string): string | false => (skip === false ? skipUntilServed(path) : skip);
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const put = async (client: GrpcClient, key: string): Promise<Message> =>
  client.must("/etcdserverpb.KV/Put", { key: bytes(key) });

test("an unknown sort order or target is refused", { skip }, async () => {
  await using server = await startT4();
  using client = new GrpcClient(server.address);
  const refusal = { ok: false, code: 3, message: "etcdserver: invalid sort option" };
  for (const option of [{ sort_order: 3 }, { sort_target: 5 }, { sort_target: -1 }]) {
    const range = { key: bytes("a"), ...option };
    assert.deepEqual(await client.call("/etcdserverpb.KV/Range", range), refusal);
    const txn = { success: [{ request_range: range }] };
    assert.deepEqual(await client.call("/etcdserverpb.KV/Txn", txn), refusal);
  }
});

test("a watcher with a negative start is refused at its creation", { skip }, async () => {
  await using server = await startT4();
  using client = new GrpcClient(server.address);
  using stream = client.open("/etcdserverpb.Watch/Watch");
  stream.send({ create_request: { key: bytes("a"), start_revision: "-1" } });
  await stream.until("the refusal", () => stream.received.length === 1);
  const { watch_id, created, canceled, cancel_reason, compact_revision } = stream.received[0]!;
  assert.deepEqual(
    { watch_id, created, canceled, cancel_reason, compact_revision },
    {
      watch_id: "-1",
      created: true,
      canceled: true,
      cancel_reason: "etcdserver: mvcc: required revision has been compacted",
      compact_revision: "0",
    },
  );
});

test(
  "a deletion at the compacted revision reaches a watcher that starts there",
  { skip },
  async () => {
    await using server = await startT4();
    using client = new GrpcClient(server.address);
    await put(client, "a");
    await client.must("/etcdserverpb.KV/DeleteRange", { key: bytes("a") });
    await put(client, "b");
    await client.must("/etcdserverpb.KV/Compact", { revision: "3", physical: true });
    using stream = client.open("/etcdserverpb.Watch/Watch");
    stream.send({
      create_request: { key: bytes("a"), range_end: bytes("z"), start_revision: "3" },
    });
    const events = (): Message[] =>
      stream.received.flatMap((response) => response["events"] as Message[]);
    await stream.until("two events", () => events().length === 2);
    assert.deepEqual(
      events().map(({ type, kv }) => [type, (kv as Message)["mod_revision"]]),
      [
        [1, "3"],
        [0, "4"],
      ],
    );
  },
);

test("Status has the fields and the version of 3.6", { skip }, async () => {
  await using server = await startT4();
  using client = new GrpcClient(server.address);
  const status = await client.must("/etcdserverpb.Maintenance/Status", {});
  assert.match(status["version"] as string, /^3\.6\.\d+$/);
  assert.match(status["storageVersion"] as string, /^3\.6\.\d+$/);
  assert.equal(status["leader"], (status["header"] as Message)["member_id"]);
});

test(
  "HashKV answers at the compacted revision and says what it hashed",
  { skip: skipUntil("/etcdserverpb.Maintenance/HashKV") },
  async () => {
    await using server = await startT4();
    using client = new GrpcClient(server.address);
    await put(client, "a");
    await put(client, "a");
    await client.must("/etcdserverpb.KV/Compact", { revision: "2", physical: true });
    const hash = await client.must("/etcdserverpb.Maintenance/HashKV", { revision: "2" });
    assert.deepEqual([hash["compact_revision"], hash["hash_revision"]], ["2", "2"]);
  },
);

test(
  "a transaction that needs a key it deleted changes nothing, and the server lives on",
  { skip },
  async () => {
    await using server = await startT4();
    using client = new GrpcClient(server.address);
    await put(client, "a");
    for (const option of ["ignore_value", "ignore_lease"]) {
      const outcome = await client.call("/etcdserverpb.KV/Txn", {
        success: [
          { request_put: { key: bytes("0"), value: bytes("1") } },
          { request_delete_range: { key: bytes("\0"), range_end: bytes("\0") } },
          { request_put: { key: bytes("a"), [option]: true } },
        ],
      });
      assert.deepEqual(outcome, { ok: false, code: 3, message: "etcdserver: key not found" });
    }
    const everything = { key: bytes("\0"), range_end: bytes("\0") };
    const { header, count } = await client.must("/etcdserverpb.KV/Range", everything);
    assert.deepEqual([(header as Message)["revision"], count], ["2", "1"]);
  },
);

test("AuthStatus answers", { skip: skipUntil("/etcdserverpb.Auth/AuthStatus") }, async () => {
  await using server = await startT4();
  using client = new GrpcClient(server.address);
  const status = await client.must("/etcdserverpb.Auth/AuthStatus", {});
  assert.equal(status["enabled"], false);
});

test(
  "RangeStream's chunks make up what Range answers",
  { skip: skipUntil("/etcdserverpb.KV/RangeStream") },
  async () => {
    await using server = await startT4();
    using client = new GrpcClient(server.address);
    for (let at = 0; at < 100; at += 1) {
      await put(client, `k${String(at).padStart(3, "0")}`);
    }
    const request = { key: bytes("k"), range_end: bytes("l"), limit: "95" };
    using stream = client.open("/etcdserverpb.KV/RangeStream");
    stream.send(request);
    stream.halfClose();
    assert.deepEqual(await stream.untilEnd(), { code: 0, message: "" });
    const chunks = stream.received.map((response) => response["range_response"] as Message);
    const whole = await client.must("/etcdserverpb.KV/Range", request);
    assert.deepEqual(
      { ...chunks.at(-1), kvs: chunks.flatMap((chunk) => chunk["kvs"] as unknown[]) },
      whole,
    );
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk["header"] === null));
  },
);
