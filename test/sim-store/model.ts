// What a database's observers have seen committed, in one line of history: what follows from it for whoever opens it next.
import assert from "node:assert/strict";
import type { Key } from "../../src/core/words.js";
import type { SeenRow } from "../sim-node/truth.js";

/** By how much a node raises the revision when acknowledged entries may be lost. */
export const REVISION_RAISE = 1_000_000_000;
/** More than anybody writes in a run. */
const FEW = 100_000;

/** What a node shows when it opens. */
export interface Shown {
  readonly revision: number;
  readonly compactRevision: number;
  /** Everything changed from the compact revision on. */
  readonly changes: readonly SeenRow[];
  /** Live rows at its revision. */
  readonly state: readonly SeenRow[];
  readonly wallMs: number;
}

export class Model {
  #rows: SeenRow[] = [];
  #byKey = new Map<Key, SeenRow[]>();
  /** Everything up to here is in the object store, as far as somebody was told so. */
  floor = 1;
  revision = 1;
  raises = 0;
  /** Between these, rows were written that no observer saw, before the revision was raised. */
  #unknown: { readonly from: number; readonly through: number }[] = [];
  /** When each revision was seen, ascending: it was committed before that. */
  #seen: { readonly revision: number; readonly wallMs: number }[] = [];
  /** When a revision was asked for, where that is known: it was made after that. */
  readonly #proposed = new Map<number, number>();

  /** A branch's: what this one has, up to `revision`. */
  cutAt(revision: number): Model {
    const model = new Model();
    model.#unknown = [...this.#unknown];
    model.#seen = this.#seen.filter((each) => each.revision <= revision);
    for (const row of this.#rows) {
      if (row.revision <= revision) {
        model.#push(row);
      }
    }
    model.revision = Math.min(revision, this.revision);
    model.floor = model.revision;
    return model;
  }

  append(row: SeenRow, wallMs: number): void {
    assert.ok(
      row.revision === this.revision + 1 || (row.revision === this.revision && row.subRevision > 0),
      `revision ${row.revision} follows ${this.revision}`,
    );
    this.#push(row);
    this.revision = row.revision;
    this.#sees(row.revision, wallMs);
  }

  proposed(revision: number, wallMs: number): void {
    this.#proposed.set(revision, wallMs);
  }

  /** When it was asked for; earlier than all if that is not known. */
  proposedMs(revision: number): number {
    return this.#proposed.get(revision) ?? -Infinity;
  }

  /** What can be asked of the object store: revisions that it has, and whose state is known. */
  archivedRevisions(): number[] {
    return this.#seen
      .map(({ revision }) => revision)
      .filter((revision) => revision <= this.floor && !this.#isUnknown(revision));
  }

  seenMs(revision: number): number {
    return this.#seen.find((each) => each.revision === revision)?.wallMs ?? 0;
  }

  /** The newest revision that the object store has and that was surely committed at a time. */
  archivedBy(wallMs: number): number {
    const last = this.#seen.findLast(
      (each) => each.wallMs <= wallMs && each.revision <= this.floor,
    );
    return last?.revision ?? 1;
  }

  /** Whether a row is part of this history. */
  has(row: SeenRow): boolean {
    const known = this.#rows.find(
      (each) => each.revision === row.revision && each.subRevision === row.subRevision,
    );
    return known === undefined ? this.#isUnknown(row.revision) : isSame(known, row);
  }

  at(revision: number): SeenRow[] {
    return this.#rows.filter((row) => row.revision === revision);
  }

  /** Null where it is not known. */
  state(revision: number): SeenRow[] | null {
    if (this.#isUnknown(revision)) {
      return null;
    }
    const rows: SeenRow[] = [];
    for (const versions of this.#byKey.values()) {
      const row = versions.findLast((each) => each.revision <= revision);
      if (row !== undefined && row.version > 0) {
        rows.push(row);
      }
    }
    return rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /**
   * A node has opened. What it shows is all that was known, and perhaps more that nobody was told of; or, if that may be, a
   * beginning of it, with the revision raised. Returns how many revisions were lost.
   */
  opened(shown: Shown, mayLose: boolean, name: string): number {
    const raises = this.#raisesOf(shown.revision);
    const end = shown.revision - raises * REVISION_RAISE;
    if (raises === 0) {
      assert.ok(end >= this.revision, `${name}: revision ${this.revision} is lost, now ${end}`);
      this.#extend(shown, name);
      return 0;
    }
    assert.ok(mayLose, `${name}: the revision is raised although nothing can be lost`);
    assert.ok(end >= this.floor, `${name}: revision ${this.floor} was archived, now ${end}`);
    this.raises += 1;
    this.#seen = this.#seen.filter((each) => each.revision <= end);
    const lost = this.revision - end;
    if (end <= this.revision) {
      this.#rebuild(this.#rows.filter((row) => row.revision <= end));
      assert.deepEqual(shown.state, this.state(end), `${name}: the state of revision ${end}`);
    } else {
      this.#learn(shown.state, end);
    }
    this.revision = shown.revision;
    this.#sees(shown.revision, shown.wallMs);
    return Math.max(lost, 0);
  }

  #raisesOf(revision: number): number {
    let raises = 0;
    while (revision - raises * REVISION_RAISE > this.revision + FEW) {
      raises += 1;
    }
    return raises;
  }

  #extend({ changes, compactRevision, revision, state, wallMs }: Shown, name: string): void {
    const from = Math.max(compactRevision, 2);
    for (const row of changes) {
      if (row.revision <= this.revision) {
        assert.ok(this.has(row), `${name}: revision ${row.revision} is another one now`);
      }
    }
    const known = this.#rows.filter((row) => row.revision >= from);
    const keys = new Set(changes.map((row) => `${row.revision}/${row.subRevision}`));
    for (const row of known) {
      // A tombstone may be gone at the compact revision itself.
      assert.ok(
        keys.has(`${row.revision}/${row.subRevision}`) || row.revision === compactRevision,
        `${name}: revision ${row.revision} is missing`,
      );
    }
    const before = this.revision;
    if (compactRevision > before + 1) {
      this.#learn(state, compactRevision);
    }
    for (const row of changes) {
      if (
        row.revision > before &&
        !(this.#byKey.get(row.key) ?? []).some((each) => isSame(each, row))
      ) {
        this.#push(row);
      }
      if (row.revision > before) {
        this.#sees(row.revision, wallMs);
      }
    }
    this.revision = revision;
    assert.deepEqual(state, this.state(revision), `${name}: the state of revision ${revision}`);
  }

  /** Takes what is live of revisions that nobody saw. */
  #learn(state: readonly SeenRow[], through: number): void {
    const before = this.revision;
    this.#unknown.push({ from: before + 1, through });
    const live = new Set(state.map((row) => row.key));
    for (const row of this.state(before) ?? []) {
      if (!live.has(row.key)) {
        this.#push({ ...row, revision: through, version: 0 });
      }
    }
    for (const row of state) {
      if (row.revision > before && row.revision <= through) {
        this.#push(row);
      }
    }
  }

  #sees(revision: number, wallMs: number): void {
    if ((this.#seen.at(-1)?.revision ?? 0) < revision) {
      this.#seen.push({ revision, wallMs });
    }
  }

  #isUnknown(revision: number): boolean {
    return this.#unknown.some(({ from, through }) => from <= revision && revision <= through);
  }

  #rebuild(rows: SeenRow[]): void {
    this.#rows = [];
    this.#byKey = new Map();
    rows.forEach((row) => {
      this.#push(row);
    });
  }

  #push(row: SeenRow): void {
    this.#rows.push(row);
    this.#byKey.set(row.key, [...(this.#byKey.get(row.key) ?? []), row]);
  }
}

function isSame(a: SeenRow, b: SeenRow): boolean {
  return (
    a.key === b.key && a.revision === b.revision && a.version === b.version && a.value === b.value
  );
}
