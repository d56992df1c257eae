// The mark of a branch that was removed: its manifest/latest condemns itself. The object stays for ever (some 300 bytes), so
// that whoever still works there meets it: a fork that was slow finds its place taken, a node its manifest swapped.
import { T4Error } from "../../core/errors.js";
import type { Term } from "../../core/words.js";
import { NO_HASH } from "../../archive/chain.js";
import { LATEST_MANIFEST_KEY, type LatestManifest } from "../../archive/latest-manifest.js";

export function isRemoved(manifest: LatestManifest): boolean {
  return manifest.condemned.some(({ key }) => key === LATEST_MANIFEST_KEY);
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
 * The manifest with the mark. Its term is above all that ever wrote there: whoever leads the branch finds himself fenced,
 * and slots he may still win are of a term that the next branch in this place does not read.
 */
export function markRemoved(manifest: LatestManifest, writeId: string, nowMs: number): LatestManifest {
  return {
    ...manifest,
    term: (manifest.term + 1) as Term,
    writeId,
    condemned: [...manifest.condemned, { key: LATEST_MANIFEST_KEY, sinceMs: nowMs }],
  };
}

/** The mark where no branch ever came to be: it takes the place before a fork that was interrupted can. */
export function removedBeforeMade(clusterId: bigint, writeId: string, nowMs: number): LatestManifest {
  const term = 0 as Term;
  return {
    clusterId,
    term,
    writeId,
    chain: { term, firstIndex: 0 as LatestManifest["chain"]["firstIndex"], previousHash: NO_HASH },
    base: null,
    floor: { term, firstIndex: 0 as LatestManifest["floor"]["firstIndex"] },
    checkpoints: [],
    condemned: [{ key: LATEST_MANIFEST_KEY, sinceMs: nowMs }],
  };
}

export function withoutMark(manifest: LatestManifest, writeId: string): LatestManifest {
  return {
    ...manifest,
    writeId,
    condemned: manifest.condemned.filter(({ key }) => key !== LATEST_MANIFEST_KEY),
  };
}
