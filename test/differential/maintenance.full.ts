// Maintenance and cluster calls against etcd: checksums over the same histories, alarms and what they refuse, and what a
// cluster of one member answers to calls that make no sense there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { SeededRandom } from "../support/seeded-random.js";
import { startEtcd, startSubject, type ServerProcess } from "../support/process/server-process.js";

const SEEDS = 8;
const WRITES_EACH = 120;
const skip = skipWithout("etcd");

interface Side {
  readonly server: ServerProcess;
  readonly client: GrpcClient;
  readonly memberId: string;
}

/** Runs `body` with a fresh etcd and a fresh server of ours. */
async function withBoth(body: (etcd: Side, subject: Side) => Promise<void>): Promise<void> {
  await using etcdServer = await startEtcd();
  await using subjectServer = await startSubject();
  const sides: Side[] = [];
  for (const server of [etcdServer, subjectServer]) {
    const client = new GrpcClient(server.address);
    const { leader } = await client.must("/etcdserverpb.Maintenance/Status", {});
    sides.push({ server, client, memberId: leader as string });
  }
  try {
    await body(sides[0]!, sides[1]!);
  } finally {
    for (const { client } of sides) {
      client[Symbol.dispose]();
    }
  }
}

/** An outcome with ids replaced, and without what 3.6 added: headers of alarms, the revision hashed. */
async function answer(side: Side, path: string, request: Message): Promise<string> {
  const own = JSON.parse(JSON.stringify(request).replaceAll("<member>", side.memberId)) as Message;
  const outcome = await side.client.call(path, restoreBytes(own) as Message);
  return JSON.stringify(outcome, (name, value: unknown) =>
    ["cluster_id", "member_id", "raft_term", "hash_revision"].includes(name) ||
    (name === "header" && path.endsWith("/Alarm"))
      ? "-"
      : value,
  ).replaceAll(side.memberId, "<member>");
}

function restoreBytes(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(restoreBytes);
  }
  if (typeof value === "object" && value !== null) {
    const message = value as Message;
    return message["type"] === "Buffer"
      ? Buffer.from(message["data"] as number[])
      : Object.fromEntries(
          Object.entries(message).map(([name, each]) => [name, restoreBytes(each)]),
        );
  }
  return value;
}

async function same(etcd: Side, subject: Side, path: string, request: Message): Promise<void> {
  const [expected, actual] = await Promise.all([
    answer(etcd, path, request),
    answer(subject, path, request),
  ]);
  assert.equal(actual, expected, `${path} ${JSON.stringify(request)}`);
}

const KV = "/etcdserverpb.KV";
const MAINTENANCE = "/etcdserverpb.Maintenance";
const CLUSTER = "/etcdserverpb.Cluster";
const LEASE = "/etcdserverpb.Lease";

function randomWrite(random: SeededRandom): readonly [string, Message] {
  const key = (): Buffer => Buffer.from(`k${random.below(12)}`);
  const put = (): Message => ({
    key: key(),
    value: Buffer.alloc(random.below(40), random.below(256)),
    lease: random.pick(["0", "0", "7", "-8"]),
  });
  const deletion = (): Message =>
    random.chance(0.7) ? { key: key() } : { key: Buffer.from("k1"), range_end: key() };
  return random.weighted<readonly [string, Message]>([
    [6, [`${KV}/Put`, put()]],
    [3, [`${KV}/DeleteRange`, deletion()]],
    [
      2,
      [
        `${KV}/Txn`,
        {
          success: [
            { request_put: { ...put(), key: Buffer.from(`t${random.below(4)}`) } },
            { request_delete_range: deletion() },
            { request_put: { ...put(), key: Buffer.from(`u${random.below(4)}`) } },
          ],
        },
      ],
    ],
  ]);
}

test("HashKV is etcd's own, at every revision and after compactions", { skip }, async (t) => {
  let compared = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = new SeededRandom(seed);
    await withBoth(async (etcd, subject) => {
      const both = async (path: string, request: Message): Promise<void> =>
        same(etcd, subject, path, request);
      await both(`${MAINTENANCE}/HashKV`, {});
      for (const ID of ["7", "-8"]) {
        await both(`${LEASE}/LeaseGrant`, { ID, TTL: "1000" });
      }
      let compacted = 0;
      for (let write = 0; write < WRITES_EACH; write += 1) {
        await both(...randomWrite(random));
        const { header } = await subject.client.must(`${MAINTENANCE}/Status`, {});
        const revision = Number((header as Message)["revision"]);
        if (random.chance(0.06)) {
          const target = random.between(compacted, revision);
          compacted = Math.max(compacted, target);
          await both(`${KV}/Compact`, { revision: String(target), physical: true });
        }
        if (random.chance(0.05)) {
          await subject.client.must(`${MAINTENANCE}/Defragment`, {});
        }
        // 3.4 refuses the compacted revision itself, which 3.6 answers.
        const at = random.between(compacted + 1, revision + 1);
        await both(`${MAINTENANCE}/HashKV`, { revision: String(at) });
        await both(`${MAINTENANCE}/HashKV`, { revision: "0" });
        compared += 2;
      }
      await both(`${KV}/DeleteRange`, { key: Buffer.from([0]), range_end: Buffer.from([0]) });
      await both(`${MAINTENANCE}/HashKV`, { revision: "0" });
      await both(`${MAINTENANCE}/HashKV`, { revision: "-1" });
      await both(`${MAINTENANCE}/HashKV`, { revision: "99999" });
      if (compacted > 1) {
        await both(`${MAINTENANCE}/HashKV`, { revision: String(compacted - 1) });
      }
    });
  }
  t.diagnostic(`${compared} checksums`);
});

test("alarms are kept and refuse what etcd's refuse", { skip }, async () => {
  await withBoth(async (etcd, subject) => {
    const alarm = async (action: number, memberID: string, number: number): Promise<void> =>
      same(etcd, subject, `${MAINTENANCE}/Alarm`, { action, memberID, alarm: number });
    const key = Buffer.from("k");
    const put = { request_put: { key, value: Buffer.from("v") } };
    const probe = async (): Promise<void> => {
      const calls: readonly (readonly [string, Message])[] = [
        [`${KV}/Put`, { key, value: Buffer.from("v") }],
        [`${KV}/Put`, {}],
        [`${KV}/Range`, { key }],
        [`${KV}/Txn`, { success: [put] }],
        [`${KV}/Txn`, { failure: [put] }],
        [`${KV}/Txn`, { success: [{ request_range: { key } }] }],
        [`${KV}/Txn`, { success: [{ request_delete_range: { key: Buffer.from("none") } }] }],
        [`${LEASE}/LeaseGrant`, { ID: "77", TTL: "100" }],
        [`${LEASE}/LeaseRevoke`, { ID: "77" }],
        ["/v3lockpb.Lock/Lock", { name: Buffer.from("l"), lease: "5" }],
        ["/v3lockpb.Lock/Unlock", { key: Buffer.from("l/5") }],
        [`${KV}/DeleteRange`, { key }],
        [`${KV}/Compact`, { revision: "99999" }],
      ];
      for (const [path, request] of calls) {
        await same(etcd, subject, path, request);
      }
      // etcd lists them in the order of a Go map: in none.
      const errors = async ({ client, memberId }: Side): Promise<string[]> =>
        ((await client.must(`${MAINTENANCE}/Status`, {}))["errors"] as string[])
          .map((text) => text.replaceAll(memberId, "<member>"))
          .sort();
      assert.deepEqual(await errors(subject), await errors(etcd));
    };
    await same(etcd, subject, `${LEASE}/LeaseGrant`, { ID: "5", TTL: "1000" });
    await alarm(0, "0", 0);
    await alarm(2, "0", 1);
    await probe();
    await alarm(1, "<member>", 1);
    await alarm(1, "<member>", 1);
    await alarm(0, "0", 0);
    await alarm(0, "0", 2);
    await probe();
    await alarm(2, "<member>", 1);
    await alarm(0, "0", 0);
    await probe();
    await alarm(1, "9", 2);
    await probe();
    await alarm(2, "0", 2);
    await alarm(2, "9", 2);
    await probe();
    await alarm(1, "3", 7);
    await alarm(1, "0", 1);
    await alarm(0, "0", 7);
    await probe();
  });
});

test("a cluster of one says what etcd says", { skip }, async () => {
  await withBoth(async (etcd, subject) => {
    const urls = ["foo", "http://a", "http://a:1/", "http://a:1/x", "ftp://a:1", "a:1", "http://:"];
    const calls: readonly (readonly [string, Message])[] = [
      [`${CLUSTER}/MemberAdd`, {}],
      ...urls
        .filter((url) => url !== "http://:")
        .map((url) => [`${CLUSTER}/MemberAdd`, { peerURLs: [url] }] as const),
      [`${CLUSTER}/MemberAdd`, { peerURLs: ["http://a:1", "nothing"] }],
      [`${CLUSTER}/MemberRemove`, {}],
      [`${CLUSTER}/MemberRemove`, { ID: "1" }],
      [`${CLUSTER}/MemberRemove`, { ID: "<member>" }],
      [`${CLUSTER}/MemberUpdate`, { ID: "1", peerURLs: ["http://a:1"] }],
      [`${CLUSTER}/MemberUpdate`, {}],
      [`${CLUSTER}/MemberPromote`, { ID: "1" }],
      [`${CLUSTER}/MemberPromote`, { ID: "<member>" }],
      [`${MAINTENANCE}/MoveLeader`, {}],
      [`${MAINTENANCE}/MoveLeader`, { targetID: "1" }],
      [`${MAINTENANCE}/MoveLeader`, { targetID: "<member>" }],
      [`${MAINTENANCE}/Defragment`, {}],
    ];
    for (const [path, request] of calls) {
      await same(etcd, subject, path, request);
    }
  });
});
