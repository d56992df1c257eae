// Drives a store as a node and its log would: entries get indexes and revisions, segments end and close, a restart
// replays what the log kept. The log itself is a list in memory that never loses what it was given.
import assert from "node:assert/strict";
import { compactedBy, revisionStep, type Entry, type SystemEffect } from "../../src/core/entry.js";
import { makeRow, makeTombstone, type Row } from "../../src/core/row.js";
import type { Key, LeaseId, LogIndex, Revision, Term } from "../../src/core/words.js";
import type { SealedSegment } from "../../src/log/log.js";
import { noMetrics } from "../../src/runtime/metrics/metrics.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { DiskStore } from "../../src/store/disk/disk-store.js";
import { openDiskStore, type DiskStoreOptions } from "../../src/store/disk/open-disk-store.js";
import { MemoryStore } from "../../src/store/memory-store.js";
import type { Store, StoreListener } from "../../src/store/store.js";
import { tableWorker } from "../../src/store/upkeep/table-worker.js";
import { StoreModel } from "../model/store-model.js";
import { InlineThreads } from "./inline-threads.js";
import { PowerLossError, SimulatedDisk } from "./simulated-disk.js";
import { VirtualClock } from "./virtual-clock.js";

export const STORE_DIRECTORY = "/data/store";

export type Change =
  | { readonly key: Key; readonly value: Uint8Array; readonly lease?: LeaseId }
  | { readonly key: Key; readonly value: null };

export interface DriverOptions {
  readonly backend: "memory" | "disk";
  readonly seed?: number;
  readonly blockCacheBytesMax?: number;
  readonly rowCacheBytesMax?: number;
  /** The change of the disk, counted from 1, at which the power goes while the store is first opened. */
  readonly powerCutAtOpen?: number;
}

export class StoreDriver {
  readonly clock: VirtualClock;
  readonly model: StoreModel = new StoreModel();
  disk: SimulatedDisk;
  store: Store;
  /** Every entry that the log holds. */
  readonly entries: Entry[] = [];
  readonly failures: Error[] = [];
  committed = 0;
  /** What the store has said is persisted, at any time. */
  persisted = 0;
  readonly #options: DriverOptions;
  readonly #segments = new Map<string, readonly Entry[]>();
  #sealed: SealedSegment[] = [];
  #segmentStart = 1;
  #systemChanged = true;
  #generation = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.clock = new VirtualClock(options.seed ?? 1);
    this.disk = new SimulatedDisk();
    this.disk.cutPowerAt = options.powerCutAtOpen ?? Infinity;
    this.store = this.#openFirst();
  }

  get tipIndex(): number {
    return this.entries.length;
  }

  get tipRevision(): number {
    return this.entries.at(-1)?.revision ?? 1;
  }

  /** Appends an entry with these changes; deletes of what is not there are left out. */
  write(changes: readonly Change[]): Entry {
    const revision = this.tipRevision + 1;
    const rows: Row[] = [];
    for (const change of changes) {
      const written = rows.findLast((row) => row.key === change.key);
      const before = written ?? this.#tipRow(change.key);
      const previous = before?.isTombstone === true ? undefined : before;
      if (change.value !== null) {
        const create = previous?.createRevision ?? revision;
        const version = (previous?.version ?? 0) + 1;
        const { key, value, lease = 0n } = change;
        const at = rows.length;
        rows.push(
          makeRow(key, value, revision as Revision, at, create as Revision, version, lease),
        );
      } else if (previous !== undefined) {
        rows.push(makeTombstone(change.key, revision as Revision, rows.length));
      }
    }
    return this.#append(rows, null);
  }

  system(effect: SystemEffect): Entry {
    return this.#append([], effect);
  }

  commit(count: number = this.tipIndex - this.committed): void {
    for (let i = 0; i < count && this.committed < this.tipIndex; i += 1) {
      this.#commitNext();
    }
  }

  truncate(index: number): void {
    assert.ok(index >= this.committed);
    this.entries.length = index;
    this.#segmentStart = Math.min(this.#segmentStart, index + 1);
    const cut = this.#sealed.filter((segment) => segment.lastIndex > index);
    this.#sealed = this.#sealed.filter((segment) => segment.lastIndex <= index);
    this.#segmentStart = cut[0]?.firstIndex ?? this.#segmentStart;
    this.store.truncate(index as LogIndex);
  }

  /** Ends the log's segment, as if it had `bytes` of entries; its file is closed in the same moment. */
  seal(bytes: number): void {
    if (this.#segmentStart > this.tipIndex) {
      return;
    }
    this.store.sealed({ index: this.tipIndex as LogIndex, bytes });
    const path = `segment-${this.#segmentStart}-${this.tipIndex}-${this.#segments.size}`;
    this.#segments.set(path, this.entries.slice(this.#segmentStart - 1));
    const segment = {
      path,
      firstIndex: this.#segmentStart as LogIndex,
      lastIndex: this.tipIndex as LogIndex,
      bytes,
    };
    this.#sealed.push(segment);
    this.#segmentStart = this.tipIndex + 1;
    this.store.segmentClosed(segment);
  }

  /** Seals, flushes, and waits for the files. */
  async flush(): Promise<void> {
    this.commit();
    this.seal(1);
    await this.clock.resolve(this.store.flush());
  }

  async compact(revision: number): Promise<void> {
    this.system({ kind: "compact", revision: revision as Revision });
    this.commit();
    this.seal(1);
    await this.clock.resolve(this.store.compacted());
  }

  /** Starts the store anew: closed properly, or, with a seed, after a power loss that the seed shapes. */
  async restart(powerLossSeed: number | null): Promise<void> {
    if (this.#options.backend === "memory") {
      return;
    }
    if (powerLossSeed === null) {
      await this.clock.resolve(this.store.close());
    } else {
      const left = this.disk.afterPowerLoss(powerLossSeed);
      this.disk.cutPower();
      this.disk = left;
    }
    this.#generation += 1;
    this.store = this.#open();
    this.replay();
  }

  /** Gives a store that was just opened what the log has after its files. */
  replay(): void {
    const { store } = this;
    assert.ok(store.persistedIndex >= this.persisted, "what was persisted is still there");
    assert.ok(store.persistedIndex <= this.committed, "only what is committed is persisted");
    this.persisted = store.persistedIndex;
    const committed = this.committed;
    this.committed = store.persistedIndex;
    if (store.persistedIndex > 0) {
      assert.ok(store instanceof DiskStore && store.systemState !== null);
      assert.equal(new TextDecoder().decode(store.systemState), this.#systemText());
    }
    for (const segment of this.#sealed) {
      store.segmentClosed(segment);
    }
    for (const entry of this.entries.slice(store.persistedIndex)) {
      store.append(entry);
      const segment = this.#sealed.find((one) => one.lastIndex === entry.index);
      if (entry.index <= committed) {
        this.committed = entry.index;
        this.#systemChanged = true;
        store.commit(entry);
      }
      if (segment !== undefined) {
        store.sealed({ index: segment.lastIndex, bytes: segment.bytes });
      }
    }
  }

  get options(): DiskStoreOptions {
    const { clock, disk } = this;
    const worker = tableWorker((_disk, paths) =>
      paths.flatMap((path) => this.#segments.get(path) ?? assert.fail(`no segment ${path}`)),
    );
    const threads = new InlineThreads({
      clock,
      disk,
      seed: (this.#options.seed ?? 1) + this.#generation,
      handlers: { "table-worker-main.js": worker },
    });
    const { blockCacheBytesMax = 1 << 20, rowCacheBytesMax = 1 << 16 } = this.#options;
    return {
      directory: STORE_DIRECTORY,
      runtime: { clock, disk, threads, logger: silentLogger, metrics: noMetrics },
      blockCacheBytesMax,
      rowCacheBytesMax,
    };
  }

  /** Opens the store for the first time: a test that cuts the power meanwhile restarts it next. */
  #openFirst(): Store {
    try {
      return this.#open();
    } catch (error) {
      if (error instanceof PowerLossError) {
        return new MemoryStore(this.clock);
      }
      throw error;
    }
  }

  #open(): Store {
    if (this.#options.backend === "memory") {
      return new MemoryStore(this.clock);
    }
    const generation = this.#generation;
    const listener: StoreListener = {
      encodeSystemState: () => {
        const changed = this.#systemChanged;
        this.#systemChanged = false;
        return changed ? new TextEncoder().encode(this.#systemText()) : null;
      },
      persisted: (index) => {
        assert.ok(index >= this.persisted);
        this.persisted = index;
      },
      admissionChanged: () => {},
      failed: (error) => {
        if (generation === this.#generation) {
          this.failures.push(error);
        }
      },
    };
    return openDiskStore(this.options, listener);
  }

  /** What the system state is as of what is committed. */
  #systemText(): string {
    const effects = this.entries.slice(0, this.committed).filter((entry) => entry.system !== null);
    return `${effects.length} effects`;
  }

  #tipRow(key: Key): Row | undefined {
    const row = this.store.get(key, this.tipRevision as Revision);
    return row;
  }

  #append(rows: readonly Row[], system: SystemEffect | null): Entry {
    const revision = (this.tipRevision + revisionStep({ rows, system })) as Revision;
    const index = (this.tipIndex + 1) as LogIndex;
    const entry: Entry = { index, term: 1 as Term, revision, rows, system };
    this.entries.push(entry);
    this.store.append(entry);
    return entry;
  }

  #commitNext(): void {
    const entry = this.entries[this.committed]!;
    this.committed += 1;
    this.model.rows.push(...entry.rows);
    if (entry.system !== null) {
      this.#systemChanged = true;
    }
    const compactRevision = compactedBy(entry) ?? this.model.compactRevision;
    this.model.compactRevision = Math.max(this.model.compactRevision, compactRevision);
    this.store.commit(entry);
  }
}
