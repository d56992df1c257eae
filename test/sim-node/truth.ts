// What was committed, as an observer that never misses anything has seen it, and what follows from it for every reader.
import assert from "node:assert/strict";
import { rangeContains, type KeyRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import type { Key } from "../../src/core/words.js";

export interface SeenRow {
  readonly key: Key;
  readonly revision: number;
  readonly subRevision: number;
  readonly version: number;
  readonly createRevision: number;
  readonly lease: bigint;
  readonly value: string;
}

export function seen(row: Row): SeenRow {
  return {
    key: row.key,
    revision: row.modRevision,
    subRevision: row.subRevision,
    version: row.version,
    createRevision: row.createRevision,
    lease: row.lease,
    value: Buffer.from(row.value).toString("latin1"),
  };
}

export class Truth {
  /** By revision: [2], [3] … without holes. */
  readonly #revisions: (readonly SeenRow[])[] = [];
  readonly #byKey = new Map<Key, SeenRow[]>();

  get revision(): number {
    return this.#revisions.length + 1;
  }

  /** Takes newly committed rows; revisions come without holes, each whole. */
  add(rows: readonly SeenRow[]): void {
    for (const row of rows) {
      const place = row.revision - 2;
      if (place === this.#revisions.length) {
        assert.equal(row.subRevision, 0);
        this.#revisions.push([row]);
      } else {
        assert.equal(place, this.#revisions.length - 1, "revisions have no holes");
        const before = this.#revisions[place]!;
        assert.equal(row.subRevision, before.length);
        this.#revisions[place] = [...before, row];
      }
      this.#check(row);
    }
  }

  at(revision: number): readonly SeenRow[] {
    return this.#revisions[revision - 2] ?? [];
  }

  /** Live rows at a revision, by key. */
  state(revision: number): SeenRow[] {
    const rows: SeenRow[] = [];
    for (const versions of this.#byKey.values()) {
      const row = versions.findLast((each) => each.revision <= revision);
      if (row !== undefined && row.version > 0) {
        rows.push(row);
      }
    }
    return rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  events(range: KeyRange, from: number, to: number): SeenRow[] {
    return this.#revisions
      .slice(Math.max(from - 2, 0), Math.max(to - 1, 0))
      .flat()
      .filter((row) => rangeContains(range, row.key));
  }

  /** The row that `row` replaced. */
  before(row: SeenRow): SeenRow | undefined {
    const versions = this.#byKey.get(row.key) ?? [];
    const previous = versions.findLast((each) => each.revision < row.revision);
    return previous === undefined || previous.version === 0 ? undefined : previous;
  }

  /** Versions count up from creation. */
  #check(row: SeenRow): void {
    const versions = this.#byKey.get(row.key) ?? [];
    const before = versions.at(-1);
    const isLive = before !== undefined && before.version > 0;
    if (row.version === 0) {
      assert.ok(isLive, "what is deleted was there");
    } else {
      assert.equal(row.version, isLive ? before.version + 1 : 1);
      assert.equal(row.createRevision, isLive ? before.createRevision : row.revision);
    }
    this.#byKey.set(row.key, [...versions, row]);
  }
}
