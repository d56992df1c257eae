// Locks and elections on a real node and virtual time: many contenders, clients that go away, leases that end. Whatever
// happens, at most one is served, in order of arrival; nobody waits for ever, and no key is left behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeWith,
  plainPasswords,
  TestUnaryCall,
} from "../../../test/support/service-harness.js";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { InlineThreads } from "../../../test/sim/inline-threads.js";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { ALL_KEYS } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { LeaseId } from "../../core/words.js";
import type { Node } from "../../node/node.js";
import { openNode } from "../../node/open-node.js";
import { silentLogger } from "../../runtime/logger.js";
import { noMetrics } from "../../runtime/metrics/metrics.js";
import { GRPC_STATUS } from "../../transport/service.js";
import * as election from "../gen/v3election.js";
import * as lock from "../gen/v3lock.js";
import { pointRead } from "../kv/requests.js";
import { proposed } from "../service-context.js";
import { createServices, type EtcdServices } from "../services.js";

const SEEDS = Number(process.env["T4_TEST_SEEDS"] ?? "") || 40;
const FIRST_SEED = Number(process.env["T4_TEST_SEED"] ?? "") || 1;
const NAMES = ["a", "a/b", "b"];

type Kind = "lock" | "election";

interface Holder {
  readonly name: string;
  readonly key: string;
  readonly createRevision: number;
}

class LineSimulation {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly #kind: Kind;
  #node!: Node;
  #services!: EtcdServices;
  readonly #held: Holder[] = [];
  readonly #lastServed = new Map<string, number>();
  served = 0;
  lost = 0;
  cancelled = 0;

  constructor(seed: number, kind: Kind) {
    this.clock = new VirtualClock(seed);
    this.random = new SeededRandom(seed);
    this.#kind = kind;
  }

  async run(): Promise<void> {
    const { clock, random } = this;
    const disk = new SimulatedDisk();
    const threads = new InlineThreads({ clock, disk, seed: 1, handlers: {} });
    const runtime = { clock, disk, random, threads, logger: silentLogger, metrics: noMetrics };
    this.#node = await clock.resolve(openNode({ dataDirectory: null, nodeId: "n" }, runtime));
    this.#services = createServices({
      node: this.#node,
      clock,
      random,
      members: () => [],
      auth: { passwords: plainPasswords },
    });
    const contenders = Array.from({ length: 2 + random.below(10) }, async () => this.#contend());
    await clock.resolve(Promise.all(contenders), 3_600_000);
    // What a client that went away left behind is cleared up by a write of its own.
    await clock.run(1_000);
    assert.deepEqual(
      this.#rows().map(({ key }) => key),
      [],
      "no key is left behind",
    );
    await clock.resolve(this.#node.close());
  }

  async #contend(): Promise<void> {
    const { random, clock } = this;
    for (let round = 0; round < 4; round += 1) {
      await clock.sleep(random.below(3_000));
      const lease = random.chance(0.2) ? 0n : await this.#grant(2 + random.below(20));
      const name = NAMES[random.below(NAMES.length)]!;
      const call = new TestUnaryCall();
      this.#start(call, name, lease);
      if (random.chance(0.25)) {
        this.#soon(() => {
          if (call.status === null) {
            this.cancelled += 1;
            call.cancel();
          }
        });
      }
      if (lease !== 0n && random.chance(0.25)) {
        this.#soon(() => {
          this.#node.propose({ kind: "lease-revoke", lease }, () => {});
        });
      }
      while (call.status === null && !call.cancelled) {
        await clock.sleep(10);
      }
      if (call.cancelled) {
        continue;
      }
      if (call.status === GRPC_STATUS.OK) {
        await this.#hold(name, call);
      } else {
        this.lost += 1;
        const texts = ["etcdserver: requested lease not found", "mutex: session is expired"];
        const known = this.#kind === "lock" ? texts : [texts[0], "election: not leader"];
        assert.ok(known.includes(call.text), call.text);
      }
    }
  }

  async #hold(name: string, call: TestUnaryCall): Promise<void> {
    const { random, clock } = this;
    const { key, leader } = this.#answered(call);
    await clock.sleep(random.below(2_500));
    const path = this.#kind === "lock" ? "/v3lockpb.Lock/Unlock" : "/v3electionpb.Election/Resign";
    const request =
      leader === null
        ? encodeWith({ size: lock.sizeUnlockRequest, write: lock.writeUnlockRequest }, { key })
        : encodeWith(
            { size: election.sizeResignRequest, write: election.writeResignRequest },
            { leader },
          );
    this.#held.splice(
      this.#held.findIndex((holder) => holder.key === key && holder.name === name),
      1,
    );
    const release = new TestUnaryCall();
    this.#handle(path, release, request);
    while (release.status === null) {
      await clock.sleep(1);
    }
    assert.equal(release.status, GRPC_STATUS.OK, release.text);
  }

  #start(call: TestUnaryCall, name: string, lease: LeaseId): void {
    const reply = call.reply.bind(call);
    call.reply = (bytes) => {
      queueMicrotask(() => {
        this.#isServed(name, call);
      });
      return reply(bytes);
    };
    if (this.#kind === "lock") {
      const codec = { size: lock.sizeLockRequest, write: lock.writeLockRequest };
      this.#handle("/v3lockpb.Lock/Lock", call, encodeWith(codec, { name, lease }));
    } else {
      const codec = { size: election.sizeCampaignRequest, write: election.writeCampaignRequest };
      const value = Buffer.from(`v${this.random.below(2)}`);
      const request = encodeWith(codec, { name, lease, value });
      this.#handle("/v3electionpb.Election/Campaign", call, request);
    }
  }

  #handle(path: string, call: TestUnaryCall, request: Uint8Array): void {
    const method = this.#services.methods.get(path);
    assert.ok(method?.kind === "unary");
    const buffer = request.slice();
    method.handle(call, buffer, 0, buffer.length);
    buffer.fill(0xff);
  }

  #answered(call: TestUnaryCall): { key: string; leader: election.LeaderKey | null } {
    const { message } = call;
    if (this.#kind === "lock") {
      return { key: lock.decodeLockResponse(message, 0, message.length).key, leader: null };
    }
    const { leader } = election.decodeCampaignResponse(message, 0, message.length);
    assert.ok(leader !== null);
    return { key: leader.key, leader };
  }

  /** In the tick of the answer: the properties. */
  #isServed(name: string, call: TestUnaryCall): void {
    this.served += 1;
    const { key } = this.#answered(call);
    const rows = this.#rows().filter((row) => row.key.startsWith(`${name}/`));
    const own = rows.find((row) => row.key === key);
    assert.ok(own !== undefined, `${key} is there when its owner is told that it is served`);
    const { createRevision } = own;
    for (const row of rows) {
      assert.ok(row.createRevision >= createRevision, `${row.key} came before ${key}`);
    }
    for (const holder of this.#held) {
      const stillHolds = rows.some(
        (row) => row.key === holder.key && row.createRevision === holder.createRevision,
      );
      assert.ok(holder.name !== name || !stillHolds, `${holder.key} and ${key} hold ${name}`);
    }
    assert.ok(createRevision > (this.#lastServed.get(name) ?? 0), "in order of arrival");
    this.#lastServed.set(name, createRevision);
    this.#held.push({ name, key, createRevision });
  }

  #rows(): readonly Row[] {
    const outcome = this.#node.range({ ...pointRead("x"), range: ALL_KEYS }, "serializable");
    assert.ok(!(outcome instanceof Promise));
    return outcome.rows;
  }

  async #grant(ttlSeconds: number): Promise<LeaseId> {
    const lease = BigInt(this.random.below(2 ** 31)) - 2n ** 30n;
    return (await proposed<"lease-grant">(this.#node, { kind: "lease-grant", lease, ttlSeconds }))
      .lease;
  }

  #soon(run: () => void): void {
    this.clock.after(this.random.below(6_000), run);
  }
}

for (const kind of ["lock", "election"] as const) {
  test(`${kind}: one is served at a time, in order of arrival, and nothing is left behind`, async () => {
    const seen = { served: 0, lost: 0, cancelled: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const simulation = new LineSimulation(seed, kind);
      try {
        await simulation.run();
      } catch (error) {
        throw new Error(`replay with T4_TEST_SEED=${seed} T4_TEST_SEEDS=1`, { cause: error });
      }
      seen.served += simulation.served;
      seen.lost += simulation.lost;
      seen.cancelled += simulation.cancelled;
    }
    assert.ok(seen.served > SEEDS && seen.lost > SEEDS / 4 && seen.cancelled > SEEDS / 4);
  });
}
