// Reads of one key. Whatever has the answer first gives it: the rows of a lull, the memtables, the caches of rows and heads,
// the files. Rows are appended and taken back here too, so that what changes a key's newest row also tells whoever keeps one.
// Must never: await, or answer with a row that is not its key's newest at the revision asked for.
import type { Entry } from "../../core/entry.js";
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import type { Key, Revision } from "../../core/words.js";
import { assert } from "../../lib/assert.js";
import { reachableVersions } from "../read/versions.js";
import { RunHead } from "../run/run.js";
import { versionsInRun } from "../run/run-rows.js";
import { SearchKey } from "../run/search-key.js";
import type { Tail } from "../tail.js";
import type { FileSet } from "./file-set.js";
import type { Freezer } from "./freezer.js";
import { HeadCache } from "./head-cache.js";
import { LullRows } from "./lull-rows.js";
import { RowCache } from "./row-cache.js";
import type { StoreFiles } from "./store-files.js";

/** Where reads look a key up; one serves all, since no read awaits. */
const search = new SearchKey();

export class PointReads {
  readonly #tail: Tail;
  readonly #freezer: Freezer;
  readonly #files: StoreFiles;
  readonly #rowCache: RowCache;
  readonly #headCache = new HeadCache();
  readonly #lullRows = new LullRows();
  readonly #head = new RunHead();

  constructor(tail: Tail, freezer: Freezer, files: StoreFiles, rowCacheBytesMax: number) {
    this.#tail = tail;
    this.#freezer = freezer;
    this.#files = files;
    this.#rowCache = new RowCache(rowCacheBytesMax);
  }

  /** Takes the rows of the entry that is the tip. */
  append(entry: Entry): void {
    this.#lullRows.end();
    for (const row of entry.rows) {
      search.set(row.key);
      this.#freezer.active.append(row, search);
      this.#rowCache.remove(row.key, search.hash);
      this.#headCache.note(search, row);
    }
  }

  /** Takes back the rows of the entry appended last. */
  takeBack(entry: Entry): void {
    this.#lullRows.end();
    this.#freezer.takeBack(entry);
    for (const row of entry.rows) {
      search.set(row.key);
      this.#headCache.forget(search);
    }
  }

  /** Drops the oldest frozen memtable: its rows are in files. */
  dropOldest(): void {
    this.#freezer.drop();
    this.#lullRows.end();
  }

  /** As `Store.get`, or as `Store.peek`: whether the row keeps its bytes. */
  read(key: Key, revision: Revision, isKept: boolean): Row | undefined {
    assert(revision >= this.#tail.compactRevision, "what is compacted is not read");
    const known = this.#lullRows.get(key);
    if (known !== undefined && known.modRevision <= revision) {
      return known;
    }
    search.set(key);
    const held = this.#inMemory(revision);
    if (held !== undefined && held.version > 0 && revision >= this.#tail.tipRevision) {
      this.#lullRows.note(key, held);
      return held;
    }
    const row = held ?? this.#cached(revision) ?? this.#readFiles(revision, isKept);
    return row === undefined || row.version === 0 ? undefined : row;
  }

  /** As `Store.head`. A put of a key that is not in memory needs no value: only its index run is looked at. */
  head(key: Key, revision: Revision): RowHead | undefined {
    assert(revision >= this.#tail.compactRevision, "what is compacted is not read");
    search.set(key);
    const head = this.#head;
    if (this.#headCache.find(search, revision, head)) {
      return head.version === 0 ? undefined : head;
    }
    if (this.#headInMemory(revision)) {
      return head.version === 0 ? undefined : head;
    }
    const row = this.#cached(revision);
    if (row !== undefined) {
      return row.version === 0 ? undefined : row;
    }
    return this.#files.files.find(search, revision, head) && head.version > 0 ? head : undefined;
  }

  /** A head that stays, and the way to its row, for a reader that holds `files`: the set that counts now. */
  lendHead(
    key: Key,
    revision: Revision,
    files: FileSet,
  ): { head: RowHead; load: () => Row } | null {
    search.set(key);
    const row = this.#inMemory(revision);
    if (row !== undefined) {
      return row.version === 0 ? null : { head: row, load: () => row };
    }
    const head = new RunHead();
    const isFound = files.find(search, revision, head) && head.version > 0;
    return isFound ? { head, load: () => files.load(head) } : null;
  }

  /** All versions of a key in [from, to] that compaction left, newest first; those in files as heads. */
  versions(key: Key, from: Revision, to: Revision): RowHead[] {
    const versions: RowHead[] = [];
    search.set(key);
    for (const memtable of [this.#freezer.active, ...this.#freezer.memtables]) {
      versions.push(...memtable.versions(search, from));
    }
    for (const run of this.#files.files.runs) {
      versions.push(...versionsInRun(run, search, from));
    }
    const reachable = reachableVersions(versions, this.#tail.compactRevision);
    return reachable.filter((head) => head.modRevision <= to);
  }

  /** The newest version of the key that `search` is set to, if it is among the rows read twice. */
  #cached(revision: Revision): Row | undefined {
    const cached = this.#rowCache.get(search.key, search.hash);
    return cached !== undefined && cached.modRevision <= revision ? cached : undefined;
  }

  /** Its version in a memtable, a tombstone too. */
  #inMemory(revision: Revision): Row | undefined {
    const row = this.#freezer.active.at(search, revision);
    if (row !== undefined) {
      return row;
    }
    for (const memtable of this.#freezer.memtables) {
      const frozen = memtable.at(search, revision);
      if (frozen !== undefined) {
        return frozen;
      }
    }
    return undefined;
  }

  /** As `#inMemory`, in the head that is handed out. */
  #headInMemory(revision: Revision): boolean {
    const { active, memtables } = this.#freezer;
    const head = this.#head;
    return (
      active.headAt(search, revision, head) ||
      memtables.some((memtable) => memtable.headAt(search, revision, head))
    );
  }

  /** Of a key that has no version in a memtable at `revision`. */
  #readFiles(revision: Revision, isKept: boolean): Row | undefined {
    const { files, manifest } = this.#files;
    const head = this.#head;
    if (!files.find(search, revision, head) || head.version === 0) {
      return undefined;
    }
    const cache = this.#rowCache;
    const isNewest =
      revision >= this.#tail.tipRevision ||
      (revision >= manifest.revision && !this.#isInMemtable());
    if (!isNewest || !cache.takes(head.rowBytes)) {
      return files.load(head);
    }
    const row = files.peek(head);
    return cache.add(row, search.hash) ?? (isKept ? cache.copy(row) : row);
  }

  #isInMemtable(): boolean {
    const { active, memtables } = this.#freezer;
    return active.has(search) || memtables.some((memtable) => memtable.has(search));
  }
}
