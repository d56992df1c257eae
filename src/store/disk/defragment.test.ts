// Defragmentation: afterwards no file holds a row that nobody can reach, and everything can be read as before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
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
