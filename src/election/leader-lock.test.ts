import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { assertGolden, readGolden } from "../../test/golden/golden.js";
import { FaultyObjectStore, NO_FAULTS } from "../../test/sim/faulty-object-store.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import { VirtualClock } from "../../test/sim/virtual-clock.js";
import type { Term } from "../core/words.js";
import { memoryObjectStore } from "../object/memory-object-store.js";
import type { ObjectStore } from "../object/object-store.js";
import { silentLogger } from "../runtime/logger.js";
import { noMetrics } from "../runtime/metrics/metrics.js";
import type { Runtime } from "../runtime/runtime.js";
import { LeaderLock, type LeaderLockOptions } from "./leader-lock.js";
import { addLockNonce, LOCK_NONCES_NAME, readLockNonces } from "./lock-nonces.js";
import {
  decodeLockRecord,
  encodeLockRecord,
  LEADER_LOCK_KEY,
  type LockRecord,
} from "./lock-record.js";

const RECORD: LockRecord = {
  clusterId: 0x0011_2233_4455_6677n,
  term: 12 as Term,
  nodeId: "node-a",
  logId: "00112233445566778899aabbccddeeff",
  nonce: "0123456789abcdef",
  rule: "archive",
  state: "held",
  loss: "none",
  address: "10.0.0.1:3380",
  renewals: 34,
  writeId: "fedcba9876543210",
};

class Rig {
  readonly clock: VirtualClock = new VirtualClock(1);
  readonly bucket: ObjectStore = memoryObjectStore();
  lost: (LockRecord | null)[] = [];
  #seed = 1;

  /** What a process of node `name` on `disk` needs; its way to the store has its own faults. */
  node(name: string, disk = new SimulatedDisk()): LeaderLockOptions & { store: FaultyObjectStore } {
    this.#seed += 1;
    disk.makeDirectory("/data");
    const random = new SeededRandom(this.#seed);
    const unused = (): never => {
      throw new Error("no threads here");
    };
    const runtime: Runtime = {
      clock: this.clock,
      disk,
      random,
      threads: { spawn: unused },
      logger: silentLogger,
      metrics: noMetrics,
    };
    return {
      runtime,
      store: FaultyObjectStore.of(this.bucket, this.clock, random.fork(), NO_FAULTS),
      directory: "/data",
      identity: {
        clusterId: 7n,
        nodeId: name,
        logId: Buffer.from(name.padEnd(16)).toString("hex"),
        address: `${name}:3380`,
      },
      rule: "archive",
      seenTerm: 0 as Term,
      signal: new AbortController().signal,
      lost: (by) => this.lost.push(by),
    };
  }

  async acquire(options: LeaderLockOptions): Promise<LeaderLock> {
    return this.clock.resolve(LeaderLock.acquire(options));
  }

  async record(): Promise<LockRecord> {
    const object = await this.bucket.get(LEADER_LOCK_KEY);
    return decodeLockRecord(object!.body, "lock");
  }
}

test("the lock is written as the format promises, to the byte, and read back", () => {
  assertGolden("election/leader-lock.json", encodeLockRecord(RECORD));
  assert.deepEqual(decodeLockRecord(readGolden("election/leader-lock.json"), "golden"), RECORD);
  const wrong = encodeLockRecord({ ...RECORD, state: "lent" as "held" });
  assert.throws(() => decodeLockRecord(wrong, "x"), { code: "T4_CORRUPT", message: /state/ });
});

suite("taking", () => {
  test("a lock that was never there is created, above every term seen", async () => {
    const rig = new Rig();
    const lock = await rig.acquire({ ...rig.node("a"), seenTerm: 41 as Term });
    assert.equal(lock.term, 42);
    assert.equal(lock.isValid(), true);
    assert.deepEqual(await rig.clock.resolve(lock.confirm()), { kind: "ours" });
    await lock.close();
    assert.equal(lock.isValid(), false);
  });

  test("a released lock is taken at once, with the next term", async () => {
    const rig = new Rig();
    const first = await rig.acquire(rig.node("a"));
    assert.equal(await rig.clock.resolve(first.release()), true);
    assert.equal((await rig.record()).state, "released");
    const beforeMs = rig.clock.monotonicMs();
    const second = await rig.acquire(rig.node("b"));
    assert.ok(rig.clock.monotonicMs() - beforeMs < 1_000);
    assert.equal(second.term, 2);
    await second.close();
  });

  test("a lock of the same data directory is taken back at once, whatever became of its last put", async () => {
    const rig = new Rig();
    const disk = new SimulatedDisk();
    const first = await rig.acquire(rig.node("a", disk));
    await first.close();
    const beforeMs = rig.clock.monotonicMs();
    const second = await rig.acquire(rig.node("a", disk.afterPowerLoss(1)));
    assert.ok(rig.clock.monotonicMs() - beforeMs < 1_000);
    assert.equal(second.term, 2);
    await second.close();
  });

  test("the lock of a dead node is taken after one time to live, not before", async () => {
    const rig = new Rig();
    const dead = await rig.acquire(rig.node("a"));
    await dead.close();
    const waiting: string[] = [];
    const beforeMs = rig.clock.monotonicMs();
    const lock = await rig.acquire({
      ...rig.node("b"),
      waiting: ({ nodeId }) => waiting.push(nodeId),
    });
    const waitedMs = rig.clock.monotonicMs() - beforeMs;
    assert.ok(waitedMs >= 10_000 && waitedMs < 11_000, `${waitedMs} ms`);
    assert.deepEqual(waiting, ["a"]);
    await lock.close();
  });

  test("the lock of a node that lives is refused, and the error says who has it", async () => {
    const rig = new Rig();
    const lock = await rig.acquire(rig.node("a"));
    await assert.rejects(rig.acquire(rig.node("b")), {
      code: "T4_LOCKED",
      message: /node a at a:3380 .* term 1/,
    });
    assert.equal(lock.isValid(), true);
    await lock.close();
  });

  test("of many that watch a dead node's lock, one takes it, and the others are told of it", async () => {
    const rig = new Rig();
    const dead = await rig.acquire(rig.node("a"));
    await dead.close();
    const results = await rig.clock.resolve(
      Promise.allSettled(
        ["b", "c", "d", "e"].map(async (name) => LeaderLock.acquire(rig.node(name))),
      ),
      120_000,
    );
    const won = results.filter(({ status }) => status === "fulfilled");
    assert.equal(won.length, 1);
    for (const result of results) {
      if (result.status === "fulfilled") {
        await result.value.close();
      } else {
        assert.equal((result.reason as { code: string }).code, "T4_LOCKED");
      }
    }
  });
});

suite("holding", () => {
  test("it stays valid for as long as renewals succeed", async () => {
    const rig = new Rig();
    const lock = await rig.acquire(rig.node("a"));
    for (let i = 0; i < 100; i += 1) {
      await rig.clock.run(1_000);
      assert.equal(lock.isValid(), true);
    }
    const { renewals } = await rig.record();
    assert.ok(renewals >= 29 && renewals <= 31, `${renewals}`);
    await lock.close();
  });

  test("it is valid until the time to live less the margin after the start of its last renewal", async () => {
    const rig = new Rig();
    const node = rig.node("a");
    const lock = await rig.acquire(node);
    await rig.clock.run(5_000);
    const leftMs = lock.validForMs;
    node.store.addOutage(rig.clock.monotonicMs(), Number.POSITIVE_INFINITY);
    await rig.clock.run(leftMs - 1);
    assert.equal(lock.isValid(), true);
    await rig.clock.run(1);
    assert.equal(lock.isValid(), false);
    const owner = await rig.clock.resolve(lock.confirm());
    assert.equal(owner.kind, "unreachable");
    assert.deepEqual(rig.lost, [], "nobody else was seen");
    await lock.close();
  });

  test("renewals whose answers are lost count from when they were sent, and nobody is lost to himself", async () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const rig = new Rig();
      const node = rig.node("a");
      const lock = await rig.acquire(node);
      node.store.setFaults({ ...NO_FAULTS, failAfter: 0.5, stall: 0.1, stallMs: 8_000 });
      await rig.clock.run(300_000);
      assert.deepEqual(rig.lost, []);
      node.store.setFaults(NO_FAULTS);
      await rig.clock.run(20_000);
      assert.equal(lock.isValid(), true);
      await lock.close();
    }
  });

  test("a holder that got no answer for minutes finds its own renewal, however many it has sent since", async () => {
    const rig = new Rig();
    const node = rig.node("a");
    const lock = await rig.acquire(node);
    node.store.setFaults({ ...NO_FAULTS, failAfter: 1 });
    await rig.clock.run(300_000);
    assert.equal(lock.isValid(), false);
    node.store.setFaults(NO_FAULTS);
    await rig.clock.run(20_000);
    assert.equal(lock.isValid(), true);
    assert.deepEqual(rig.lost, []);
    await lock.close();
  });

  test("a holder that was away finds another owner, once, and does not write over it", async () => {
    const rig = new Rig();
    const node = rig.node("a");
    const lock = await rig.acquire(node);
    node.store.addOutage(rig.clock.monotonicMs(), rig.clock.monotonicMs() + 30_000);
    const other = await rig.acquire(rig.node("b"));
    assert.equal(lock.isValid(), false, "a challenger takes it only when it is not valid any more");
    await rig.clock.run(60_000);
    assert.deepEqual(
      rig.lost.map((by) => by?.nodeId),
      ["b"],
    );
    assert.equal((await rig.clock.resolve(lock.confirm())).kind, "other");
    assert.equal(await rig.clock.resolve(lock.release()), false);
    assert.equal(other.isValid(), true);
    assert.equal((await rig.record()).nodeId, "b");
    await other.close();
  });

  test("confirm sees another owner before the next renewal does", async () => {
    const rig = new Rig();
    const lock = await rig.acquire(rig.node("a"));
    await rig.bucket.put(LEADER_LOCK_KEY, encodeLockRecord({ ...RECORD, term: 99 as Term }));
    const owner = await rig.clock.resolve(lock.confirm());
    assert.equal(owner.kind, "other");
    assert.equal(rig.lost[0]?.term, 99);
    await lock.close();
  });

  test("a lock that is gone or is no lock any more is lost", async () => {
    for (const body of [null, Uint8Array.of(1, 2, 3)]) {
      const rig = new Rig();
      const lock = await rig.acquire(rig.node("a"));
      await (body === null
        ? rig.bucket.delete([LEADER_LOCK_KEY])
        : rig.bucket.put(LEADER_LOCK_KEY, body));
      await rig.clock.run(10_000);
      assert.deepEqual(rig.lost, [null]);
      await lock.close();
    }
  });

  test("a rule is changed when the record says so, and not before", async () => {
    const rig = new Rig();
    const node = rig.node("a");
    const lock = await rig.acquire(node);
    const nowMs = rig.clock.monotonicMs();
    node.store.addOutage(nowMs, nowMs + 5_000);
    let isChanged = false;
    const changed = lock.changeRule("local").then(() => {
      isChanged = true;
    });
    await rig.clock.run(4_000);
    assert.equal(isChanged, false);
    await rig.clock.resolve(changed);
    assert.equal((await rig.record()).rule, "local");
    assert.equal(lock.record.rule, "local");
    await lock.close();
    await assert.rejects(lock.changeRule("archive"), { code: "T4_FENCED" });
  });

  test("a release whose answers are lost is found to have been done", async () => {
    const rig = new Rig();
    const node = rig.node("a");
    const lock = await rig.acquire(node);
    node.store.setFaults({ ...NO_FAULTS, failAfter: 0.6 });
    await rig.clock.resolve(lock.release());
    assert.equal((await rig.record()).state, "released");
  });
});

suite("that acknowledged entries may be lost", () => {
  /** Takes the lock in turn, each time after the one before died or released it; what each record says. */
  async function losses(
    rig: Rig,
    leaders: readonly {
      readonly name: string;
      readonly rule: LockRecord["rule"];
      readonly end: "dies" | "releases" | "settles and dies";
    }[],
  ): Promise<LockRecord["loss"][]> {
    const said: LockRecord["loss"][] = [];
    for (const { name, rule, end } of leaders) {
      const lock = await rig.acquire({ ...rig.node(name), rule });
      said.push((await rig.record()).loss);
      if (end === "settles and dies") {
        await rig.clock.resolve(lock.settleLoss());
        assert.equal((await rig.record()).loss, "none");
      }
      await (end === "releases" ? rig.clock.resolve(lock.release()) : lock.close());
    }
    return said;
  }

  test("is said by who takes over from another's disk, and by all after him until it is settled", async () => {
    const said = await losses(new Rig(), [
      { name: "a", rule: "local", end: "dies" },
      { name: "b", rule: "local", end: "dies" },
      { name: "c", rule: "local", end: "releases" },
      { name: "d", rule: "local", end: "settles and dies" },
      { name: "d", rule: "local", end: "dies" },
    ]);
    assert.deepEqual(said, ["none", "possible", "possible", "possible", "none"]);
  });

  test("is not said on the same disk, after a release, or where the archive had everything", async () => {
    const same = [
      { name: "a", rule: "local", end: "dies" },
      { name: "a", rule: "local", end: "releases" },
      { name: "b", rule: "local", end: "dies" },
    ] as const;
    assert.deepEqual(await losses(new Rig(), same), ["none", "none", "none"]);
    const archived = [
      { name: "a", rule: "archive", end: "dies" },
      { name: "b", rule: "local", end: "releases" },
    ] as const;
    assert.deepEqual(await losses(new Rig(), archived), ["none", "none"]);
  });

  test("is not forgotten by a change of the rule", async () => {
    const rig = new Rig();
    await losses(rig, [{ name: "a", rule: "local", end: "dies" }]);
    const lock = await rig.acquire(rig.node("b"));
    assert.deepEqual([lock.record.rule, lock.record.loss], ["local", "possible"]);
    await rig.clock.resolve(lock.changeRule("archive"));
    const { rule, loss } = await rig.record();
    assert.deepEqual([rule, loss], ["archive", "possible"]);
    await lock.close();
  });
});

suite("the nonces of a data directory", () => {
  test("are durable before the call returns, whatever operation loses power", () => {
    const disk = new SimulatedDisk();
    disk.makeDirectory("/data");
    const left: SimulatedDisk[] = [];
    disk.onChange = () => left.push(disk.afterPowerLoss(left.length));
    for (let i = 0; i < 12; i += 1) {
      addLockNonce(disk, "/data", `nonce-${i}`);
      assert.equal(readLockNonces(disk.afterPowerLoss(i), "/data").at(-1), `nonce-${i}`);
    }
    assert.equal(readLockNonces(disk, "/data").length, 8);
    for (const lost of left) {
      addLockNonce(lost, "/data", "after");
      assert.equal(readLockNonces(lost, "/data").at(-1), "after");
    }
  });

  test("are refused if they cannot be read", () => {
    const write = (text: string): SimulatedDisk => {
      const disk = new SimulatedDisk();
      disk.makeDirectory("/data");
      const file = disk.open(`/data/${LOCK_NONCES_NAME}`, { mode: "create" });
      file.write(Buffer.from(text), 0);
      return disk;
    };
    for (const text of ["", "{", "[]", "null", '{"formatVersion":1,"nonces":[1]}']) {
      assert.throws(() => readLockNonces(write(text), "/data"), { code: "T4_CORRUPT" });
    }
    const newer = write('{"formatVersion":2}');
    assert.throws(() => readLockNonces(newer, "/data"), { code: "T4_FORMAT_TOO_NEW" });
  });
});
