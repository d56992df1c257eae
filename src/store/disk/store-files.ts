// The files of a disk store as the main thread keeps them: which manifest counts, which files are open, what the table
// worker does next. Work is taken strictly in order: upkeep of what is there before the next flush. So the files at a
// given log index do not depend on how fast a worker is, only on the entries and the seal points; but for those of a node
// that was told to defragment, which it does in between.
// Must never: block on the disk for longer than it takes to open a file.
import { assert } from "../../lib/assert.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex } from "../../core/words.js";
import type { SealedSegment } from "../../log/log.js";
import type { Clock } from "../../runtime/clock.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { Logger } from "../../runtime/logger.js";
import type { Histogram } from "../../runtime/metrics/metrics.js";
import type { Threads } from "../../runtime/threads.js";
import type { BlockCache } from "../file/block-cache.js";
import { Run } from "../run/run.js";
import type { HeldManifest, StoreSizes } from "../store.js";
import { Table } from "../table/table.js";
import type { FlushOrder } from "../upkeep/flush-job.js";
import {
  fileName,
  filesOf,
  type FileKind,
  type FileRecord,
  type Manifest,
} from "../upkeep/manifest.js";
import { planDefragmentation, planStep, type Step } from "../upkeep/plan-step.js";
import type { WorkReply } from "../upkeep/table-worker.js";
import { FileSet, SharedFile } from "./file-set.js";
import { WorkerLink } from "./worker-link.js";

/** How long a full disk is left alone before work is tried again. */
const NO_SPACE_RETRY_MS = 1_000;

/** A flush as the store asks for it; which segments hold its entries is found here. */
export type FlushRequest = Omit<FlushOrder, "segments">;

export interface StoreFilesOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly threads: Threads;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cache: BlockCache;
  readonly manifest: Manifest;
  /** Told how long each manifest took to become durable. */
  readonly commitSeconds: Histogram;
  /** The next flush wanted, oldest first; null if there is none yet. */
  readonly nextFlush: () => FlushRequest | null;
  /** A manifest counts: it is durable and its files are open. `isFlush`: the flush asked for last is done. */
  readonly installed: (isFlush: boolean) => void;
  /** Upkeep, or a defragmentation, has nothing left to do. */
  readonly settled: () => void;
  /** `hasSpace` has changed. */
  readonly spaceChanged: () => void;
  readonly failed: (error: Error) => void;
}

export class StoreFiles {
  manifest: Manifest;
  files: FileSet;
  /** False from the first order that found the disk full to the next one that did not. */
  hasSpace = true;
  sizes: StoreSizes;
  /** Orders done, by what they were: for metrics. */
  readonly workDone: Map<string, number> = new Map();
  readonly #options: StoreFilesOptions;
  readonly #worker: WorkerLink;
  readonly #tables = new Map<number, SharedFile<Table>>();
  readonly #runs = new Map<number, SharedFile<Run>>();
  /** Closed segments that hold entries after the manifest, by first index. */
  #segments: SealedSegment[] = [];
  /** Names of files that nothing uses any more. */
  #toRemove: string[] = [];
  /** Manifests whose files somebody outside reads. */
  readonly #held = new Set<HeldManifest>();
  #needsUpkeep = true;
  #isDefragmenting = false;
  #isWaitingForSpace = false;
  #isStopped = false;

  /** Opens the manifest's files. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or T4_IO. */
  constructor(options: StoreFilesOptions) {
    this.#options = options;
    this.manifest = options.manifest;
    try {
      this.files = this.#open(options.manifest);
    } catch (error) {
      for (const file of [...this.#tables.values(), ...this.#runs.values()]) {
        file.content.file.close();
      }
      throw error;
    }
    this.sizes = sizesOf(options.manifest);
    this.#worker = new WorkerLink(options.threads, options.directory, (error) => {
      this.#fail(error);
    });
  }

  /** Whether upkeep has nothing to do for the manifest that counts. */
  get isSettled(): boolean {
    return !this.#needsUpkeep;
  }

  /** Whether a defragmentation was ordered that is not done. */
  get isDefragmenting(): boolean {
    return this.#isDefragmenting;
  }

  segmentClosed(segment: SealedSegment): void {
    if (segment.lastIndex > this.manifest.index) {
      this.#segments.push(segment);
      this.#segments.sort((a, b) => a.firstIndex - b.firstIndex);
    }
    this.work();
  }

  /** The log has dropped its entries after `index`. */
  truncated(index: LogIndex): void {
    this.#segments = this.#segments.filter((segment) => segment.lastIndex <= index);
  }

  /** Leaves no dead row in any file. Called again, it is the same defragmentation that goes on. */
  defragment(): void {
    this.#isDefragmenting = true;
    this.work();
  }

  /** Whether a caller waits for files: the process then stays alive until it is answered. */
  set isAwaited(isAwaited: boolean) {
    this.#worker.isAwaited = isAwaited;
  }

  /** Keeps the files of the manifest that counts, whatever replaces it, until released. */
  hold(): HeldManifest {
    const { files, manifest } = this;
    files.acquire();
    const held: HeldManifest = {
      manifest,
      release: () => {
        assert(this.#held.delete(held), "a manifest is released once");
        files.release();
        this.#removeSystem(manifest.system);
      },
    };
    this.#held.add(held);
    return held;
  }

  /** Removes a system file unless a manifest needs it. */
  #removeSystem(file: FileRecord | null): void {
    const isNeeded = [this.manifest, ...[...this.#held].map((held) => held.manifest)].some(
      ({ system }) => system?.number === file?.number,
    );
    if (file !== null && !isNeeded) {
      this.#toRemove.push(fileName("system", file.number));
      this.#workSoon();
    }
  }

  /** Not at once: this may be in the middle of an install. */
  #workSoon(): void {
    this.#options.clock.nextTurn(() => {
      this.work();
    });
  }

  /** Gives the worker its next order, if it is free and there is one. */
  work(): void {
    if (this.#isStopped || this.#worker.isBusy || this.#isWaitingForSpace) {
      return;
    }
    if (this.#toRemove.length > 0) {
      const names = this.#toRemove;
      this.#toRemove = [];
      this.#worker.send({ kind: "remove", names }, (reply) => {
        this.#replied(reply, false);
      });
      return;
    }
    if (this.#needsUpkeep) {
      const step = planStep(this.manifest);
      if (step !== null) {
        this.#takeStep(step);
        return;
      }
      this.#needsUpkeep = false;
      this.#options.settled();
    }
    // Writers wait for flushes, so these come between the steps of a defragmentation, each of which may take long. On a
    // full disk writers wait for room, and only a defragmentation can make it.
    if (this.hasSpace) {
      if (!this.#flush()) {
        this.#defragmentFurther();
      }
    } else if (!this.#defragmentFurther()) {
      this.#flush();
    }
  }

  /** Orders the next flush if all that it needs is there. */
  #flush(): boolean {
    const request = this.#options.nextFlush();
    const segments = request === null ? null : this.#segmentsThrough(request.throughIndex);
    if (request === null || segments === null) {
      return false;
    }
    const flush: FlushOrder = { ...request, segments };
    this.#worker.send({ kind: "flush", manifest: this.manifest, flush }, (reply) => {
      this.#replied(reply, true);
    });
    return true;
  }

  /** Orders the next step of the defragmentation, if there is one that is not done. */
  #defragmentFurther(): boolean {
    if (!this.#isDefragmenting) {
      return false;
    }
    const step = planDefragmentation(this.manifest);
    if (step === null) {
      this.#isDefragmenting = false;
      this.#options.settled();
      return false;
    }
    this.#takeStep(step);
    return true;
  }

  #takeStep(step: Step): void {
    this.#worker.send({ kind: "upkeep", manifest: this.manifest, step }, (reply) => {
      this.#replied(reply, false);
    });
  }

  /** Lets the worker end what it does, then closes all files that no cursor holds. */
  async close(): Promise<void> {
    this.#isStopped = true;
    await this.#worker.close();
    this.files.release();
  }

  #replied(reply: WorkReply, isFlush: boolean): void {
    if (this.#isStopped) {
      return;
    }
    if (reply.kind === "failed") {
      this.#workFailed(new T4Error(reply.code, reply.message));
      return;
    }
    this.workDone.set(reply.work, (this.workDone.get(reply.work) ?? 0) + 1);
    if (reply.manifest !== null) {
      this.#options.commitSeconds.observe(reply.commitMs / 1000);
      this.#setSpace(true);
      try {
        this.#install(reply.manifest, reply.work);
      } catch (error) {
        this.#fail(error as Error);
        return;
      }
      this.#options.installed(isFlush);
    }
    this.work();
  }

  #workFailed(error: T4Error): void {
    if (error.code !== "T4_NO_SPACE") {
      this.#fail(error);
      return;
    }
    this.#setSpace(false, error.message);
    this.#isWaitingForSpace = true;
    this.#options.clock.after(NO_SPACE_RETRY_MS, () => {
      this.#isWaitingForSpace = false;
      this.work();
    });
  }

  #setSpace(available: boolean, reason?: string): void {
    if (this.hasSpace !== available) {
      this.hasSpace = available;
      const { logger, spaceChanged } = this.#options;
      if (available) {
        logger.info("the disk has room for files of the store again");
      } else {
        logger.error("the disk is full: writes are refused until the store's files have room", {
          reason,
        });
      }
      spaceChanged();
    }
  }

  #fail(error: Error): void {
    if (!this.#isStopped) {
      this.#isStopped = true;
      this.#options.failed(error);
    }
  }

  /** Paths of the segments that hold every entry after the manifest up to `index`; null while one is open. */
  #segmentsThrough(index: LogIndex): string[] | null {
    const paths: string[] = [];
    let next = this.manifest.index + 1;
    for (const segment of this.#segments) {
      if (next > index) {
        break;
      }
      if (segment.lastIndex < next) {
        continue;
      }
      if (segment.firstIndex > next) {
        return null;
      }
      paths.push(segment.path);
      next = segment.lastIndex + 1;
    }
    return next > index ? paths : null;
  }

  /** Makes a durable manifest the one that reads use, in one turn: no read sees half of it. */
  #install(manifest: Manifest, work: string): void {
    const before = this.manifest;
    const files = this.#open(manifest);
    this.manifest = manifest;
    const old = this.files;
    this.files = files;
    old.release();
    this.#removeSystem(before.system);
    this.#segments = this.#segments.filter((segment) => segment.lastIndex > manifest.index);
    this.sizes = sizesOf(manifest);
    this.#needsUpkeep = true;
    this.#options.logger.debug("store files replaced", {
      work,
      index: manifest.index,
      tables: manifest.tables.length,
      runs: manifest.runs.length,
      bytes: this.sizes.totalBytes,
    });
  }

  /** Opens what is not open yet. */
  #open(manifest: Manifest): FileSet {
    const { directory, disk, cache } = this.#options;
    const tables = manifest.tables.map((record) => {
      const name = fileName("table", record.number);
      const known = this.#tables.get(record.number);
      const file =
        known ??
        this.#share("table", record.number, new Table(disk, `${directory}/${name}`, cache));
      this.#tables.set(record.number, file);
      checkRecord(file.content.file, record);
      return file;
    });
    const runs = manifest.runs.map((record) => {
      const name = fileName("run", record.number);
      const known = this.#runs.get(record.number);
      const file =
        known ?? this.#share("run", record.number, new Run(disk, `${directory}/${name}`, cache));
      this.#runs.set(record.number, file);
      checkRecord(file.content.file, record);
      return file;
    });
    return new FileSet(directory, tables, runs.reverse());
  }

  #share<File extends Table | Run>(
    kind: FileKind,
    number: number,
    content: File,
  ): SharedFile<File> {
    return new SharedFile(fileName(kind, number), content, (name) => {
      (kind === "table" ? this.#tables : this.#runs).delete(number);
      if (!filesOf(this.manifest).includes(name)) {
        this.#toRemove.push(name);
        this.#workSoon();
      }
    });
  }
}

/** A file must be the one that the manifest means. */
function checkRecord(
  file: Table["file"],
  record: Manifest["tables"][number] | Manifest["runs"][number],
): void {
  const { footer } = file;
  if (
    file.bytes !== record.bytes ||
    footer.rows !== record.rows ||
    footer.firstRevision !== record.firstRevision ||
    footer.lastRevision !== record.lastRevision
  ) {
    throw new T4Error("T4_CORRUPT", `${file.path} is not the file that the manifest names`);
  }
}

function sizesOf(manifest: Manifest): StoreSizes {
  const { tables, runs, system } = manifest;
  let totalBytes = system?.bytes ?? 0;
  let deadBytes = 0;
  for (const table of tables) {
    totalBytes += table.bytes;
    deadBytes += table.deadBytes;
  }
  for (const run of runs) {
    totalBytes += run.bytes;
    deadBytes += Math.floor((run.bytes * run.deadRows) / run.rows);
  }
  assert(deadBytes <= totalBytes, "what is dead is part of the whole");
  return { totalBytes, liveBytes: totalBytes - deadBytes };
}
