// What a store must answer, in the plainest form: a list of everything that happened and a compact revision.
import type { Row } from "../../src/core/row.js";
import type { RowHead } from "../../src/core/view.js";
import { rangeContains, type KeyRange } from "../../src/core/range/key-range.js";
import type { Key } from "../../src/core/words.js";

/** A row in a form that can be compared and printed. */
export function show(row: Row): string {
  return `${showHead(row)} value=${row.value.length}:${Buffer.from(row.value.subarray(0, 12)).toString("hex")}`;
}

export function showHead(head: RowHead): string {
  const { modRevision, subRevision, createRevision, version, lease } = head;
  const key = JSON.stringify(head.key.length > 40 ? `${head.key.length} bytes` : head.key);
  return `${key} mod=${modRevision}.${subRevision} create=${createRevision} version=${version} lease=${lease}`;
}

export class StoreModel {
  /** All rows, in order of revision and sub-revision. */
  readonly rows: Row[] = [];
  compactRevision = -1;

  /** The newest version at a revision, a tombstone too. */
  newest(key: Key, revision: number): Row | undefined {
    return this.rows.findLast((row) => row.key === key && row.modRevision <= revision);
  }

  get(key: Key, revision: number): Row | undefined {
    const row = this.newest(key, revision);
    return row?.isTombstone === true ? undefined : row;
  }

  scan(range: KeyRange, revision: number, descending: boolean): Row[] {
    const keys = new Set<Key>();
    for (const row of this.rows) {
      if (row.modRevision <= revision && rangeContains(range, row.key)) {
        keys.add(row.key);
      }
    }
    const sorted = [...keys].sort((a, b) => (a < b ? -1 : 1));
    if (descending) {
      sorted.reverse();
    }
    return sorted.map((key) => this.get(key, revision)).filter((row) => row !== undefined);
  }

  events(range: KeyRange, from: number, to: number): Row[] {
    return this.rows.filter(
      (row) =>
        row.modRevision >= from &&
        row.modRevision <= to &&
        rangeContains(range, row.key) &&
        this.isReachable(row),
    );
  }

  history(key: Key, from: number, to: number): Row[] {
    return this.events({ kind: "key", key }, from, to);
  }

  isReachable(row: Row): boolean {
    if (row.modRevision > this.compactRevision) {
      return true;
    }
    if (row.isTombstone && row.modRevision < this.compactRevision) {
      return false;
    }
    return this.newest(row.key, this.compactRevision) === row;
  }
}
