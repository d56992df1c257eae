// The checksum of the history: a value that etcd 3.4 gave, and equality whatever the files look like. The comparison with
// a running etcd is in test/differential/maintenance.full.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { StoreDriver } from "../../../test/sim/store-driver.js";
import { bytes } from "../../../test/suites/store-suite.js";
import type { Revision } from "../../core/words.js";
import { hashKv } from "./kv-hash.js";

const turn = async (): Promise<void> => Promise.resolve();

test("a store without rows has the checksum of etcd's bucket name", async () => {
  const { store } = new StoreDriver({ backend: "memory" });
  assert.deepEqual(await hashKv(store, 0, turn), {
    hash: 1_084_519_789,
    compactRevision: -1,
    revision: 1,
    currentRevision: 1,
  });
});

test("memory and files, flushed, compacted and defragmented or not, have one checksum", async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    const memory = new StoreDriver({ backend: "memory", seed });
    const disk = new StoreDriver({ backend: "disk", seed });
    const random = new SeededRandom(seed);
    for (let round = 0; round < 6; round += 1) {
      for (let count = 0; count < 25; count += 1) {
        const changes = Array.from({ length: 1 + random.below(3) }, () => ({
          key: `k${random.below(15)}`,
          value: random.chance(0.3) ? null : bytes("v".repeat(random.below(50))),
        }));
        for (const driver of [memory, disk]) {
          driver.write(changes);
          driver.commit();
        }
      }
      if (random.chance(0.5)) {
        await disk.flush();
      }
      if (random.chance(0.4)) {
        const revision = memory.tipRevision - random.below(20);
        if (revision > memory.store.compactRevision) {
          const effect = { kind: "compact", revision: revision as Revision } as const;
          memory.system(effect);
          memory.commit();
          disk.system(effect);
          disk.commit();
        }
      }
      if (random.chance(0.3)) {
        await disk.flush();
        await disk.clock.resolve(disk.store.defragment());
      }
      const first = Math.max(memory.store.compactRevision, 1);
      for (let at = first; at <= memory.tipRevision; at += 7) {
        const expected = await hashKv(memory.store, at, turn);
        assert.deepEqual(await hashKv(disk.store, at, turn), expected, `seed ${seed}, ${at}`);
      }
      assert.deepEqual(await hashKv(disk.store, 0, turn), await hashKv(memory.store, 0, turn));
    }
    assert.deepEqual(disk.failures, []);
  }
});

test("a compaction that comes meanwhile begins it anew, or ends it", async () => {
  const driver = new StoreDriver({ backend: "memory" });
  for (let count = 0; count < 1_200; count += 1) {
    driver.write([{ key: `k${count % 700}`, value: bytes(`${count}`) }]);
  }
  driver.commit();
  const compactOnce = (revision: number): (() => Promise<void>) => {
    let isDone = false;
    return async () => {
      if (!isDone) {
        isDone = true;
        driver.system({ kind: "compact", revision: revision as Revision });
        driver.commit();
      }
      return Promise.resolve();
    };
  };
  const begun = await hashKv(driver.store, 1_100, compactOnce(600));
  assert.equal(begun.compactRevision, 600);
  assert.deepEqual(await hashKv(driver.store, 1_100, turn), begun);
  await assert.rejects(hashKv(driver.store, 700, compactOnce(800)), { code: "T4_COMPACTED" });
  await assert.rejects(hashKv(driver.store, 9_999, turn), { code: "T4_FUTURE_REVISION" });
});

test("the order of keys that were only written is made in turns of its own", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  for (let first = 0; first < 10_000; first += 1_000) {
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${(first + i) * 7_919}`);
    driver.write(keys.map((key) => ({ key, value: bytes("v") })));
  }
  driver.commit();
  let turns = 0;
  const counted = async (): Promise<void> => {
    turns += 1;
    return Promise.resolve();
  };
  const first = await hashKv(driver.store, 0, counted);
  const turnsOfFirst = turns;
  assert.deepEqual(await hashKv(driver.store, 0, counted), first);
  const turnsOfHash = turns - turnsOfFirst;
  assert.ok(turnsOfFirst >= turnsOfHash + 3, `${turnsOfFirst} turns, then ${turnsOfHash}`);
});
