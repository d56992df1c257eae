// How the data in a directory gives way to what an object store holds: it is set aside and kept, and a restore begins with an
// empty directory. What a crash interrupts is finished at the next start. The directory itself stays where it is: it may be
// a mount point.
// Must never: remove data that has an identity.
import { T4Error } from "../../core/errors.js";
import {
  finishRestore,
  forgetRestore,
  RESTORED_NAME,
  RESTORING_NAME,
} from "../../checkpoint/restore/restoring-directory.js";
import { LOCK_NONCES_NAME } from "../../election/lock-nonces.js";
import { utf8Bytes } from "../../lib/bytes.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { readWholeFile, writeWholeFile } from "../../runtime/disk/whole-file.js";
import type { DataPlaces } from "./data-places.js";
import { IDENTITY_NAME } from "./identity.js";

/** There while files are being moved aside; says where to. */
const SETTING_ASIDE = "setting-aside.json";
/** There while keys are copied into the directory from a running server: it is no database yet. */
export const COPYING_NAME = "import.json";
/** How what is in the log was acknowledged. */
const ACKNOWLEDGED = "acknowledged.json";
const ASIDE = /^aside-(\d+)$/;

/** Whether a name in a data directory is one that this file, or the leader lock, gives. */
export function isOurs(name: string): boolean {
  const plain = name.replace(/\.tmp$/, "");
  return (
    [
      RESTORING_NAME,
      SETTING_ASIDE,
      RESTORED_NAME,
      ACKNOWLEDGED,
      COPYING_NAME,
      LOCK_NONCES_NAME,
    ].includes(plain) || ASIDE.test(name)
  );
}

/** Finishes what a crash interrupted. */
export function finishInterrupted(places: DataPlaces, disk: Disk): void {
  const { path } = places;
  if (disk.exists(`${path}/${SETTING_ASIDE}`)) {
    moveAside(places, disk);
  }
  finishRestore(path, disk.exists(`${path}/${IDENTITY_NAME}`), disk);
}

/** Moves identity, log and store into a directory of their own within `places.path`; returns its path. */
export function setAside(places: DataPlaces, disk: Disk): string {
  const { path } = places;
  const taken = disk.list(path).map((name) => Number(ASIDE.exec(name)?.[1] ?? 0));
  const name = `aside-${String(Math.max(0, ...taken) + 1)}`;
  disk.makeDirectory(`${path}/${name}`);
  writeWholeFile(disk, path, SETTING_ASIDE, utf8Bytes(JSON.stringify({ to: name })));
  moveAside(places, disk);
  return `${path}/${name}`;
}

function moveAside(places: DataPlaces, disk: Disk): void {
  const { path, walDirectory, storeDirectory } = places;
  const { to } = JSON.parse(readText(disk, `${path}/${SETTING_ASIDE}`)) as { to: string };
  if (!ASIDE.test(to)) {
    throw new T4Error("T4_CORRUPT", `${path}/${SETTING_ASIDE} does not name a directory`);
  }
  const aside = `${path}/${to}`;
  for (const [from, target] of [
    [walDirectory, `${aside}/wal`],
    [storeDirectory, `${aside}/store`],
  ] as const) {
    if (disk.exists(from)) {
      disk.rename(from, target);
    }
  }
  // Last: until here the directory is the one it was.
  if (disk.exists(`${path}/${IDENTITY_NAME}`)) {
    disk.rename(`${path}/${IDENTITY_NAME}`, `${aside}/${IDENTITY_NAME}`);
    disk.syncDirectory(aside);
  }
  disk.syncDirectory(path);
  forgetRestore(path, disk);
  disk.remove(`${path}/${SETTING_ASIDE}`);
  disk.syncDirectory(path);
}

/** When the entries of the log were acknowledged: archived, or durable here; null if never with an object store. */
export function readAcknowledgeRule(path: string, disk: Disk): "archive" | "local" | null {
  if (!disk.exists(`${path}/${ACKNOWLEDGED}`)) {
    return null;
  }
  const { rule } = JSON.parse(readText(disk, `${path}/${ACKNOWLEDGED}`)) as { rule: string };
  if (rule !== "archive" && rule !== "local") {
    throw new T4Error("T4_CORRUPT", `${path}/${ACKNOWLEDGED} does not hold what was written to it`);
  }
  return rule;
}

/** Durable when this returns: to be called before anything is acknowledged so. */
export function writeAcknowledgeRule(path: string, rule: "archive" | "local", disk: Disk): void {
  if (readAcknowledgeRule(path, disk) !== rule) {
    writeWholeFile(disk, path, ACKNOWLEDGED, utf8Bytes(JSON.stringify({ rule })));
  }
}

function readText(disk: Disk, path: string): string {
  return new TextDecoder().decode(readWholeFile(disk, path));
}
