// What the lock and election services answer, field by field and error by error, over a node in memory.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestStreamCall, TestUnaryCall } from "../../../test/support/service-harness.js";
import {
  encodeWith,
  ServiceHarness,
  type TestCodec,
} from "../../../test/support/service-harness.js";
import { T4Error } from "../../core/errors.js";
import { NO_LEASE, type LeaseId } from "../../core/words.js";
import { GRPC_STATUS } from "../../transport/service.js";
import * as election from "../gen/v3election.js";
import * as lock from "../gen/v3lock.js";

const LOCK = "/v3lockpb.Lock/Lock";
const UNLOCK = "/v3lockpb.Lock/Unlock";
const election$ = (method: string): string => `/v3electionpb.Election/${method}`;

const lockCodec = { size: lock.sizeLockRequest, write: lock.writeLockRequest };
const unlockCodec = { size: lock.sizeUnlockRequest, write: lock.writeUnlockRequest };
const campaignCodec = {
  size: election.sizeCampaignRequest,
  write: election.writeCampaignRequest,
};
const proclaimCodec = {
  size: election.sizeProclaimRequest,
  write: election.writeProclaimRequest,
};
const resignCodec = { size: election.sizeResignRequest, write: election.writeResignRequest };
const leaderCodec = { size: election.sizeLeaderRequest, write: election.writeLeaderRequest };

const decodeLock = ({ message }: TestUnaryCall): lock.LockResponse =>
  lock.decodeLockResponse(message, 0, message.length);
const decodeCampaign = ({ message }: TestUnaryCall): election.CampaignResponse =>
  election.decodeCampaignResponse(message, 0, message.length);
const decodeLeader = (message: Uint8Array): election.LeaderResponse =>
  election.decodeLeaderResponse(message, 0, message.length);

async function settled(harness: ServiceHarness): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) {
    harness.clock.settle();
    await Promise.resolve();
  }
}

function grant(harness: ServiceHarness, ...leases: readonly LeaseId[]): void {
  for (const lease of leases) {
    harness.node.propose({ kind: "lease-grant", lease, ttlSeconds: 100 }, () => {});
  }
}

async function fails<Request>(
  harness: ServiceHarness,
  path: string,
  codec: TestCodec<Request>,
  request: Request,
): Promise<readonly [number | null, string]> {
  const call = await harness.call(path, encodeWith(codec, request));
  return [call.status, call.text];
}

suite("Lock", () => {
  test("the key is the name and the lease in hexadecimal; the same lease gets the same key", async () => {
    const harness = new ServiceHarness();
    grant(harness, 0x1fn, -6n);
    const first = await harness.call(LOCK, encodeWith(lockCodec, { name: "n", lease: 0x1fn }));
    assert.deepEqual([decodeLock(first).key, decodeLock(first).header?.revision], ["n/1f", 2]);
    const again = await harness.call(LOCK, encodeWith(lockCodec, { name: "n", lease: 0x1fn }));
    assert.deepEqual([decodeLock(again).key, decodeLock(again).header?.revision], ["n/1f", 2]);
    const negative = await harness.call(LOCK, encodeWith(lockCodec, { name: "m", lease: -6n }));
    assert.equal(decodeLock(negative).key, "m/-6");
  });

  test("who names no lease gets one of 60 s", async () => {
    const harness = new ServiceHarness();
    const call = await harness.call(LOCK, encodeWith(lockCodec, { name: "n", lease: NO_LEASE }));
    const lease = BigInt(`0x${decodeLock(call).key.slice(2)}`);
    assert.equal(harness.node.timeToLive(lease)?.grantedSeconds, 60);
    assert.deepEqual(harness.node.leaseKeys(lease), [decodeLock(call).key]);
  });

  test("a second caller waits for the first, and a third for the second", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n, 2n, 3n);
    const calls = [1n, 2n, 3n].map((lease) =>
      harness.start(LOCK, encodeWith(lockCodec, { name: "n", lease })),
    );
    await settled(harness);
    const answered = (): (number | null)[] => calls.map(({ status }) => status);
    assert.deepEqual(answered(), [0, null, null]);
    await harness.call(UNLOCK, encodeWith(unlockCodec, { key: "n/1" }));
    await settled(harness);
    assert.deepEqual(answered(), [0, 0, null]);
    assert.equal(decodeLock(calls[1]!).header?.revision, 5);
    await harness.call(UNLOCK, encodeWith(unlockCodec, { key: "n/2" }));
    await settled(harness);
    assert.deepEqual(answered(), [0, 0, 0]);
  });

  test("a client that goes away leaves no key, and the next is served in its place", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n, 2n, 3n);
    const calls = [1n, 2n, 3n].map((lease) =>
      harness.start(LOCK, encodeWith(lockCodec, { name: "n", lease })),
    );
    await settled(harness);
    calls[1]!.cancel();
    await settled(harness);
    assert.deepEqual(harness.node.leaseKeys(2n), []);
    await harness.call(UNLOCK, encodeWith(unlockCodec, { key: "n/1" }));
    await settled(harness);
    assert.equal(calls[2]!.status, GRPC_STATUS.OK);
  });

  test("a lease that ends while its owner waits ends the waiting", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n, 2n);
    const calls = [1n, 2n].map((lease) =>
      harness.start(LOCK, encodeWith(lockCodec, { name: "n", lease })),
    );
    await settled(harness);
    harness.node.propose({ kind: "lease-revoke", lease: 2n }, () => {});
    await settled(harness);
    assert.deepEqual(
      [calls[1]!.status, calls[1]!.text],
      [GRPC_STATUS.UNKNOWN, "mutex: session is expired"],
    );
  });

  test("a server that stops tells those who wait, and they leave the line", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n, 2n);
    const calls = [1n, 2n].map((lease) =>
      harness.start(LOCK, encodeWith(lockCodec, { name: "n", lease })),
    );
    await settled(harness);
    harness.services.endStreams();
    await settled(harness);
    const stopped = [GRPC_STATUS.UNAVAILABLE, "etcdserver: server stopped"];
    assert.deepEqual([calls[1]!.status, calls[1]!.text], stopped);
    assert.deepEqual(harness.node.leaseKeys(2n), []);
    const late = { name: "x", lease: 1n };
    assert.deepEqual(await fails(harness, LOCK, lockCodec, late), stopped);
  });

  test("what is refused has etcd's text", async () => {
    const harness = new ServiceHarness();
    const unknown = GRPC_STATUS.UNKNOWN;
    assert.deepEqual(await fails(harness, LOCK, lockCodec, { name: "n", lease: 77n }), [
      unknown,
      "etcdserver: requested lease not found",
    ]);
    assert.deepEqual(await fails(harness, UNLOCK, unlockCodec, { key: "" }), [
      unknown,
      "etcdserver: key is not provided",
    ]);
    const missing = await harness.call(UNLOCK, encodeWith(unlockCodec, { key: "nothing" }));
    assert.equal(missing.status, GRPC_STATUS.OK);
    const name = "x".repeat(2_000_000);
    assert.deepEqual(await fails(harness, LOCK, lockCodec, { name, lease: 1n }), [
      unknown,
      "etcdserver: request is too large",
    ]);
    harness.node.failWith = new T4Error("T4_NOT_LEADER", "not this one");
    assert.deepEqual(await fails(harness, LOCK, lockCodec, { name: "n", lease: 1n }), [
      unknown,
      "etcdserver: not leader",
    ]);
    harness.node.failWith = new T4Error("T4_UNAVAILABLE", "no leader");
    assert.deepEqual(await fails(harness, LOCK, lockCodec, { name: "n", lease: 1n }), [
      GRPC_STATUS.UNAVAILABLE,
      "etcdserver: no leader",
    ]);
  });
});

suite("Election", () => {
  test("a candidate leads, replaces its value, and is told its own first revision", async () => {
    const harness = new ServiceHarness();
    grant(harness, 5n);
    const campaign = async (value: string): Promise<election.CampaignResponse> =>
      decodeCampaign(
        await harness.call(
          election$("Campaign"),
          encodeWith(campaignCodec, { name: "e", lease: 5n, value: Buffer.from(value) }),
        ),
      );
    const leader = { name: "e", key: "e/5", rev: 2, lease: 5n };
    const first = await campaign("one");
    assert.deepEqual([first.leader, first.header?.revision], [leader, 2]);
    const again = await campaign("two");
    assert.deepEqual([again.leader, again.header?.revision], [leader, 2]);
    const told = await harness.call(election$("Leader"), encodeWith(leaderCodec, { name: "e" }));
    const { kv, header } = decodeLeader(told.message);
    assert.equal(header?.revision, 3);
    assert.deepEqual(
      [kv?.key, kv?.createRevision, kv?.modRevision, kv?.version, kv?.lease],
      ["e/5", 2, 3, 2, 5n],
    );
    assert.equal(Buffer.from(kv!.value).toString(), "two");
  });

  test("what is refused has etcd's text", async () => {
    const harness = new ServiceHarness();
    grant(harness, 5n);
    const unknown = GRPC_STATUS.UNKNOWN;
    const value = new Uint8Array(1);
    const campaign = { name: "e", lease: 5n, value };
    const { leader } = decodeCampaign(
      await harness.call(election$("Campaign"), encodeWith(campaignCodec, campaign)),
    );
    const proclaim = async (key: election.LeaderKey | null): Promise<unknown> =>
      fails(harness, election$("Proclaim"), proclaimCodec, { leader: key, value });
    const resign = async (key: election.LeaderKey | null): Promise<unknown> =>
      fails(harness, election$("Resign"), resignCodec, { leader: key });
    const missing = [unknown, '"leader" field must be provided'];
    const empty = { name: "", key: "", rev: 0, lease: 0n };
    assert.deepEqual(await proclaim(null), missing);
    assert.deepEqual(await resign(null), missing);
    assert.deepEqual(await proclaim(empty), [unknown, "etcdserver: key is not provided"]);
    assert.deepEqual(await resign(empty), [unknown, "etcdserver: key is not provided"]);
    assert.deepEqual(await proclaim({ ...leader!, rev: 1 }), [unknown, "election: not leader"]);
    assert.deepEqual(await proclaim({ ...leader!, lease: 9n }), [
      unknown,
      "etcdserver: requested lease not found",
    ]);
    assert.deepEqual(await resign({ ...leader!, rev: 1 }), [GRPC_STATUS.OK, ""]);
    assert.deepEqual(await resign(leader), [GRPC_STATUS.OK, ""]);
    assert.deepEqual(await resign(leader), [GRPC_STATUS.OK, ""]);
    assert.deepEqual(await fails(harness, election$("Leader"), leaderCodec, { name: "e" }), [
      unknown,
      "election: no leader",
    ]);
    assert.deepEqual(
      await fails(harness, election$("Campaign"), campaignCodec, { ...campaign, lease: 9n }),
      [unknown, "etcdserver: requested lease not found"],
    );
  });

  test("a candidate whose lease ends while it waits does not lead", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n, 2n);
    const value = new Uint8Array(1);
    const [, second] = [1n, 2n].map((lease) =>
      harness.start(election$("Campaign"), encodeWith(campaignCodec, { name: "e", lease, value })),
    );
    await settled(harness);
    harness.node.propose({ kind: "lease-revoke", lease: 2n }, () => {});
    await settled(harness);
    assert.deepEqual([second!.status, second!.text], [GRPC_STATUS.UNKNOWN, "election: not leader"]);
  });
});

suite("Observe", () => {
  function observe(harness: ServiceHarness, name: string): TestStreamCall {
    const { call, receiver } = harness.open(election$("Observe"));
    const request = encodeWith(leaderCodec, { name });
    receiver.message(request, 0, request.length);
    receiver.halfClosed();
    return call;
  }
  const seen = (call: TestStreamCall): string[] =>
    call.sent.map((message) => {
      const { header, kv } = decodeLeader(message);
      return `${header?.revision}: ${kv?.key}=${Buffer.from(kv!.value).toString()}`;
    });
  async function campaign(harness: ServiceHarness, lease: LeaseId, value: string): Promise<void> {
    const request = { name: "e", lease, value: Buffer.from(value) };
    harness.start(election$("Campaign"), encodeWith(campaignCodec, request));
    await settled(harness);
  }

  test("it tells of the first leader to come, each value, and the next leader", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n, 2n);
    const call = observe(harness, "e");
    await settled(harness);
    assert.deepEqual(seen(call), []);
    await campaign(harness, 1n, "a");
    await campaign(harness, 2n, "b");
    const leader = { name: "e", key: "e/1", rev: 2, lease: 1n };
    const value = Buffer.from("A");
    await harness.call(election$("Proclaim"), encodeWith(proclaimCodec, { leader, value }));
    await harness.call(election$("Resign"), encodeWith(resignCodec, { leader }));
    await settled(harness);
    assert.deepEqual(seen(call), ["2: e/1=a", "4: e/1=A", "5: e/2=b"]);
    const late = observe(harness, "e");
    await settled(harness);
    assert.deepEqual(seen(late), ["5: e/2=b"]);
  });

  test("a client that does not read is told how things stand when it reads again", async () => {
    const harness = new ServiceHarness();
    grant(harness, 1n);
    await campaign(harness, 1n, "0");
    const call = observe(harness, "e");
    call.reads = false;
    await settled(harness);
    const leader = { name: "e", key: "e/1", rev: 2, lease: 1n };
    const proclaim = async (text: string): Promise<void> => {
      const request = { leader, value: Buffer.from(text) };
      await harness.call(election$("Proclaim"), encodeWith(proclaimCodec, request));
    };
    for (let value = 1; value <= 20; value += 1) {
      await proclaim("x".repeat(300) + String(value));
    }
    assert.ok(call.sent.length < 8, "it is not fed while it does not read");
    while (call.bufferedBytes > 0) {
      call.drain();
      await settled(harness);
    }
    assert.match(seen(call).at(-1) ?? "", /x20$/);
  });

  test("leaders that come and go while the client does not read are passed over", async () => {
    const harness = new ServiceHarness();
    const call = observe(harness, "e");
    call.reads = false;
    await settled(harness);
    const last = 30n;
    for (let lease = 1n; lease <= last; lease += 1n) {
      grant(harness, lease);
      await campaign(harness, lease, "x".repeat(300));
      if (lease < last) {
        harness.node.propose({ kind: "lease-revoke", lease }, () => {});
        await settled(harness);
      }
    }
    assert.ok(call.sent.length < 8, `${call.sent.length} sent to who does not read`);
    while (call.bufferedBytes > 0) {
      call.drain();
      await settled(harness);
    }
    assert.match(seen(call).at(-1) ?? "", /: e\/1e=/);
  });

  test("it ends with a client that sends no request", () => {
    const harness = new ServiceHarness();
    const { call, receiver } = harness.open(election$("Observe"));
    receiver.halfClosed();
    assert.equal(call.status, GRPC_STATUS.OK);
    harness.services.endStreams();
    assert.equal(call.status, GRPC_STATUS.OK, "nothing of it is left");
  });

  test("it ends with the server, and says nothing to a client that has gone", async () => {
    const harness = new ServiceHarness();
    const { call: gone, receiver } = harness.open(election$("Observe"));
    const request = encodeWith(leaderCodec, { name: "e" });
    receiver.message(request, 0, request.length);
    await settled(harness);
    receiver.cancelled();
    const call = observe(harness, "e");
    await settled(harness);
    harness.services.endStreams();
    await settled(harness);
    assert.deepEqual([gone.status, gone.sent.length], [null, 0]);
    assert.deepEqual(
      [call.status, call.text],
      [GRPC_STATUS.UNAVAILABLE, "etcdserver: server stopped"],
    );
    const late = harness.open(election$("Observe"));
    assert.equal(late.call.status, GRPC_STATUS.UNAVAILABLE);
  });
});
