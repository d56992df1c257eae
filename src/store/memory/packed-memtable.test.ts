import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { makeRow, makeTombstone, type Row } from "../../core/row.js";
import { NO_LEASE, type Revision } from "../../core/words.js";
import type { RowHead } from "../../core/view.js";
import { RunHead } from "../run/run.js";
import { SearchKey } from "../run/search-key.js";
import { Memtable } from "./memtable.js";
import { MemtableSource } from "./memtable-source.js";
import { PackedMemtable } from "./packed-memtable.js";

const keys = ["a", "b", "\0", "\u00ff", "ab", "k".repeat(200), "c", "ca", "cab", "d"];

const step = fc.record({
  key: fc.constantFrom(...keys),
  what: fc.constantFrom("put", "put", "lease", "same revision", "delete", "take back", "walk"),
});

/** Hashes of which many are equal: look-ups have to tell keys apart, and some have no place left. */
function searchFor(key: string, hash: "own" | "equal"): SearchKey {
  const search = new SearchKey();
  search.set(key);
  if (hash === "equal") {
    search.hash = 7;
  }
  return search;
}

function headShown(head: RowHead | undefined): object | undefined {
  return head === undefined
    ? undefined
    : {
        key: head.key,
        modRevision: head.modRevision,
        subRevision: head.subRevision,
        createRevision: head.createRevision,
        version: head.version,
        lease: head.lease,
      };
}

function shown(row: Row | undefined): unknown {
  return row === undefined
    ? undefined
    : { ...headShown(row), wire: [...row.wire], value: [...row.value] };
}

function walk(
  memtable: Memtable | PackedMemtable,
  revision: Revision,
  descending: boolean,
): unknown[] {
  const rows: unknown[] = [];
  const interval = { kind: "interval", start: "", end: null } as const;
  const source =
    memtable instanceof Memtable
      ? new MemtableSource(memtable, interval, revision, descending)
      : new MemtableSource(memtable, interval, revision, descending);
  source.begin();
  while (source.key !== null) {
    rows.push(shown(source.row()));
    source.advance();
  }
  return rows;
}

/** A memtable in the memory of one that held other rows of the same keys. */
function inUsedMemory(hash: "own" | "equal"): PackedMemtable {
  const before = new PackedMemtable();
  for (let i = 0; i < 2_500; i += 1) {
    const revision = (i + 2) as Revision;
    const row = makeRow(
      `${keys[i % keys.length]}${i}`,
      new Uint8Array(200),
      revision,
      0,
      revision,
      1,
      5n,
    );
    before.append(row, searchFor(row.key, hash));
  }
  const memory = before.takeMemory();
  assert.ok(memory !== null && memory.chunks.length > 1);
  return new PackedMemtable(false, 0, memory);
}

test("rows in columns are those that the memtable of objects holds, whatever was put, deleted and taken back", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 150 }),
      fc.constantFrom("own", "equal"),
      fc.boolean(),
      (steps, hash, isUsed) => {
        const packed = isUsed ? inUsedMemory(hash) : new PackedMemtable();
        const plain = new Memtable();
        const rows: Row[] = [];
        let revision = 1;
        for (const { key, what } of steps) {
          if (what === "take back") {
            const last = rows.pop();
            if (last !== undefined) {
              packed.removeLast(last);
              plain.removeLast(last);
            }
            continue;
          }
          if (what === "walk") {
            walk(packed, revision as Revision, false);
            continue;
          }
          const before = rows.at(-1);
          const isSame = what === "same revision" && before?.modRevision === revision;
          revision += isSame ? 0 : 1;
          const sub = isSame ? before.subRevision + 1 : 0;
          const row =
            what === "delete"
              ? makeTombstone(key, revision as Revision, sub)
              : makeRow(
                  key,
                  Uint8Array.of(revision & 0xff),
                  revision as Revision,
                  sub,
                  2 as Revision,
                  revision,
                  what === "lease" ? 99n : NO_LEASE,
                );
          packed.append(row, searchFor(key, hash));
          plain.append(row);
          rows.push(row);
        }
        assert.equal(packed.rowCount, rows.length);
        assert.equal(packed.rowBytes, plain.rowBytes);
        for (const at of [0, 2, revision >> 1, revision, revision + 1] as Revision[]) {
          assert.equal(packed.firstPlaceFrom(at), plain.firstPlaceFrom(at));
          for (const key of keys) {
            const search = searchFor(key, hash);
            assert.deepEqual(shown(packed.at(search, at)), shown(plain.at(key, at)));
            const head = new RunHead();
            const isFound = packed.headAt(search, at, head);
            assert.deepEqual(isFound ? headShown(head) : undefined, headShown(plain.at(key, at)));
            assert.deepEqual(
              packed.versions(search, at).map(shown),
              plain.versions(key, at).map(shown),
            );
            assert.equal(packed.has(search), plain.versions(key, 0 as Revision).length > 0);
          }
          for (const descending of [false, true]) {
            assert.deepEqual(walk(packed, at, descending), walk(plain, at, descending));
          }
        }
        rows.forEach((row, place) => {
          assert.deepEqual(shown(packed.row(place)), shown(row));
        });
        assert.equal(packed.row(rows.length), undefined);
      },
    ),
    { numRuns: 60 },
  );
});

test("many keys are found, with hashes that are all equal too", () => {
  for (const hash of ["own", "equal"] as const) {
    const packed = new PackedMemtable();
    const count = hash === "own" ? 70_000 : 3_000;
    for (let i = 0; i < count; i += 1) {
      const row = makeRow(
        `key/${i}`,
        Uint8Array.of(1),
        (i + 2) as Revision,
        0,
        2 as Revision,
        1,
        NO_LEASE,
      );
      packed.append(row, searchFor(row.key, hash));
    }
    for (let i = 0; i < count; i += 7) {
      const row = packed.at(searchFor(`key/${i}`, hash), (count + 2) as Revision);
      assert.equal(row?.modRevision, i + 2);
    }
    assert.equal(packed.has(searchFor("key/none", hash)), false);
    assert.equal(walk(packed, (count + 2) as Revision, false).length, count);
  }
});

test("memory is given away only if nobody can look at it", () => {
  const filled = (valueBytes = 100): PackedMemtable => {
    const memtable = new PackedMemtable();
    for (let i = 0; i < 10; i += 1) {
      const revision = (i + 2) as Revision;
      const row = makeRow(
        `key/${i}`,
        new Uint8Array(valueBytes),
        revision,
        0,
        revision,
        1,
        NO_LEASE,
      );
      memtable.append(row, searchFor(row.key, "own"));
    }
    return memtable;
  };
  const search = searchFor("key/3", "own");
  const everything = 100 as Revision;
  const isGiven = (look: (memtable: PackedMemtable) => unknown, memtable = filled()): boolean => {
    look(memtable);
    return memtable.takeMemory() !== null;
  };
  assert.ok(isGiven(() => null));
  assert.ok(isGiven((memtable) => memtable.has(search)));
  assert.ok(isGiven((memtable) => memtable.headAt(search, everything, new RunHead())));
  assert.ok(!isGiven((memtable) => memtable.at(search, everything)));
  assert.ok(!isGiven((memtable) => memtable.versions(search, 0 as Revision)));
  assert.ok(!isGiven((memtable) => memtable.row(3)));
  assert.ok(!isGiven((memtable) => walk(memtable, everything, true)));
  assert.ok(!isGiven((memtable) => memtable.lend()));
  // A large row has memory of its own, which others hold too: a caller that was shown it when it was written.
  assert.deepEqual(filled(64 * 1024).takeMemory()?.chunks, []);
});
