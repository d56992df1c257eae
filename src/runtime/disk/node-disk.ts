// The machine's disk: its files, and the lock of a directory.
import { lockNodeDirectory } from "./directory-lock.js";
import type { DirectoryLock, LockableDisk } from "./disk.js";
import { nodeFiles } from "./node-files.js";

export const nodeDisk: LockableDisk = {
  ...nodeFiles,
  lockDirectory: async (path: string): Promise<DirectoryLock> => lockNodeDirectory(path),
};
