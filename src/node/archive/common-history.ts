// What a data directory and the archive have in common: a point from which the archive can be compared with what is here, and
// from there on whether the log here holds the same entries as the archive, which then gives it those that it lacks.
// Must never: add to a log whose entries the archive has otherwise.
import { T4Error } from "../../core/errors.js";
import { FIRST_REVISION, type LogIndex, type Term } from "../../core/words.js";
import { ChainReader } from "../../archive/chain-reader.js";
import { compareAddresses } from "../../archive/chain.js";
import type { CheckpointRecord, LatestManifest } from "../../archive/latest-manifest.js";
import { persistently, type StoreContext } from "../../archive/store-context.js";
import type { ChainPoint, TakenOver } from "../../archive/take-over.js";
import { readCheckpoint } from "../../checkpoint/restore/history.js";
import { assert } from "../../lib/assert.js";
import { SegmentImport } from "../../log/segment/segment-import.js";
import { lastIndexOf } from "../../log/segment/segment-reader.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { Logger } from "../../runtime/logger.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { LocalHistory } from "./local-history.js";

/** A place of the chain, and what is known of the entry before it. */
export interface KnownPoint extends ChainPoint {
  /** Its term; null if there is none, or if it is surely the same here. */
  readonly entryTerm: Term | null;
}

export interface JoinOptions {
  readonly held: LocalHistory;
  /** Where the take-over began to walk. */
  readonly from: KnownPoint;
  readonly over: Extract<TakenOver, { kind: "leading" }>;
  /** The last leader led from this directory: an entry whose term is not known any more is his. */
  readonly wasOurs: boolean;
  /** Of the log's segments; nobody has the log open. */
  readonly directory: string;
  readonly disk: Disk;
}

/** Where the archive can be compared with what is here: behind what both surely have. Null: nowhere. */
export async function findCommonPoint(
  context: StoreContext,
  manifest: LatestManifest,
  local: LocalHistory,
  runtime: Pick<Runtime, "disk" | "logger">,
): Promise<KnownPoint | null> {
  for (const record of manifest.checkpoints.toReversed()) {
    const point =
      record.index <= local.tipIndex ? await behind(context, record, runtime.logger) : null;
    if (point !== null) {
      return point;
    }
  }
  const { chain, base, floor } = manifest;
  const reaches = compareAddresses(floor, chain) <= 0;
  if (!reaches || chain.firstIndex > local.tipIndex + 1) {
    return null;
  }
  // Slots behind it tell the revision; only without any is this one used, and then the log still has the entry.
  const before = local.revisionBefore(chain.firstIndex, runtime.disk);
  const revision = base?.revision ?? before ?? FIRST_REVISION;
  return { position: chain, revision, entryTerm: null };
}

/**
 * Brings the log here to the end of the archive, or leaves it where it is if it goes on from there. Otherwise, the last
 * entry that both have, as far as is known.
 */
export async function joinArchive(
  context: StoreContext,
  { held, from, over, wasOurs, directory, disk }: JoinOptions,
): Promise<"joined" | LogIndex> {
  const archivedIndex = (over.position.firstIndex - 1) as LogIndex;
  const commonIndex = Math.min(archivedIndex, held.tipIndex) as LogIndex;
  // What comes before the slot in which the two meet was checked by the take-over.
  const start = over.meeting ?? from.position;
  const reader = new ChainReader(context.store, null, start);
  const log = new SegmentImport({
    disk,
    directory,
    fromIndex: (held.tipIndex + 1) as LogIndex,
    throughIndex: archivedIndex,
  });
  const isSameTerm = (term: Term): boolean => {
    const known = held.termAt(commonIndex);
    return known === null ? wasOurs : known === term;
  };
  // Without a slot that holds it, the last entry that both have is the last one of the checkpoint.
  let isSame =
    commonIndex < from.position.firstIndex &&
    (from.entryTerm === null || isSameTerm(from.entryTerm));
  if (commonIndex < from.position.firstIndex && !isSame) {
    return commonIndex;
  }
  try {
    while (reader.position.firstIndex <= archivedIndex) {
      const slot = await persistently(context, async () => reader.next());
      assert(slot !== "end", "the archive is sealed, and reaches as far as it did");
      if (slot.kind === "seal") {
        continue;
      }
      for (const group of slot.groups) {
        if (group.firstIndex <= commonIndex && commonIndex <= lastIndexOf(group)) {
          isSame = isSameTerm(group.term);
        }
      }
      if (slot.lastIndex >= commonIndex && !isSame) {
        log.abort();
        return commonIndex;
      }
      log.add(slot.groups, slot);
    }
    log.finish();
    return "joined";
  } catch (error) {
    log.abort();
    throw error;
  }
}

/** Behind a checkpoint; null if it is damaged, so that an older one has to do. */
async function behind(
  context: StoreContext,
  record: CheckpointRecord,
  logger: Logger,
): Promise<KnownPoint | null> {
  const { store } = context;
  try {
    const { next, revision, entryTerm } = await persistently(context, async () =>
      readCheckpoint(store, { owner: "", key: record.key }),
    );
    return { position: next, revision, entryTerm };
  } catch (error) {
    if (!(error instanceof T4Error) || error.code !== "T4_CORRUPT") {
      throw error;
    }
    logger.error("a checkpoint is damaged: an older one is used", {
      checkpoint: store.url + record.key,
      error,
    });
    return null;
  }
}
