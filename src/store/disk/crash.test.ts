// Power losses, full disks and failing disks at every operation that the store asks of its disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Revision } from "../../core/words.js";
import { STORE_DIRECTORY, StoreDriver } from "../../../test/sim/store-driver.js";
import { bytes, checkAll } from "../../../test/suites/store-suite.js";
import { isStoreFile, filesOf } from "../upkeep/manifest.js";
import { DiskStore } from "./disk-store.js";

const KEYS = ["a", "b", "c", "d", "e"];

/** Flushes, merges of runs and tables, rewrites after a compaction, and removals. */
async function work(driver: StoreDriver, round: number): Promise<void> {
  for (const key of KEYS) {
    driver.write([
      { key, value: bytes(`${key}${round}`) },
      { key: `${key}/${round}`, value: round % 2 === 0 ? bytes("x") : null },
    ]);
  }
  driver.write([{ key: KEYS[round % KEYS.length]!, value: null }]);
  driver.system({ kind: "lease-grant", lease: BigInt(round + 1), ttlSeconds: 60 });
  if (round % 4 === 3) {
    const revision = (driver.tipRevision - 3) as Revision;
    driver.system({ kind: "compact", revision });
  }
  driver.commit();
  driver.seal(9 << 20);
  await driver.clock.run(50);
}

const ROUNDS = 9;

test("a power loss in the middle of any operation loses nothing that was persisted", async () => {
  const rehearsal = new StoreDriver({ backend: "disk" });
  const first = rehearsal.disk.changes;
  for (let round = 0; round < ROUNDS; round += 1) {
    await work(rehearsal, round);
  }
  const last = rehearsal.disk.changes;
  assert.ok(rehearsal.store instanceof DiskStore);
  assert.ok((rehearsal.store.workDone.get("merge-runs") ?? 0) > 0);
  assert.ok((rehearsal.store.workDone.get("rewrite-tables") ?? 0) > 0);
  assert.ok((rehearsal.store.workDone.get("remove") ?? 0) > 0);
  for (let cut = first + 1; cut <= last; cut += 1) {
    const driver = new StoreDriver({ backend: "disk" });
    driver.disk.cutPowerAt = cut;
    for (let round = 0; round < ROUNDS && driver.disk.hasPower; round += 1) {
      await work(driver, round);
    }
    assert.ok(!driver.disk.hasPower, `operation ${cut} is reached`);
    await driver.restart(cut);
    checkAll(driver, KEYS, 2);
    await work(driver, ROUNDS);
    await driver.flush();
    await driver.clock.run(100);
    checkAll(driver, KEYS, 2);
    assert.ok(driver.store instanceof DiskStore);
    const named = filesOf(driver.store.manifest).sort();
    assert.deepEqual(driver.disk.list(STORE_DIRECTORY).filter(isStoreFile), named);
    assert.deepEqual(driver.failures, []);
  }
});

test("power losses while a new directory is made are survived", async () => {
  for (let cut = 1; cut <= 6; cut += 1) {
    for (let seed = 0; seed < 5; seed += 1) {
      const driver = new StoreDriver({ backend: "disk", powerCutAtOpen: cut });
      await driver.restart(seed);
      driver.write([{ key: "a", value: bytes("1") }]);
      await driver.flush();
      checkAll(driver, KEYS, 1);
    }
  }
});

test("a full disk stops files, not reads, and work goes on by itself when there is room", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  const { store } = driver;
  await work(driver, 0);
  for (let spare = 0; spare < 3_000; spare += 400) {
    driver.disk.capacityBytes = driver.disk.usedBytes + spare;
    driver.write([{ key: "a", value: new Uint8Array(3_000) }]);
    driver.commit();
    driver.seal(9 << 20);
    await driver.clock.run(20);
    assert.equal(store.hasSpace, false);
    checkAll(driver, KEYS, 1);
    await driver.clock.run(5_000);
    assert.equal(store.hasSpace, false);
    driver.disk.capacityBytes = Infinity;
    await driver.clock.run(2_000);
    assert.equal(store.hasSpace, true);
    assert.equal(store.persistedIndex, driver.committed);
    checkAll(driver, KEYS, 1);
  }
  assert.deepEqual(driver.failures, []);
});

test("a failed sync stops the store, and the files are as they were", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  await work(driver, 0);
  const persisted = driver.store.persistedIndex;
  driver.disk.failWhen = ({ kind }) => (kind === "sync" ? "io" : null);
  driver.write([{ key: "a", value: bytes("lost") }]);
  driver.commit();
  driver.seal(9 << 20);
  await driver.clock.run(50);
  assert.deepEqual(
    driver.failures.map((error) => (error as Error & { code: string }).code),
    ["T4_IO"],
  );
  await assert.rejects(driver.clock.resolve(driver.store.flush()), { code: "T4_IO" });
  checkAll(driver, KEYS, 1);
  driver.disk.failWhen = null;
  driver.failures.length = 0;
  await driver.restart(7);
  assert.equal(driver.store.persistedIndex, persisted);
  checkAll(driver, KEYS, 1);
});

test("a failed replacement of the manifest is not tried again", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  await work(driver, 0);
  driver.disk.failWhen = ({ kind }) => (kind === "rename" ? "no-space" : null);
  await work(driver, 1);
  assert.equal((driver.failures[0] as Error & { code: string }).code, "T4_IO");
  const changes = driver.disk.changes;
  await driver.clock.run(10_000);
  assert.equal(driver.disk.changes, changes);
});

test("files that are not the store's own are left alone", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  const names = ["notes.txt", "000000001.table", "MANIFEST.old", "0000000001.tables"];
  for (const name of names) {
    driver.disk.open(`${STORE_DIRECTORY}/${name}`, { mode: "create" }).write(bytes(name), 0);
  }
  driver.disk.open(`${STORE_DIRECTORY}/0000000099.run`, { mode: "create" });
  driver.disk.syncDirectory(STORE_DIRECTORY);
  await driver.restart(null);
  for (let round = 0; round < ROUNDS; round += 1) {
    await work(driver, round);
  }
  await driver.restart(null);
  const left = driver.disk.list(STORE_DIRECTORY);
  assert.deepEqual(
    names.filter((name) => !left.includes(name)),
    [],
  );
  assert.ok(!left.includes("0000000099.run"));
});
