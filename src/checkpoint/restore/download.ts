// Downloads a checkpoint's files: several at a time, in pieces, so that memory is bounded whatever their size, and each
// checked for its length and SHA-256 and synced before it counts.
// Must never: leave a file that looks whole and is not what the checkpoint names.
import { sha256 } from "../../lib/hashes/sha256.js";
import { T4Error } from "../../core/errors.js";
import type { Disk, DiskFile } from "../../runtime/disk/disk.js";
import type { ObjectStore } from "../../object/object-store.js";
import type { CheckpointFile } from "../checkpoint.js";
import { forEachParallel, Permits } from "../../lib/permits.js";

/** Bytes of one range read. */
export const PIECE_BYTES_MAX: number = 8 * 1024 * 1024;
/** Pieces in memory at the same time, of all files: 64 MiB, and enough requests at once to fill a network. */
const PIECES_MAX = 8;
/** Files at the same time. */
const FILES_MAX = 4;
/** Pieces of one file fetched ahead of the one that is written. */
const AHEAD_MAX = 4;

/** Pieces that all downloads of a restore share. */
export function piecePermits(): Permits {
  return new Permits(PIECES_MAX);
}

export interface ReadLimits {
  readonly permits: Permits;
  readonly signal?: AbortSignal;
}

/**
 * Hands over an object's bytes in order, piece by piece, fetching ahead. Throws T4_CORRUPT if the object is missing or does
 * not have this length and hash (after the last piece was handed over), or an ObjectStoreError.
 */
export async function readVerified(
  store: ObjectStore,
  file: Pick<CheckpointFile, "owner" | "key" | "bytes" | "sha256">,
  { permits, signal }: ReadLimits,
  take: (piece: Uint8Array, offset: number) => void,
): Promise<void> {
  const holder = file.owner === "" ? store : store.at(file.owner);
  const name = holder.url + file.key;
  const call = signal === undefined ? {} : { signal };
  const info = await holder.head(file.key, call);
  if (info?.bytes !== file.bytes) {
    const found = info === null ? "missing" : `${info.bytes} bytes long`;
    throw new T4Error(
      "T4_CORRUPT",
      `the object ${name} is ${found}; it was ${file.bytes} bytes long`,
    );
  }
  const hash = sha256();
  const ahead: { offset: number; piece: Promise<Uint8Array> }[] = [];
  let nextOffset = 0;
  const fetchNext = async (offset: number, length: number): Promise<Uint8Array> => {
    const piece = await holder.getRange(file.key, { offset, length }, call);
    if (piece === null) {
      throw new T4Error("T4_CORRUPT", `the object ${name} is missing`);
    }
    return piece;
  };
  try {
    while (nextOffset < file.bytes || ahead.length > 0) {
      while (nextOffset < file.bytes && ahead.length < AHEAD_MAX) {
        // The first piece of each file waits for its turn, so each file gets on; others are taken only if there is room.
        if (ahead.length === 0) {
          await permits.acquire();
        } else if (!permits.tryAcquire()) {
          break;
        }
        const offset = nextOffset;
        const length = Math.min(PIECE_BYTES_MAX, file.bytes - offset);
        nextOffset += length;
        const piece = fetchNext(offset, length);
        // Awaited below; until then it must not count as unhandled.
        piece.catch(() => {});
        ahead.push({ offset, piece });
      }
      const [first] = ahead;
      if (first !== undefined) {
        const piece = await first.piece;
        ahead.shift();
        permits.release();
        hash.update(piece);
        take(piece, first.offset);
      }
    }
  } finally {
    await Promise.allSettled(ahead.map(async ({ piece }) => piece));
    ahead.forEach(() => {
      permits.release();
    });
  }
  if (hash.hex() !== file.sha256) {
    throw new T4Error(
      "T4_CORRUPT",
      `the object ${name} is damaged: its bytes do not have its SHA-256`,
    );
  }
}

export interface DownloadProgress {
  readonly file: () => void;
  readonly bytes: (count: number) => void;
}

export interface DownloadTarget {
  readonly disk: Disk;
  readonly directory: string;
  readonly nameOf: (file: CheckpointFile) => string;
}

/** Downloads all files into a directory, which is not synced. The first error ends it, after all that runs has ended. */
export async function downloadFiles(
  store: ObjectStore,
  files: readonly CheckpointFile[],
  target: DownloadTarget,
  progress: DownloadProgress,
): Promise<void> {
  const permits = piecePermits();
  await forEachParallel(files, FILES_MAX, async (file, signal) => {
    await downloadFile(store, file, target, { permits, signal }, progress);
  });
}

async function downloadFile(
  store: ObjectStore,
  file: CheckpointFile,
  { disk, directory, nameOf }: DownloadTarget,
  limits: ReadLimits,
  progress: DownloadProgress,
): Promise<void> {
  const path = `${directory}/${nameOf(file)}`;
  const written: DiskFile = disk.open(path, { mode: "create" });
  try {
    await readVerified(store, file, limits, (piece, offset) => {
      written.write(piece, offset);
      progress.bytes(piece.length);
    });
    written.sync();
  } finally {
    written.close();
  }
  progress.file();
}
