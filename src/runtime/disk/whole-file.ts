// Small files that are replaced whole: after a crash there is the old content or the new, never a part.
import type { Disk } from "./disk.js";

/** Durable when this returns. What an interrupted call leaves is `<name>.tmp`. */
export function writeWholeFile(
  disk: Disk,
  directory: string,
  name: string,
  content: Uint8Array,
): void {
  const path = `${directory}/${name}`;
  const temporary = `${path}.tmp`;
  if (disk.exists(temporary)) {
    disk.remove(temporary);
  }
  const file = disk.open(temporary, { mode: "create" });
  try {
    file.write(content, 0);
    // Before the name shows it: a power loss must not leave an empty file of that name.
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  disk.syncDirectory(directory);
}

/** The content of a file that is there. */
export function readWholeFile(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, { mode: "read" });
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}
