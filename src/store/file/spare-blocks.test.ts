// Memory of a closed run's blocks serves those of others, and never two at a time; a table's rows keep theirs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { makeRow, type Row } from "../../core/row.js";
import { NO_LEASE, type Key, type Revision } from "../../core/words.js";
import { latin1Bytes } from "../../lib/bytes.js";
import { Run, RunHead } from "../run/run.js";
import { RunWriter } from "../run/run-writer.js";
import { SearchKey } from "../run/search-key.js";
import { Table } from "../table/table.js";
import { TableWriter } from "../table/table-writer.js";
import { BlockCache } from "./block-cache.js";
import { SpareBlocks } from "./spare-blocks.js";

const LAST_REVISION = 1_000_000;

/** A run of its own, and what is in it: the keys' revisions. */
function makeRun(
  random: SeededRandom,
  disk: SimulatedDisk,
  path: string,
): ReadonlyMap<Key, number> {
  const revisions = new Map<Key, number>();
  const writer = new RunWriter(disk, path, LAST_REVISION);
  const stem = random.chance(0.1) ? "x".repeat(1_000) : "key/";
  for (let number = 0; number < 2_000; number += 1 + random.below(2)) {
    const key = `${stem}${String(number).padStart(6, "0")}`;
    const modRevision = (1 + random.below(LAST_REVISION)) as Revision;
    revisions.set(key, modRevision);
    writer.add(latin1Bytes(key), key.length, {
      modRevision,
      subRevision: 0,
      createRevision: modRevision,
      version: 1,
      lease: NO_LEASE,
      rowBytes: 100,
    });
  }
  writer.finish();
  return revisions;
}

test("runs that are opened and closed in any order answer with what is theirs", () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const random = new SeededRandom(seed);
    const disk = new SimulatedDisk();
    const cache = new BlockCache(random.chance(0.5) ? 1 << 20 : 60_000);
    const runs = Array.from({ length: 4 }, (_, i) => {
      const path = `/run-${i}`;
      const revisions = makeRun(random, disk, path);
      return { path, revisions, keys: [...revisions.keys()], run: new Run(disk, path, cache) };
    });
    const search = new SearchKey();
    const head = new RunHead();
    for (let i = 0; i < 4_000; i += 1) {
      const each = runs[random.below(runs.length)]!;
      if (random.chance(0.02)) {
        each.run.file.close();
        each.run = new Run(disk, each.path, cache);
      }
      const key = each.keys[random.below(each.keys.length)]!;
      search.set(key);
      assert.ok(each.run.find(search, LAST_REVISION, head));
      assert.equal(head.modRevision, each.revisions.get(key), `seed ${seed}`);
      const buffers = runs
        .flatMap(({ run }) => run.file.blocks)
        .filter((block) => block !== undefined)
        .map(({ buffer }) => buffer);
      assert.equal(new Set(buffers).size, buffers.length, `seed ${seed}`);
    }
  }
});

test("a run that is closed gives its memory to the next one, once", () => {
  const disk = new SimulatedDisk();
  const cache = new BlockCache(1 << 20);
  makeRun(new SeededRandom(3), disk, "/run");
  const readAll = (run: Run): ArrayBufferLike[] =>
    Array.from({ length: run.file.footer.blocks }, (_, number) => run.file.block(number).buffer);
  const first = new Run(disk, "/run", cache);
  const before = new Set(readAll(first));
  first.file.close();
  first.file.close();
  const [one, other] = [new Run(disk, "/run", cache), new Run(disk, "/run", cache)];
  assert.ok(readAll(one).every((buffer) => before.has(buffer)));
  assert.ok(!readAll(other).some((buffer) => before.has(buffer)));
});

test("rows of a table stay what they are after it is closed", () => {
  const disk = new SimulatedDisk();
  const cache = new BlockCache(1 << 20);
  const writer = new TableWriter(disk, "/table");
  const rows: Row[] = [];
  for (let i = 0; i < 100; i += 1) {
    const value = new Uint8Array(200).fill(i);
    const revision = (i + 2) as Revision;
    rows.push(makeRow(`key/${i}`, value, revision, 0, revision, 1, NO_LEASE));
    writer.add(rows[i]!);
  }
  writer.finish();
  const table = new Table(disk, "/table", cache);
  const read = rows.map((row) => table.row(row.modRevision, 0, row.key));
  table.file.close();
  makeRun(new SeededRandom(1), disk, "/run");
  const run = new Run(disk, "/run", cache);
  for (let number = 0; number < run.file.footer.blocks; number += 1) {
    run.file.block(number);
  }
  for (const [i, row] of read.entries()) {
    assert.deepEqual(row.wire, rows[i]!.wire);
  }
});

test("memory of blocks that are longer than most is not kept, and no more than a bounded part is", () => {
  const spares = new SpareBlocks();
  const long = spares.take(5_000);
  assert.equal(long.length, 5_000);
  spares.give(long);
  assert.notEqual(spares.take(4_100).buffer, long.buffer);
  const given = Array.from({ length: 1_100 }, () => spares.take(4_100));
  for (const block of given) {
    spares.give(block);
  }
  const known = new Set(given.map(({ buffer }) => buffer));
  const again = Array.from({ length: 1_100 }, () => spares.take(10).buffer);
  assert.equal(again.filter((buffer) => known.has(buffer)).length, 1_024);
});
