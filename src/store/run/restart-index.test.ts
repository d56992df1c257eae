// Where a search begins in a block, against a look at each of the block's restarts: keys whose heads are all alike or all
// different, short ones and long ones, blocks of a few restarts and of far more than the index has room for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import type { Key, Revision } from "../../core/words.js";
import { latin1, latin1Bytes } from "../../lib/bytes.js";
import { BlockCache } from "../file/block-cache.js";
import type { StoredHead } from "../read/source.js";
import { Run } from "./run.js";
import { markAt, restartsOf } from "./run-block.js";
import { RunRows } from "./run-rows.js";
import { RunWriter } from "./run-writer.js";
import { SearchKey } from "./search-key.js";

const LAST_REVISION = 1_000_000;

const shapes: ((random: SeededRandom, number: number) => Key)[] = [
  (_, number) => `key-${String(number).padStart(8, "0")}`,
  (random) => `/registry/pods/${random.below(2 ** 31).toString(36)}`,
  // All that differs lies behind the four bytes.
  (_, number) => `a${"\0".repeat(number % 40)}`,
  (_, number) => `${"\u00ff".repeat(number % 7)}${number}`,
  (random) => String.fromCharCode(random.below(256)).repeat(1 + random.below(3)),
  // Shorter than what others begin with.
  (_, number) => "x".repeat(1 + (number % 90)),
];

function write(random: SeededRandom, shape: (typeof shapes)[number]): Run {
  const keys = new Set<Key>();
  const count = 1 + random.below(2_000);
  for (let number = 0; number < count; number += 1) {
    keys.add(shape(random, number));
  }
  const disk = new SimulatedDisk();
  const writer = new RunWriter(disk, "/run", LAST_REVISION);
  for (const key of [...keys].sort()) {
    let modRevision = LAST_REVISION - random.below(3);
    const versions = random.chance(0.01) ? 1_500 : 1 + random.below(2);
    for (let version = versions; version > 0; version -= 1) {
      const row: StoredHead = {
        key,
        modRevision: modRevision as Revision,
        subRevision: 0,
        createRevision: 0 as Revision,
        version: 0,
        lease: 0n,
        rowBytes: 0,
      };
      writer.add(latin1Bytes(key), key.length, row);
      modRevision -= 1 + random.below(2);
    }
  }
  writer.finish();
  return new Run(disk, "/run", new BlockCache(1 << 20));
}

/** The first row of each restart of a block. */
function firstRows(run: Run, number: number): { key: Key; revision: number }[] {
  const restarts = restartsOf(run.file.block(number));
  return Array.from({ length: restarts }, (_, restart) => {
    const rows = new RunRows(run, true);
    rows.restrictTo(number, restart);
    assert.ok(rows.next());
    return { key: latin1(rows.keyBytes, 0, rows.keyLength), revision: rows.revision };
  });
}

for (const [number, shape] of shapes.entries()) {
  test(`a search begins at the last restart before its key (keys of shape ${number})`, () => {
    let mostRestarts = 0;
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = new SeededRandom(100 * number + seed);
      const run = write(random, shape);
      const blocks = Array.from({ length: run.file.footer.blocks }, (_, i) => firstRows(run, i));
      const search = new SearchKey();
      for (let i = 0; i < 300; i += 1) {
        const rows = blocks[random.below(blocks.length)]!;
        const near = rows[random.below(rows.length)]!;
        const cut = near.key.slice(0, random.below(near.key.length + 1));
        search.set(random.chance(0.4) ? near.key : cut + String.fromCharCode(random.below(256)));
        const revision = near.revision + random.below(5) - 2;
        const found = run.blockBefore(search, revision);
        if (found < 0) {
          continue;
        }
        const isBefore = (row: (typeof rows)[number]): boolean =>
          row.key < search.key || (row.key === search.key && row.revision > revision);
        const expected = Math.max(blocks[found]!.filter(isBefore).length - 1, 0);
        const block = run.file.block(found);
        const message = `seed ${seed}, ${search.key} ${revision}`;
        assert.equal(run.restartBefore(found, block, search, revision), expected, message);
        const offset = run.offsetBefore(found, block, search, revision);
        assert.equal(offset, markAt(block, expected), message);
        mostRestarts = Math.max(mostRestarts, blocks[found]!.length);
      }
    }
    assert.ok(mostRestarts > 28, `${mostRestarts} restarts: twice the index's room`);
  });
}
