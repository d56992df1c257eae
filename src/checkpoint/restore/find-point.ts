// Finds a point of a prefix's history without restoring it: which checkpoint and which parts of chains make it, and where it
// is. Slots are read to find its end; files are not.
import { T4Error } from "../../core/errors.js";
import { mustReadLatestManifest, type LatestManifest } from "../../archive/latest-manifest.js";
import type { ObjectStore } from "../../object/object-store.js";
import { assertNotRemoved } from "../branch/removed.js";
import type { Checkpoint } from "../checkpoint.js";
import { walkChains, walkStart, type WalkEnd } from "./chain-walk.js";
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

export interface HistoryPoint {
  readonly manifest: LatestManifest;
  readonly start: HistoryStart;
  readonly checkpoint: Checkpoint | null;
  readonly end: WalkEnd;
}

/** Throws T4_NOT_RETAINED, T4_FUTURE_REVISION, T4_BRANCH_REMOVED, T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function findPoint(store: ObjectStore, target: HistoryTarget): Promise<HistoryPoint> {
  const { manifest } = await mustReadLatestManifest(store);
  assertNotRemoved(manifest, store.url);
  const problems: string[] = [];
  for (const start of startsFor(manifest, target, store.url)) {
    const checkpoint = await readOr(problems, store, start);
    if (checkpoint === "damaged") {
      continue;
    }
    if (
      checkpoint !== null &&
      !isWithin(target, { ...checkpoint, key: start.checkpoint?.key ?? "" })
    ) {
      throw notRetained(target, store.url, "the branch was forked from a later state");
    }
    const legs = legsOf(start, checkpoint);
    const from = walkStart(checkpoint, start);
    const end = await walkChains(store, manifest.clusterId, legs, from, target, () => {});
    return { manifest, start, checkpoint, end };
  }
  throw new T4Error(
    "T4_CORRUPT",
    `nothing in ${store.url} that leads to ${describeTarget(target)} is intact: ${problems.join("; ")}`,
  );
}

async function readOr(
  problems: string[],
  store: ObjectStore,
  { checkpoint }: HistoryStart,
): Promise<Checkpoint | null | "damaged"> {
  try {
    return checkpoint === null ? null : await readCheckpoint(store, checkpoint);
  } catch (error) {
    if (!(error instanceof T4Error) || error.code !== "T4_CORRUPT") {
      throw error;
    }
    problems.push(error.message);
    return "damaged";
  }
}
