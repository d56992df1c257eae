// A database on a prefix, as a leader would run it: the real store on a simulated disk, its log in memory and, slot by slot, in
// the archive. What it has acknowledged (what is in a won slot) is told to the truth, which restores are held against.
import assert from "node:assert/strict";
import {
  foundLatestManifest,
  mustReadLatestManifest,
  readLatestManifest,
  type ReadManifest,
} from "../../src/archive/latest-manifest.js";
import { NO_HASH, slotKey, type ChainPosition } from "../../src/archive/chain.js";
import { settle, type StoreContext } from "../../src/archive/store-context.js";
import { positionAfterSlot, decodeSlot } from "../../src/archive/slot.js";
import { takeOver } from "../../src/archive/take-over.js";
import {
  uploadCheckpoint,
  type UploadResult,
} from "../../src/checkpoint/upload/upload-checkpoint.js";
import { restoreInto, type Restored } from "../../src/checkpoint/restore/restore.js";
import type { Entry, SystemEffect } from "../../src/core/entry.js";
import { makeRow, makeTombstone, type Row } from "../../src/core/row.js";
import type { LogIndex, Revision, Term } from "../../src/core/words.js";
import { LogReader } from "../../src/log/log-reader.js";
import { forEachEntry, type Group } from "../../src/log/segment/segment-reader.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { noMetrics } from "../../src/runtime/metrics/metrics.js";
import type { DiskStore } from "../../src/store/disk/disk-store.js";
import { openDiskStore } from "../../src/store/disk/open-disk-store.js";
import { filesOf, type Manifest } from "../../src/store/upkeep/manifest.js";
import { tableWorker } from "../../src/store/upkeep/table-worker.js";
import { InlineThreads } from "../sim/inline-threads.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import type { VirtualClock } from "../sim/virtual-clock.js";
import { entriesSlotOf } from "../support/archive-slots.js";
import { groupOf } from "../support/groups.js";
import type { Truth } from "./truth.js";

export const DATA_DIRECTORY = "/data/node";
const KEYS = 12;

/** Thrown when another leads: this one is over. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

export interface World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly context: StoreContext;
}

export class Database {
  readonly truth: Truth;
  readonly #world: World;
  readonly #disk: SimulatedDisk;
  readonly #store: DiskStore;
  readonly #term: Term;
  readonly clusterId: bigint;
  #position: ChainPosition;
  #index: number;
  #revision: number;
  #wallMs: number;
  /** Behind the slot that ends at the last seal point. */
  #sealed: { position: ChainPosition; wallMs: number; index: number } | null = null;
  #archivedWallMs = 0;
  #beginsSegment = true;
  #pending: Entry[] = [];
  #segmentEntries: Entry[] = [];
  readonly #segments: Map<string, Entry[]>;
  isClosed = false;
  /** Files rot before they are uploaded. */
  damageFiles = false;

  private constructor(
    world: World,
    truth: Truth,
    parts: {
      disk: SimulatedDisk;
      store: DiskStore;
      segments: Map<string, Entry[]>;
      term: Term;
      clusterId: bigint;
      position: ChainPosition;
      index: number;
      revision: number;
      wallMs: number;
    },
  ) {
    this.#world = world;
    this.truth = truth;
    this.#disk = parts.disk;
    this.#store = parts.store;
    this.#segments = parts.segments;
    this.#term = parts.term;
    this.clusterId = parts.clusterId;
    this.#position = parts.position;
    this.#index = parts.index;
    this.#revision = parts.revision;
    this.#wallMs = parts.wallMs;
  }

  /** Starts on a prefix: makes it if there is nothing, then restores it and takes it over. */
  static async start(world: World, truth: Truth, term: Term): Promise<Database> {
    const { context, random, clock } = world;
    if ((await readLatestManifest(context.store)) === null) {
      const chain = { term: 1 as Term, firstIndex: 1 as LogIndex, previousHash: NO_HASH };
      const clusterId = BigInt(1 + random.below(1_000_000));
      await foundLatestManifest(context, { clusterId, term: 1 as Term, chain, base: null });
    }
    const disk = new SimulatedDisk();
    const known = truth.tip.index;
    const restored = await restore(world, disk, { kind: "newest" });
    assert.ok(restored.index >= known, `${restored.index} of ${known} is back`);
    const manifest = await mustReadLatestManifest(context.store);
    const position = await takeOverFrom(world, manifest, restored, term);
    const { store, segments, groups } = openRestored(world, disk);
    // What a leader before had archived without learning it.
    for (const group of groups) {
      forEachEntry(group, (entry) => {
        if (entry.index > truth.tip.index) {
          truth.acknowledge(entry, group.wallMs);
        }
      });
    }
    truth.check(restored.index, store);
    const { clusterId } = manifest.manifest;
    const { index, revision } = restored;
    const wallMs = Math.max(restored.wallMs, Math.floor(clock.wallMs()));
    const parts = { disk, store, segments, term, clusterId, position, index, revision, wallMs };
    const database = new Database(world, truth, parts);
    database.#append([], { kind: "term-start", node: "n" });
    return database;
  }

  get term(): Term {
    return this.#term;
  }

  /** A few random entries. */
  write(count: number): void {
    const { random } = this.#world;
    for (let i = 0; i < count; i += 1) {
      const kind = random.below(12);
      if (kind === 0) {
        this.#append([], {
          kind: "lease-grant",
          lease: BigInt(random.below(1000) + 1),
          ttlSeconds: 60,
        });
      } else if (kind === 1 && this.#revision > 6) {
        const revision = Math.max(1, this.#revision - 1 - random.below(12));
        this.#append([], { kind: "compact", revision: revision as Revision });
      } else {
        this.#append(this.#rows(), null);
      }
    }
  }

  #rows(): Row[] {
    const { random } = this.#world;
    const revision = (this.#revision + 1) as Revision;
    const rows: Row[] = [];
    for (const key of new Set(
      Array.from({ length: random.below(2) + 1 }, () => `key/${random.below(KEYS)}`),
    )) {
      const before = this.#store.get(key, this.#revision as Revision);
      if (before !== undefined && random.chance(0.2)) {
        rows.push(makeTombstone(key, revision, rows.length));
      } else {
        const value = random.bytes(random.below(random.chance(0.1) ? 2_000 : 40));
        const create = before?.createRevision ?? revision;
        rows.push(
          makeRow(key, value, revision, rows.length, create, (before?.version ?? 0) + 1, 0n),
        );
      }
    }
    return rows;
  }

  #append(rows: readonly Row[], system: SystemEffect | null): void {
    this.#index += 1;
    this.#revision += rows.length > 0 ? 1 : 0;
    const entry: Entry = {
      index: this.#index as LogIndex,
      term: this.#term,
      revision: this.#revision as Revision,
      rows,
      system,
    };
    this.#store.append(entry);
    this.#store.commit(entry);
    this.#pending.push(entry);
  }

  /** Puts what is pending into the next slot. */
  async archive(endsSegment: boolean): Promise<void> {
    const { context, random, clock } = this.#world;
    if (this.#pending.length === 0) {
      return;
    }
    this.#wallMs = Math.max(this.#wallMs, Math.floor(clock.wallMs()));
    const entries = this.#pending;
    this.#pending = [];
    const groups = [];
    for (let at = 0; at < entries.length;) {
      const count = 1 + random.below(4);
      groups.push(groupOf(entries.slice(at, at + count), this.#wallMs));
      at += count;
      this.#wallMs += 1;
    }
    const lastWallMs = groups.at(-1)!.wallMs;
    const flags = { endsSegment, beginsSegment: this.#beginsSegment };
    const slot = entriesSlotOf(this.#position, this.clusterId, groups, flags);
    // Whatever else becomes of it, this one is over.
    this.isClosed = true;
    const settled = await settle(context, slotKey(this.#position), slot.body, { kind: "absent" });
    if (settled.kind === "lost") {
      throw new FencedError("the slot is taken");
    }
    this.isClosed = false;
    this.#position = positionAfterSlot(
      decodeSlot(slot.body, this.#position, this.clusterId, "own"),
    );
    for (const group of groups) {
      forEachEntry(group, (entry) => {
        this.truth.acknowledge(entry, group.wallMs);
      });
    }
    this.#beginsSegment = false;
    this.#archivedWallMs = lastWallMs;
    this.#segmentEntries.push(...entries);
    if (endsSegment) {
      this.#seal(lastWallMs);
    }
  }

  #seal(wallMs: number): void {
    const entries = this.#segmentEntries;
    this.#segmentEntries = [];
    const [first, last] = [entries[0]!, entries.at(-1)!];
    const path = `segment-${first.index}`;
    this.#segments.set(path, entries);
    this.#store.sealed({ index: last.index, bytes: 9 << 20 });
    this.#store.segmentClosed({
      path,
      firstIndex: first.index,
      lastIndex: last.index,
      bytes: 9 << 20,
    });
    this.#sealed = { position: this.#position, wallMs, index: last.index };
  }

  /** Seals, flushes and uploads. */
  async checkpoint(): Promise<UploadResult | null> {
    if (this.#pending.length > 0) {
      await this.archive(true);
    }
    if (this.#segmentEntries.length > 0) {
      // The segment ends with a slot that was won already: the next one tells.
      this.#seal(this.#archivedWallMs);
      this.#beginsSegment = true;
    }
    const sealed = this.#sealed;
    if (sealed === null) {
      return null;
    }
    await this.#store.flush();
    const { manifest } = this.#store;
    assert.equal(manifest.index, sealed.index);
    // Upkeep goes on: the manifest's files must stay.
    const disk = copyFiles(this.#disk, manifest);
    if (this.damageFiles) {
      disk.corrupt(`${DATA_DIRECTORY}/store/${filesOf(manifest)[0]!}`, 30);
    }
    const result = await uploadCheckpoint({
      context: this.#world.context,
      clusterId: this.clusterId,
      term: this.#term,
      manifest,
      directory: `${DATA_DIRECTORY}/store`,
      disk,
      next: sealed.position,
      wallMs: sealed.wallMs,
      logger: silentLogger,
    });
    if (result.kind === "fenced") {
      this.isClosed = true;
      throw new FencedError("a later leader has written the manifest");
    }
    return result;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.#store.close();
  }
}

export async function restore(
  { context }: World,
  disk: SimulatedDisk,
  target: Parameters<typeof restoreInto>[0]["target"],
): Promise<Restored> {
  disk.makeDirectory(DATA_DIRECTORY);
  return restoreInto({
    store: context.store,
    target,
    directory: DATA_DIRECTORY,
    disk,
    logger: silentLogger,
  });
}

async function takeOverFrom(
  { context }: World,
  manifest: ReadManifest,
  restored: Restored,
  term: Term,
): Promise<ChainPosition> {
  assert.ok(restored.next !== null);
  const from = { position: restored.next, revision: restored.revision };
  const won = await takeOver(context, { manifest, term, from });
  if (won.kind !== "leading" || won.position.firstIndex !== restored.index + 1) {
    throw new FencedError(`took nothing over: ${won.kind}`);
  }
  return won.position;
}

/** Opens a restored directory's store and gives it what its log holds. */
export function openRestored(
  { clock, random }: Pick<World, "clock" | "random">,
  disk: SimulatedDisk,
): { store: DiskStore; segments: Map<string, Entry[]>; groups: Group[] } {
  const segments = new Map<string, Entry[]>();
  const worker = tableWorker((_disk, paths) =>
    paths.flatMap((path) => segments.get(path) ?? assert.fail(`no segment ${path}`)),
  );
  const seed = random.below(2 ** 32);
  const handlers = { "table-worker-main.js": worker };
  const threads = new InlineThreads({ clock, disk, seed, handlers });
  const options = {
    directory: `${DATA_DIRECTORY}/store`,
    runtime: { clock, disk, threads, logger: silentLogger, metrics: noMetrics },
    blockCacheBytesMax: 1 << 18,
    rowCacheBytesMax: 1 << 14,
  };
  let effects = 0;
  const store = openDiskStore(options, {
    encodeSystemState: () => new TextEncoder().encode(`state ${(effects += 1)}`),
    persisted() {},
    admissionChanged() {},
    failed: (error) => {
      throw error;
    },
  });
  const groups: Group[] = [];
  const from = (store.persistedIndex + 1) as LogIndex;
  const reader = new LogReader(disk, `${DATA_DIRECTORY}/wal`, from);
  for (let group = reader.next(); group !== null; group = reader.next()) {
    groups.push(group);
    forEachEntry(group, (entry) => {
      assert.equal(entry.index, store.committedIndex + 1);
      store.append(entry);
      store.commit(entry);
      const segment = segments.get(group.path) ?? [];
      segment.push(entry);
      segments.set(group.path, segment);
    });
  }
  reader.assertEnd();
  reader.close();
  for (const [path, entries] of segments) {
    const [firstIndex, lastIndex] = [entries[0]!.index, entries.at(-1)!.index];
    store.segmentClosed({ path, firstIndex, lastIndex, bytes: 9 << 20 });
  }
  if (groups.length > 0) {
    store.sealed({ index: store.committedIndex, bytes: 9 << 20 });
  }
  return { store, segments, groups };
}

/** The files of a manifest, which the store's upkeep would remove. */
function copyFiles(disk: SimulatedDisk, manifest: Manifest): SimulatedDisk {
  const copy = new SimulatedDisk();
  copy.makeDirectory(`${DATA_DIRECTORY}/store`);
  for (const name of filesOf(manifest)) {
    const path = `${DATA_DIRECTORY}/store/${name}`;
    const file = copy.open(path, { mode: "create" });
    file.write(disk.contents(path), 0);
    file.sync();
    file.close();
  }
  return copy;
}
