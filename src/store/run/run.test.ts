// Index runs against a sorted list: keys of all shapes, many versions of some, across restarts and blocks.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import type { Key, Revision } from "../../core/words.js";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { latin1Bytes } from "../../lib/bytes.js";
import { BlockCache } from "../file/block-cache.js";
import type { StoredHead, VersionSource } from "../read/source.js";
import { Run, RunHead } from "./run.js";
import { RunRows, versionsInRun } from "./run-rows.js";
import { AscendingRunSource, DescendingRunSource } from "./run-source.js";
import { RunWriter } from "./run-writer.js";
import { SearchKey } from "./search-key.js";

const LAST_REVISION = 40_000_000_000;

/** Rows in a run's order. */
function randomRows(random: SeededRandom): StoredHead[] {
  const keys = new Set<Key>();
  const count = 1 + random.below(300);
  const common = random.chance(0.5) ? "all/begin/with/".slice(0, 1 + random.below(15)) : "";
  for (let i = 0; i < count; i += 1) {
    const stem = "shared/beginning/".slice(0, random.below(18));
    const tail = random.chance(0.02) ? "\u00ff".repeat(random.below(6_000)) : "";
    keys.add(`${common}${stem}${random.below(500)}${tail}`);
  }
  const rows: StoredHead[] = [];
  for (const key of [...keys].sort()) {
    const versions = random.chance(0.1) ? random.below(600) : 1 + random.below(2);
    let modRevision = LAST_REVISION - random.below(10);
    for (let i = 0; i < versions; i += 1) {
      const isTombstone = random.chance(0.2);
      rows.push({
        key,
        modRevision: modRevision as Revision,
        subRevision: random.chance(0.1) ? random.below(100_000) : 0,
        createRevision: (isTombstone ? 0 : modRevision - random.below(1_000)) as Revision,
        version: isTombstone ? 0 : 1 + random.below(500),
        lease: !isTombstone && random.chance(0.2) ? BigInt(random.below(100)) - 50n : 0n,
        rowBytes: random.below(2_000_000),
      });
      modRevision -= 1 + random.below(random.chance(0.1) ? 1_000_000 : 3);
    }
  }
  return rows;
}

/** A key of the rows, or one near it: before, behind or between those that are there, with their beginning or without. */
function someKey(random: SeededRandom, rows: readonly StoredHead[]): Key {
  const { key } = rows[random.below(rows.length)]!;
  const at = random.below(Math.min(key.length, 40));
  switch (random.below(8)) {
    case 0:
      return `${key}\0`;
    case 1:
      return key.slice(0, at);
    case 2:
      return key.slice(0, at) + String.fromCharCode(random.below(256)) + key.slice(at + 1);
    default:
      return key;
  }
}

function write(rows: readonly StoredHead[]): Run {
  const disk = new SimulatedDisk();
  const writer = new RunWriter(disk, "/run", LAST_REVISION);
  for (const row of rows) {
    writer.add(latin1Bytes(row.key), row.key.length, row);
  }
  writer.finish();
  return new Run(disk, "/run", new BlockCache(64 * 1024));
}

function plain(head: RowHead): string {
  const { key, modRevision, subRevision, createRevision, version, lease } = head;
  const short = key.length > 40 ? `${key.slice(0, 20)}…${key.length}` : key;
  return `${short} ${[modRevision, subRevision, createRevision, version, lease].join()}`;
}

function walk(source: VersionSource): string[] {
  const seen: string[] = [];
  while (source.key !== null) {
    assert.equal(source.key, source.head.key);
    seen.push(plain(source.head));
    source.advance();
  }
  return seen;
}

/** Of each key the newest row at or below a revision. */
function newest(rows: readonly StoredHead[], revision: number): StoredHead[] {
  const shown = rows.filter((row) => row.modRevision <= revision);
  return shown.filter((row, i) => shown[i - 1]?.key !== row.key);
}

const noLoad = (): Row => assert.fail("heads only");

for (let seed = 1; seed <= 12; seed += 1) {
  test(`a run answers as the sorted list of its rows does (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const rows = randomRows(random);
    const run = write(rows);
    const all = new RunRows(run, false);
    const head = new RunHead();
    for (const [i, row] of rows.entries()) {
      assert.ok(all.next());
      all.readNumbers(head);
      head.key = row.key;
      assert.equal(plain(head), plain(row));
      assert.equal(head.rowBytes, row.rowBytes);
      assert.equal(all.isSameKey, rows[i - 1]?.key === row.key);
    }
    assert.ok(!all.next());

    const search = new SearchKey();
    for (let i = 0; i < 400; i += 1) {
      const row = rows[random.below(rows.length)]!;
      const key = random.chance(0.5) ? someKey(random, rows) : row.key;
      const revision = row.modRevision + random.below(3) - 1;
      const expected = rows.find((one) => one.key === key && one.modRevision <= revision);
      search.set(key);
      assert.equal(run.find(search, revision, head), expected !== undefined);
      assert.equal(expected === undefined || plain(head) === plain(expected), true);
    }
    for (let i = 0; i < 12; i += 1) {
      const bound = (): Key => someKey(random, rows);
      const start = random.chance(0.3) ? "" : bound();
      const end = random.chance(0.3) ? null : bound();
      const revision = (LAST_REVISION - random.below(random.chance(0.5) ? 10 : 3_000)) as Revision;
      const expected = newest(rows, revision)
        .filter((row) => row.key >= start && (end === null || row.key < end))
        .map(plain);
      const interval = { kind: "interval", start, end } as const;
      const up = new AscendingRunSource(run, interval, revision, noLoad);
      assert.deepEqual(walk(up), expected);
      const down = new DescendingRunSource(run, interval, revision, noLoad);
      assert.deepEqual(walk(down), expected.toReversed());
      search.set(rows[random.below(rows.length)]!.key);
      const versions = rows.filter((row) => row.key === search.key && row.modRevision >= revision);
      assert.deepEqual(versionsInRun(run, search, revision).map(plain), versions.map(plain));
    }
  });
}
