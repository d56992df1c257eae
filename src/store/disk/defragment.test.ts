// Defragmentation: afterwards no file holds a row that nobody can reach, and everything can be read as before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import type { Revision } from "../../core/words.js";
import { StoreDriver } from "../../../test/sim/store-driver.js";
import { bytes, checkReads } from "../../../test/suites/store-suite.js";
import { DiskStore } from "./disk-store.js";

const KEYS = Array.from({ length: 30 }, (_, at) => `key/${at}`);

function write(driver: StoreDriver, random: SeededRandom): void {
  const value = random.chance(0.2) ? null : bytes("x".repeat(random.below(400)));
  driver.write([{ key: KEYS[random.below(KEYS.length)]!, value }]);
  driver.commit();
}

test("no dead row is left in any file, whatever was written and compacted", async () => {
  let hadDead = 0;
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = new SeededRandom(seed);
    const driver = new StoreDriver({ backend: "disk", seed });
    for (let round = 0; round < 12; round += 1) {
      for (let count = random.below(30); count >= 0; count -= 1) {
        write(driver, random);
      }
      await driver.flush();
      if (random.chance(0.3)) {
        await driver.compact(driver.tipRevision - random.below(5));
      }
    }
    const { store } = driver;
    assert.ok(store instanceof DiskStore);
    const dead = (): number =>
      [...store.manifest.tables, ...store.manifest.runs].reduce(
        (sum, file) => sum + file.deadRows,
        0,
      );
    hadDead += Number(dead() > 0);
    const before = store.sizes.totalBytes;
    const done = store.defragment();
    // Writes go on meanwhile.
    write(driver, random);
    await driver.clock.resolve(done);
    assert.equal(dead(), 0, `seed ${seed}`);
    assert.ok(store.sizes.totalBytes <= before + 600);
    const { compactRevision } = store;
    for (let at = Math.max(compactRevision, 1); at <= driver.tipRevision; at += 3) {
      checkReads(driver, at, KEYS);
    }
    await driver.flush();
    await driver.restart(null);
    checkReads(driver, driver.tipRevision, KEYS);
    assert.deepEqual(driver.failures, []);
  }
  assert.ok(hadDead > 5, "there was something to do");
});

test("a store that was never compacted has nothing to do", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  await driver.clock.resolve(driver.store.defragment());
  write(driver, new SeededRandom(1));
  await driver.flush();
  await driver.clock.resolve(driver.store.defragment());
});

/** A store with two tables, each of which holds some rows that nobody can reach, too few to be written anew for. */
async function withDeadRows(): Promise<{ driver: StoreDriver; store: DiskStore }> {
  const driver = new StoreDriver({ backend: "disk" });
  const put = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) {
      driver.write([{ key: `key/${at}`, value: bytes("x".repeat(100)) }]);
    }
  };
  put(0, 20);
  await driver.flush();
  put(20, 40);
  put(18, 22);
  await driver.flush();
  await driver.compact(driver.tipRevision);
  const { store } = driver;
  assert.ok(store instanceof DiskStore);
  assert.equal(store.manifest.tables.filter(({ deadRows }) => deadRows > 0).length, 2);
  return { driver, store };
}

/** Orders that the worker has done while `promise` was awaited, in order. */
async function workDuring(
  driver: StoreDriver,
  store: DiskStore,
  promise: Promise<void>,
): Promise<string[]> {
  const work: string[] = [];
  let before = new Map(store.workDone);
  let isOver = false;
  const mark = (): void => {
    isOver = true;
  };
  promise.then(mark, mark);
  await driver.clock.runUntil(() => {
    for (const [kind, count] of store.workDone) {
      if (kind !== "remove" && count > (before.get(kind) ?? 0)) {
        work.push(kind);
      }
    }
    before = new Map(store.workDone);
    return isOver;
  });
  return work;
}

test("a memtable that waits becomes a table before the next step of a defragmentation", async () => {
  const { driver, store } = await withDeadRows();
  const done = store.defragment();
  await driver.clock.run(0);
  driver.write([{ key: "key/0", value: bytes("new") }]);
  driver.commit();
  driver.seal(9 << 20);
  const work = await workDuring(driver, store, done);
  assert.deepEqual(work, ["rewrite-tables", "flush", "rewrite-tables", "merge-runs"]);
});

test("who waits for a compaction does not wait for a defragmentation", async () => {
  const { driver, store } = await withDeadRows();
  const done = store.defragment();
  driver.write([{ key: "key/0", value: bytes("new") }]);
  driver.system({ kind: "compact", revision: driver.tipRevision as Revision });
  driver.commit();
  driver.seal(1);
  const work = await workDuring(driver, store, store.compacted());
  assert.ok(!work.includes("merge-runs"), `${work.join(", ")}: the last step is still to come`);
  await driver.clock.resolve(done);
});

test("on a full disk a defragmentation goes before the files that it makes room for", async () => {
  const { driver, store } = await withDeadRows();
  driver.disk.capacityBytes = driver.disk.usedBytes + 10_000;
  driver.write([{ key: "key/0", value: new Uint8Array(20_000) }]);
  driver.commit();
  driver.seal(9 << 20);
  await driver.clock.run(20);
  assert.equal(store.hasSpace, false);
  const work = await workDuring(driver, store, store.defragment());
  assert.equal(work[0], "rewrite-tables");
  assert.ok(store.persistedIndex < driver.committed, "what waits still does not fit");
  driver.disk.capacityBytes = Infinity;
  await driver.clock.run(5_000);
  assert.equal(store.persistedIndex, driver.committed);
  assert.deepEqual(driver.failures, []);
});
