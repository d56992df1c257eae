// The mark of a branch that was removed: its manifest/latest condemns itself. The object stays for ever (some 500 bytes), so
// that whoever still works there meets it: a fork that was slow finds its place taken, a node its manifest swapped.
// A branch is marked in two steps. First it is closed: nobody forks from it or opens it, and if it has branches it is opened
// again. Then everything in it is condemned, from which there is no way back, and its objects are deleted.
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Term } from "../../core/words.js";
import { NO_HASH, WAL_PREFIX } from "../../archive/chain.js";
import {
  LATEST_MANIFEST_KEY,
  type CondemnedObject,
  type LatestManifest,
} from "../../archive/latest-manifest.js";
import { CHECKPOINT_PREFIX, DATA_PREFIX } from "../checkpoint.js";

/** What a removed branch condemns beside its manifest: all that begins so. */
const EVERYTHING: readonly string[] = [CHECKPOINT_PREFIX, DATA_PREFIX, WAL_PREFIX];

/** Whether the branch is closed, for a moment or for ever. */
export function isRemoved(manifest: LatestManifest): boolean {
  return has(manifest, LATEST_MANIFEST_KEY);
}

/** Whether there is no way back. */
export function isGone(manifest: LatestManifest): boolean {
  return isRemoved(manifest) && EVERYTHING.every((key) => has(manifest, key));
}

function has(manifest: LatestManifest, key: string): boolean {
  return manifest.condemned.some((condemned) => condemned.key === key);
}

/** Throws T4_BRANCH_REMOVED. */
export function assertNotRemoved(manifest: LatestManifest, url: string): void {
  if (isRemoved(manifest)) {
    throw new T4Error(
      "T4_BRANCH_REMOVED",
      `the branch in ${url} was removed with unfork: fork again, or use another place`,
    );
  }
}

/**
 * The first step. The term rises above all that ever wrote there: whoever leads the branch finds himself fenced, and slots
 * that he may still win are of a term that no later branch in this place reads.
 */
export function closed(manifest: LatestManifest, nowMs: number): LatestManifest {
  return {
    ...manifest,
    term: (manifest.term + 1) as Term,
    condemned: [...manifest.condemned, { key: LATEST_MANIFEST_KEY, sinceMs: nowMs }],
  };
}

export function opened(manifest: LatestManifest): LatestManifest {
  const condemned = manifest.condemned.filter(({ key }) => key !== LATEST_MANIFEST_KEY);
  return { ...manifest, condemned };
}

/** The second step. */
export function gone(manifest: LatestManifest, nowMs: number): LatestManifest {
  return { ...manifest, condemned: [...manifest.condemned, ...all(nowMs)] };
}

/** Both steps where no branch came to be: this takes the place before a fork that was interrupted can. */
export function goneBeforeMade(clusterId: bigint, writeId: string, nowMs: number): LatestManifest {
  const place = { term: 0 as Term, firstIndex: 1 as LogIndex };
  return {
    clusterId,
    term: place.term,
    writeId,
    chain: { ...place, previousHash: NO_HASH },
    base: null,
    floor: place,
    checkpoints: [],
    condemned: [{ key: LATEST_MANIFEST_KEY, sinceMs: nowMs }, ...all(nowMs)],
  };
}

/** Whether the mark was put where no branch came to be: there is nothing else to remove. */
export function wasNeverMade(manifest: LatestManifest): boolean {
  return isGone(manifest) && manifest.chain.term === 0;
}

function all(nowMs: number): CondemnedObject[] {
  return EVERYTHING.map((key) => ({ key, sinceMs: nowMs }));
}
