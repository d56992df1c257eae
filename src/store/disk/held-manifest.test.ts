import assert from "node:assert/strict";
import { test } from "node:test";
import { STORE_DIRECTORY, StoreDriver } from "../../../test/sim/store-driver.js";
import { latin1Bytes } from "../../lib/bytes.js";
import { filesOf } from "../upkeep/manifest.js";
import { DiskStore } from "./disk-store.js";

async function writeAndFlush(driver: StoreDriver, round: number): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    driver.write([{ key: `k${String(i)}`, value: latin1Bytes(`round ${String(round)}`) }]);
  }
  driver.system({ kind: "lease-grant", lease: BigInt(round + 1), ttlSeconds: 60 });
  await driver.flush();
}

test("the files of a held manifest stay until it is released, and are gone after", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  const { store, clock } = driver;
  assert.ok(store instanceof DiskStore);
  await writeAndFlush(driver, 0);
  const held = store.holdManifest();
  const again = store.holdManifest();
  const names = filesOf(held.manifest);
  assert.equal(names.length, 3, "a table, a run and the system state");
  for (let round = 1; round < 6; round += 1) {
    await writeAndFlush(driver, round);
  }
  await driver.compact(driver.tipRevision);
  const present = (): string[] => {
    const there = driver.disk.list(STORE_DIRECTORY);
    return names.filter((name) => there.includes(name));
  };
  assert.deepEqual(
    filesOf(store.manifest).filter((name) => names.includes(name)),
    [],
    "all have been replaced",
  );
  assert.deepEqual(present(), names);
  held.release();
  await clock.run(100);
  assert.deepEqual(present(), names, "held twice");
  again.release();
  await clock.run(100);
  assert.deepEqual(present(), []);
  await clock.resolve(store.close());
});
