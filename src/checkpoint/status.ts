// What lies under a prefix, for people: its lock, its branches and how much there is of everything. Changes nothing.
import { LEADER_LOCK_KEY, decodeLockRecord, type LockRecord } from "../election/lock-record.js";
import type { LatestManifest } from "../archive/latest-manifest.js";
import type { ObjectStore } from "../object/object-store.js";
import { listBranches, type ListedBranch } from "./branch/list-branches.js";
import { CHECKPOINT_PREFIX, DATA_PREFIX, isCheckpointKey, isDataKey } from "./checkpoint.js";
import { restorableWindow, type Amount, type RestorableWindow } from "./restore/window.js";

export interface PrefixStatus {
  readonly window: RestorableWindow;
  readonly lock: LockRecord | null;
  readonly branches: readonly ListedBranch[];
  readonly files: Amount;
  /** With those that are condemned. */
  readonly checkpointObjects: Amount;
}

/** Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function statusOf(
  store: ObjectStore,
  manifest: LatestManifest,
): Promise<PrefixStatus> {
  const lock = await store.get(LEADER_LOCK_KEY);
  return {
    window: await restorableWindow(store, manifest),
    lock: lock === null ? null : decodeLockRecord(lock.body, store.url + LEADER_LOCK_KEY),
    branches: await listBranches(store),
    files: await amountOf(store, DATA_PREFIX, isDataKey),
    checkpointObjects: await amountOf(store, CHECKPOINT_PREFIX, isCheckpointKey),
  };
}

async function amountOf(
  store: ObjectStore,
  prefix: string,
  isOurs: (key: string) => boolean,
): Promise<Amount> {
  let objects = 0;
  let bytes = 0;
  for await (const info of store.list(prefix)) {
    if (isOurs(info.key)) {
      objects += 1;
      bytes += info.bytes;
    }
  }
  return { objects, bytes };
}
