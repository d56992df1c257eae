// `t4 export`: an etcd snapshot of a data directory, also while a server runs on it.
import { basename, dirname, resolve } from "node:path";
import { hashOf } from "../../etcd/snapshot/snapshot-reader.js";
import { writeSnapshot } from "../../etcd/snapshot/snapshot-writer.js";
import { bytesOfHex } from "../../lib/hex.js";
import { openReadOnly } from "../../node/read-only.js";
import { DiskError, type Disk, type DiskFile } from "../../runtime/disk.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import { print, printJson, Progress, shownBytes } from "../archive/output.js";
import { CommandError, EXIT_FAILED, EXIT_OK } from "../exit.js";

export interface ExportFlags {
  readonly dataDir: string;
  readonly json?: boolean;
}

export async function exportSnapshot(file: string, flags: ExportFlags): Promise<number> {
  const path = resolve(file);
  const dataDir = resolve(flags.dataDir);
  const runtime = systemRuntime();
  const node = await openReadOnly(dataDir, runtime);
  const progress = new Progress();
  try {
    const copy = node.copyState();
    const { revision } = copy;
    const keys = node.status().keys;
    const bytes = await writeWhole(path, runtime.disk, async (target) => {
      const pages = await writeSnapshot(target, copy, null, ({ rows, bytes, revision: at }) => {
        progress.show(
          () =>
            `exporting: ${String(rows)} rows, ${shownBytes(bytes)}, revision ${String(at)} of ${String(revision)}`,
        );
      });
      const hash = bytesOfHex(hashOf(target, pages));
      target.write(hash, pages);
      return pages + hash.length;
    });
    progress.end();
    copy.close();
    if (flags.json === true) {
      printJson({ file: path, bytes, revision, keys });
    } else {
      print(
        `exported ${String(keys)} keys into ${path} (${shownBytes(bytes)}): revision ${String(revision)}`,
      );
    }
    return EXIT_OK;
  } finally {
    progress.end();
    await node.close();
  }
}

/** The file appears with its whole content or not at all; one of that name is replaced. */
export async function writeWhole<Result>(
  path: string,
  disk: Disk,
  write: (file: DiskFile) => Promise<Result>,
): Promise<Result> {
  const part = `${dirname(path)}/${basename(path)}.part`;
  let isOver = false;
  try {
    if (disk.exists(part)) {
      disk.remove(part);
    }
    const file = disk.open(part, { mode: "create" });
    let result: Result;
    try {
      result = await write(file);
      file.sync();
    } finally {
      file.close();
    }
    disk.rename(part, path);
    disk.syncDirectory(dirname(path));
    isOver = true;
    return result;
  } catch (error) {
    if (error instanceof DiskError && error.path === part) {
      throw new CommandError(`${path} cannot be written: ${error.message}`, EXIT_FAILED, error);
    }
    throw error;
  } finally {
    if (!isOver && disk.exists(part)) {
      disk.remove(part);
    }
  }
}
