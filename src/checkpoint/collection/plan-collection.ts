// What one run of collection does: a pure function of what it has read.
// Two phases, each a part of every run. What nothing needs is condemned: from then on nobody names it. What has been condemned
// for the grace, and still is not needed, is deleted. A key stays condemned for a second grace after that: a call to delete it
// that was delayed somewhere must not meet a new object of the same name.
// Slots are condemned together: a condemned key below `wal/` stands for every slot before it. Seals are never collected.
import {
  addressOfKey,
  compareAddresses,
  slotKey,
  WAL_PREFIX,
  type SlotAddress,
} from "../../archive/chain.js";
import {
  LATEST_MANIFEST_KEY,
  type CheckpointRecord,
  type CondemnedObject,
  type LatestManifest,
} from "../../archive/latest-manifest.js";
import { SLOT_OVERHEAD_BYTES } from "../../archive/slot.js";
import type { ObjectInfo } from "../../object/object-store.js";
import type { PinnedSlots } from "../branch/pin.js";
import type { Roots } from "./roots.js";

/** The objects of a prefix that collection looks at: only those with names of T4's own. */
export interface Listing {
  /** Below `data/` and `checkpoint/`. */
  readonly objects: readonly ObjectInfo[];
  /** Slots below the floor that the roots allow. */
  readonly slots: readonly ObjectInfo[];
}

export interface CollectionPlan {
  /** Checkpoints that are kept no longer. */
  readonly dropped: readonly CheckpointRecord[];
  readonly retained: readonly CheckpointRecord[];
  readonly floor: SlotAddress;
  /** Condemned in this run. */
  readonly condemn: readonly ObjectInfo[];
  /** Condemned long enough. */
  readonly delete: readonly ObjectInfo[];
  /** Condemned, and needed all the same: by a pin that was faster. */
  readonly revived: readonly string[];
  /** The manifest's list after this run. */
  readonly condemned: readonly CondemnedObject[];
}

export function planCollection(
  manifest: LatestManifest,
  roots: Roots,
  listing: Listing,
  graceMs: number,
  nowMs: number,
): CollectionPlan {
  const retainedKeys = new Set(roots.retained.map(({ key }) => key));
  const objects = planObjects(manifest, roots.live, listing.objects, graceMs, nowMs);
  const slots = planSlots(manifest, roots, listing.slots, graceMs, nowMs);
  return {
    dropped: manifest.checkpoints.filter(({ key }) => !retainedKeys.has(key)),
    retained: roots.retained,
    floor: roots.floor,
    condemn: [...objects.condemn, ...slots.condemn],
    delete: [...objects.delete, ...slots.delete],
    revived: objects.revived,
    condemned: [...objects.condemned, ...slots.condemned],
  };
}

/** Whether a run that does this changes anything in the manifest. */
export function changesManifest(manifest: LatestManifest, plan: CollectionPlan): boolean {
  return (
    plan.dropped.length > 0 ||
    compareAddresses(plan.floor, manifest.floor) !== 0 ||
    JSON.stringify(plan.condemned) !== JSON.stringify(manifest.condemned)
  );
}

type PhasePlan = Pick<CollectionPlan, "condemn" | "delete" | "condemned">;

/** A clock that was set back since must not make anything wait for ever. */
function sinceOf({ sinceMs }: CondemnedObject, nowMs: number): number {
  return Math.min(sinceMs, nowMs);
}

function planObjects(
  manifest: LatestManifest,
  live: ReadonlySet<string>,
  listed: readonly ObjectInfo[],
  graceMs: number,
  nowMs: number,
): PhasePlan & { readonly revived: readonly string[] } {
  const there = new Map(listed.map((info) => [info.key, info]));
  const condemned: CondemnedObject[] = [];
  const remove: ObjectInfo[] = [];
  const revived: string[] = [];
  const known = new Set<string>();
  for (const entry of manifest.condemned) {
    const { key } = entry;
    if (key.startsWith(WAL_PREFIX) || key === LATEST_MANIFEST_KEY) {
      continue;
    }
    known.add(key);
    if (live.has(key)) {
      revived.push(key);
      continue;
    }
    const sinceMs = sinceOf(entry, nowMs);
    const info = there.get(key);
    if (info !== undefined && sinceMs + graceMs <= nowMs) {
      remove.push(info);
    }
    if (nowMs < sinceMs + 2 * graceMs) {
      condemned.push({ key, sinceMs });
    }
  }
  const condemn = listed.filter(({ key }) => !live.has(key) && !known.has(key));
  condemned.push(...condemn.map(({ key }) => ({ key, sinceMs: nowMs })));
  return { condemn, delete: remove, revived, condemned };
}

function planSlots(
  manifest: LatestManifest,
  roots: Roots,
  listed: readonly ObjectInfo[],
  graceMs: number,
  nowMs: number,
): PhasePlan {
  const floorKey = slotKey(roots.floor);
  const needless = listed.filter(
    ({ key, bytes }) =>
      key < floorKey && bytes !== SLOT_OVERHEAD_BYTES && !isPinned(key, roots.pinned),
  );
  const entries = manifest.condemned
    .filter(({ key }) => key.startsWith(WAL_PREFIX))
    .map((entry) => ({ key: entry.key, sinceMs: sinceOf(entry, nowMs) }));
  const isRipe = ({ sinceMs }: CondemnedObject): boolean => sinceMs + graceMs <= nowMs;
  const ripe = entries.filter(isRipe);
  const condemned = entries.filter((entry) => !isRipe(entry));
  const remove = needless.filter(({ key }) => ripe.some((entry) => key < entry.key));
  const condemn = needless.filter(
    ({ key }) => ![...ripe, ...condemned].some((entry) => key < entry.key),
  );
  if (condemn.length > 0) {
    condemned.push({ key: floorKey, sinceMs: nowMs });
  }
  return { condemn, delete: remove, condemned };
}

function isPinned(key: string, pinned: readonly PinnedSlots[]): boolean {
  const address = addressOfKey(key);
  return (
    address === null ||
    pinned.some(
      ({ from, throughIndex }) =>
        compareAddresses(address, from) >= 0 && address.firstIndex <= throughIndex,
    )
  );
}
