// `t4 restore`: what can be restored, and a data directory made from it that needs no object store.
import { resolve } from "node:path";
import { openPinned, pinnedTarget } from "../../checkpoint/pinned/pinned-store.js";
import { describeTarget, type HistoryTarget } from "../../checkpoint/restore/history.js";
import type { RestoreProgress, Restored } from "../../checkpoint/restore/restore.js";
import { restorableWindow, type RestorablePoint } from "../../checkpoint/restore/window.js";
import type { ObjectStore } from "../../object/object-store.js";
import { restoreDirectory } from "../../node/offline/restored-directory.js";
import { CommandError, EXIT_OK, EXIT_USAGE } from "../exit.js";
import {
  print,
  printJson,
  printTable,
  Progress,
  shellWord,
  shownBytes,
  shownTime,
} from "./output.js";
import { pointOf, type PointFlags } from "./point.js";
import { readRestorePoint } from "./restore-point.js";
import { readDatabase, withReadStore, type StoreCommandFlags } from "./session.js";

export interface RestoreFlags extends StoreCommandFlags {
  readonly dataDir: string;
  readonly nodeId?: string;
  readonly bumpRevision?: number;
  readonly markCompacted?: boolean;
}

export type RestoreToFlags = RestoreFlags & PointFlags & { readonly restorePoint?: string };

export async function restoreList(flags: StoreCommandFlags): Promise<number> {
  return withReadStore(flags, async ({ store }) => {
    const { manifest } = await readDatabase(store);
    const window = await restorableWindow(store, manifest);
    if (flags.json === true) {
      manifest.checkpoints.forEach(({ key, term, index, revision, wallMs, bytes }) => {
        printJson({
          kind: "checkpoint",
          key,
          term,
          index,
          revision,
          time: shownTime(wallMs),
          bytes,
        });
      });
      printJson({
        kind: "window",
        oldest: jsonPoint(window.oldest),
        newest: jsonPoint(window.newest),
      });
      return EXIT_OK;
    }
    if (manifest.checkpoints.length === 0) {
      print("no checkpoint yet");
    } else {
      printTable(
        ["checkpoint", "revision", "time", "size"],
        manifest.checkpoints.map(({ key, revision, wallMs, bytes }) => [
          key,
          String(revision),
          shownTime(wallMs),
          shownBytes(bytes),
        ]),
      );
    }
    const { oldest, newest } = window;
    print(
      oldest === null || newest === null
        ? "nothing can be restored yet"
        : `any revision from ${shownPoint(oldest)} to ${shownPoint(newest)} can be restored`,
    );
    return EXIT_OK;
  });
}

function jsonPoint(point: RestorablePoint | null): Record<string, unknown> | null {
  return point === null
    ? null
    : {
        revision: point.revision,
        index: point.index,
        time: point.wallMs === null ? null : shownTime(point.wallMs),
      };
}

function shownPoint({ revision, wallMs }: RestorablePoint): string {
  return wallMs === null
    ? `${String(revision)} (the beginning)`
    : `${String(revision)} (${shownTime(wallMs)})`;
}

export async function restoreCheckpoint(key: string, flags: RestoreFlags): Promise<number> {
  return restore({ kind: "checkpoint", key }, flags);
}

export async function restoreTo(flags: RestoreToFlags): Promise<number> {
  const target = pointOf(flags);
  if (flags.restorePoint !== undefined) {
    if (target !== null) {
      throw new CommandError(
        "a restore point is one state: leave --revision, --time and --checkpoint out",
        EXIT_USAGE,
      );
    }
    return restorePinned(flags.restorePoint, flags);
  }
  if (target === null) {
    throw new CommandError(
      "say what to restore: --revision, --time or --checkpoint (t4 restore list shows what there is), or --restore-point",
      EXIT_USAGE,
    );
  }
  return restore(target, flags);
}

/** From where the point was made, unless the flags name a copy that has the same versions. */
async function restorePinned(file: string, flags: RestoreFlags): Promise<number> {
  const point = readRestorePoint(file);
  const isNamed = flags.objectStore !== undefined || flags.s3Bucket !== undefined;
  const from = isNamed ? flags : { ...flags, objectStore: point.url };
  return restore(pinnedTarget(point), from, (store) => openPinned(store, point));
}

async function restore(
  target: HistoryTarget,
  flags: RestoreFlags,
  view: ((store: ObjectStore) => ObjectStore) | null = null,
): Promise<number> {
  const raiseRevisionBy = bumpOf(flags);
  const path = resolve(flags.dataDir);
  return withReadStore(flags, async ({ store: opened, runtime, signal }) => {
    if (view === null) {
      await readDatabase(opened);
    }
    const progress = new Progress();
    let restored: Restored;
    try {
      restored = await restoreDirectory({
        store: view === null ? opened : view(opened),
        target,
        runtime,
        directory: path,
        nodeId: flags.nodeId ?? null,
        raiseRevisionBy,
        signal,
        progress: (told) => {
          progress.show(() => shownProgress(told));
        },
      });
    } finally {
      progress.end();
    }
    const { revision, index, wallMs, checkpoint, skipped } = restored;
    const command = `t4 run --data-dir ${shellWord(path)}`;
    if (flags.json === true) {
      printJson({
        dataDir: path,
        revision,
        index,
        time: shownTime(wallMs),
        checkpoint,
        raiseRevisionBy,
        skipped,
        run: command,
      });
      return EXIT_OK;
    }
    print(
      `restored ${describeTarget(target)} into ${path}: revision ${String(revision)}` +
        (index === 0 ? "" : ` of ${shownTime(wallMs)}`),
    );
    for (const { key, reason } of skipped) {
      print(`done without ${key}: ${reason}`);
    }
    if (raiseRevisionBy > 0) {
      print(
        `its first start raises the revision by ${String(raiseRevisionBy)} and compacts all before it`,
      );
    }
    print("It is a database of its own, without an object store. Next:");
    print(`  ${command}`);
    return EXIT_OK;
  });
}

/** As etcd has it: a revision that is raised says that what was before is compacted, and only then. */
function bumpOf({ bumpRevision = 0, markCompacted = false }: RestoreFlags): number {
  if (bumpRevision > 0 !== markCompacted) {
    throw new CommandError(
      "--bump-revision and --mark-compacted go together: watchers must learn that the revisions between do not exist",
      EXIT_USAGE,
    );
  }
  return bumpRevision;
}

function shownProgress(told: RestoreProgress): string {
  const { files, filesTotal, bytes, bytesTotal, slots, entries } = told;
  return (
    `restoring: ${String(files)} of ${String(filesTotal)} files, ${shownBytes(bytes)} of ${shownBytes(bytesTotal)}; ` +
    `${String(entries)} entries of ${String(slots)} slots`
  );
}
