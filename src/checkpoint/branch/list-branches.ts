// The branches of a prefix, from their pins and their own manifests.
import { hexOfId } from "../../lib/hex.js";
import type { LogIndex, Revision } from "../../core/words.js";
import { readLatestManifest } from "../../archive/latest-manifest.js";
import type { ObjectStore } from "../../object/object-store.js";
import { isBranchKey, readPins, type Pin } from "./pin.js";
import { isRemoved } from "./removed.js";

export type BranchState =
  | "ready"
  /** A fork is at work, or was interrupted: `unfork` removes it. */
  | "unfinished"
  /** `unfork` is at work, or was interrupted: call it again. */
  | "removing";

export interface ListedBranch {
  readonly branchId: string;
  readonly url: string;
  /** Relative to the prefix that was listed. */
  readonly path: string;
  /** Where it begins. */
  readonly index: LogIndex;
  readonly revision: Revision;
  readonly createdMs: number;
  readonly state: BranchState;
}

/** In the order of their names. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function listBranches(store: ObjectStore): Promise<ListedBranch[]> {
  const branches: ListedBranch[] = [];
  for (const { key, pin } of await readPins(store)) {
    if (isBranchKey(key)) {
      const { branchId, target, index, revision, createdMs } = pin;
      const { url } = store.at(target);
      const state = await stateOf(store.at(target), pin);
      branches.push({ branchId, url, path: target, index, revision, createdMs, state });
    }
  }
  return branches;
}

/** What has become of the fork that made a pin. */
export async function stateOf(target: ObjectStore, pin: Pin): Promise<BranchState> {
  const read = await readLatestManifest(target);
  // A fork's pins carry its branch's cluster id; another's manifest there is none of this fork.
  if (read === null || hexOfId(read.manifest.clusterId) !== pin.writeId) {
    return "unfinished";
  }
  return isRemoved(read.manifest) ? "removing" : "ready";
}
