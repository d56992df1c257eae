// `t4 restore point`: a document that names the versions of all that one state of a database needs; and reading such a document.
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { makePinnedPoint } from "../../checkpoint/pinned/make-pinned-point.js";
import {
  decodePinnedPoint,
  encodePinnedPoint,
  type PinnedPoint,
} from "../../checkpoint/pinned/pinned-point.js";
import { CommandError, EXIT_FAILED, EXIT_OK } from "../exit.js";
import { restorePointFile } from "../object-store.js";
import { print, printJson, shellWord, shownBytes, shownTime } from "./output.js";
import { pointOf, type PointFlags } from "./point.js";
import { readDatabase, withStore, type StoreCommandFlags } from "./session.js";

export interface RestorePointFlags extends StoreCommandFlags, PointFlags {
  readonly out?: string;
}

export async function restorePoint(flags: RestorePointFlags): Promise<number> {
  const target = pointOf(flags) ?? { kind: "newest" };
  const path = flags.out === undefined ? null : resolve(flags.out);
  // It may be the only way back to what it names.
  if (path !== null && existsSync(path)) {
    throw new CommandError(`${path} exists: name a new file with --out`, EXIT_FAILED);
  }
  return withStore(flags, async ({ store, context }) => {
    await readDatabase(store);
    const point = await makePinnedPoint(context, target);
    const document = encodePinnedPoint(point);
    if (path === null) {
      process.stdout.write(document);
      return EXIT_OK;
    }
    writeNew(path, document);
    if (flags.json === true) {
      printJson(factsOf(path, point));
    } else {
      tell(path, point);
    }
    return EXIT_OK;
  });
}

/** On the device when it returns. One that is cut short, by a crash or a full disk, is told by its seal. */
function writeNew(path: string, document: Uint8Array): void {
  try {
    writeFileSync(path, document, { flag: "wx", flush: true });
  } catch (error) {
    throw new CommandError(
      `the restore point was not written: ${(error as Error).message}`,
      EXIT_FAILED,
    );
  }
}

function factsOf(path: string, point: PinnedPoint): Record<string, unknown> {
  const { url, revision, index, wallMs, objects } = point;
  return {
    file: path,
    url,
    revision,
    index,
    time: index === 0 ? null : shownTime(wallMs),
    objects: objects.length,
    bytes: bytesOf(point),
  };
}

function bytesOf({ objects }: PinnedPoint): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 0);
}

function tell(path: string, point: PinnedPoint): void {
  const { url, revision, index, wallMs, objects } = point;
  print(
    `restore point of ${url} at revision ${String(revision)}` +
      `${index === 0 ? "" : ` of ${shownTime(wallMs)}`}: ${path}`,
  );
  print(
    `It names ${String(objects.length)} objects of ${shownBytes(bytesOf(point))}, and holds as long as the bucket keeps their versions.`,
  );
  print("Restore it with:");
  print(`  t4 restore to --restore-point ${shellWord(path)} --data-dir ./restored`);
}

/** Throws a CommandError if there is no such file, T4_INVALID_ARGUMENT if it is none, T4_CORRUPT, T4_FORMAT_TOO_NEW. */
export function readRestorePoint(path: string): PinnedPoint {
  return decodePinnedPoint(restorePointFile(path), path);
}
