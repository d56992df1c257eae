// `t4 export`: an etcd snapshot of a data directory, also while a server runs on it, or of a running server.
import { basename, dirname, resolve } from "node:path";
import { hashOf } from "../../etcd/snapshot/snapshot-reader.js";
import { writeSnapshot } from "../../etcd/snapshot/snapshot-writer.js";
import { decodeSnapshotResponse } from "../../etcd/gen/rpc.js";
import { HASH_BYTES } from "../../etcd/snapshot/schema.js";
import { bytesOfHex, hexOf } from "../../lib/hex.js";
import { openReadOnly } from "../../node/read-only.js";
import { DiskError, type Disk, type DiskFile } from "../../runtime/disk/disk.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import { print, printJson, Progress, shownBytes } from "../archive/output.js";
import { CommandError, EXIT_FAILED, EXIT_OK } from "../exit.js";
import { describeCall, EtcdClient, type ClientOptions } from "./etcd-client.js";

export interface ExportFlags extends Omit<ClientOptions, "endpoints"> {
  readonly dataDir: string;
  /** A running server instead of a data directory. */
  readonly endpoint?: string;
  readonly json?: boolean;
}

export async function exportSnapshot(file: string, flags: ExportFlags): Promise<number> {
  const path = resolve(file);
  const { disk } = systemRuntime();
  const progress = new Progress();
  try {
    const facts = await writeWhole(path, disk, async (target) =>
      flags.endpoint === undefined
        ? ofDirectory(resolve(flags.dataDir), target, progress)
        : ofServer(flags.endpoint, flags, target, progress),
    );
    progress.end();
    const { bytes, revision } = facts;
    if (flags.json === true) {
      printJson({ file: path, ...facts });
    } else {
      const at = revision === undefined ? "" : `: revision ${String(revision)}`;
      print(`exported into ${path} (${shownBytes(bytes)})${at}`);
    }
    return EXIT_OK;
  } finally {
    progress.end();
  }
}

interface Exported {
  readonly bytes: number;
  /** Known where the file was made here. */
  readonly revision?: number;
  readonly keys?: number;
}

async function ofDirectory(
  dataDir: string,
  target: DiskFile,
  progress: Progress,
): Promise<Exported> {
  const node = await openReadOnly(dataDir, systemRuntime());
  try {
    const copy = node.copyState();
    const { revision } = copy;
    const pages = await writeSnapshot(target, copy, ({ rows, bytes, revision: at }) => {
      progress.show(
        () =>
          `exporting: ${String(rows)} rows, ${shownBytes(bytes)}, revision ${String(at)} of ${String(revision)}`,
      );
    });
    copy.close();
    const hash = bytesOfHex(hashOf(target, pages));
    target.write(hash, pages);
    return { bytes: pages + hash.length, revision, keys: node.status().keys };
  } finally {
    await node.close();
  }
}

async function ofServer(
  endpoint: string,
  flags: ExportFlags,
  target: DiskFile,
  progress: Progress,
): Promise<Exported> {
  using client = new EtcdClient({ ...flags, endpoints: [endpoint] });
  let bytes = 0;
  try {
    await client.stream("/etcdserverpb.Maintenance/Snapshot", new Uint8Array(0), (answer) => {
      const { blob, remainingBytes } = decodeSnapshotResponse(answer, 0, answer.length);
      target.write(blob, bytes);
      bytes += blob.length;
      progress.show(
        () => `exporting: ${shownBytes(bytes)} of ${shownBytes(bytes + remainingBytes)}`,
      );
    });
  } catch (error) {
    throw describeCall(error, `${endpoint} sent no snapshot`);
  }
  const hash = new Uint8Array(HASH_BYTES);
  const pages = Math.max(0, bytes - HASH_BYTES);
  target.read(hash, pages);
  if (hexOf(hash) !== hashOf(target, pages)) {
    throw new CommandError(
      `what ${endpoint} sent does not have the hash it says: try again`,
      EXIT_FAILED,
    );
  }
  return { bytes };
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
