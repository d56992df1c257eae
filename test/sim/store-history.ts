// Random histories against the model: whatever is written, cut off, committed, frozen, flushed, merged, compacted and
// restarted in whatever order, every read answers as the model does, and cursors go on as they began.
import assert from "node:assert/strict";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import type { RowCursor } from "../../src/core/view.js";
import type { Revision } from "../../src/core/words.js";
import { show } from "../model/store-model.js";
import { SeededRandom } from "./seeded-random.js";
import { StoreDriver, type Change, type DriverOptions } from "./store-driver.js";
import { checkAll } from "../suites/store-suite.js";
import type { EventCursor } from "../../src/store/store.js";

const STEPS = 60;

/** A cursor opened some time ago and what it must still show. */
interface Reader {
  readonly next: () => Row | null;
  readonly close: () => void;
  readonly expected: Row[];
}

function scanReader(driver: StoreDriver, random: SeededRandom): Reader {
  const { store, model } = driver;
  const first = Math.max(store.compactRevision, 1);
  const revision = (first + random.below(store.committedRevision - first + 1)) as Revision;
  const descending = random.chance(0.5);
  const cursor: RowCursor = store.scan(ALL_KEYS, revision, descending);
  return {
    next: () => (cursor.next() ? cursor.row() : null),
    close: () => {
      cursor.close();
    },
    expected: model.scan(ALL_KEYS, revision, descending),
  };
}

function eventReader(driver: StoreDriver, random: SeededRandom): Reader {
  const { store, model } = driver;
  const first = Math.max(store.compactRevision, 1);
  const from = (first + random.below(store.committedRevision - first + 1)) as Revision;
  const cursor: EventCursor = store.events(ALL_KEYS, from, store.committedRevision);
  return {
    next: () => cursor.next(),
    close: () => {
      cursor.close();
    },
    expected: model.events(ALL_KEYS, from, store.committedRevision),
  };
}

function readSome(reader: Reader, rows: number): boolean {
  for (let i = 0; i < rows; i += 1) {
    const row = reader.next();
    const expected = reader.expected.shift();
    assert.equal(row === null ? "end" : show(row), expected === undefined ? "end" : show(expected));
    if (row === null) {
      reader.close();
      return false;
    }
  }
  return true;
}

/** Keys that share beginnings, contain one another, and now and then are long. */
function randomKey(random: SeededRandom, keys: readonly string[]): string {
  return keys[random.below(random.chance(0.5) ? 4 : keys.length)]!;
}

function randomKeys(random: SeededRandom): string[] {
  const count = 5 + random.below(60);
  return Array.from({ length: count }, (_, i) => {
    const tail = random.chance(0.02) ? "x".repeat(random.below(9_000)) : "";
    return `${"abc".slice(random.below(3))}/${String(i)}${"\u00ff".repeat(random.below(3))}${tail}`;
  });
}

function randomChanges(random: SeededRandom, keys: readonly string[]): Change[] {
  const chosen = new Set<string>();
  const count = random.chance(0.05) ? 40 : 1 + random.below(4);
  for (let i = 0; i < count; i += 1) {
    chosen.add(randomKey(random, keys));
  }
  const written = [...chosen];
  if (random.chance(0.1)) {
    // A transaction may put a key and delete it, or the other way round.
    written.push(...written.filter(() => random.chance(0.5)));
  }
  return written.map((key): Change => {
    if (random.chance(0.25)) {
      return { key, value: null };
    }
    const size = random.chance(0.03) ? 20_000 : random.below(300);
    const value = random.bytes(Math.min(size, 16));
    const padded = new Uint8Array(size);
    padded.set(value.subarray(0, size));
    const lease = random.chance(0.2) ? BigInt(random.below(1_000_000)) - 500_000n : 0n;
    return { key, value: padded, lease };
  });
}

async function takeStep(
  driver: StoreDriver,
  random: SeededRandom,
  keys: readonly string[],
): Promise<"restarted" | "same"> {
  const { store } = driver;
  const step = random.below(100);
  if (step < 50) {
    for (let i = random.below(12); i >= 0; i -= 1) {
      driver.write(randomChanges(random, keys));
    }
  } else if (step < 55) {
    driver.system(
      random.chance(0.1)
        ? { kind: "raise-revision", by: 1 + random.below(1_000_000_000) }
        : { kind: "lease-grant", lease: 5n, ttlSeconds: 60 },
    );
  } else if (step < 68) {
    driver.commit(1 + random.below(30));
  } else if (step < 72) {
    driver.truncate(driver.committed + random.below(driver.tipIndex - driver.committed + 1));
  } else if (step < 82) {
    driver.seal(random.chance(0.5) ? 9 << 20 : 1 << 20);
  } else if (step < 88) {
    await driver.clock.run(random.fraction() * 3);
  } else if (step < 91) {
    await driver.flush();
  } else if (step < 95) {
    driver.commit();
    const first = Math.max(store.compactRevision, 1);
    const revision = first + random.below(store.committedRevision - first + 1);
    driver.system({ kind: "compact", revision: revision as Revision });
    if (random.chance(0.5)) {
      driver.commit();
      driver.seal(1);
      await driver.clock.resolve(store.compacted());
    }
  } else if (step < 98) {
    await driver.restart(random.chance(0.5) ? null : random.below(1_000_000));
    return "restarted";
  }
  return "same";
}

export async function runRandomHistory(seed: number, options: DriverOptions): Promise<void> {
  const random = new SeededRandom(seed);
  const driver = new StoreDriver({ ...options, seed });
  const keys = randomKeys(random);
  let readers: Reader[] = [];
  for (let i = 0; i < STEPS; i += 1) {
    if ((await takeStep(driver, random, keys)) === "restarted" && options.backend === "disk") {
      readers = [];
    }
    assert.deepEqual(driver.failures, []);
    if (random.chance(0.15) && readers.length < 5) {
      readers.push((random.chance(0.6) ? scanReader : eventReader)(driver, random));
    }
    readers = readers.filter((reader) => !random.chance(0.3) || readSome(reader, random.below(20)));
    if (random.chance(0.25)) {
      checkAll(driver, keys.slice(0, 12));
    }
  }
  await driver.flush();
  checkAll(driver, keys);
  for (const reader of readers) {
    readSome(reader, 1_000_000);
  }
  await driver.clock.resolve(driver.store.close());
}
