// Entries for tests of the log: a log as a seed makes it, and what tells two entries apart.
import type { Entry, SystemEffect } from "../../src/core/entry.js";
import { makeRow, makeTombstone, type Row } from "../../src/core/row.js";
import type { LogIndex, Revision, Term } from "../../src/core/words.js";
import type { SeededRandom } from "./seeded-random.js";

export interface LogPosition {
  readonly index: number;
  readonly revision: number;
  readonly term: number;
}

export const LOG_START: LogPosition = { index: 0, revision: 1, term: 1 };

export function positionOf(entry: Entry): LogPosition {
  return { index: entry.index, revision: entry.revision, term: entry.term };
}

/** The entry after `position`, with the given rows. */
export function entryAfter(
  position: LogPosition,
  makeRows: (revision: Revision) => readonly Row[],
  system: SystemEffect | null = null,
  term: number = position.term,
): Entry {
  const rows = makeRows((position.revision + 1) as Revision);
  return {
    index: (position.index + 1) as LogIndex,
    term: term as Term,
    revision: (position.revision + (rows.length > 0 ? 1 : 0)) as Revision,
    rows,
    system,
  };
}

export function putRow(key: string, value: Uint8Array, revision: Revision, sub = 0): Row {
  return makeRow(key, value, revision, sub, revision, 1, 0n);
}

/** A put of one key. */
export function putEntry(position: LogPosition, key: string, value: Uint8Array): Entry {
  return entryAfter(position, (revision) => [putRow(key, value, revision)]);
}

/** Puts, deletes, transactions, effects; values up to `valueBytesMax`, of zeros as often as not. */
export function randomEntry(
  random: SeededRandom,
  position: LogPosition,
  valueBytesMax: number,
): Entry {
  const term = position.term + (random.chance(0.03) ? 1 : 0);
  const kind = random.below(10);
  if (kind === 0) {
    const lease = BigInt(random.below(1_000_000) + 1);
    return entryAfter(position, () => [], { kind: "lease-grant", lease, ttlSeconds: 60 }, term);
  }
  const rowCount = kind === 1 ? random.below(20) + 1 : 1;
  const makeRows = (revision: Revision): Row[] =>
    Array.from({ length: rowCount }, (_, sub) => {
      const key = `key-${random.below(100)}-${sub}`;
      if (random.chance(0.2)) {
        return makeTombstone(key, revision, sub);
      }
      const length = random.below(random.chance(0.1) ? valueBytesMax : 64);
      const value = random.chance(0.5) ? new Uint8Array(length) : random.bytes(length);
      return putRow(key, value, revision, sub);
    });
  return entryAfter(position, makeRows, null, term);
}

/** All of an entry in one string. */
export function fingerprint(entry: Entry): string {
  const rows = entry.rows.map(
    (row) => `${row.subRevision}:${Buffer.from(row.wire).toString("base64")}`,
  );
  const system = JSON.stringify(entry.system, (_key, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return `${entry.index}/${entry.term}/${entry.revision} ${rows.join()} ${system}`;
}
