// The store on disk: memtables in front of log tables and index runs. This file is what the node calls; one key is read by
// point-reads.ts, and the files themselves are kept by store-files.ts and made by the table worker.
// Must never: show a row above the revision asked for, or take more than a few milliseconds in a call.
import { assert } from "../../lib/assert.js";
import type { Entry } from "../../core/entry.js";
import { T4Error } from "../../core/errors.js";
import { ALL_KEYS, type KeyRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { RowCursor, RowHead } from "../../core/view.js";
import {
  FIRST_REVISION,
  type Key,
  type LogIndex,
  type Revision,
  type Term,
} from "../../core/words.js";
import type { SealedSegment, SealPoint } from "../../log/log.js";
import { MemtableSource } from "../memory/memtable-source.js";
import { ListedEvents, RangeEvents } from "../read/event-cursors.js";
import { MergeCursor, PointCursor } from "../read/merge-cursor.js";
import type { VersionSource } from "../read/source.js";
import { AscendingRunSource, DescendingRunSource } from "../run/run-source.js";
import type { EventCursor, HeldManifest, Store, StoreListener, StoreSizes } from "../store.js";
import { Tail } from "../tail.js";
import type { Manifest } from "../upkeep/manifest.js";
import type { FileSet } from "./file-set.js";
import { FileWaiters } from "./file-waiters.js";
import { Freezer, type Frozen } from "./freezer.js";
import { isGoneAt } from "./gone-at.js";
import { PointReads } from "./point-reads.js";
import { StoreFiles, type FlushRequest, type StoreFilesOptions } from "./store-files.js";

export interface DiskStoreParts extends Pick<
  StoreFilesOptions,
  "directory" | "disk" | "threads" | "clock" | "logger" | "cache" | "commitSeconds"
> {
  readonly manifest: Manifest;
  /** What the node gave with the manifest's freeze; null if it never gave any. */
  readonly systemState: Uint8Array | null;
  readonly rowCacheBytesMax: number;
  /** Bytes of rows waiting to become files above which the store is behind. */
  readonly waitingRowsBytesMax: number;
}

export class DiskStore implements Store {
  /** The system state at `persistedIndex`, as the node encoded it then; null if there was none. */
  readonly systemState: Uint8Array | null;
  readonly #listener: StoreListener;
  readonly #tail: Tail;
  readonly #files: StoreFiles;
  readonly #freezer = new Freezer();
  readonly #points: PointReads;
  readonly #waiters: FileWaiters;
  readonly #waitingRowsBytesMax: number;
  /** The oldest frozen memtable whose end is not committed yet, by that end; Infinity if there is none. */
  #freezeIndex = Infinity;
  /** The last entry of the last segment that the log ended. */
  #sealedIndex: LogIndex;
  /** A caller waits for files: the next seal point freezes however little there is. */
  #freezeWanted = false;

  constructor(parts: DiskStoreParts, listener: StoreListener) {
    const { manifest } = parts;
    const { index, term, revision, compactRevision } = manifest;
    this.systemState = parts.systemState;
    this.#listener = listener;
    this.#tail = new Tail(index, term, revision, compactRevision);
    this.#sealedIndex = index;
    this.#waitingRowsBytesMax = parts.waitingRowsBytesMax;
    this.#files = new StoreFiles({
      ...parts,
      nextFlush: () => this.#nextFlush(),
      installed: (isFlush) => {
        this.#installed(isFlush);
      },
      settled: () => {
        this.#waiters.settle();
      },
      spaceChanged: () => {
        listener.admissionChanged();
      },
      failed: (error) => {
        this.#waiters.fail(error);
        listener.failed(error);
      },
    });
    this.#points = new PointReads(this.#tail, this.#freezer, this.#files, parts.rowCacheBytesMax);
    this.#waiters = new FileWaiters(this.#files);
    this.#files.work();
  }

  get tipRevision(): Revision {
    return this.#tail.tipRevision;
  }

  get committedRevision(): Revision {
    return this.#tail.committedRevision;
  }

  get committedIndex(): LogIndex {
    return this.#tail.committedIndex;
  }

  get compactRevision(): Revision {
    return this.#tail.compactRevision;
  }

  get persistedIndex(): LogIndex {
    return this.#files.manifest.index;
  }

  get persistedTerm(): Term {
    return this.#files.manifest.term;
  }

  get hasSpace(): boolean {
    return this.#files.hasSpace;
  }

  /** Only rows in frozen memtables count: those in the active one would wait for a seal point, not for the worker. */
  get isBehind(): boolean {
    return this.#freezer.frozenBytes > this.#waitingRowsBytesMax;
  }

  get wantsSeal(): boolean {
    return this.#freezer.isFull;
  }

  get sizes(): StoreSizes {
    const { totalBytes, liveBytes } = this.#files.sizes;
    const { rowBytes } = this.#freezer;
    return { totalBytes: totalBytes + rowBytes, liveBytes: liveBytes + rowBytes };
  }

  /** Bytes of rows that wait in memory to become files: a caller may slow writers down by it. */
  get memtableBytes(): number {
    return this.#freezer.rowBytes;
  }

  /** The manifest that counts. Its files stay as they are while it does. */
  get manifest(): Manifest {
    return this.#files.manifest;
  }

  /** Orders that the table worker has carried out, by kind: for metrics. */
  get workDone(): ReadonlyMap<string, number> {
    return this.#files.workDone;
  }

  holdManifest(): HeldManifest {
    return this.#files.hold();
  }

  append(entry: Entry): void {
    this.#tail.append(entry);
    this.#points.append(entry);
  }

  commit(entry: Entry): void {
    this.#tail.commit(entry);
    if (entry.index === this.#freezeIndex) {
      this.#capture();
      this.#files.work();
    }
  }

  truncate(index: LogIndex): void {
    for (
      let entry = this.#tail.takeBack(index);
      entry !== null;
      entry = this.#tail.takeBack(index)
    ) {
      this.#points.takeBack(entry);
    }
    this.#freezeIndex = this.#uncaptured()?.index ?? Infinity;
    if (this.#sealedIndex > index) {
      this.#sealedIndex = index;
    }
    this.#files.truncated(index);
  }

  sealed(point: SealPoint): void {
    assert(point.index === this.#tail.tipIndex, "the log is sealed at its tip");
    this.#sealedIndex = point.index;
    if (this.#freezer.seal(point) || this.#freezeWanted) {
      this.#freeze();
    }
  }

  segmentClosed(segment: SealedSegment): void {
    this.#files.segmentClosed(segment);
  }

  get(key: Key, revision: Revision): Row | undefined {
    return this.#points.read(key, revision, true);
  }

  peek(key: Key, revision: Revision): Row | undefined {
    return this.#points.read(key, revision, false);
  }

  head(key: Key, revision: Revision): RowHead | undefined {
    return this.#points.head(key, revision);
  }

  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor {
    assert(revision >= this.#tail.compactRevision, "what is compacted is not read");
    const { files, release } = this.#holdFiles();
    try {
      if (range.kind === "key") {
        return new PointCursor(this.#points.lendHead(range.key, revision, files), release);
      }
      const load = (head: RowHead): Row => files.load(head);
      const sources: VersionSource[] = this.#freezer
        .lend()
        .map((memtable) => new MemtableSource(memtable, range, revision, descending));
      for (const run of files.runs) {
        if (run.firstRevision <= revision) {
          sources.push(
            descending
              ? new DescendingRunSource(run, range, revision, load)
              : new AscendingRunSource(run, range, revision, load),
          );
        }
      }
      return new MergeCursor(sources, descending, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  prepareWalk(): boolean {
    const { active, memtables } = this.#freezer;
    return active.keys.prepare() && memtables.every(({ keys }) => keys.prepare());
  }

  events(range: KeyRange, from: Revision, to: Revision): EventCursor {
    assert(from >= this.#tail.compactRevision, "what is compacted is not read");
    const { files, release } = this.#holdFiles();
    if (range.kind === "key") {
      const heads = this.#points.versions(range.key, from, to).reverse();
      const load = heads.map((head) => () => ("buffer" in head ? (head as Row) : files.load(head)));
      return new ListedEvents(load, release);
    }
    const memtables = this.#freezer.lend();
    const isGone =
      from === this.#tail.compactRevision
        ? (row: Row): boolean => isGoneAt(row, from, memtables, files)
        : null;
    const oldestFirst = memtables.toReversed();
    return new RangeEvents(range, from, to, files.tables, oldestFirst, isGone, release);
  }

  reachable(to: Revision): EventCursor {
    const { files, release } = this.#holdFiles();
    const { compactRevision } = this.#tail;
    const memtables = this.#freezer.lend();
    const isGone =
      compactRevision >= FIRST_REVISION
        ? (row: Row): boolean => isGoneAt(row, compactRevision, memtables, files)
        : null;
    const oldestFirst = memtables.toReversed();
    return new RangeEvents(
      ALL_KEYS,
      FIRST_REVISION,
      to,
      files.tables,
      oldestFirst,
      isGone,
      release,
      false,
    );
  }

  history(key: Key, from: Revision, to: Revision): Row[] {
    const { files } = this.#files;
    return this.#points
      .versions(key, from, to)
      .reverse()
      .map((head) => ("buffer" in head ? (head as Row) : files.load(head)));
  }

  async compacted(): Promise<void> {
    const { compactRevision } = this.#tail;
    if (compactRevision < FIRST_REVISION) {
      // Nothing has ever been written there.
      return;
    }
    if (this.#files.manifest.compactRevision < compactRevision) {
      this.#freezeWanted = true;
      if (this.#sealedIndex === this.#tail.tipIndex) {
        this.#freeze();
      }
    }
    const files = this.#files;
    return this.#waiters.wait(
      () => files.manifest.compactRevision >= compactRevision && files.isSettled,
    );
  }

  async defragment(): Promise<void> {
    await this.compacted();
    const files = this.#files;
    files.defragment();
    await this.#waiters.wait(() => !files.isDefragmenting);
  }

  async flush(): Promise<void> {
    const index = this.#tail.tipIndex;
    if (index > this.#files.manifest.index && index > this.#freezer.frozenIndex) {
      assert(this.#sealedIndex === index, "the log is sealed before a flush");
      this.#freeze();
    }
    return this.#waiters.wait(() => this.#files.manifest.index >= index);
  }

  async close(): Promise<void> {
    this.#waiters.fail(new T4Error("T4_CLOSED", "the store is closed"));
    await this.#files.close();
  }

  #holdFiles(): { readonly files: FileSet; readonly release: () => void } {
    const { files } = this.#files;
    files.acquire();
    return {
      files,
      release: () => {
        files.release();
      },
    };
  }

  #freeze(): void {
    const index = this.#tail.tipIndex;
    if (index <= Math.max(this.#freezer.frozenIndex, this.#files.manifest.index)) {
      return;
    }
    this.#freezeWanted = false;
    this.#freezer.freeze(index);
    this.#freezeIndex = this.#uncaptured()?.index ?? Infinity;
    if (this.#freezeIndex === this.#tail.committedIndex) {
      this.#capture();
    }
    this.#files.work();
  }

  #uncaptured(): Frozen | undefined {
    return this.#freezer.frozen.find((frozen) => frozen.state === null);
  }

  /** Everything up to the end of a frozen memtable is committed, and nothing after it: the state to persist is now. */
  #capture(): void {
    const frozen = this.#uncaptured();
    assert(frozen?.index === this.#tail.committedIndex, "a state is captured at its seal point");
    frozen.state = {
      term: this.#tail.committedTerm,
      revision: this.#tail.committedRevision,
      compactRevision: this.#tail.compactRevision,
      system: this.#listener.encodeSystemState(),
    };
    this.#freezeIndex = this.#uncaptured()?.index ?? Infinity;
  }

  #nextFlush(): FlushRequest | null {
    const oldest = this.#freezer.frozen[0];
    return oldest === undefined || oldest.state === null
      ? null
      : { ...oldest.state, throughIndex: oldest.index };
  }

  #installed(isFlush: boolean): void {
    if (isFlush) {
      assert(
        this.#freezer.frozen[0]?.index === this.#files.manifest.index,
        "what was flushed is the oldest frozen memtable",
      );
      this.#points.dropOldest();
      this.#listener.persisted(this.#files.manifest.index);
    }
    this.#listener.admissionChanged();
    this.#waiters.settle();
  }
}
