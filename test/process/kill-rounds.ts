// Rounds of: load, kill -9 at a random moment, restart, and a full account of what the store must now hold.
import assert from "node:assert/strict";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { SeededRandom } from "../support/seeded-random.js";
import { startSubject, type ServerProcess } from "../support/process/server-process.js";
import { sleep } from "../support/process/wait.js";
import { Follower } from "./follower.js";
import { historyEventOf, keyStateOf, Ledger, type KeyState } from "./ledger.js";
import { Load } from "./load.js";

const CLIENTS = 8;
const LOAD_MS_MAX = 500;
const PAST_REVISIONS_READ = 4;
/** Old history is compacted, or a run of many rounds would spend its time on comparing it. */
const EVERYTHING = Buffer.from([0]);

export interface RoundsResult {
  readonly revisions: number;
  readonly kills: number;
  readonly killsInStart: number;
}

/** What a test of the rounds themselves does to the store behind their back. */
export interface Sabotage {
  beforeLoad(dataDirectory: string): Promise<void>;
  afterKill(dataDirectory: string): Promise<void>;
}

/** One store through `seeds.length` kills. Throws with the seed of the round that went wrong. */
export async function runKillRounds(
  seeds: readonly number[],
  sabotage?: Sabotage,
  flags: readonly string[] = [],
): Promise<RoundsResult> {
  await using server = await startSubject({ flags });
  const ledger = new Ledger();
  const followers = [
    new Follower(ledger, { prefix: "\0", withDeletions: true }),
    new Follower(ledger, { prefix: "own/1/", withDeletions: true }),
    new Follower(ledger, { prefix: "shared/", withDeletions: false }),
  ];
  await Promise.all(followers.map(async (follower) => follower.connect(server.address)));
  let killsInStart = 0;
  for (const [at, seed] of seeds.entries()) {
    try {
      killsInStart += await runRound(server, ledger, followers, seed, sabotage);
    } catch (error) {
      const first = seeds[0] ?? 0;
      throw new Error(
        `round ${at + 1} of the rounds from seed ${first} on (this one: ${seed}); the server printed:\n${server.output}`,
        { cause: error },
      );
    }
  }
  return { revisions: ledger.verifiedRevision, kills: seeds.length, killsInStart };
}

async function runRound(
  server: ServerProcess,
  ledger: Ledger,
  followers: readonly Follower[],
  seed: number,
  sabotage: Sabotage | undefined,
): Promise<number> {
  await sabotage?.beforeLoad(server.dataDirectory);
  const random = new SeededRandom(seed);
  const load = new Load(ledger, server.address, seed, CLIENTS);
  const loading = load.run();
  const compactAt = random.between(ledger.compactionAsked + 1, ledger.verifiedRevision + 1);
  const compacts = random.chance(0.5) && compactAt <= ledger.verifiedRevision;
  const untilKillMs = random.between(5, LOAD_MS_MAX);
  // The load may fail before the kill, and must then end the round.
  await Promise.race([sleep(untilKillMs), loading]);
  load.expectDeath();
  const compacting = compacts ? load.compact(server.address, compactAt) : Promise.resolve();
  if (compacts) {
    await sleep(random.below(8));
  }
  await server.kill();
  await Promise.all([loading, compacting]);
  for (const follower of followers) {
    follower.disconnect();
  }
  await sabotage?.afterKill(server.dataDirectory);
  const killsInStart = random.chance(0.3) ? await killWhileStarting(server, random) : 0;
  await server.start();
  using client = new GrpcClient(server.address);
  await verifyHistory(client, ledger);
  await verifyState(client, ledger, random);
  await verifyLeases(client, ledger);
  await Promise.all(
    followers.map(async (follower) => {
      await follower.connect(server.address);
      await follower.verify();
    }),
  );
  return killsInStart;
}

/** A recovery that is cut short must not harm the next one. */
async function killWhileStarting(server: ServerProcess, random: SeededRandom): Promise<number> {
  const kills = random.between(1, 3);
  for (let kill = 0; kill < kills; kill += 1) {
    const starting = server.start().then(
      () => undefined,
      () => undefined,
    );
    await sleep(random.between(20, 250));
    await server.kill();
    await starting;
  }
  return kills;
}

async function verifyHistory(client: GrpcClient, ledger: Ledger): Promise<void> {
  const now = await client.must("/etcdserverpb.KV/Range", { key: EVERYTHING });
  const current = Number((now["header"] as Message)["revision"]);
  using stream = client.open("/etcdserverpb.Watch/Watch");
  stream.send({
    create_request: {
      key: EVERYTHING,
      range_end: EVERYTHING,
      start_revision: String(ledger.verifiedRevision + 1),
      prev_kv: true,
    },
  });
  const events = (): Message[] =>
    stream.received.flatMap((response) => response["events"] as Message[]);
  await stream.until(`the history up to revision ${current}`, () => {
    const last = stream.received.at(-1)?.["events"] as Message[] | undefined;
    const lastEvent = last?.at(-1);
    return (
      current === ledger.verifiedRevision ||
      (lastEvent !== undefined && historyEventOf(lastEvent).revision >= current)
    );
  });
  for (const { canceled } of stream.received as { canceled: boolean }[]) {
    assert.equal(canceled, false, "the history was cancelled");
  }
  ledger.verify(events().map(historyEventOf), current);
}

async function readAll(client: GrpcClient, revision: number): Promise<Map<string, KeyState>> {
  const response = await client.must("/etcdserverpb.KV/Range", {
    key: EVERYTHING,
    range_end: EVERYTHING,
    revision: String(revision),
  });
  return new Map(
    (response["kvs"] as Message[]).map((kv) => [
      (kv["key"] as Buffer).toString("latin1"),
      keyStateOf(kv),
    ]),
  );
}

const sorted = (state: ReadonlyMap<string, KeyState>): [string, KeyState][] =>
  [...state].sort(([a], [b]) => (a < b ? -1 : 1));

async function verifyState(
  client: GrpcClient,
  ledger: Ledger,
  random: SeededRandom,
): Promise<void> {
  assert.deepEqual([...(await readAll(client, 0))], sorted(ledger.state), "the keys now");
  const oldest = Math.max(2, ledger.compactionAsked);
  for (let read = 0; read < PAST_REVISIONS_READ && oldest < ledger.verifiedRevision; read += 1) {
    const revision = read === 0 ? oldest : random.between(oldest, ledger.verifiedRevision);
    assert.deepEqual(
      [...(await readAll(client, revision))],
      sorted(ledger.stateAt(revision)),
      `the keys at revision ${revision}`,
    );
  }
  if (ledger.compactedRevision > 1) {
    const outcome = await client.call("/etcdserverpb.KV/Range", {
      key: EVERYTHING,
      revision: String(ledger.compactedRevision - 1),
    });
    assert.deepEqual(
      outcome,
      { ok: false, code: 11, message: "etcdserver: mvcc: required revision has been compacted" },
      `an acknowledged compaction at ${ledger.compactedRevision} must hold`,
    );
  }
}

async function verifyLeases(client: GrpcClient, ledger: Ledger): Promise<void> {
  const response = await client.must("/etcdserverpb.Lease/LeaseLeases", {});
  const existing = new Set((response["leases"] as { ID: string }[]).map(({ ID }) => ID));
  for (const [id, existence] of ledger.leases) {
    if (existence !== "unknown") {
      assert.equal(existing.has(id), existence === "exists", `lease ${id} ${existence}`);
    }
    ledger.leases.set(id, existing.has(id) ? "exists" : "gone");
  }
  for (const id of existing) {
    assert.ok(ledger.leases.has(id), `lease ${id} was never granted`);
    const attached = [...ledger.state].filter(([, { lease }]) => lease === id);
    const live = await client.must("/etcdserverpb.Lease/LeaseTimeToLive", { ID: id, keys: true });
    assert.deepEqual(
      (live["keys"] as Buffer[]).map((key) => key.toString("latin1")).sort(),
      attached.map(([key]) => key).sort(),
      `the keys of lease ${id}`,
    );
    assert.equal(live["grantedTTL"], "86400");
  }
  for (const [key, { lease }] of ledger.state) {
    assert.ok(lease === "0" || existing.has(lease), `${key} has the lost lease ${lease}`);
  }
}
