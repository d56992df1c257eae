// The first start as a branch: a prefix that is empty becomes a database of its own, whose history begins in another's, before
// anything else is asked of it. Every later start finds it there, and where it began is not asked again.
// Must never: rewind a database that is there.
import { T4Error } from "../../core/errors.js";
import { readLatestManifest, type ReadManifest } from "../../archive/latest-manifest.js";
import { persistently, type StoreContext } from "../../archive/store-context.js";
import { fork } from "../../checkpoint/branch/fork.js";
import { assertNotRemoved, wasNeverMade } from "../../checkpoint/branch/removed.js";
import { pathBetween } from "../../checkpoint/prefix-path.js";
import { describeTarget } from "../../checkpoint/restore/history.js";
import type { Logger } from "../../runtime/logger.js";
import type { ArchiveConfig } from "./archive-config.js";

/**
 * What the prefix holds when the start goes on with it; null if it is empty. Throws T4_BRANCH_REMOVED, T4_INVALID_ARGUMENT if
 * another point than the newest is asked of a database of its own or of none, and what `fork` throws.
 */
export async function readOrFork(
  context: StoreContext,
  archive: Pick<ArchiveConfig, "store" | "branch" | "target">,
  logger: Logger,
): Promise<ReadManifest | null> {
  const { store, branch, target } = archive;
  const read = await persistently(context, async () => readLatestManifest(store));
  // The mark of a fork that never became one stands in nobody's way.
  const isFree = read === null || (branch !== null && wasNeverMade(read.manifest));
  if (!isFree) {
    assertNotRemoved(read.manifest, store.url);
  }
  if (target.kind === "newest" && branch === null) {
    return read;
  }
  if (!isFree) {
    if (read.manifest.base === null) {
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `${store.url} holds a database of its own, and a restore never rewinds one: restore ${describeTarget(target)} ` +
          "into a new prefix (a branch of this one), or into a data directory without an object store (t4 restore to)",
      );
    }
    logger.info("the prefix holds a database already: where it began is not asked again", {
      objectStore: store.url,
      asked: describeTarget(target),
    });
    return read;
  }
  if (branch === null) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `${store.url} is empty, so there is no ${describeTarget(target)} to restore: name the database that has it as the branch's source`,
    );
  }
  await fork({
    context: { ...context, store: branch.source },
    branchId: branch.id,
    target,
    path: pathBetween(branch.source.url, store.url),
    logger,
  });
  return persistently(context, async () => readLatestManifest(store));
}
