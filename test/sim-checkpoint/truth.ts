// What a database has acknowledged: every entry that is in a won slot, and the keys at every revision. A restore is held
// against it.
import assert from "node:assert/strict";
import type { Entry } from "../../src/core/entry.js";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import type { Revision } from "../../src/core/words.js";
import { crc32 } from "../../src/lib/hashes/crc32.js";
import type { DiskStore } from "../../src/store/disk/disk-store.js";

/** The state after an entry; `points[i]` is that after the entry with index i. */
export interface Point {
  readonly index: number;
  readonly revision: number;
  readonly compactRevision: number;
  readonly wallMs: number;
  /** All keys, as text. */
  readonly state: string;
}

/** Revisions checked back from the newest, beside the oldest and some between. */
const RECENT_REVISIONS = 3;
const REVISIONS_APART = 23;

/** What a client can tell of a key. */
function describe(row: Row): string {
  const { createRevision, modRevision, version, value } = row;
  return `${createRevision}/${modRevision}/${version}/${value.length}/${crc32(value)}`;
}

function stateText(keys: readonly (readonly [string, string])[]): string {
  return JSON.stringify([...keys].sort());
}

export class Truth {
  readonly points: Point[];
  readonly #keys: Map<string, string>;

  private constructor(points: Point[]) {
    this.points = points;
    this.#keys = new Map(JSON.parse(points.at(-1)!.state) as [string, string][]);
  }

  static empty(): Truth {
    return new Truth([{ index: 0, revision: 1, compactRevision: -1, wallMs: 0, state: "[]" }]);
  }

  /** What a branch has that begins behind the entry at `index`. */
  branch(index: number): Truth {
    assert.ok(index <= this.tip.index, `a branch begins at index ${index}, of ${this.tip.index}`);
    return new Truth(this.points.slice(0, index + 1));
  }

  get tip(): Point {
    return this.points.at(-1)!;
  }

  /** Of an entry that is known already, as when two leaders learn of it, checks that it is the same. */
  acknowledge(entry: Entry, wallMs: number): void {
    if (entry.index <= this.tip.index) {
      const known = this.points[entry.index]!;
      assert.deepEqual([entry.revision, wallMs], [known.revision, known.wallMs]);
      return;
    }
    assert.equal(entry.index, this.tip.index + 1);
    for (const row of entry.rows) {
      if (row.isTombstone) {
        this.#keys.delete(row.key);
      } else {
        this.#keys.set(row.key, describe(row));
      }
    }
    const before = this.tip.compactRevision;
    const { system, index, revision } = entry;
    const compactRevision = system?.kind === "compact" ? Math.max(before, system.revision) : before;
    const state = stateText([...this.#keys]);
    this.points.push({ index, revision, compactRevision, wallMs, state });
  }

  /** Holds a restored store against the state after the entry at `index`, and revisions before that it can still show. */
  check(index: number, store: DiskStore): void {
    const point = this.points[index];
    assert.ok(point !== undefined, `index ${index} was acknowledged`);
    assert.equal(store.committedIndex, index);
    assert.equal(store.committedRevision, point.revision);
    assert.equal(store.compactRevision, point.compactRevision);
    const oldest = Math.max(1, point.compactRevision);
    for (let revision = point.revision; revision >= oldest; revision -= 1) {
      if (
        revision > point.revision - RECENT_REVISIONS ||
        revision % REVISIONS_APART === 0 ||
        revision === oldest
      ) {
        const past = this.points.find((each) => each.revision === revision);
        assert.equal(stateOf(store, revision), past?.state, `revision ${revision}`);
      }
    }
  }
}

function stateOf(store: DiskStore, revision: number): string {
  const cursor = store.scan(ALL_KEYS, revision as Revision, false);
  const keys: [string, string][] = [];
  while (cursor.next()) {
    const row = cursor.row();
    keys.push([row.key, describe(row)]);
  }
  cursor.close();
  return stateText(keys);
}
