// Rows that stay in memory: of each key a chain of versions from the newest back, all keys in byte order, and all rows in the
// order of their revisions. Rows enter when they are planned: readers name a revision at or below the committed one and
// so never see the rest, which can be taken back.
// Must never: change a row, or take back any but the newest.
import { assert } from "../../lib/assert.js";
import type { Row } from "../../core/row.js";
import type { Key, Revision } from "../../core/words.js";
import { OrderedKeys } from "./ordered-keys.js";

/** One version and the way to the one before it. */
export class Version {
  readonly row: Row;
  older: Version | null;

  constructor(row: Row, older: Version | null) {
    this.row = row;
    this.older = older;
  }
}

/** All versions of one key. The object stays the same, so that a new version of a known key leaves the order alone. */
export class KeyVersions {
  newest: Version;

  constructor(newest: Version) {
    this.newest = newest;
  }

  /** The newest version at `revision`. */
  at(revision: Revision): Row | undefined {
    let version: Version | null = this.newest;
    while (version !== null && version.row.modRevision > revision) {
      version = version.older;
    }
    return version?.row;
  }
}

/** Dropped rows at the front of the list before it is moved up: the cost is spread over as many rows. */
const DROPPED_ROWS_MIN = 4_096;

export class Memtable {
  readonly keys: OrderedKeys<KeyVersions> = new OrderedKeys(({ newest }) => newest.row.key);
  readonly #map = new Map<Key, KeyVersions>();
  /** By revision and sub-revision. A row's place is its place here plus #base: it never changes. */
  #versions: (Version | null)[] = [];
  #base = 0;
  /** Rows before this place are no longer listed. */
  #firstPlace = 0;
  /** Bytes of the rows' messages. */
  rowBytes = 0;
  /** What `at` found last: a put looks its key up and then appends its row. */
  #found: KeyVersions | null = null;

  append(row: Row): void {
    const found = this.#found;
    const known =
      found !== null && found.newest.row.key === row.key ? found : this.#map.get(row.key);
    let version: Version;
    if (known === undefined) {
      version = new Version(row, null);
      const versions = new KeyVersions(version);
      this.#map.set(row.key, versions);
      this.keys.insert(versions);
    } else {
      assert(known.newest.row.modRevision <= row.modRevision, "rows enter in order");
      version = new Version(row, known.newest);
      known.newest = version;
    }
    this.#versions.push(version);
    this.rowBytes += row.end - row.start;
  }

  /** Takes back the row appended last. */
  removeLast(row: Row): void {
    const last = this.#versions.pop();
    assert(last?.row === row, "rows are taken back in reverse order");
    const versions = this.#map.get(row.key);
    assert(versions?.newest === last, "a row taken back is its key's newest");
    if (last.older === null) {
      this.#forget(row.key);
    } else {
      versions.newest = last.older;
    }
    this.rowBytes -= row.end - row.start;
  }

  /** The newest version at `revision`, a tombstone too. */
  at(key: Key, revision: Revision): Row | undefined {
    const versions = this.#map.get(key);
    if (versions === undefined) {
      return undefined;
    }
    this.#found = versions;
    const newest = versions.newest.row;
    return newest.modRevision <= revision ? newest : versions.at(revision);
  }

  /** As `at`, of a key whose versions are known. */
  rowOf(versions: KeyVersions, revision: Revision): Row | undefined {
    return versions.at(revision);
  }

  /** Versions of a key with revisions from `from` on, newest first. */
  versions(key: Key, from: Revision): Row[] {
    const rows: Row[] = [];
    let version = this.#map.get(key)?.newest ?? null;
    while (version !== null && version.row.modRevision >= from) {
      rows.push(version.row);
      version = version.older;
    }
    return rows;
  }

  /** Place in the list of the first row with a revision at or above `revision`. */
  firstPlaceFrom(revision: Revision): number {
    let low = this.#firstPlace;
    let high = this.#base + this.#versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.row(middle)?.modRevision ?? 0) < revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** A row of the list by its place; undefined behind the end. */
  row(place: number): Row | undefined {
    return this.#versions[place - this.#base]?.row;
  }

  /**
   * The store's compaction in memory. Takes up to `rowsMax` rows off the front of the list that have revisions below
   * `revision`, and with each what it made unreachable: the versions before it, and the row itself if it is a tombstone
   * with nothing after it. Returns whether rows below `revision` remain listed. A tombstone with a newer version stays
   * behind that one until its turn comes.
   *
   * Rows at `revision` itself stay listed, for a watcher may start there, but cut off what is before them.
   */
  dropVersionsBehind(revision: Revision, rowsMax: number): boolean {
    const versions = this.#versions;
    let at = this.#firstPlace - this.#base;
    const end = Math.min(versions.length, at + rowsMax);
    for (; at < end; at += 1) {
      const version = versions[at] as Version;
      if (version.row.modRevision >= revision) {
        break;
      }
      this.#cutBehind(version);
      if (version.row.isTombstone && this.#map.get(version.row.key)?.newest === version) {
        this.rowBytes -= version.row.end - version.row.start;
        this.#forget(version.row.key);
      }
      versions[at] = null;
    }
    this.#firstPlace = this.#base + at;
    const isDone = (versions[at]?.row.modRevision ?? revision) >= revision;
    if (isDone) {
      for (let same = at; versions[same]?.row.modRevision === revision; same += 1) {
        this.#cutBehind(versions[same] as Version);
      }
    }
    if (at >= DROPPED_ROWS_MIN && at * 2 > versions.length) {
      this.#versions = versions.slice(at);
      this.#base += at;
    }
    return !isDone;
  }

  #cutBehind(version: Version): void {
    for (let older = version.older; older !== null; older = older.older) {
      this.rowBytes -= older.row.end - older.row.start;
    }
    version.older = null;
  }

  #forget(key: Key): void {
    this.#found = null;
    this.#map.delete(key);
    this.keys.remove(key);
  }
}
