import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreDriver } from "../../../test/sim/store-driver.js";
import { bytes, drain, drainEvents } from "../../../test/suites/store-suite.js";
import { ALL_KEYS } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";

const keys = Array.from({ length: 40 }, (_, i) => `key/${String(i)}`);

function writeRound(driver: StoreDriver, round: number): void {
  for (const key of keys) {
    driver.write([{ key, value: bytes(`${String(round)}: ${key}`) }]);
  }
  driver.commit();
}

interface Read {
  readonly rows: readonly Row[];
  readonly wires: readonly Uint8Array[];
}

function readAll(driver: StoreDriver): Read {
  const rows = keys.flatMap((key) => {
    const row = driver.store.get(key, driver.tipRevision as Revision);
    return row === undefined ? [] : [row];
  });
  return { rows, wires: rows.map(({ wire }) => wire.slice()) };
}

test("what is read from a memtable stays as it is while later ones are written and become files", async () => {
  for (const how of ["get", "scan", "scan back", "events"] as const) {
    const driver = new StoreDriver({ backend: "disk" });
    const { store } = driver;
    for (let round = 0; round < 8; round += 1) {
      writeRound(driver, round);
      const revision = driver.tipRevision as Revision;
      // Nobody has anything of the other memtables: their memory is used again.
      const isRead = round % 3 === 0;
      const walk = (): (() => string[]) => {
        if (how === "events") {
          const cursor = store.events(ALL_KEYS, (revision - 9) as Revision, revision);
          return () => drainEvents(cursor);
        }
        const cursor = store.scan(ALL_KEYS, revision, how === "scan back");
        return () => drain(cursor);
      };
      const read = isRead && how === "get" ? readAll(driver) : { rows: [], wires: [] };
      const later = isRead && how !== "get" ? walk() : null;
      const expected = later === null ? [] : walk()();
      await driver.flush();
      writeRound(driver, round + 100);
      await driver.flush();
      writeRound(driver, round + 200);
      await driver.flush();
      assert.deepEqual(later?.() ?? [], expected);
      assert.deepEqual(
        read.rows.map(({ wire }) => wire),
        read.wires,
      );
    }
    await driver.clock.resolve(store.close());
  }
});
