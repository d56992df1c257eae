// What every backend of the store must do, as plain functions: the memory store and the disk store run the same cases.
import assert from "node:assert/strict";
import { ALL_KEYS, prefixRange, type KeyRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import { headOf, type RowCursor } from "../../src/core/view.js";
import { NEVER_COMPACTED, type Key, type Revision } from "../../src/core/words.js";
import type { EventCursor } from "../../src/store/store.js";
import { show, showHead } from "../model/store-model.js";
import type { StoreDriver } from "../sim/store-driver.js";

export interface StoreCase {
  readonly name: string;
  readonly run: (driver: StoreDriver) => Promise<void>;
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** All rows of a cursor; its heads must agree with them. */
export function drain(cursor: RowCursor): string[] {
  const rows: string[] = [];
  while (cursor.next()) {
    const row = cursor.row();
    assert.equal(showHead(cursor.head), showHead(row));
    rows.push(show(row));
  }
  cursor.close();
  return rows;
}

export function drainEvents(cursor: EventCursor): string[] {
  const rows: string[] = [];
  for (let row = cursor.next(); row !== null; row = cursor.next()) {
    rows.push(show(row));
  }
  cursor.close();
  return rows;
}

const shown = (rows: readonly Row[]): string[] => rows.map(show);

/** Compares every kind of read with the model, at `revision`. */
export function checkReads(
  { store, model }: StoreDriver,
  revision: number,
  keys: readonly Key[],
): void {
  const at = revision as Revision;
  for (const key of keys) {
    const row = store.get(key, at);
    const expected = model.get(key, revision);
    assert.equal(row && show(row), expected && show(expected), `get ${key} at ${revision}`);
    const glance = store.peek(key, at);
    assert.equal(glance && show(glance), expected && show(expected), `peek ${key} at ${revision}`);
    const head = headOf(store, key, at);
    assert.equal(head && showHead(head), expected && showHead(expected), `head of ${key}`);
  }
  const middle = keys[keys.length >> 1] ?? "m";
  const ranges: KeyRange[] = [
    ALL_KEYS,
    { kind: "interval", start: middle, end: null },
    { kind: "interval", start: "", end: middle },
    { kind: "key", key: middle },
    prefixRange(middle.slice(0, 1)),
  ];
  for (const range of ranges) {
    for (const descending of [false, true]) {
      assert.deepEqual(
        drain(store.scan(range, at, descending)),
        shown(model.scan(range, revision, descending)),
        `scan ${JSON.stringify(range)} at ${revision} ${descending ? "down" : "up"}`,
      );
    }
  }
}

/** Compares every read that the compact revision allows. */
export function checkAll(driver: StoreDriver, keys: readonly Key[], revisions = 4): void {
  const { store, model } = driver;
  assert.equal(store.compactRevision, model.compactRevision);
  const last = store.committedRevision;
  const first = Math.max(model.compactRevision, 1);
  for (let i = 0; i <= revisions; i += 1) {
    const revision = first + Math.floor(((last - first) * i) / revisions);
    checkReads(driver, revision, keys);
    for (const range of [ALL_KEYS, { kind: "key", key: keys[0] ?? "k" } as const]) {
      assert.deepEqual(
        drainEvents(store.events(range, revision as Revision, last)),
        shown(model.events(range, revision, last)),
        `events of ${JSON.stringify(range)} from ${revision} to ${last}`,
      );
    }
  }
  assert.deepEqual(
    drainEvents(store.reachable(last)),
    shown(model.events(ALL_KEYS, 0, last)),
    `what is reachable up to ${last}`,
  );
  for (const key of keys.slice(0, 8)) {
    assert.deepEqual(
      shown(store.history(key, 1 as Revision, last)),
      shown(model.history(key, 1, last)),
      `history of ${key}`,
    );
  }
}

const KEYS = ["a", "b", "b/1", "b/2", "c", "\u00ff", "\u00ff\u00ff"];

export const storeCases: readonly StoreCase[] = [
  {
    name: "a new store is empty and at revision 1",
    async run({ store }) {
      assert.equal(store.tipRevision, 1);
      assert.equal(store.committedRevision, 1);
      assert.equal(store.committedIndex, 0);
      assert.equal(store.get("a", 1 as Revision), undefined);
      assert.deepEqual(drain(store.scan(ALL_KEYS, 1 as Revision, false)), []);
      assert.deepEqual(drainEvents(store.events(ALL_KEYS, 1 as Revision, 1 as Revision)), []);
      return Promise.resolve();
    },
  },
  {
    name: "a row can be read at its revision before it is committed, and is gone when cut off",
    async run(driver) {
      driver.write([{ key: "a", value: bytes("1") }]);
      driver.commit();
      driver.write([{ key: "a", value: bytes("2") }]);
      driver.write([{ key: "b", value: bytes("3") }]);
      const { store } = driver;
      assert.equal(store.committedRevision, 2);
      assert.equal(store.tipRevision, 4);
      assert.equal(store.get("a", 2 as Revision)?.modRevision, 2);
      assert.equal(store.get("a", 4 as Revision)?.modRevision, 3);
      driver.truncate(1);
      assert.equal(store.tipRevision, 2);
      assert.equal(store.get("a", 4 as Revision)?.modRevision, 2);
      assert.equal(store.get("b", 4 as Revision), undefined);
      await driver.flush();
      checkAll(driver, KEYS);
    },
  },
  {
    name: "a cut through a sealed segment takes the seal back",
    async run(driver) {
      driver.write([{ key: "a", value: bytes("1") }]);
      driver.commit();
      driver.write([{ key: "a", value: bytes("2") }]);
      driver.write([{ key: "b", value: bytes("2") }]);
      driver.seal(100 << 20);
      driver.write([{ key: "c", value: bytes("3") }]);
      driver.truncate(2);
      driver.write([{ key: "b", value: bytes("4") }]);
      await driver.flush();
      checkAll(driver, KEYS);
    },
  },
  {
    name: "versions, tombstones and recreated keys are told apart at every revision",
    async run(driver) {
      for (let round = 0; round < 4; round += 1) {
        driver.write(KEYS.map((key) => ({ key, value: bytes(`${key}${round}`), lease: 7n })));
        driver.write([{ key: "b", value: null }]);
        driver.write([{ key: "c", value: bytes("") }]);
        await driver.flush();
        checkAll(driver, KEYS, 12);
      }
    },
  },
  {
    name: "negative leases and keys of arbitrary bytes come back as they were",
    async run(driver) {
      const keys = ["\0", "\0\0", "\u007f", "\u0080", "\u00fe\u00ff"];
      driver.write(keys.map((key) => ({ key, value: bytes(key), lease: -5n })));
      driver.write([{ key: "x", value: bytes(""), lease: 2n ** 63n - 1n }]);
      await driver.flush();
      checkAll(driver, [...keys, "x"]);
    },
  },
  {
    name: "keys and values of 1.5 MiB are stored, scanned and compacted",
    async run(driver) {
      const large = "k".repeat(1.5 * 1024 * 1024 - 1);
      const keys = [`${large}a`, `${large}b`, "k"];
      for (let round = 0; round < 2; round += 1) {
        for (const key of keys) {
          driver.write([{ key, value: new Uint8Array(key === "k" ? 1.5 * 1024 * 1024 : 3) }]);
        }
        await driver.flush();
      }
      checkAll(driver, keys, 1);
      await driver.compact(driver.tipRevision);
      checkAll(driver, keys, 1);
    },
  },
  {
    name: "one entry of thousands of rows is one revision everywhere",
    async run(driver) {
      const keys = Array.from({ length: 3_000 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
      driver.write(keys.map((key) => ({ key, value: bytes(key) })));
      driver.write(keys.map((key) => ({ key, value: null })));
      await driver.flush();
      const { store } = driver;
      assert.equal(drain(store.scan(ALL_KEYS, 2 as Revision, false)).length, 3_000);
      assert.equal(drain(store.scan(ALL_KEYS, 2 as Revision, true)).length, 3_000);
      assert.equal(drain(store.scan(ALL_KEYS, 3 as Revision, false)).length, 0);
      const events = drainEvents(store.events(ALL_KEYS, 3 as Revision, 3 as Revision));
      assert.equal(events.length, 3_000);
      checkReads(driver, 2, ["many/00000", "many/01499", "many/02999"]);
    },
  },
  {
    name: "a walk over keys that were only written is prepared in pieces, while more are written",
    async run(driver) {
      const { store, model } = driver;
      const keyOf = (i: number): string =>
        `walked/${String((i * 7_919) % 20_011).padStart(5, "0")}`;
      for (let first = 0; first < 15_000; first += 1_000) {
        const keys = Array.from({ length: 1_000 }, (_, i) => keyOf(first + i));
        driver.write(keys.map((key) => ({ key, value: bytes("v") })));
      }
      driver.commit();
      let pieces = 1;
      for (; !store.prepareWalk(); pieces += 1) {
        driver.write([{ key: `walked/new ${pieces}`, value: bytes("v") }]);
      }
      assert.ok(pieces >= 5, `${pieces} pieces`);
      assert.ok(store.prepareWalk(), "once is enough");
      driver.commit();
      const revision = driver.tipRevision as Revision;
      assert.deepEqual(
        drain(store.scan(ALL_KEYS, revision, false)),
        shown(model.scan(ALL_KEYS, revision, false)),
      );
      await driver.flush();
    },
  },
  {
    name: "a key with hundreds of versions is read at each of them, up and down",
    async run(driver) {
      const keys = ["a", "hot", "z"];
      for (let round = 0; round < 700; round += 1) {
        driver.write([{ key: "hot", value: bytes(String(round)) }]);
        if (round % 100 === 0) {
          driver.write([
            { key: "a", value: bytes("a") },
            { key: "z", value: null },
          ]);
          driver.write([{ key: "z", value: bytes("z") }]);
        }
        if (round === 350) {
          await driver.flush();
        }
      }
      await driver.flush();
      checkAll(driver, keys, 60);
      await driver.compact(400);
      checkAll(driver, keys, 60);
    },
  },
  {
    name: "compaction keeps what can be read at its revision and above, and the bytes shrink",
    async run(driver) {
      for (let round = 0; round < 6; round += 1) {
        driver.write(KEYS.map((key) => ({ key, value: new Uint8Array(500).fill(round) })));
        driver.write([{ key: "b", value: null }]);
        await driver.flush();
      }
      const before = driver.store.sizes;
      const { store } = driver;
      await driver.compact(store.committedRevision - 1);
      checkAll(driver, KEYS);
      await driver.compact(store.committedRevision);
      checkAll(driver, KEYS);
      assert.ok(store.sizes.totalBytes < before.totalBytes / 2, JSON.stringify(store.sizes));
      assert.ok(store.sizes.liveBytes <= store.sizes.totalBytes);
    },
  },
  {
    name: "a tombstone at the compact revision is there for watchers until the next compaction",
    async run(driver) {
      driver.write([{ key: "a", value: bytes("1") }]);
      driver.write([{ key: "a", value: null }]);
      driver.write([{ key: "b", value: bytes("1") }]);
      await driver.flush();
      const { store } = driver;
      await driver.compact(3);
      assert.equal(drainEvents(store.events(ALL_KEYS, 3 as Revision, 4 as Revision)).length, 2);
      assert.equal(store.history("a", 1 as Revision, 4 as Revision).length, 1);
      checkAll(driver, KEYS);
      await driver.compact(4);
      assert.equal(store.history("a", 1 as Revision, 4 as Revision).length, 0);
      checkAll(driver, KEYS);
    },
  },
  {
    name: "a store compacted at revision 0 is told from one that never was, after a restart too",
    async run(driver) {
      assert.equal(driver.store.compactRevision, NEVER_COMPACTED);
      driver.write([{ key: "a", value: bytes("1") }]);
      await driver.flush();
      await driver.restart(null);
      assert.equal(driver.store.compactRevision, NEVER_COMPACTED);
      await driver.compact(0);
      checkAll(driver, KEYS);
      await driver.flush();
      await driver.restart(null);
      assert.equal(driver.store.compactRevision, 0);
      checkAll(driver, KEYS);
    },
  },
  {
    name: "a revision that writes a key several times holds each write, and the last one counts",
    async run(driver) {
      driver.write([
        { key: "a", value: bytes("1") },
        { key: "b", value: bytes("1") },
      ]);
      await driver.flush();
      driver.write([
        { key: "a", value: bytes("2") },
        { key: "a", value: null },
        { key: "b", value: null },
        { key: "b", value: bytes("2") },
        { key: "c", value: bytes("2") },
        { key: "c", value: null },
        { key: "c", value: bytes("3"), lease: 7n },
      ]);
      driver.write([{ key: "c", value: bytes("4") }]);
      const keys = ["a", "b", "c"];
      driver.commit();
      checkAll(driver, keys);
      await driver.flush();
      checkAll(driver, keys);
      await driver.restart(null);
      checkAll(driver, keys);
      const { model } = driver;
      assert.equal(model.events(ALL_KEYS, 3, 3).length, 7);
      assert.equal(model.get("b", 3)?.version, 1);
      // At the revision of the several writes, and above it: each row dies once.
      for (const revision of [3, 4]) {
        await driver.compact(revision);
        checkAll(driver, keys);
        await driver.restart(null);
        checkAll(driver, keys);
      }
      assert.deepEqual(driver.failures, []);
    },
  },
  {
    name: "versions of one key in one revision that fill blocks of an index run are found",
    async run(driver) {
      const key = "k".repeat(3_000);
      for (let revision = 0; revision < 3; revision += 1) {
        driver.write(
          Array.from({ length: 40 }, (_, at) => ({
            key,
            value: at % 3 === 1 ? null : bytes(`${revision} ${at}`),
          })),
        );
      }
      await driver.flush();
      checkAll(driver, [key]);
      await driver.compact(3);
      await driver.restart(null);
      checkAll(driver, [key]);
    },
  },
  {
    name: "cursors opened before a compaction, a flush and a merge go on as they began",
    async run(driver) {
      const keys = Array.from({ length: 400 }, (_, i) => `key/${String(i).padStart(4, "0")}`);
      const write = (round: number): void => {
        driver.write(keys.map((key) => ({ key, value: bytes(`${key} ${round}`) })));
      };
      write(0);
      await driver.flush();
      write(1);
      driver.commit();
      const { store, model } = driver;
      const scans = [false, true].map((descending) => ({
        cursor: store.scan(ALL_KEYS, 2 as Revision, descending),
        expected: shown(model.scan(ALL_KEYS, 2, descending)),
      }));
      const events = store.events(ALL_KEYS, 2 as Revision, 3 as Revision);
      const expectedEvents = shown(model.events(ALL_KEYS, 2, 3));
      const seen: string[] = [];
      for (const { cursor, expected } of scans) {
        assert.ok(cursor.next());
        assert.equal(show(cursor.row()), expected.shift());
      }
      seen.push(show(events.next()!));
      for (let round = 2; round < 8; round += 1) {
        write(round);
        driver.write([{ key: `key/0001${round}`, value: bytes("between") }]);
        await driver.flush();
      }
      driver.system({ kind: "compact", revision: store.committedRevision });
      await driver.flush();
      await driver.clock.run(100);
      for (const { cursor, expected } of scans) {
        assert.deepEqual(drain(cursor), expected);
      }
      seen.push(...drainEvents(events));
      assert.deepEqual(seen, expectedEvents);
      await driver.clock.resolve(store.compacted());
      checkAll(driver, keys.slice(0, 3));
    },
  },
  {
    name: "what is reachable when a cursor is opened is shown, whatever is compacted after",
    async run(driver) {
      const keys = Array.from({ length: 300 }, (_, i) => `key/${String(i).padStart(4, "0")}`);
      const write = (round: number, step: number): void => {
        const rows = keys.filter((_, i) => i % step === 0);
        driver.write(rows.map((key) => ({ key, value: bytes(`${key} ${round}`) })));
      };
      write(0, 1);
      write(1, 3);
      await driver.flush();
      driver.write(keys.slice(0, 7).map((key) => ({ key, value: null })));
      write(2, 5);
      driver.system({ kind: "compact", revision: 3 as Revision });
      driver.commit();
      const { store, model } = driver;
      const to = store.committedRevision;
      const cursors = [store.reachable(to), store.reachable(to)] as const;
      const expected = shown(model.events(ALL_KEYS, 0, to));
      assert.deepEqual(drainEvents(cursors[0]), expected);
      const seen = [show(cursors[1].next()!)];
      for (let round = 3; round < 6; round += 1) {
        write(round, 2);
        await driver.flush();
      }
      driver.system({ kind: "compact", revision: store.committedRevision });
      await driver.flush();
      await driver.clock.resolve(store.compacted());
      assert.deepEqual([...seen, ...drainEvents(cursors[1])], expected);
      checkAll(driver, keys.slice(0, 3));
    },
  },
];
