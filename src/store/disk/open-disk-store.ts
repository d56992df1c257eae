// Opens a store's directory: reads the manifest, opens what it names, removes what a crash left behind.
// Must never: remove a file that is not the store's own, or take a directory without manifest but with files for new.
import { WAITING_ROWS_BYTES_MAX } from "../../core/limits.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { Histogram, Metrics } from "../../runtime/metrics/metrics.js";
import type { Runtime } from "../../runtime/runtime.js";
import { BlockCache } from "../file/block-cache.js";
import { corrupt, fromDiskError } from "../file/file-errors.js";
import type { StoreListener } from "../store.js";
import {
  decodeManifest,
  EMPTY_MANIFEST,
  fileName,
  filesOf,
  isStoreFile,
  MANIFEST_NAME,
  type Manifest,
} from "../upkeep/manifest.js";
import { readSystemFile } from "../upkeep/system-file.js";
import { MANIFEST_TEMPORARY_NAME, writeManifest } from "../upkeep/workshop.js";
import { DiskStore } from "./disk-store.js";

export interface DiskStoreOptions {
  readonly directory: string;
  readonly runtime: Pick<Runtime, "clock" | "disk" | "logger" | "metrics" | "threads">;
  /** Memory for blocks of tables and runs. */
  readonly blockCacheBytesMax?: number;
  /** Memory for single rows that are read often. */
  readonly rowCacheBytesMax?: number;
  /** Memory for rows waiting to become files, above which the store is behind. */
  readonly waitingRowsBytesMax?: number;
}

/**
 * With the rows below 192 MiB. More would be faster where a million keys are read at random, but a store of that size is
 * to stay below 450 MB resident with its heap (measured 400; with 192 MiB here it was 480), and what is not here is in
 * the system's page cache, 2 µs away.
 */
const BLOCK_CACHE_BYTES_DEFAULT: number = 128 * 1024 * 1024;

/** Some 120,000 rows of 256 bytes. */
const ROW_CACHE_BYTES_DEFAULT: number = 64 * 1024 * 1024;

/**
 * Opens or creates the store in a directory that the caller has locked. The caller then appends and commits the log's
 * entries after `persistedIndex`, and reports the log's seal points and closed segments while it does.
 * Throws T4_CORRUPT, T4_FORMAT_TOO_NEW, T4_NO_SPACE, T4_DATA_DIR_UNUSABLE or T4_IO.
 */
export function openDiskStore(options: DiskStoreOptions, listener: StoreListener): DiskStore {
  const { directory, runtime } = options;
  const { disk, threads, clock, logger } = runtime;
  const cache = new BlockCache(options.blockCacheBytesMax ?? BLOCK_CACHE_BYTES_DEFAULT);
  try {
    const manifest = readManifest(disk, directory);
    const systemState =
      manifest.system === null
        ? null
        : readSystemFile(disk, `${directory}/${fileName("system", manifest.system.number)}`);
    const rowCacheBytesMax = options.rowCacheBytesMax ?? ROW_CACHE_BYTES_DEFAULT;
    const parts = { directory, disk, threads, clock, logger, cache };
    const waitingRowsBytesMax = options.waitingRowsBytesMax ?? WAITING_ROWS_BYTES_MAX;
    const store = new DiskStore(
      {
        ...parts,
        manifest,
        systemState,
        rowCacheBytesMax,
        waitingRowsBytesMax,
        commitSeconds: commitSeconds(options.runtime.metrics),
      },
      listener,
    );
    declareMetrics(options, store, cache);
    return store;
  } catch (error) {
    throw fromDiskError(error);
  }
}

/** The manifest that counts; a new directory gets one that names nothing, so that a lost one is noticed. */
export function readManifest(disk: Disk, directory: string): Manifest {
  disk.makeDirectory(directory);
  const path = `${directory}/${MANIFEST_NAME}`;
  const ours = disk.list(directory).filter(isStoreFile);
  if (!disk.exists(path)) {
    if (ours.length > 0) {
      throw corrupt(path, 0, "the manifest is missing, but files of a store are there");
    }
    writeManifest(disk, directory, EMPTY_MANIFEST);
    return EMPTY_MANIFEST;
  }
  const file = disk.open(path, { mode: "read" });
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
  } finally {
    file.close();
  }
  const manifest = decodeManifest(bytes, path);
  const named = new Set(filesOf(manifest));
  const orphans = ours.filter((name) => !named.has(name));
  if (disk.exists(`${directory}/${MANIFEST_TEMPORARY_NAME}`)) {
    orphans.push(MANIFEST_TEMPORARY_NAME);
  }
  for (const name of orphans) {
    disk.remove(`${directory}/${name}`);
  }
  return manifest;
}

/** 1 ms to 8 s, as etcd's. */
const COMMIT_SECONDS_BUCKETS = Array.from({ length: 14 }, (_, i) => 0.001 * 2 ** i);

function commitSeconds(metrics: Metrics): Histogram {
  return metrics.histogram(
    "etcd_disk_backend_commit_duration_seconds",
    "Time to make a new manifest of the store durable, after the files that it names.",
    COMMIT_SECONDS_BUCKETS,
  );
}

function declareMetrics(options: DiskStoreOptions, store: DiskStore, cache: BlockCache): void {
  const { metrics } = options.runtime;
  metrics.gauge(
    "t4_store_memtable_bytes",
    "Bytes of rows not in files yet.",
    () => store.memtableBytes,
  );
  metrics.gauge("t4_store_block_cache_bytes", "Bytes of blocks in memory.", () => cache.bytes);
  metrics.gauge("t4_store_tables", "Log tables in use.", () => store.manifest.tables.length);
  metrics.gauge("t4_store_runs", "Index runs in use.", () => store.manifest.runs.length);
  metrics.family(
    "counter",
    "t4_store_work_total",
    "Orders that the table worker has carried out.",
    ["work"],
    () => [...store.workDone].map(([work, value]) => ({ labels: { work }, value })),
  );
}
