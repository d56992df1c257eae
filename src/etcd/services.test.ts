// Leases, cluster, maintenance and health over a node in memory.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeWith, ServiceHarness, type TestCodec } from "../../test/support/service-harness.js";
import { GRPC_STATUS } from "../transport/service.js";
import * as rpc from "./gen/rpc.js";

const grantCodec = { size: rpc.sizeLeaseGrantRequest, write: rpc.writeLeaseGrantRequest };
const timeToLiveCodec = {
  size: rpc.sizeLeaseTimeToLiveRequest,
  write: rpc.writeLeaseTimeToLiveRequest,
};
const idCodec = { size: rpc.sizeLeaseRevokeRequest, write: rpc.writeLeaseRevokeRequest };

async function ask<Request, Response>(
  harness: ServiceHarness,
  path: string,
  codec: TestCodec<Request>,
  request: Request,
  decode: (buffer: Uint8Array, start: number, end: number) => Response,
): Promise<Response> {
  const call = await harness.call(path, encodeWith(codec, request));
  return decode(call.message, 0, call.message.length);
}

const grant = async (
  harness: ServiceHarness,
  TTL: number,
  ID = 0n,
): Promise<rpc.LeaseGrantResponse> =>
  ask(
    harness,
    "/etcdserverpb.Lease/LeaseGrant",
    grantCodec,
    { TTL, ID },
    rpc.decodeLeaseGrantResponse,
  );

const timeToLive = async (
  harness: ServiceHarness,
  ID: bigint,
  keys = false,
): Promise<rpc.LeaseTimeToLiveResponse> =>
  ask(
    harness,
    "/etcdserverpb.Lease/LeaseTimeToLive",
    timeToLiveCodec,
    { ID, keys },
    rpc.decodeLeaseTimeToLiveResponse,
  );

suite("Lease", () => {
  test("the server chooses a positive id, raises short times, and takes negative ids", async () => {
    const harness = new ServiceHarness();
    const chosen = await grant(harness, 100);
    assert.ok(chosen.ID > 0n);
    assert.equal(chosen.TTL, 100);
    assert.equal(chosen.header?.revision, 1);
    assert.deepEqual((await grant(harness, -5, -9n)).ID, -9n);
    assert.equal((await grant(harness, 1, 8n)).TTL, 2);
    const twice = await harness.call(
      "/etcdserverpb.Lease/LeaseGrant",
      encodeWith(grantCodec, { TTL: 5, ID: 8n }),
    );
    assert.deepEqual([twice.status, twice.text], [9, "etcdserver: lease already exists"]);
    const long = await harness.call(
      "/etcdserverpb.Lease/LeaseGrant",
      encodeWith(grantCodec, { TTL: 9_000_000_001, ID: 0n }),
    );
    assert.deepEqual([long.status, long.text], [11, "etcdserver: too large lease TTL"]);
  });

  test("time to live is rounded down; a lease that is not there has -1 and is no error", async () => {
    const harness = new ServiceHarness();
    await grant(harness, 10, 7n);
    await harness.call("/etcdserverpb.KV/Put", Uint8Array.of(0x0a, 1, 0x6b, 0x18, 7));
    harness.clock.advance(1);
    const found = await timeToLive(harness, 7n, true);
    assert.deepEqual([found.TTL, found.grantedTTL, found.keys], [9, 10, ["k"]]);
    assert.deepEqual((await timeToLive(harness, 7n)).keys, []);
    const missing = await timeToLive(harness, 5n, true);
    assert.deepEqual(
      [missing.ID, missing.TTL, missing.grantedTTL, missing.header?.revision],
      [5n, -1, 0, 2],
    );
    harness.clock.advance(11_000);
    assert.equal((await timeToLive(harness, 7n)).TTL, 0);
  });

  test("revoking deletes the keys in one revision; revoking again finds nothing", async () => {
    const harness = new ServiceHarness();
    await grant(harness, 10, 7n);
    await harness.call("/etcdserverpb.KV/Put", Uint8Array.of(0x0a, 1, 0x6b, 0x18, 7));
    await harness.call("/etcdserverpb.KV/Put", Uint8Array.of(0x0a, 1, 0x6c, 0x18, 7));
    const revoked = await ask(
      harness,
      "/etcdserverpb.Lease/LeaseRevoke",
      idCodec,
      { ID: 7n },
      rpc.decodeLeaseRevokeResponse,
    );
    assert.equal(revoked.header?.revision, 4);
    const again = await harness.call(
      "/etcdserverpb.Lease/LeaseRevoke",
      encodeWith(idCodec, { ID: 7n }),
    );
    assert.deepEqual([again.status, again.text], [5, "etcdserver: requested lease not found"]);
  });

  test("leases are listed", async () => {
    const harness = new ServiceHarness();
    await grant(harness, 10, 7n);
    await grant(harness, 10, -1n);
    const call = await harness.call("/etcdserverpb.Lease/LeaseLeases", new Uint8Array(0));
    const list = rpc.decodeLeaseLeasesResponse(call.message, 0, call.message.length);
    assert.deepEqual(
      list.leases.map((lease) => lease.ID),
      [7n, -1n],
    );
  });

  test("keepalives renew; a missing lease has 0 and the stream goes on", async () => {
    const harness = new ServiceHarness();
    await grant(harness, 10, 7n);
    harness.clock.advance(5000);
    const { call, receiver } = harness.open("/etcdserverpb.Lease/LeaseKeepAlive");
    receiver.message(Uint8Array.of(0x08, 7), 0, 2);
    receiver.message(Uint8Array.of(0x08, 6), 0, 2);
    const answers = call.sent.map((bytes) =>
      rpc.decodeLeaseKeepAliveResponse(bytes, 0, bytes.length),
    );
    assert.deepEqual(
      answers.map(({ ID, TTL }) => [ID, TTL]),
      [
        [7n, 10],
        [6n, 0],
      ],
    );
    assert.equal((await timeToLive(harness, 7n)).TTL, 10);
    receiver.halfClosed();
    assert.equal(call.status, 0);
  });
});

suite("Cluster", () => {
  test("members have client URLs, and the header has no revision", async () => {
    const harness = new ServiceHarness();
    const call = await harness.call("/etcdserverpb.Cluster/MemberList", Uint8Array.of(0x08, 1));
    const list = rpc.decodeMemberListResponse(call.message, 0, call.message.length);
    assert.equal(list.header?.revision, 0);
    assert.equal(list.header.raftTerm, 2);
    assert.deepEqual(list.members, [
      {
        ID: harness.node.memberId,
        name: "fake",
        peerURLs: [],
        clientURLs: ["http://127.0.0.1:3379"],
        isLearner: false,
      },
    ]);
  });
});

suite("Maintenance", () => {
  const status = async (harness: ServiceHarness): Promise<rpc.StatusResponse> => {
    const call = await harness.call("/etcdserverpb.Maintenance/Status", new Uint8Array(0));
    return rpc.decodeStatusResponse(call.message, 0, call.message.length);
  };

  test("status tells version, sizes, leader and indexes", async () => {
    const harness = new ServiceHarness();
    const found = await status(harness);
    assert.equal(found.version, "3.6.5");
    assert.equal(found.storageVersion, "3.6.0");
    assert.equal(found.leader, harness.node.memberId);
    assert.deepEqual([found.dbSize, found.dbSizeInUse, found.dbSizeQuota], [4096, 1024, 8000]);
    assert.deepEqual([found.raftIndex, found.raftAppliedIndex, found.raftTerm], [7, 7, 2]);
    assert.deepEqual(
      [found.errors, found.isLearner, found.downgradeInfo?.enabled],
      [[], false, false],
    );
  });

  test("status tells what is wrong", async () => {
    const harness = new ServiceHarness();
    harness.node.isLeader = false;
    harness.node.hasSpace = false;
    const found = await status(harness);
    assert.equal(found.leader, 0n);
    assert.deepEqual(found.errors, [
      "etcdserver: no leader",
      `memberID:${harness.node.memberId} alarm:NOSPACE `,
    ]);
  });
});

suite("Health", () => {
  test("the server serves until it begins to stop; parts have no health of their own", async () => {
    const harness = new ServiceHarness();
    const check = "/grpc.health.v1.Health/Check";
    assert.deepEqual([...(await harness.call(check, new Uint8Array(0))).message], [0x08, 1]);
    const unknown = await harness.call(check, Uint8Array.of(0x0a, 1, 0x78));
    assert.deepEqual([unknown.status, unknown.text], [5, "unknown service"]);
    const whole = harness.open("/grpc.health.v1.Health/Watch");
    whole.receiver.message(new Uint8Array(0), 0, 0);
    whole.receiver.halfClosed();
    const part = harness.open("/grpc.health.v1.Health/Watch");
    part.receiver.message(Uint8Array.of(0x0a, 1, 0x78), 0, 3);
    harness.services.stopServing();
    assert.deepEqual(
      whole.call.sent.map((bytes) => [...bytes]),
      [
        [0x08, 1],
        [0x08, 2],
      ],
    );
    assert.deepEqual(
      part.call.sent.map((bytes) => [...bytes]),
      [[0x08, 3]],
    );
    assert.deepEqual([...(await harness.call(check, new Uint8Array(0))).message], [0x08, 2]);
  });

  test("a watch takes one request, and ends without one", () => {
    const harness = new ServiceHarness();
    const watch = (): ReturnType<ServiceHarness["open"]> =>
      harness.open("/grpc.health.v1.Health/Watch");
    const { call, receiver } = watch();
    receiver.message(new Uint8Array(0), 0, 0);
    receiver.message(Uint8Array.of(0x08), 0, 1);
    receiver.message(new Uint8Array(0), 0, 0);
    assert.deepEqual([call.status, call.sent.length], [null, 1]);
    harness.services.stopServing();
    harness.services.endStreams();
    assert.deepEqual([call.status, call.sent.length], [GRPC_STATUS.UNAVAILABLE, 2]);
    const none = watch();
    none.receiver.halfClosed();
    assert.equal(none.call.status, GRPC_STATUS.OK);
  });
});
