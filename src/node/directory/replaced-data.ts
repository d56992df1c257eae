// How the data in a directory is replaced by what an object store holds: the old is set aside and kept, the new is written
// in place, and the identity, written last and whole, makes it count. Everything a crash interrupts is finished, or begun
// again, at the next start. The directory itself stays where it is: it may be a mount point.
// Must never: remove data that has an identity.
import { T4Error } from "../../core/errors.js";
import type { Disk } from "../../runtime/disk.js";
import type { DataPlaces } from "./data-directory.js";
import { IDENTITY_NAME } from "./identity.js";

/** There while a restore writes into a directory that has no identity yet. */
export const RESTORING = "restoring.json";
/** There while files are being moved aside; says where to. */
const SETTING_ASIDE = "setting-aside.json";
/** There from a restore until something has been written to the log: its index. */
const RESTORED = "restored.json";
/** How what is in the log was acknowledged. */
const ACKNOWLEDGED = "acknowledged.json";
const ASIDE = /^aside-(\d+)$/;

/** Longest small file that is read. */
const SMALL_BYTES_MAX = 64 * 1024;

/** Whether a name in a data directory is one that this file, or the leader lock, gives. */
export function isOurs(name: string): boolean {
  const plain = name.replace(/\.tmp$/, "");
  return (
    [RESTORING, SETTING_ASIDE, RESTORED, ACKNOWLEDGED, "leader-lock.json"].includes(plain) ||
    ASIDE.test(name)
  );
}

/** Finishes what a crash interrupted. */
export function finishInterrupted(places: DataPlaces, disk: Disk): void {
  const { path } = places;
  if (disk.exists(`${path}/${SETTING_ASIDE}`)) {
    moveAside(places, disk);
  }
  if (disk.exists(`${path}/${RESTORING}`)) {
    if (!disk.exists(`${path}/${IDENTITY_NAME}`)) {
      removeFiles(places.walDirectory, disk);
      removeFiles(places.storeDirectory, disk);
    }
    removeSmallFile(disk, path, RESTORING);
  }
}

/** Moves identity, log and store into a directory of their own within `places.path`; returns its path. */
export function setAside(places: DataPlaces, disk: Disk): string {
  const { path } = places;
  const taken = disk.list(path).map((name) => Number(ASIDE.exec(name)?.[1] ?? 0));
  const name = `aside-${String(Math.max(0, ...taken) + 1)}`;
  disk.makeDirectory(`${path}/${name}`);
  writeSmallFile(disk, path, SETTING_ASIDE, JSON.stringify({ to: name }));
  moveAside(places, disk);
  return `${path}/${name}`;
}

function moveAside(places: DataPlaces, disk: Disk): void {
  const { path, walDirectory, storeDirectory } = places;
  const { to } = JSON.parse(readSmallFile(disk, path, SETTING_ASIDE)) as { to: string };
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
  if (disk.exists(`${path}/${RESTORED}`)) {
    disk.remove(`${path}/${RESTORED}`);
  }
  disk.syncDirectory(path);
  removeSmallFile(disk, path, SETTING_ASIDE);
}

/** Marks a directory without identity as one whose log and store are being written. */
export function beginRestore(places: DataPlaces, disk: Disk): void {
  writeSmallFile(disk, places.path, RESTORING, "{}");
  for (const directory of [places.walDirectory, places.storeDirectory]) {
    disk.makeDirectory(directory);
    removeFiles(directory, disk);
  }
}

/** Everything is written and synced: the log may be empty behind `index`. The identity is to be written next. */
export function endRestore(places: DataPlaces, index: number, disk: Disk): void {
  writeSmallFile(disk, places.path, RESTORED, JSON.stringify({ index }));
}

/** Whether the log may have no segments, because its directory was restored and nothing has been written since. */
export function isFreshlyRestored(path: string, disk: Disk): boolean {
  return disk.exists(`${path}/${RESTORED}`);
}

/** When the entries of the log were acknowledged: archived, or durable here; null if never with an object store. */
export function readAcknowledgeRule(path: string, disk: Disk): "archive" | "local" | null {
  if (!disk.exists(`${path}/${ACKNOWLEDGED}`)) {
    return null;
  }
  const { rule } = JSON.parse(readSmallFile(disk, path, ACKNOWLEDGED)) as { rule: string };
  if (rule !== "archive" && rule !== "local") {
    throw new T4Error("T4_CORRUPT", `${path}/${ACKNOWLEDGED} does not hold what was written to it`);
  }
  return rule;
}

/** Durable when this returns: to be called before anything is acknowledged so. */
export function writeAcknowledgeRule(path: string, rule: "archive" | "local", disk: Disk): void {
  if (readAcknowledgeRule(path, disk) !== rule) {
    writeSmallFile(disk, path, ACKNOWLEDGED, JSON.stringify({ rule }));
  }
}

/** Something is durable in the log. */
export function forgetRestore(path: string, disk: Disk): void {
  for (const name of [RESTORING, RESTORED]) {
    if (disk.exists(`${path}/${name}`)) {
      removeSmallFile(disk, path, name);
    }
  }
}

function removeFiles(directory: string, disk: Disk): void {
  if (disk.exists(directory)) {
    for (const name of disk.list(directory)) {
      disk.remove(`${directory}/${name}`);
    }
    disk.syncDirectory(directory);
  }
}

/** Writes a file that is there with its whole content, durably, or as it was before. */
export function writeSmallFile(disk: Disk, directory: string, name: string, text: string): void {
  const path = `${directory}/${name}`;
  const temporary = `${path}.tmp`;
  if (disk.exists(temporary)) {
    disk.remove(temporary);
  }
  const file = disk.open(temporary, { mode: "create" });
  try {
    file.write(new TextEncoder().encode(text), 0);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  disk.syncDirectory(directory);
}

export function readSmallFile(disk: Disk, directory: string, name: string): string {
  const file = disk.open(`${directory}/${name}`, { mode: "read" });
  try {
    const bytes = new Uint8Array(Math.min(file.size(), SMALL_BYTES_MAX));
    return new TextDecoder().decode(bytes.subarray(0, file.read(bytes, 0)));
  } finally {
    file.close();
  }
}

function removeSmallFile(disk: Disk, directory: string, name: string): void {
  disk.remove(`${directory}/${name}`);
  disk.syncDirectory(directory);
}
