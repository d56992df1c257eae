// What must not be collected: the checkpoints that are kept with all they name, and what branches have pinned.
// Must never: leave out what it could not read. Every error is thrown, and ends the run.
import { assert } from "../../lib/assert.js";
import { compareAddresses, type SlotAddress } from "../../archive/chain.js";
import type { CheckpointRecord, LatestManifest } from "../../archive/latest-manifest.js";
import type { ObjectStore } from "../../object/object-store.js";
import type { PinnedSlots, ReadPin } from "../branch/pin.js";
import type { Checkpoint } from "../checkpoint.js";
import { forEachParallel } from "../../lib/permits.js";
import { readCheckpoint } from "../restore/history.js";

/** Checkpoints read at the same time. */
const READS_MAX = 8;

export interface Retention {
  /** Newest checkpoints that are kept whatever their age; at least 1. */
  readonly keep: number;
  /** Every point of this time before now can be restored. */
  readonly restoreWindowMs: number;
}

export interface Roots {
  /** Oldest first: the newest of the manifest's. */
  readonly retained: readonly CheckpointRecord[];
  /** Keys of this prefix below `data/` and `checkpoint/`. */
  readonly live: ReadonlySet<string>;
  readonly pinned: readonly PinnedSlots[];
  /** As high as it may be; not below the manifest's. */
  readonly floor: SlotAddress;
}

/** The checkpoints that are kept, and whether the oldest of them reaches back to the start of the window. */
export function retainedCheckpoints(
  checkpoints: readonly CheckpointRecord[],
  { keep, restoreWindowMs }: Retention,
  nowMs: number,
): { readonly retained: readonly CheckpointRecord[]; readonly reachesWindow: boolean } {
  assert(keep >= 1, "the newest checkpoint is kept");
  const atStart = checkpoints.findLastIndex(({ wallMs }) => wallMs <= nowMs - restoreWindowMs);
  const first = Math.max(0, Math.min(checkpoints.length - keep, atStart));
  return { retained: checkpoints.slice(first), reachesWindow: atStart >= 0 };
}

/** Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function readRoots(
  store: ObjectStore,
  manifest: LatestManifest,
  pins: readonly ReadPin[],
  retention: Retention,
  nowMs: number,
): Promise<Roots> {
  const { retained, reachesWindow } = retainedCheckpoints(manifest.checkpoints, retention, nowMs);
  const live = new Set<string>();
  const nexts = new Map<string, SlotAddress>();
  const take = (key: string, { files, next }: Checkpoint): void => {
    live.add(key);
    nexts.set(key, next);
    for (const file of files) {
      if (file.owner === "") {
        live.add(file.key);
      }
    }
  };
  await forEachParallel(retained, READS_MAX, async ({ key }) => {
    take(key, await readCheckpoint(store, { owner: "", key }));
  });
  const pinned: PinnedSlots[] = [];
  for (const { pin } of pins) {
    for (const key of pin.checkpoint === null ? pin.files : [pin.checkpoint, ...pin.files]) {
      live.add(key);
    }
    pinned.push(...pin.slots);
  }
  const oldest = retained[0];
  const behindOldest = oldest === undefined ? undefined : nexts.get(oldest.key);
  // Before the window is full, everything since the beginning is a point of it.
  const wanted = reachesWindow && behindOldest !== undefined ? behindOldest : manifest.floor;
  const lowest = [wanted, ...pinned.map(({ from }) => from)].reduce(lower);
  return { retained, live, pinned, floor: higher(lowest, manifest.floor) };
}

function lower(left: SlotAddress, right: SlotAddress): SlotAddress {
  return compareAddresses(left, right) <= 0 ? left : right;
}

function higher({ term, firstIndex }: SlotAddress, right: SlotAddress): SlotAddress {
  return compareAddresses({ term, firstIndex }, right) >= 0 ? { term, firstIndex } : right;
}
