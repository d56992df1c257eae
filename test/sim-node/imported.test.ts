// A store is written as an etcd snapshot, and a data directory made of that: all that clients can see is the same, and
// stays so. On the simulated disk, so that the power can go at every step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { T4Error } from "../../src/core/errors.js";
import { ALL_KEYS, prefixRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import { EtcdSnapshot } from "../../src/etcd/snapshot/snapshot-reader.js";
import { writeSnapshot } from "../../src/etcd/snapshot/snapshot-writer.js";
import { importDirectory, type Imported } from "../../src/node/import/import-directory.js";
import type { Node } from "../../src/node/node.js";
import { openReadOnly } from "../../src/node/read-only.js";
import { propose, put, readAll, remove } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { PowerLossError, SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { ByteFile } from "../support/byte-file.js";
import { Machine } from "./machine.js";

interface Site {
  readonly clock: VirtualClock;
  readonly machine: Machine;
  readonly node: Node;
}

async function openOn(disk: SimulatedDisk, seed: number): Promise<Site> {
  const clock = new VirtualClock(seed);
  const machine = new Machine(clock, disk, new SeededRandom(seed));
  return { clock, machine, node: await clock.resolve(machine.open()) };
}

const KEYS = ["a", "a/1", "a/2", "b", "c/\u00ff", "\u00ff\u00ff", "\0", "long".repeat(70)];

/** Writes of every kind; what is refused has changed nothing. */
async function writeHistory(
  { clock, node }: Site,
  random: SeededRandom,
  steps: number,
): Promise<void> {
  const key = (): string => KEYS[random.below(KEYS.length)]!;
  const lease = (): bigint => (random.chance(0.3) ? BigInt(random.below(3) * 2 - 3) : 0n);
  const value = (): string =>
    "v".repeat(random.below(4) === 0 ? random.below(3_000) : random.below(20));
  for (let step = 0; step < steps; step += 1) {
    const attempt = async (): Promise<unknown> => {
      switch (random.below(10)) {
        case 0:
          return propose(node, remove(key()));
        case 1:
          return propose(node, { kind: "delete-range", range: prefixRange("a"), prevKv: false });
        case 2:
          return propose(node, {
            kind: "lease-grant",
            lease: BigInt(random.below(3) * 2 - 3),
            ttlSeconds: 1_000_000,
          });
        case 3:
          return propose(node, { kind: "lease-revoke", lease: BigInt(random.below(3) * 2 - 3) });
        case 4:
          return propose(node, {
            kind: "txn",
            compares: [],
            success: [put(KEYS[0]!, value(), lease()), remove(KEYS[1]!), put(KEYS[3]!, value())],
            failure: [],
          });
        case 5:
          return random.chance(0.2)
            ? propose(node, { kind: "compact", revision: 1 + random.below(node.revision) })
            : propose(node, put(key(), value()));
        default:
          return propose(node, put(key(), value(), lease()));
      }
    };
    await clock.resolve(
      attempt().catch((error: unknown) => {
        assert.ok(error instanceof T4Error, String(error));
      }),
    );
  }
}

const shown = (row: Row): string =>
  `${row.modRevision}.${row.subRevision} ${Buffer.from(row.wire).toString("hex")}`;

/** Everything that a client can see. */
async function everything({ clock, node }: Site): Promise<unknown> {
  const first = Math.max(node.compactRevision, 1);
  const states: unknown[] = [];
  for (let revision = first; revision <= node.revision; revision += 1) {
    const read = node.range({ ...readAll, revision }, "linearizable");
    states.push((await clock.resolve(Promise.resolve(read))).rows.map(shown));
  }
  const changes: string[] = [];
  const collect = async (): Promise<void> => {
    for await (const row of node.changes(ALL_KEYS, first, node.revision)) {
      changes.push(shown(row));
    }
  };
  await clock.resolve(collect());
  const leases = node
    .leases()
    .map((id) => [id, node.timeToLive(id)?.grantedSeconds, node.leaseKeys(id).sort()])
    .sort();
  return {
    revision: node.revision,
    compactRevision: node.compactRevision,
    states,
    changes,
    leases,
  };
}

async function snapshotOf({ clock, node }: Site): Promise<ByteFile> {
  const file = new ByteFile();
  const copy = node.copyState();
  await clock.resolve(writeSnapshot(file, copy));
  copy.close();
  return file;
}

async function importOnto(
  disk: SimulatedDisk,
  file: ByteFile,
  signal?: AbortSignal,
): Promise<Imported> {
  const clock = new VirtualClock(1);
  return clock.resolve(
    importDirectory({
      path: "/data",
      nodeId: null,
      runtime: { clock, disk, random: new SeededRandom(7) },
      source: new EtcdSnapshot(file, { path: "s.db", skipHashCheck: true }),
      ...(signal === undefined ? {} : { signal }),
    }),
  );
}

test("what is exported and imported shows every client the same, at every revision", async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = new SeededRandom(seed);
    const from = await openOn(new SimulatedDisk(), seed);
    await writeHistory(from, random, 10 + random.below(200));
    const file = await snapshotOf(from);
    const expected = await everything(from);
    const disk = new SimulatedDisk();
    const imported = await importOnto(disk, file);
    assert.equal(imported.revision, from.node.revision);
    assert.equal(imported.strayKeys, 0);
    let to = await openOn(disk, seed + 1_000);
    assert.deepEqual(await everything(to), expected, `seed ${seed}`);
    // Its snapshot is the same but for the log's own numbers.
    const again = await snapshotOf(to);
    assert.equal(again.size(), file.size());
    // Both go on in the same way.
    await writeHistory(from, new SeededRandom(seed * 7), 60);
    await writeHistory(to, new SeededRandom(seed * 7), 60);
    for (const site of [from, to]) {
      await site.clock.resolve(
        propose(site.node, { kind: "compact", revision: site.node.revision }).then(
          () => {},
          () => {},
        ),
      );
      await site.clock.resolve(site.node.compactionDone());
    }
    const later = await everything(from);
    assert.deepEqual(await everything(to), later, `seed ${seed}, later`);
    await to.clock.resolve(to.node.close());
    to = await openOn(disk, seed + 2_000);
    assert.deepEqual(await everything(to), later, `seed ${seed}, after a restart`);
    await to.clock.resolve(to.node.close());
    await from.clock.resolve(from.node.close());
  }
});

test("what a snapshot shows is one moment, whatever is written and compacted while it is made", async () => {
  const site = await openOn(new SimulatedDisk(), 5);
  await writeHistory(site, new SeededRandom(5), 120);
  const before = await snapshotOf(site);
  const copy = site.node.copyState();
  const file = new ByteFile();
  const written = writeSnapshot(file, copy);
  await writeHistory(site, new SeededRandom(6), 60);
  await site.clock.resolve(propose(site.node, { kind: "compact", revision: site.node.revision }));
  await site.clock.resolve(site.node.compactionDone());
  await site.clock.resolve(written);
  copy.close();
  assert.deepEqual(file.content, before.content);
  await site.clock.resolve(site.node.close());
  assert.throws(() => copy.nextRow(), { code: "T4_CLOSED" });
});

function isPowerLoss(error: unknown): boolean {
  return (
    error instanceof PowerLossError || (error instanceof Error && isPowerLoss(error.cause ?? null))
  );
}

test("wherever the power is cut, an import counts as a whole or is begun anew", async () => {
  const from = await openOn(new SimulatedDisk(), 1);
  await writeHistory(from, new SeededRandom(3), 80);
  const file = await snapshotOf(from);
  const expected = await everything(from);
  let isWhole = false;
  let cut = 0;
  let counted = 0;
  while (!isWhole) {
    cut += 1;
    const disk = new SimulatedDisk();
    disk.cutPowerAt = cut;
    isWhole = await importOnto(disk, file).then(
      () => true,
      (error: unknown) => {
        assert.ok(isPowerLoss(error), String(error));
        return false;
      },
    );
    const left = disk.afterPowerLoss(cut);
    if (left.exists("/data/identity.json")) {
      counted += 1;
      await assert.rejects(importOnto(left, file), { code: "T4_DATA_DIR_UNUSABLE" });
    } else {
      await importOnto(left, file);
    }
    const to = await openOn(left, cut);
    assert.deepEqual(await everything(to), expected, `power cut at change ${cut}`);
    await to.clock.resolve(to.node.close());
  }
  assert.ok(cut > 20 && counted > 0);
});

test("a start after an import that was cut off is refused, and the same import goes through", async () => {
  const from = await openOn(new SimulatedDisk(), 1);
  await writeHistory(from, new SeededRandom(3), 30);
  const disk = new SimulatedDisk();
  disk.cutPowerAt = 25;
  await assert.rejects(importOnto(disk, await snapshotOf(from)), PowerLossError);
  const left = disk.afterPowerLoss(1);
  await assert.rejects(openOn(left, 2), { code: "T4_DATA_DIR_UNUSABLE", message: /interrupted/ });
  await importOnto(left, await snapshotOf(from));
  const to = await openOn(left, 2);
  assert.equal(to.node.revision, from.node.revision);
});

test("a directory with a database or other files is refused and left as it is", async () => {
  const from = await openOn(new SimulatedDisk(), 1);
  await writeHistory(from, new SeededRandom(3), 30);
  const file = await snapshotOf(from);
  const disk = new SimulatedDisk();
  await importOnto(disk, file);
  const { changes } = disk;
  await assert.rejects(importOnto(disk, file), {
    code: "T4_DATA_DIR_UNUSABLE",
    message: /holds a database already.*new directory/,
  });
  assert.equal(disk.changes, changes);
});

test("an import that is stopped leaves nothing that counts", async () => {
  const from = await openOn(new SimulatedDisk(), 1);
  await writeHistory(from, new SeededRandom(3), 30);
  const file = await snapshotOf(from);
  const disk = new SimulatedDisk();
  const stop = new Error("stopped");
  await assert.rejects(importOnto(disk, file, AbortSignal.abort(stop)), stop);
  assert.equal(disk.exists("/data/identity.json"), false);
  await importOnto(disk, file);
});

test("a full disk fails an import with what to do, and the next one works", async () => {
  const from = await openOn(new SimulatedDisk(), 1);
  await writeHistory(from, new SeededRandom(3), 60);
  const file = await snapshotOf(from);
  const disk = new SimulatedDisk();
  disk.capacityBytes = 2_000;
  await assert.rejects(importOnto(disk, file), { code: "T4_NO_SPACE" });
  disk.capacityBytes = Infinity;
  await importOnto(disk, file);
});

test("an imported directory is looked into before its first start", async () => {
  const from = await openOn(new SimulatedDisk(), 1);
  await writeHistory(from, new SeededRandom(9), 80);
  const disk = new SimulatedDisk();
  await importOnto(disk, await snapshotOf(from));
  const clock = new VirtualClock(1);
  const { runtime } = new Machine(clock, disk, new SeededRandom(1));
  const node = await clock.resolve(openReadOnly("/data", runtime));
  const { keys, revision } = node.status();
  assert.equal(revision, from.node.revision);
  const outcome = await clock.resolve(Promise.resolve(node.range(readAll)));
  assert.equal(outcome.count, keys);
  await clock.resolve(node.close());
});
