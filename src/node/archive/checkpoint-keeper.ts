// Makes checkpoints when one is due, and collects what is no longer needed after each. One at a time, whoever asks.
// Must never: delay a write, or stop the node because the object store fails: a checkpoint that fails is tried again.
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Term } from "../../core/words.js";
import type { Archive, ArchivedEnd } from "../../archive/archive.js";
import type { CheckpointRecord } from "../../archive/latest-manifest.js";
import type { StoreContext } from "../../archive/store-context.js";
import {
  collect,
  type CollectRequest,
  type CollectResult,
} from "../../checkpoint/collection/collect.js";
import { uploadCheckpoint } from "../../checkpoint/upload/upload-checkpoint.js";
import { orAborted } from "../../lib/abort-listeners.js";
import { TaskGroup } from "../../lib/task-group.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError } from "../../object/object-store.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { HeldManifest } from "../../store/store.js";
import { fromDiskError } from "../../store/file/file-errors.js";
import type { CheckpointConfig } from "./archive-config.js";
import type { SinceCheckpoint } from "./since-checkpoint.js";

/** How often it is looked whether a checkpoint is due. */
const LOOK_MS = 1_000;
/** Sooner after a start: a node that never lives long is to make one all the same. */
const FIRST_LOOK_MS = 100;
/**
 * One is made after so much of the log, whatever is configured: about four seconds of replay for who restores, and hardly more to
 * upload, since every file is uploaded once.
 */
const LOG_BYTES_MAX = 256 * 1024 * 1024;
/** Leaderships after which one is made: who starts follows the chain through each of them, at some round trips a piece. */
const TERMS_MAX = 32;
/** After one failed, the least time to the next try. */
const RETRY_MS = 10_000;

export interface CheckpointKeeperParts {
  readonly config: CheckpointConfig;
  readonly since: SinceCheckpoint;
  readonly archive: Pick<
    Archive,
    "archivedIndex" | "slotsWon" | "bytesWon" | "endAt" | "forgetEndsBefore" | "flush"
  >;
  readonly context: StoreContext;
  readonly clusterId: bigint;
  readonly term: Term;
  /** Of the store's files. */
  readonly directory: string;
  readonly runtime: Pick<Runtime, "clock" | "disk" | "logger">;
  readonly isLeading: () => Promise<boolean>;
  /** A later leader has been met. */
  readonly fenced: (error: T4Error) => void;
}

export class CheckpointKeeper {
  readonly #parts: CheckpointKeeperParts;
  readonly #tasks = new TaskGroup();
  #gather: (() => Promise<HeldManifest>) | null = null;
  #running: Promise<void> = Promise.resolve();
  /** The checkpoint that is being made. */
  #making: Promise<CheckpointRecord> | null = null;
  /** A collection that was asked for. It and a checkpoint's uploads never overlap. */
  #collecting: Promise<CollectResult> | null = null;
  #lastMs: number;
  #lastIndex: LogIndex;
  /** Below 0 by what was in the archive when this leadership began. */
  #lastSlots: number;
  #lastBytes: number;
  #terms: number;
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: CheckpointKeeperParts) {
    this.#parts = parts;
    const { config, since, runtime } = parts;
    const { clock } = runtime;
    const agoMs = since.wallMs === null ? config.intervalMs : clock.wallMs() - since.wallMs;
    this.#lastMs = clock.monotonicMs() - agoMs;
    this.#lastIndex = since.index;
    this.#lastSlots = -since.slots;
    this.#lastBytes = -since.bytes;
    this.#terms = since.terms;
  }

  /** `gather` makes everything committed part of files. */
  start(gather: () => Promise<HeldManifest>): void {
    this.#gather = gather;
    this.#running = this.#tasks.run(async (signal) => this.#run(signal));
  }

  /** The checkpoint that is under way, or a new one. Throws T4_UNAVAILABLE, T4_FENCED, T4_CLOSED and what it cannot read. */
  async make(): Promise<CheckpointRecord> {
    this.#making ??= this.#tasks
      .run(async (signal) => {
        await Promise.allSettled([this.#collecting]);
        return this.#make(signal);
      })
      .finally(() => {
        this.#making = null;
      });
    try {
      return await this.#making;
    } catch (error) {
      throw callerError(error);
    }
  }

  /** One run of collection, with what the caller wants to be kept. Throws T4_UNAVAILABLE, T4_FENCED, T4_CLOSED, T4_CORRUPT. */
  async collect(request: CollectRequest): Promise<CollectResult> {
    while (this.#making !== null || this.#collecting !== null) {
      await Promise.allSettled([this.#making, this.#collecting]);
    }
    this.#collecting = this.#tasks
      .run(async (signal) => this.#collect({ ...this.#parts.context, signal }, request))
      .finally(() => {
        this.#collecting = null;
      });
    try {
      return await this.#collecting;
    } catch (error) {
      throw callerError(error);
    }
  }

  async close(): Promise<void> {
    await this.#tasks.close(new T4Error("T4_CLOSED", "the store is closed"));
    await this.#running;
  }

  /** Ends with the signal. */
  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts.runtime;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = LOOK_MS) {
      try {
        await clock.sleep(waitMs, signal);
        if (this.#isDue()) {
          await this.make();
        }
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (!(error instanceof T4Error)) {
          throw error;
        }
        this.#failedMs = clock.monotonicMs();
        logger.warn("a checkpoint could not be made: it is tried again", { error });
      }
    }
  }

  #isDue(): boolean {
    const { config, archive, runtime } = this.#parts;
    const nowMs = runtime.clock.monotonicMs();
    const entries = archive.archivedIndex - this.#lastIndex;
    const slots = archive.slotsWon - this.#lastSlots;
    if (entries === 0 || nowMs - this.#failedMs < RETRY_MS) {
      return false;
    }
    return (
      nowMs - this.#lastMs >= config.intervalMs ||
      archive.bytesWon - this.#lastBytes >= LOG_BYTES_MAX ||
      this.#terms >= TERMS_MAX ||
      (config.entries > 0 && entries >= config.entries) ||
      (config.objects > 0 && slots >= config.objects)
    );
  }

  async #make(signal: AbortSignal): Promise<CheckpointRecord> {
    const { archive, context, runtime, directory, clusterId, term } = this.#parts;
    const startMs = runtime.clock.monotonicMs();
    const { slotsWon, bytesWon } = archive;
    const held = await orAborted(this.#gathered(), signal);
    const own: StoreContext = { ...context, signal };
    try {
      const end = await this.#archivedEnd(held.manifest.index, signal);
      const result = await uploadCheckpoint({
        context: own,
        clusterId,
        term,
        manifest: held.manifest,
        directory,
        disk: runtime.disk,
        next: end.next,
        wallMs: end.wallMs,
        logger: runtime.logger,
      });
      if (result.kind === "fenced") {
        throw this.#fencedError(result.term);
      }
      const { record } = result;
      this.#lastMs = startMs;
      this.#lastIndex = held.manifest.index;
      this.#lastSlots = slotsWon;
      this.#lastBytes = bytesWon;
      this.#terms = 0;
      archive.forgetEndsBefore(record.index);
      runtime.logger.info("checkpoint made", {
        index: record.index,
        revision: record.revision,
        uploadedFiles: result.kind === "uploaded" ? result.progress.uploadedFiles : 0,
        uploadedBytes: result.kind === "uploaded" ? result.progress.uploadedBytes : 0,
        durationMs: Math.round(runtime.clock.monotonicMs() - startMs),
      });
      await this.#collectAfter(own);
      return record;
    } finally {
      held.release();
    }
  }

  async #gathered(): Promise<HeldManifest> {
    if (this.#gather === null) {
      throw new T4Error("T4_UNAVAILABLE", "the node has not started yet");
    }
    return this.#gather();
  }

  /** Waits until the archive has everything that the files have. */
  async #archivedEnd(index: LogIndex, signal: AbortSignal): Promise<ArchivedEnd> {
    const { archive, runtime } = this.#parts;
    for (;;) {
      const end = archive.endAt(index);
      if (end !== null) {
        return end;
      }
      await orAborted(archive.flush(), signal);
      if (archive.endAt(index) === null) {
        await runtime.clock.sleep(LOOK_MS / 10, signal);
      }
    }
  }

  async #collect(context: StoreContext, request: CollectRequest): Promise<CollectResult> {
    const { term, isLeading, runtime } = this.#parts;
    return collect({ ...request, context, term, isLeading, logger: runtime.logger });
  }

  /** What fails here is no failure of the checkpoint. */
  async #collectAfter(context: StoreContext): Promise<void> {
    const { config, runtime } = this.#parts;
    const { keep, restoreWindowMs, graceMs } = config;
    try {
      await this.#collect(context, { keep, restoreWindowMs, graceMs, dryRun: false });
    } catch (error) {
      context.signal.throwIfAborted();
      runtime.logger.warn("nothing was collected: it is tried again after the next checkpoint", {
        error: error as Error,
      });
    }
  }

  #fencedError(byTerm: Term): T4Error {
    const { context, term, fenced } = this.#parts;
    const error = new T4Error(
      "T4_FENCED",
      `this node led on ${context.store.url} in term ${term}, and term ${byTerm} has begun`,
    );
    fenced(error);
    return error;
  }
}

function callerError(error: unknown): unknown {
  if (error instanceof ObjectStoreError) {
    // Only closing gives a call up.
    return error.code === "cancelled"
      ? new T4Error("T4_CLOSED", "the store is closed", { cause: error })
      : objectStoreT4Error(error);
  }
  return fromDiskError(error);
}
