// The first start from a restore point: an empty data directory becomes a database of its own, with the state that the point
// names, before anything is asked of the prefix that it will use. From there on it is a directory that has data and meets an
// empty prefix, as after `t4 restore to`.
// Must never: rewind a database that is there.
import { T4Error } from "../../core/errors.js";
import { hexOfId } from "../../lib/hex.js";
import { readLatestManifest } from "../../archive/latest-manifest.js";
import { persistently } from "../../archive/store-context.js";
import { openPinned, pinnedTarget } from "../../checkpoint/pinned/pinned-store.js";
import { restoreInto } from "../../checkpoint/restore/restore.js";
import { isFreshlyRestored } from "../../checkpoint/restore/restoring-directory.js";
import type { Runtime } from "../../runtime/runtime.js";
import { claimDirectory, type TakenDirectory } from "../directory/data-directory.js";
import { makeIdentity } from "../directory/identity.js";
import type { ArchiveConfig, PinnedSource } from "./archive-config.js";

/**
 * The directory as the start goes on with it. Throws T4_INVALID_ARGUMENT if the prefix holds the point's own database,
 * T4_DATA_DIR_UNUSABLE if the directory holds a database and the prefix none, and what a restore throws.
 */
export async function beginAtPoint(
  taken: TakenDirectory,
  nodeId: string | null,
  archive: ArchiveConfig & { readonly pinned: PinnedSource },
  runtime: Runtime,
): Promise<TakenDirectory> {
  const { store, pinned } = archive;
  const { clock, random, disk, logger } = runtime;
  const signal = archive.signal ?? new AbortController().signal;
  const context = { clock, random, store, signal };
  const read = await persistently(context, async () => readLatestManifest(store));
  if (read !== null) {
    assertOther(archive, read.manifest.clusterId);
    logger.info("the prefix holds a database already: the restore point is not asked again", {
      objectStore: store.url,
    });
    return taken;
  }
  if (taken.identity !== null) {
    // An earlier first start may have come so far, and no further.
    if (!isFreshlyRestored(taken.path, disk)) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `${taken.path} holds a database already, and ${store.url} none: a restore point needs an empty or new directory`,
      );
    }
    return taken;
  }
  const identity = makeIdentity(random, nodeId);
  const restored = await persistently(context, async () =>
    restoreInto({
      store: openPinned(pinned.store, pinned.point),
      target: pinnedTarget(pinned.point),
      directory: taken.path,
      disk,
      logger,
      ...(archive.progress === undefined ? {} : { progress: archive.progress }),
      complete: () => {
        claimDirectory(taken, identity, disk);
      },
    }),
  );
  logger.info("restored from a restore point, as a database of its own", {
    source: pinned.store.url,
    objectStore: store.url,
    index: restored.index,
    revision: restored.revision,
  });
  return { ...taken, identity };
}

function assertOther(
  { store, pinned }: { store: ArchiveConfig["store"]; pinned: PinnedSource },
  clusterId: bigint,
): void {
  if (clusterId === pinned.point.clusterId) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `${store.url} holds the database of the restore point (cluster ${hexOfId(clusterId)}), and a restore never rewinds one: ` +
        "name a new prefix, or restore into a data directory without an object store (t4 restore to --restore-point)",
    );
  }
}
