// The object store of `t4 run`: opened with what the flags say, and told about while it restores. Loaded only where one is named.
import {
  openArchive,
  type ArchiveSettings,
  type OpenedArchive,
} from "../../node/archive/archive-settings.js";
import type { RestoreProgress } from "../../checkpoint/restore/restore.js";
import { shownAddress } from "../../lib/address.js";
import type { Logger } from "../../runtime/logger.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { RunFlags } from "../flags/flags.js";
import { openStoreAt } from "../object-store.js";

/** How often a restore says how far it is. */
const PROGRESS_MS = 1_000;

export async function openRunArchive(
  flags: RunFlags,
  settings: ArchiveSettings,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<OpenedArchive> {
  const { logger, clock } = runtime;
  const told = {
    ...settings,
    signal,
    onRestoreProgress: restoreReporter(logger, () => clock.monotonicMs()),
  };
  const address = flags.advertiseClientUrls?.[0] ?? listenedAt(flags);
  const archive = await openArchive(told, address, runtime, async (url, world) =>
    openStoreAt(url, flags, world),
  );
  const { store, syncUpload, putsPerSecondMax } = archive.config;
  if (syncUpload) {
    logger.info("a write is acknowledged when the object store has it", {
      objectStore: store.url,
      putsPerSecondMax: putsPerSecondMax ?? 0,
    });
  } else {
    logger.warn(
      "a write is acknowledged when the local disk has it: a lost disk loses the last ones",
      {
        objectStore: store.url,
        uploadedEverySeconds: flags.segmentMaxAgeSec,
      },
    );
  }
  return archive;
}

/** For the lock: what `t4 gc` calls, and people read. */
function listenedAt({ listen, clientTlsCert }: RunFlags): string {
  const scheme = clientTlsCert === undefined ? "" : "https://";
  return `${scheme}${shownAddress(listen.host, listen.port)}`;
}

function restoreReporter(logger: Logger, nowMs: () => number): (progress: RestoreProgress) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    if (nowMs() - lastMs >= PROGRESS_MS) {
      lastMs = nowMs();
      const { files, filesTotal, bytes, bytesTotal, slots, entries } = progress;
      logger.info("restoring", { files, filesTotal, bytes, bytesTotal, slots, entries });
    }
  };
}
