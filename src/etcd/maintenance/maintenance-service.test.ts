// What maintenance and cluster calls answer, field by field and error by error, over a node in memory.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  encodeWith,
  ServiceHarness,
  type TestCodec,
} from "../../../test/support/service-harness.js";
import { T4Error } from "../../core/errors.js";
import { GRPC_STATUS } from "../../transport/service.js";
import * as rpc from "../gen/rpc.js";

const maintenance = (method: string): string => `/etcdserverpb.Maintenance/${method}`;
const cluster = (method: string): string => `/etcdserverpb.Cluster/${method}`;

const alarmCodec = { size: rpc.sizeAlarmRequest, write: rpc.writeAlarmRequest };
const hashKvCodec = { size: rpc.sizeHashKVRequest, write: rpc.writeHashKVRequest };
const downgradeCodec = { size: rpc.sizeDowngradeRequest, write: rpc.writeDowngradeRequest };
const moveLeaderCodec = { size: rpc.sizeMoveLeaderRequest, write: rpc.writeMoveLeaderRequest };
const addCodec = { size: rpc.sizeMemberAddRequest, write: rpc.writeMemberAddRequest };
const idCodec = { size: rpc.sizeMemberRemoveRequest, write: rpc.writeMemberRemoveRequest };

async function answer<Request>(
  harness: ServiceHarness,
  path: string,
  codec: TestCodec<Request>,
  request: Request,
): Promise<readonly [status: number | null, text: string, message: Uint8Array]> {
  const call = await harness.call(path, encodeWith(codec, request));
  return [call.status, call.text, call.status === 0 ? call.message : new Uint8Array(0)];
}

async function fails<Request>(
  harness: ServiceHarness,
  path: string,
  codec: TestCodec<Request>,
  request: Request,
): Promise<unknown[]> {
  return (await answer(harness, path, codec, request)).slice(0, 2);
}

const { GET, ACTIVATE, DEACTIVATE } = rpc.AlarmRequestAlarmAction;

async function alarm(
  harness: ServiceHarness,
  action: number,
  memberID: bigint,
  kind: number,
): Promise<unknown> {
  const [, , message] = await answer(harness, maintenance("Alarm"), alarmCodec, {
    action,
    memberID,
    alarm: kind,
  });
  const { alarms, header } = rpc.decodeAlarmResponse(message, 0, message.length);
  assert.equal(header?.revision, 1);
  return alarms.map((each) => [each.memberID, each.alarm]);
}

async function status(harness: ServiceHarness): Promise<rpc.StatusResponse> {
  const { message } = await harness.call(maintenance("Status"), new Uint8Array(0));
  return rpc.decodeStatusResponse(message, 0, message.length);
}

suite("Alarm", () => {
  test("alarms are raised, listed and lowered, by member and kind", async () => {
    const harness = new ServiceHarness();
    assert.deepEqual(await alarm(harness, GET, 0n, 0), []);
    assert.deepEqual(await alarm(harness, DEACTIVATE, 0n, 1), []);
    assert.deepEqual(await alarm(harness, ACTIVATE, 0n, 0), [], "none is no alarm");
    assert.deepEqual(await alarm(harness, ACTIVATE, 7n, 1), [[7n, 1]]);
    assert.deepEqual(await alarm(harness, ACTIVATE, 7n, 1), [[7n, 1]], "it stays");
    assert.deepEqual(await alarm(harness, ACTIVATE, 0n, 2), [[0n, 2]]);
    assert.deepEqual(await alarm(harness, GET, 0n, 1), [[7n, 1]]);
    assert.deepEqual((await status(harness)).errors, [
      "memberID:7 alarm:NOSPACE ",
      "alarm:CORRUPT ",
    ]);
    assert.deepEqual(await alarm(harness, DEACTIVATE, 8n, 1), []);
    assert.deepEqual(await alarm(harness, DEACTIVATE, 7n, 1), [[7n, 1]]);
    assert.deepEqual(await alarm(harness, GET, 0n, 0), [[0n, 2]]);
    assert.deepEqual(await alarm(harness, 9, 0n, 2), [], "an action that nobody knows");
    assert.deepEqual(await alarm(harness, ACTIVATE, 3n, 7), [[3n, 7]]);
    assert.deepEqual(await alarm(harness, ACTIVATE, 3n, -7), []);
  });

  test("a full disk is an alarm of this member, and not told twice", async () => {
    const harness = new ServiceHarness();
    harness.node.hasSpace = false;
    const own = [harness.node.memberId, 1];
    assert.deepEqual(await alarm(harness, GET, 0n, 0), [own]);
    assert.deepEqual(await alarm(harness, GET, 0n, 2), []);
    await alarm(harness, ACTIVATE, harness.node.memberId, 1);
    assert.deepEqual(await alarm(harness, GET, 0n, 0), [own]);
  });
});

suite("Hash, Defragment, MoveLeader", () => {
  test("HashKV tells the revision hashed, and refuses what cannot be", async () => {
    const harness = new ServiceHarness();
    const [, , message] = await answer(harness, maintenance("HashKV"), hashKvCodec, {
      revision: 0,
    });
    const hash = rpc.decodeHashKVResponse(message, 0, message.length);
    assert.deepEqual(
      [hash.hash, hash.compactRevision, hash.hashRevision, hash.header?.revision],
      [0xdeadbeef, -1, 1, 1],
    );
    assert.deepEqual(await fails(harness, maintenance("HashKV"), hashKvCodec, { revision: 9 }), [
      GRPC_STATUS.OUT_OF_RANGE,
      "etcdserver: mvcc: required revision is a future revision",
    ]);
    const whole = await harness.call(maintenance("Hash"), new Uint8Array(0));
    assert.equal(rpc.decodeHashResponse(whole.message, 0, whole.message.length).hash, 0xdeadbeef);
  });

  test("Defragment answers without a header when it is done, or tells why not", async () => {
    const harness = new ServiceHarness();
    const call = await harness.call(maintenance("Defragment"), new Uint8Array(0));
    assert.deepEqual([call.status, call.message.length], [GRPC_STATUS.OK, 0]);
    assert.equal(harness.node.defragmentations, 1);
    harness.node.failWith = new T4Error("T4_NO_SPACE", "full");
    const failed = await harness.call(maintenance("Defragment"), new Uint8Array(0));
    assert.deepEqual(
      [failed.status, failed.text],
      [GRPC_STATUS.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"],
    );
  });

  test("nobody else can lead, and only the leader says so", async () => {
    const harness = new ServiceHarness();
    const path = maintenance("MoveLeader");
    const bad = [GRPC_STATUS.FAILED_PRECONDITION, "etcdserver: bad leader transferee"];
    assert.deepEqual(await fails(harness, path, moveLeaderCodec, { targetID: 0n }), bad);
    assert.deepEqual(await fails(harness, path, moveLeaderCodec, { targetID: 5n }), bad);
    const own = { targetID: harness.node.memberId };
    assert.deepEqual(await fails(harness, path, moveLeaderCodec, own), [GRPC_STATUS.OK, ""]);
    harness.node.isLeader = false;
    assert.deepEqual(await fails(harness, path, moveLeaderCodec, own), [
      GRPC_STATUS.FAILED_PRECONDITION,
      "etcdserver: not leader",
    ]);
  });
});

suite("Downgrade", () => {
  const { VALIDATE, ENABLE, CANCEL } = rpc.DowngradeRequestDowngradeAction;
  async function downgrade(
    harness: ServiceHarness,
    action: number,
    version = "",
  ): Promise<unknown> {
    const [code, text, message] = await answer(harness, maintenance("Downgrade"), downgradeCodec, {
      action,
      version,
    });
    return code === 0
      ? rpc.decodeDowngradeResponse(message, 0, message.length).version
      : [code, text];
  }
  const { INVALID_ARGUMENT, FAILED_PRECONDITION, UNKNOWN } = GRPC_STATUS;

  test("only the version before is a target, by its first two numbers", async () => {
    const harness = new ServiceHarness();
    for (const good of ["3.5", "3.5.0", "3.5.17", "3.5.0-rc.1"]) {
      assert.equal(await downgrade(harness, VALIDATE, good), "3.6", good);
    }
    for (const bad of ["", "3", "v3.5", "3.5.", "a.b", "3.5.0.0"]) {
      assert.deepEqual(
        await downgrade(harness, VALIDATE, bad),
        [INVALID_ARGUMENT, "etcdserver: wrong downgrade target version format"],
        bad,
      );
    }
    for (const bad of ["3.6", "3.4", "2.5", "3.7.1"]) {
      assert.deepEqual(
        await downgrade(harness, ENABLE, bad),
        [INVALID_ARGUMENT, "etcdserver: invalid downgrade target version"],
        bad,
      );
    }
  });

  test("one goes on at a time, is told by Status, and can be cancelled", async () => {
    const harness = new ServiceHarness();
    const none = [FAILED_PRECONDITION, "etcdserver: no inflight downgrade job"];
    assert.deepEqual(await downgrade(harness, CANCEL), none);
    assert.equal(await downgrade(harness, ENABLE, "3.5"), "3.6");
    assert.deepEqual((await status(harness)).downgradeInfo, {
      enabled: true,
      targetVersion: "3.5.0",
    });
    const busy = [FAILED_PRECONDITION, "etcdserver: cluster has a downgrade job in progress"];
    assert.deepEqual(await downgrade(harness, ENABLE, "3.5"), busy);
    assert.deepEqual(await downgrade(harness, VALIDATE, "3.5"), busy);
    assert.equal(await downgrade(harness, CANCEL), "3.6");
    assert.deepEqual((await status(harness)).downgradeInfo, {
      enabled: false,
      targetVersion: "",
    });
    assert.deepEqual(await downgrade(harness, CANCEL), none);
    assert.deepEqual(await downgrade(harness, 7), [UNKNOWN, "etcdserver: unknown method"]);
  });
});

suite("Cluster", () => {
  test("members are not added by calls", async () => {
    const harness = new ServiceHarness();
    const add = async (peerURLs: string[], isLearner = false): Promise<unknown> =>
      fails(harness, cluster("MemberAdd"), addCodec, { peerURLs, isLearner });
    const bad = [GRPC_STATUS.INVALID_ARGUMENT, "etcdserver: given member URLs are invalid"];
    const malformed = ["", "foo", "http://a", "http://a:1/", "ftp://a:1", "http://a:x", "a:1"];
    for (const url of malformed) {
      assert.deepEqual(await add([url]), bad, url);
    }
    assert.deepEqual(await add([]), bad);
    assert.deepEqual(await add(["http://a:1", "http://a"]), bad);
    for (const url of ["http://a:1", " https://[::1]:2 ", "unix://a"]) {
      assert.deepEqual(await add([url]), [
        GRPC_STATUS.UNKNOWN,
        "etcdserver: re-configuration failed due to not enough started members",
      ]);
    }
    assert.deepEqual(await add(["http://a:1"], true), [
      GRPC_STATUS.FAILED_PRECONDITION,
      "etcdserver: too many learner members in cluster",
    ]);
  });

  test("members are not removed, changed or promoted by calls", async () => {
    const harness = new ServiceHarness();
    const own = harness.node.memberId;
    const { FAILED_PRECONDITION, NOT_FOUND, UNKNOWN } = GRPC_STATUS;
    const refusals = [
      ["MemberRemove", UNKNOWN, "re-configuration failed due to not enough started members"],
      ["MemberUpdate", FAILED_PRECONDITION, "not capable"],
      ["MemberPromote", FAILED_PRECONDITION, "can only promote a learner member"],
    ] as const;
    for (const [method, code, text] of refusals) {
      assert.deepEqual(await fails(harness, cluster(method), idCodec, { ID: 1n }), [
        NOT_FOUND,
        "etcdserver: member not found",
      ]);
      assert.deepEqual(await fails(harness, cluster(method), idCodec, { ID: own }), [
        code,
        `etcdserver: ${text}`,
      ]);
    }
  });
});
