// What a prefix holds, at a glance: from its manifest, its lists, and the last slot. Reads no file.
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { addressOfKey, slotKey, WAL_PREFIX, type SlotAddress } from "../../archive/chain.js";
import {
  mustReadLatestManifest,
  type CheckpointRecord,
  type CondemnedObject,
} from "../../archive/latest-manifest.js";
import { SLOT_OVERHEAD_BYTES } from "../../archive/slot.js";
import type { ObjectStore } from "../../object/object-store.js";
import { listBranches, type ListedBranch } from "../branch/list-branches.js";
import { isRemoved } from "../branch/removed.js";
import { CHECKPOINT_PREFIX, DATA_PREFIX, isCheckpointKey, isDataKey } from "../checkpoint.js";

/** How many objects, and their bytes. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface PrefixStatus {
  readonly url: string;
  readonly clusterId: bigint;
  /** Of the newest leader that has written the manifest. */
  readonly term: Term;
  readonly isRemoved: boolean;
  /** Where it was forked; null for a database of its own. */
  readonly base: { readonly index: LogIndex; readonly revision: Revision } | null;
  readonly checkpoints: readonly CheckpointRecord[];
  readonly floor: SlotAddress;
  readonly log: {
    /** Null: there is none. */
    readonly firstSlot: SlotAddress | null;
    readonly lastSlot: SlotAddress | null;
    /** Of the last slot. */
    readonly lastIndex: LogIndex | null;
    /** From the first to the last slot. */
    readonly entries: number;
    readonly seals: number;
  };
  readonly branches: readonly ListedBranch[];
  readonly slots: Amount;
  readonly files: Amount;
  readonly checkpointObjects: Amount;
  readonly condemned: readonly CondemnedObject[];
}

/** Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function statusOf(store: ObjectStore): Promise<PrefixStatus> {
  const { manifest } = await mustReadLatestManifest(store);
  const { clusterId, term, base, checkpoints, floor, condemned } = manifest;
  const walk = await walkSlots(store, floor);
  const lastIndex = walk.last === null ? null : await lastIndexOf(store, walk.last);
  return {
    url: store.url,
    clusterId,
    term,
    isRemoved: isRemoved(manifest),
    base: base === null ? null : { index: base.index, revision: base.revision },
    checkpoints,
    floor,
    log: {
      firstSlot: walk.first,
      lastSlot: walk.last,
      lastIndex,
      entries:
        lastIndex === null || walk.first === null ? 0 : lastIndex - walk.first.firstIndex + 1,
      seals: walk.seals,
    },
    branches: await listBranches(store),
    slots: walk.amount,
    files: await measure(store, DATA_PREFIX, isDataKey),
    checkpointObjects: await measure(store, CHECKPOINT_PREFIX, isCheckpointKey),
    condemned,
  };
}

/** Null if the slot has been collected since. Format: a u64 at 32, as in archive/slot.ts. */
async function lastIndexOf(store: ObjectStore, slot: SlotAddress): Promise<LogIndex | null> {
  const bytes = await store.getRange(slotKey(slot), { offset: 32, length: 8 });
  return bytes === null
    ? null
    : (Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)) as LogIndex);
}

async function measure(
  store: ObjectStore,
  prefix: string,
  isOurs: (key: string) => boolean,
): Promise<Amount> {
  let objects = 0;
  let total = 0;
  for await (const { key, bytes } of store.list(prefix)) {
    if (isOurs(key)) {
      objects += 1;
      total += bytes;
    }
  }
  return { objects, bytes: total };
}

async function walkSlots(
  store: ObjectStore,
  floor: SlotAddress,
): Promise<{ first: SlotAddress | null; last: SlotAddress | null; seals: number; amount: Amount }> {
  const floorKey = slotKey(floor);
  let first: SlotAddress | null = null;
  let last: SlotAddress | null = null;
  let seals = 0;
  let objects = 0;
  let total = 0;
  for await (const { key, bytes } of store.list(WAL_PREFIX)) {
    const address = addressOfKey(key);
    if (address === null) {
      continue;
    }
    objects += 1;
    total += bytes;
    if (bytes === SLOT_OVERHEAD_BYTES) {
      seals += 1;
    } else if (key >= floorKey) {
      first ??= address;
      last = address;
    }
  }
  return { first, last, seals, amount: { objects, bytes: total } };
}
