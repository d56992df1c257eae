// One node through several lives on one disk, under load, with power cuts, failing and full disks, restarts. Everything
// follows from the seed. What it checks at every step is in `Truth`, `WatchClient` and `LeaseWatch`.
import assert from "node:assert/strict";
import type { Command, Outcome, PutOperation } from "../../src/core/command.js";
import { T4Error } from "../../src/core/errors.js";
import { ALL_KEYS, type KeyRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import { NEVER_COMPACTED, type LeaseId } from "../../src/core/words.js";
import type { Node } from "../../src/node/node.js";
import { put, readAll, remove } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import type { Simulation } from "../sim/seeds/simulation.js";
import { PowerLossError, SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { LeaseWatch } from "./lease-watch.js";
import { Machine } from "./machine.js";
import { seen, Truth } from "./truth.js";
import { WatchClient } from "./watch-client.js";

const KEYS = ["a", "b", "b/1", "b/2", "b/3", "c", "d/\u00ff", "d/\u00ff\u00ff", "e"];

const LIVES = 6;

export function simulate(seed: number): Simulation {
  return new NodeSimulation(seed);
}

class NodeSimulation implements Simulation {
  readonly counts: Record<string, number> = {};
  readonly #random: SeededRandom;
  readonly #clock: VirtualClock;
  readonly #truth = new Truth();
  readonly #leases = new LeaseWatch();
  readonly #clients: WatchClient[];
  #disk = new SimulatedDisk();
  #writes = 0;
  #nextLease = 1n;
  #compactedAcknowledged: number = NEVER_COMPACTED;
  #clusterId: bigint | null = null;
  #term = 0;
  #powerCuts = 0;
  /** Thrown by a client or a check: ends the run. */
  #failure: unknown = null;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#clock = new VirtualClock(this.#random.below(2 ** 32));
    const ranges: KeyRange[] = [
      ALL_KEYS,
      { kind: "interval", start: "b", end: "c" },
      { kind: "interval", start: "b", end: "c" },
      { kind: "key", key: "a" },
      { kind: "key", key: "d/\u00ff" },
      { kind: "interval", start: "c", end: null },
    ];
    this.#clients = ranges.map((range) => new WatchClient(range, this.#truth, this.#random.fork()));
  }

  async run(): Promise<void> {
    for (let life = 1; life <= LIVES; life += 1) {
      await this.#live(life === LIVES);
    }
    this.counts["revisions"] = this.#truth.revision;
    this.counts["power cuts"] = this.#powerCuts;
  }

  async #live(isLast: boolean): Promise<void> {
    const random = this.#random.fork();
    const machine = new Machine(this.#clock, this.#disk, random, {
      // In some lives the table worker cannot keep up, and writers wait for it.
      tableDelayMsMax: random.chance(0.3) ? 400 : 0,
      waitingRowsBytesMax: random.chance(0.5) ? 8_000 : 1_000_000,
    });
    const end = isLast
      ? "close"
      : (["power", "power", "kill", "close", "io"] as const)[random.below(5)];
    if (end === "power") {
      this.#disk.cutPowerAt = this.#disk.changes + 1 + random.below(random.chance(0.3) ? 20 : 600);
    }
    const opened = this.#attempt(machine, async () => machine.open());
    await this.#clock.runUntil(() => !machine.isAlive() || opened.isOver);
    const node = opened.result;
    if (node !== null && machine.isAlive()) {
      await this.#serve(machine, node, random, end === "io");
      this.#clients.forEach((client) => {
        client.disconnect();
        client.verify();
      });
      if (end === "close" && machine.isAlive()) {
        const closed = this.#attempt(machine, async () => node.close());
        await this.#clock.runUntil(() => closed.isOver || !machine.isAlive());
        assert.ok(isLast || !machine.isAlive() || (await node.stopped) === null);
      }
    }
    this.#throwFailure();
    if (end !== "close" || !machine.isAlive()) {
      machine.die();
      this.#powerCuts += 1;
      this.#disk = this.#disk.afterPowerLoss(random.below(2 ** 32));
    }
    this.#clients.forEach((client) => {
      client.lost();
    });
  }

  async #serve(
    machine: Machine,
    node: Node,
    random: SeededRandom,
    failsLater: boolean,
  ): Promise<void> {
    await this.#clock.resolve(this.#checkStart(node));
    this.#observe(node);
    this.#leases.restarted(node, machine.monotonicMs());
    if (Number.isFinite(machine.disk.capacityBytes)) {
      this.#leases.ableSinceMs = Infinity;
    }
    const stopping = { isOver: false };
    const tasks = [
      ...Array.from({ length: 5 }, async () => this.#write(machine, node, random.fork(), stopping)),
      this.#read(machine, node, random.fork(), stopping),
      this.#watch(machine, node, random.fork(), stopping),
      this.#keepLeases(machine, node, random.fork(), stopping),
      this.#troubleDisk(machine, random.fork(), stopping, failsLater),
    ].map((task) => this.#attempt(machine, async () => task));
    const endMs = machine.monotonicMs() + 500 + random.below(6_000);
    const stopped = this.#attempt(machine, async () => node.stopped);
    await this.#clock.runUntil(
      () =>
        !machine.isAlive() ||
        stopped.isOver ||
        this.#failure !== null ||
        machine.monotonicMs() >= endMs,
    );
    stopping.isOver = true;
    if (!machine.isAlive() || stopped.isOver) {
      return;
    }
    await this.#clock.runUntil(
      () => !machine.isAlive() || tasks.every((task) => task.isOver),
      120_000,
    );
    const caughtUp = this.#attempt(machine, async () => this.#catchUp(machine, stopped));
    await this.#clock.runUntil(() => !machine.isAlive() || caughtUp.isOver);
  }

  /** What was seen before is there, and what was written without an answer may be. */
  async #checkStart(node: Node): Promise<void> {
    this.#clusterId ??= node.clusterId;
    assert.equal(node.clusterId, this.#clusterId);
    assert.ok(
      node.term > this.#term || Number.isFinite(this.#disk.capacityBytes),
      "each leadership has a term of its own, once it could write it",
    );
    this.#term = node.term;
    assert.ok(node.revision >= this.#truth.revision, "what was shown is not lost");
    assert.ok(node.compactRevision >= this.#compactedAcknowledged);
    const from = Math.max(node.compactRevision, 2);
    const changes: Row[] = [];
    if (from <= node.revision) {
      for await (const row of node.changes(ALL_KEYS, from, node.revision)) {
        changes.push(row);
      }
    }
    const known = changes.filter((row) => row.modRevision <= this.#truth.revision).map(seen);
    assert.deepEqual(known, this.#truth.events(ALL_KEYS, from, this.#truth.revision));
    this.#truth.add(changes.filter((row) => row.modRevision > this.#truth.revision).map(seen));
    assert.equal(this.#truth.revision, node.revision);
    await this.#checkRange(node, node.revision);
  }

  #observe(node: Node): void {
    node.watch(
      { range: ALL_KEYS, startRevision: 0, puts: true, deletes: true },
      {
        deliver: (batch) => {
          this.#truth.add(batch.events.map((event) => seen(event.row)));
          return true;
        },
        compacted: () => {
          assert.ok(false, "a watcher that is up to date is not overtaken");
        },
      },
    );
  }

  async #checkRange(node: Node, revision: number): Promise<void> {
    const expected = this.#truth.state(revision);
    const outcome = await node.range({ ...readAll, revision }, "linearizable");
    assert.deepEqual(outcome.rows.map(seen), expected);
    assert.equal(outcome.count, expected.length);
  }

  async #write(
    machine: Machine,
    node: Node,
    random: SeededRandom,
    stopping: { isOver: boolean },
  ): Promise<void> {
    while (!stopping.isOver) {
      await machine.sleep(random.fraction() * (random.chance(0.1) ? 400 : 15));
      await this.#propose(node, this.#command(node, random));
      if (random.chance(0.01)) {
        await node.flush().catch(ignoreRefusal);
      }
    }
  }

  async #propose(node: Node, command: Command): Promise<Outcome | null> {
    if (command.kind === "lease-revoke") {
      this.#leases.revoking(command.lease);
    }
    return new Promise((resolve) => {
      node.propose(command, (error, outcome) => {
        if (error !== null) {
          resolve(null);
          return;
        }
        try {
          this.#acknowledged(node, command, outcome);
        } catch (failure) {
          this.#failure ??= failure;
        }
        resolve(outcome);
      });
    });
  }

  #acknowledged(node: Node, command: Command, outcome: Outcome | null): void {
    const revision = outcome?.revision ?? 0;
    assert.ok(revision <= this.#truth.revision, "watchers hear before the caller");
    assert.equal(this.#truth.revision, node.revision);
    if (command.kind === "put") {
      const { key, value } = command;
      const row = this.#truth.at(revision).find((each) => each.key === key);
      assert.equal(row?.value, Buffer.from(value).toString("latin1"), "the write is there");
    } else if (outcome?.kind === "lease-grant") {
      this.#leases.granted(outcome.lease, outcome.ttlSeconds, this.#clock.monotonicMs());
    } else if (command.kind === "compact") {
      this.#compactedAcknowledged = Math.max(this.#compactedAcknowledged, command.revision);
    }
  }

  #command(node: Node, random: SeededRandom): Command {
    const key = KEYS[random.below(KEYS.length)]!;
    const kind = random.fraction();
    if (kind < 0.5) {
      return this.#put(key, random);
    }
    if (kind < 0.65) {
      return remove(key);
    }
    if (kind < 0.7) {
      return {
        kind: "delete-range",
        range: { kind: "interval", start: "b", end: "c" },
        prevKv: true,
      };
    }
    if (kind < 0.85) {
      return {
        kind: "txn",
        compares: [
          { range: { kind: "key", key }, result: "greater", target: "version", operand: 1 },
        ],
        success: [remove(key), this.#put("a/txn", random)],
        failure: [this.#put(key, random), this.#put(`${key}+`, random)],
      };
    }
    if (kind < 0.92) {
      this.#nextLease += 1n;
      return { kind: "lease-grant", lease: this.#nextLease, ttlSeconds: random.below(5) };
    }
    if (kind < 0.95) {
      return { kind: "lease-revoke", lease: this.#lease(random) };
    }
    return { kind: "compact", revision: Math.max(node.revision - random.below(60), 1) };
  }

  #lease(random: SeededRandom): LeaseId {
    const leases = this.#leases.some();
    return leases[random.below(leases.length)] ?? 1n;
  }

  #put(key: string, random: SeededRandom): PutOperation {
    this.#writes += 1;
    const value = `${this.#writes} ${"x".repeat(random.below(random.chance(0.05) ? 9_000 : 60))}`;
    const lease = random.chance(0.3) ? this.#lease(random) : 0n;
    return put(key, value, lease);
  }

  async #read(
    machine: Machine,
    node: Node,
    random: SeededRandom,
    stopping: { isOver: boolean },
  ): Promise<void> {
    while (!stopping.isOver) {
      await machine.sleep(random.fraction() * 100);
      const oldest = Math.max(node.compactRevision, 1);
      await this.#checkRange(node, oldest + random.below(node.revision - oldest + 1));
      const key = KEYS[random.below(KEYS.length)]!;
      const from = Math.max(node.compactRevision, 1);
      const history = node.history(key).map(seen);
      const events = this.#truth.events({ kind: "key", key }, from, node.revision);
      // A version that was live at the compaction is kept though it is older.
      assert.deepEqual(
        history.filter((row) => row.revision >= from),
        events,
      );
    }
  }

  async #watch(
    machine: Machine,
    node: Node,
    random: SeededRandom,
    stopping: { isOver: boolean },
  ): Promise<void> {
    while (!stopping.isOver) {
      const client = this.#clients[random.below(this.#clients.length)]!;
      if (!client.isConnected) {
        client.connect(node);
      } else if (random.chance(0.1)) {
        client.disconnect();
      } else {
        client.resume();
      }
      await machine.sleep(random.fraction() * 40);
    }
  }

  async #keepLeases(
    machine: Machine,
    node: Node,
    random: SeededRandom,
    stopping: { isOver: boolean },
  ): Promise<void> {
    while (!stopping.isOver) {
      await machine.sleep(random.fraction() * 300);
      const nowMs = machine.monotonicMs();
      if (Number.isFinite(machine.disk.capacityBytes)) {
        this.#leases.ableSinceMs = nowMs + 2_000;
      }
      this.#leases.check(node, nowMs);
      for (const lease of this.#leases.some()) {
        if (random.chance(0.3)) {
          this.#leases.keepAlive(node, lease, nowMs);
        }
      }
      const attached = this.#truth.state(node.revision).filter((row) => row.lease !== 0n);
      for (const lease of node.leases()) {
        assert.deepEqual(
          node.leaseKeys(lease).sort(),
          attached.filter((row) => row.lease === lease).map((row) => row.key),
        );
      }
      assert.ok(attached.every((row) => node.timeToLive(row.lease) !== null));
    }
  }

  async #troubleDisk(
    machine: Machine,
    random: SeededRandom,
    stopping: { isOver: boolean },
    failsLater: boolean,
  ): Promise<void> {
    const { disk } = machine;
    await machine.sleep(random.fraction() * 3_000);
    if (Number.isFinite(disk.capacityBytes)) {
      // It was full when the last life ended.
      disk.capacityBytes = Infinity;
      this.#leases.ableSinceMs = machine.monotonicMs() + 2_000;
    }
    if (failsLater) {
      disk.failWhen = ({ kind }) => (kind === "write" || kind === "sync" ? "io" : null);
    } else if (random.chance(0.3) && !stopping.isOver) {
      disk.capacityBytes = disk.usedBytes + random.below(20_000);
      this.#leases.ableSinceMs = Infinity;
      await machine.sleep(random.fraction() * 2_000);
      disk.capacityBytes = Infinity;
      this.#leases.ableSinceMs = machine.monotonicMs() + 2_000;
    }
  }

  /** Left alone, every watcher ends with everything. */
  async #catchUp(machine: Machine, stopped: { isOver: boolean }): Promise<void> {
    for (let round = 0; round < 500; round += 1) {
      const behind = this.#clients.filter((client) => client.isConnected && !client.isCaughtUp);
      // A node that has stopped by itself feeds nobody.
      if (behind.length === 0 || stopped.isOver) {
        return;
      }
      behind.forEach((client) => {
        client.resume();
      });
      await machine.sleep(5);
    }
    assert.ok(false, "every watcher catches up");
  }

  /** Runs a task of a life; what it throws ends the simulation, unless it is that life's power cut. */
  #attempt<Result>(
    machine: Machine,
    run: () => Promise<Result>,
  ): { isOver: boolean; result: Result | null } {
    const state: { isOver: boolean; result: Result | null } = { isOver: false, result: null };
    run().then(
      (result) => {
        state.result = result;
        state.isOver = true;
      },
      (error: unknown) => {
        state.isOver = true;
        const isEnd = error instanceof T4Error && error.code === "T4_CLOSED";
        if (!(error instanceof PowerLossError) && machine.isAlive() && !isEnd) {
          this.#failure ??= error;
        }
      },
    );
    return state;
  }

  #throwFailure(): void {
    if (this.#failure !== null) {
      throw this.#failure as Error;
    }
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof T4Error)) {
    throw error;
  }
}
