// Restores a data directory from the object store: a checkpoint's files become the store, the slots behind it the log, and an
// ordinary open does the rest. What cannot be read is told and an older checkpoint tried, with a longer log.
// Must never: leave something that looks like a data directory and is not a whole one.
import { T4Error } from "../../core/errors.js";
import { FIRST_REVISION, type LogIndex, type Revision, type Term } from "../../core/words.js";
import type { ChainPosition } from "../../archive/chain.js";
import { mustReadLatestManifest, type LatestManifest } from "../../archive/latest-manifest.js";
import { summarizeGroup } from "../../log/segment/group-frames.js";
import { SegmentImport } from "../../log/segment/segment-import.js";
import type { ObjectStore, ObjectTag } from "../../object/object-store.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { Logger } from "../../runtime/logger.js";
import { fromDiskError } from "../../store/file/file-errors.js";
import { EMPTY_MANIFEST, fileName } from "../../store/upkeep/manifest.js";
import { writeManifest } from "../../store/upkeep/workshop.js";
import { assertNotRemoved } from "../branch/removed.js";
import type { Checkpoint } from "../checkpoint.js";
import { walkChains, walkStart, type WalkEnd } from "./chain-walk.js";
import { downloadFiles } from "./download.js";
import {
  describeTarget,
  isWithin,
  legsOf,
  notRetained,
  readCheckpoint,
  startsFor,
  type HistoryStart,
  type HistoryTarget,
} from "./history.js";
import { RestoringDirectory } from "./restoring-directory.js";

/** Plans anew as often when collection has overtaken a restore: each time it begins with what is newest then. */
const ATTEMPTS_MAX = 3;

/** What leads to a target. Objects that it names may turn out to be damaged: then the next start is tried. */
export interface RestorePlan {
  readonly manifest: LatestManifest;
  readonly tag: ObjectTag;
  readonly target: HistoryTarget;
  /** The shortest way first. */
  readonly starts: readonly [HistoryStart, ...HistoryStart[]];
}

export interface RestoreProgress {
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly slots: number;
  readonly entries: number;
}

export interface RestoreOptions {
  readonly store: ObjectStore;
  /** "newest" for a node that goes on with a prefix: any other point would rewind it. */
  readonly target: HistoryTarget;
  /** The data directory: without identity, and the caller holds its lock. */
  readonly directory: string;
  readonly disk: Disk;
  readonly logger: Logger;
  /** Called at most once a file and once a slot. */
  readonly progress?: (progress: RestoreProgress) => void;
  /** By how much the first leadership in the directory raises the revision, so that none is used twice; 0: not at all. */
  readonly raiseRevisionBy?: number;
  /** Makes the directory count, durably and at once: writes its identity. Called when all else is durable. */
  readonly complete?: (restored: Restored) => void;
}

/** Something that could not be read and was done without. */
export interface SkippedCheckpoint {
  readonly key: string;
  readonly reason: string;
}

export interface Restored {
  readonly clusterId: bigint;
  /** The last entry. */
  readonly index: LogIndex;
  readonly revision: Revision;
  /** The greatest term of entries and of who archived them. */
  readonly term: Term;
  readonly wallMs: number;
  /** Where the archive goes on; null if the restore ended before the archive does. */
  readonly next: ChainPosition | null;
  /** The checkpoint that was used; null: everything is from the log. */
  readonly checkpoint: string | null;
  readonly skipped: readonly SkippedCheckpoint[];
  readonly progress: RestoreProgress;
}

/** Throws T4_NOT_RETAINED, T4_BRANCH_REMOVED, T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function planRestore(store: ObjectStore, target: HistoryTarget): Promise<RestorePlan> {
  const { manifest, tag } = await mustReadLatestManifest(store);
  assertNotRemoved(manifest, store.url);
  return { manifest, tag, target, starts: startsFor(manifest, target, store.url) };
}

/**
 * Resolves when the directory is whole and counts. Throws T4_NOT_RETAINED or T4_FUTURE_REVISION for a target that the store
 * does not hold, T4_CORRUPT if nothing intact leads there, T4_BRANCH_REMOVED, T4_FORMAT_TOO_NEW, T4_NO_SPACE, T4_IO, or an
 * ObjectStoreError; the directory then has no identity, and what is in it is removed by the next try.
 */
export async function restoreInto(options: RestoreOptions): Promise<Restored> {
  try {
    const directory = new RestoringDirectory(options.directory, options.disk);
    const restored = await new Restore(options, directory).run();
    directory.writeRestored({ ...restored, raiseRevisionBy: options.raiseRevisionBy ?? 0 });
    options.complete?.(restored);
    directory.finish();
    return restored;
  } catch (error) {
    throw fromDiskError(error);
  }
}

class Restore {
  readonly #options: RestoreOptions;
  readonly #directory: RestoringDirectory;
  #skipped: SkippedCheckpoint[] = [];
  #progress: RestoreProgress = noProgress(0, 0);

  constructor(options: RestoreOptions, directory: RestoringDirectory) {
    this.#options = options;
    this.#directory = directory;
  }

  async run(): Promise<Restored> {
    const { store, target, logger } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const plan = await planRestore(store, target);
      try {
        return await this.#tryStarts(plan);
      } catch (error) {
        const isOvertaken = error instanceof T4Error && error.code !== "T4_FUTURE_REVISION";
        const isLast = attempt === ATTEMPTS_MAX;
        if (!isOvertaken || isLast || !(await this.#hasChanged(plan))) {
          throw error;
        }
        logger.warn("what was to be restored has changed meanwhile: it is begun anew", { error });
      }
    }
  }

  async #hasChanged(plan: RestorePlan): Promise<boolean> {
    const { tag } = await mustReadLatestManifest(this.#options.store);
    return tag !== plan.tag;
  }

  async #tryStarts(plan: RestorePlan): Promise<Restored> {
    this.#skipped = [];
    for (const start of plan.starts) {
      const checkpoint = await this.#load(start, plan.target);
      if (checkpoint !== "skip") {
        return this.#replay(plan, start, checkpoint);
      }
    }
    const { url } = this.#options.store;
    const reasons = this.#skipped.map(({ reason }) => reason).join("; ");
    throw new T4Error(
      "T4_CORRUPT",
      `nothing in ${url} that leads to ${describeTarget(plan.target)} is intact: ${reasons}`,
    );
  }

  /** Makes the store of a start. "skip" if its checkpoint is damaged: what can be done without it is tried next. */
  async #load(start: HistoryStart, target: HistoryTarget): Promise<Checkpoint | null | "skip"> {
    const { store, disk, logger } = this.#options;
    const directory = this.#directory;
    directory.clear();
    if (start.checkpoint === null) {
      writeManifest(disk, directory.storeDirectory, EMPTY_MANIFEST);
      this.#report(noProgress(0, 0));
      return null;
    }
    try {
      const checkpoint = await readCheckpoint(store, start.checkpoint);
      if (!isWithin(target, { ...checkpoint, key: start.checkpoint.key })) {
        throw notRetained(target, store.url, "the branch was forked from a later state");
      }
      await this.#download(checkpoint, start.checkpoint.owner);
      writeManifest(disk, directory.storeDirectory, checkpoint.manifest);
      return checkpoint;
    } catch (error) {
      if (!isCorrupt(error)) {
        throw error;
      }
      logger.error("a checkpoint cannot be restored: an older one and more of the log are used", {
        checkpoint: start.checkpoint.key,
        error,
      });
      this.#skipped.push({ key: start.checkpoint.key, reason: error.message });
      return "skip";
    }
  }

  async #download(checkpoint: Checkpoint, owner: string): Promise<void> {
    const { store, disk } = this.#options;
    const { files } = checkpoint;
    const bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#report(noProgress(files.length, bytesTotal));
    await downloadFiles(
      owner === "" ? store : store.at(owner),
      files,
      {
        disk,
        directory: this.#directory.storeDirectory,
        nameOf: ({ kind, number }) => fileName(kind, number),
      },
      {
        bytes: (count) => {
          this.#progress = { ...this.#progress, bytes: this.#progress.bytes + count };
        },
        file: () => {
          this.#report({ ...this.#progress, files: this.#progress.files + 1 });
        },
      },
    );
  }

  async #replay(
    plan: RestorePlan,
    start: HistoryStart,
    checkpoint: Checkpoint | null,
  ): Promise<Restored> {
    const { store, disk } = this.#options;
    const { manifest, target } = plan;
    const from = walkStart(checkpoint, start);
    const log = new SegmentImport({
      disk,
      directory: this.#directory.walDirectory,
      fromIndex: (from.index + 1) as LogIndex,
    });
    let end: WalkEnd;
    let { revision } = from;
    try {
      const legs = legsOf(start, checkpoint);
      end = await walkChains(store, manifest.clusterId, legs, from, target, (groups, bounds) => {
        log.add(groups, bounds);
        revision = groups.reduce((_, group) => summarizeGroup(group).lastRevision, revision);
        const entries = groups.reduce((sum, group) => sum + group.entryCount, 0);
        const { slots, entries: before } = this.#progress;
        this.#report({ ...this.#progress, slots: slots + 1, entries: before + entries });
      });
      log.finish();
    } catch (error) {
      log.abort();
      // What a restore point names is in no other place, and has said so itself.
      const isOfChain = isCorrupt(error) && target.kind !== "entry";
      throw isOfChain ? withRemedy(error, revision) : error;
    }
    return {
      clusterId: manifest.clusterId,
      index: end.index,
      revision: end.revision,
      term: end.term,
      wallMs: end.wallMs,
      next: target.kind === "newest" ? end.position : null,
      checkpoint: start.checkpoint?.key ?? null,
      skipped: this.#skipped,
      progress: this.#progress,
    };
  }

  #report(progress: RestoreProgress): void {
    this.#progress = progress;
    this.#options.progress?.(progress);
  }
}

function noProgress(filesTotal: number, bytesTotal: number): RestoreProgress {
  return { files: 0, filesTotal, bytes: 0, bytesTotal, slots: 0, entries: 0 };
}

function isCorrupt(error: unknown): error is T4Error {
  return error instanceof T4Error && error.code === "T4_CORRUPT";
}

/** Of a slot that is damaged or missing: what comes before it is whole, through `revision`. */
function withRemedy(cause: T4Error, revision: Revision): T4Error {
  // One less: where a revision ends is known only when the next one is seen, and that may be in the slot.
  const last = Math.max(FIRST_REVISION, revision - 1);
  return new T4Error(
    "T4_CORRUPT",
    `${cause.message}. Put the object back from a copy. Without one, what lies before it can be had as a database of its own: ` +
      `t4 restore to --revision ${last}`,
    { cause },
  );
}
