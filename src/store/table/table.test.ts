// Log tables against the list of their rows, read at random: whatever is in memory, and whatever was pushed out of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { makeRow, type Row } from "../../core/row.js";
import { NO_LEASE, type Revision } from "../../core/words.js";
import { BlockCache } from "../file/block-cache.js";
import { Table } from "./table.js";
import { TableWriter } from "./table-writer.js";

function randomRows(random: SeededRandom, count: number): Row[] {
  const rows: Row[] = [];
  let revision = 2 + random.below(1_000);
  for (let i = 0; i < count; i += 1) {
    const isLarge = random.chance(0.005);
    const value = new Uint8Array(random.below(isLarge ? 100_000 : 600)).fill(i);
    rows.push(makeRow(`key/${i}`, value, revision as Revision, 0, 2 as Revision, 1, NO_LEASE));
    revision += 1 + random.below(3);
  }
  return rows;
}

function write(disk: SimulatedDisk, path: string, rows: readonly Row[]): void {
  const writer = new TableWriter(disk, path);
  for (const row of rows) {
    writer.add(row);
  }
  writer.finish();
}

test("a row that is looked at is the one that was written, whatever the cache holds", () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = new SeededRandom(seed);
    const disk = new SimulatedDisk();
    const cache = new BlockCache(random.below(600_000));
    const tables = Array.from({ length: 3 }, (_, i) => {
      const rows = randomRows(random, 1 + random.below(1_500));
      write(disk, `/${i}`, rows);
      return { path: `/${i}`, rows, table: new Table(disk, `/${i}`, cache) };
    });
    for (let i = 0; i < 3_000; i += 1) {
      const each = tables[random.below(3)]!;
      if (random.chance(0.002)) {
        each.table.file.close();
        each.table = new Table(disk, each.path, cache);
      }
      // Some rows are asked for again and again.
      const among = random.chance(0.3) ? Math.min(20, each.rows.length) : each.rows.length;
      const row = each.rows[random.below(among)]!;
      const { modRevision, subRevision, key } = row;
      const found = random.chance(0.1)
        ? each.table.row(modRevision, subRevision, key)
        : each.table.peek(modRevision, subRevision, key);
      assert.deepEqual(found.wire, row.wire, `seed ${seed}, revision ${modRevision}`);
    }
  }
});

test("a damaged block is told by whoever looks at it, and harms no neighbour", () => {
  const random = new SeededRandom(1);
  const disk = new SimulatedDisk();
  const rows = randomRows(random, 200);
  write(disk, "/table", rows);
  const cache = new BlockCache(1 << 20);
  const blocks = new Table(disk, "/table", cache).file;
  disk.corrupt("/table", blocks.start(3) + 100);
  const table = new Table(disk, "/table", cache);
  let damaged = 0;
  for (let round = 0; round < 10; round += 1) {
    for (const { modRevision, subRevision, key, wire } of rows) {
      try {
        assert.deepEqual(table.peek(modRevision, subRevision, key).wire, wire);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "T4_CORRUPT");
        assert.match(String(error), new RegExp(`${blocks.start(3)}`));
        damaged += 1;
      }
    }
  }
  assert.ok(damaged > 0 && damaged < 10 * 20, `${damaged} reads failed`);
});

test("a row is found wherever its revision lies: far apart, close together, or many rows to one revision", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = new SeededRandom(seed);
    const rows: Row[] = [];
    let revision = 2;
    let subRevision = 0;
    const length = random.below(300);
    for (let i = 0; i < 1 + random.below(1_200); i += 1) {
      const value = new Uint8Array(random.below(1 + length));
      const [mod, none] = [revision as Revision, 0 as Revision];
      rows.push(makeRow(`key/${i}`, value, mod, subRevision, none, 1, NO_LEASE));
      if (random.chance(0.5 + 0.499 * (seed % 2))) {
        subRevision += 1;
      } else {
        subRevision = 0;
        revision += random.chance(0.01) ? random.below(1_000_000_000) + 1 : 1;
      }
    }
    const disk = new SimulatedDisk();
    write(disk, "/table", rows);
    const table = new Table(disk, "/table", new BlockCache(1 << 20));
    for (const row of rows) {
      const found = table.row(row.modRevision, row.subRevision, row.key);
      assert.deepEqual(found.wire, row.wire, `seed ${seed}`);
    }
    for (let i = 0; i < 100; i += 1) {
      const near = rows[random.below(rows.length)]!;
      const from = Math.max(near.modRevision + random.below(5) - 2, 0);
      const walk = table.rowsFrom(from, true);
      const first = rows.find((row) => row.modRevision >= from);
      assert.equal(walk.next()?.key, first?.key, `seed ${seed}, from ${from}`);
    }
  }
});
