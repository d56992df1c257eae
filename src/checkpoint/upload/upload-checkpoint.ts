// Makes a checkpoint: uploads what the object store does not have of a manifest's files, writes the object that lists them,
// and swaps manifest/latest. Nothing is uploaded twice: files are known by their hash.
// Invariant: a file that the swapped manifest's newest checkpoint names is there. It was seen (or put) after the manifest was
// read that the swap takes the place of, and was not condemned in it: whoever removes a file condemns it first.
// Must never: name a key that is condemned, or go on when a later leader has written the manifest.
import { assert } from "../../lib/assert.js";
import { T4Error } from "../../core/errors.js";
import type { Term } from "../../core/words.js";
import type { ChainPosition } from "../../archive/chain.js";
import {
  compareCheckpoints,
  mustReadLatestManifest,
  type CheckpointRecord,
  type LatestManifest,
  type ReadManifest,
} from "../../archive/latest-manifest.js";
import type { StoreContext } from "../../archive/store-context.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { Logger } from "../../runtime/logger.js";
import { fileName, type Manifest } from "../../store/upkeep/manifest.js";
import { assertNotRemoved } from "../branch/removed.js";
import {
  checkpointKey,
  dataKey,
  encodeCheckpoint,
  filesIn,
  type Checkpoint,
  type CheckpointFile,
  type ManifestFile,
} from "../checkpoint.js";
import { forEachParallel } from "../../lib/permits.js";
import { joinPaths } from "../prefix-path.js";
import { readCheckpoint, type OwnedKey } from "../restore/history.js";
import { createObject, swapManifest } from "../writes.js";
import { FileSource } from "./file-source.js";

/** Files looked up or uploaded at the same time: each holds a few pieces in memory. */
const FILES_MAX = 4;

export interface CheckpointUpload {
  readonly context: StoreContext;
  readonly clusterId: bigint;
  /** The term in which this node leads. */
  readonly term: Term;
  /** The store's manifest. Its files stay as they are until this ends. */
  readonly manifest: Manifest;
  /** Where its files are. */
  readonly directory: string;
  readonly disk: Disk;
  /** Behind the won slot that ends exactly at the manifest's index. */
  readonly next: ChainPosition;
  /** Wall clock of the group that ends there: that slot's `lastWallMs`. */
  readonly wallMs: number;
  readonly logger: Logger;
  readonly progress?: (progress: UploadProgress) => void;
}

export interface UploadProgress {
  /** Files that are known to be in the object store, and their bytes. */
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  /** What had to be sent for it. */
  readonly uploadedFiles: number;
  readonly uploadedBytes: number;
}

export type UploadResult =
  | {
      readonly kind: "uploaded";
      readonly record: CheckpointRecord;
      readonly progress: UploadProgress;
    }
  /** There is one of this entry or of a later one. */
  | { readonly kind: "present"; readonly record: CheckpointRecord }
  /** A later leader has written the manifest: this node must stop leading. */
  | { readonly kind: "fenced"; readonly term: Term };

/**
 * Throws T4_CORRUPT for a damaged file (local, or of the object store's own objects), T4_BRANCH_REMOVED, a DiskError, or an
 * ObjectStoreError: then it can be tried again, and what was uploaded is found.
 */
export async function uploadCheckpoint(upload: CheckpointUpload): Promise<UploadResult> {
  return new Upload(upload).run();
}

class Upload {
  readonly #upload: CheckpointUpload;
  /** Checked against their records. */
  readonly #verified = new Set<number>();
  /** Checkpoints that were read, by owner and key. */
  readonly #checkpoints = new Map<string, Checkpoint>();
  /** The checkpoint's object, if one was written, and the files that it names. */
  #written: { readonly key: string; readonly files: readonly CheckpointFile[] } | null = null;
  #progress: UploadProgress;

  constructor(upload: CheckpointUpload) {
    const { manifest, next } = upload;
    assert(manifest.index > 0, "a checkpoint holds at least one entry");
    assert(next.firstIndex === manifest.index + 1, "a checkpoint ends where a slot does");
    this.#upload = upload;
    const files = filesIn(manifest);
    this.#progress = {
      files: 0,
      filesTotal: files.length,
      bytes: 0,
      bytesTotal: files.reduce((sum, { bytes }) => sum + bytes, 0),
      uploadedFiles: 0,
      uploadedBytes: 0,
    };
  }

  async run(): Promise<UploadResult> {
    const { context, term, manifest } = this.#upload;
    const { store } = context;
    for (;;) {
      context.signal.throwIfAborted();
      const read = await mustReadLatestManifest(store);
      const latest = read.manifest;
      if (latest.term > term) {
        return { kind: "fenced", term: latest.term };
      }
      assertNotRemoved(latest, store.url);
      assert(latest.term === term, "who leads has written the manifest");
      assert(latest.clusterId === this.#upload.clusterId, "a prefix belongs to one cluster");
      const newest = latest.checkpoints.at(-1);
      if (newest !== undefined && newest.key === this.#written?.key) {
        // An earlier swap has won after all.
        return { kind: "uploaded", record: newest, progress: this.#progress };
      }
      if (
        newest !== undefined &&
        compareCheckpoints(newest, { term, index: manifest.index }) >= 0
      ) {
        return { kind: "present", record: newest };
      }
      const record = await this.#attempt(read);
      if (record !== null) {
        return { kind: "uploaded", record, progress: this.#progress };
      }
    }
  }

  /** Null if the manifest was written meanwhile: all is looked at again, since what was seen may be condemned now. */
  async #attempt(read: ReadManifest): Promise<CheckpointRecord | null> {
    const { context, term, manifest, wallMs } = this.#upload;
    const latest = read.manifest;
    const condemned = new Set(latest.condemned.map(({ key }) => key));
    const files = await this.#placeFiles(latest, condemned);
    const key = await this.#writeCheckpoint(files, condemned);
    const { index, revision } = manifest;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const record: CheckpointRecord = { key, term, index, revision, wallMs, bytes };
    const checkpoints = [...latest.checkpoints, record];
    const isSwapped = await swapManifest(context, read, { ...latest, checkpoints });
    return isSwapped ? record : null;
  }

  /** Makes sure that every file is in the object store, and tells where. */
  async #placeFiles(
    latest: LatestManifest,
    condemned: ReadonlySet<string>,
  ): Promise<CheckpointFile[]> {
    const wanted = filesIn(this.#upload.manifest);
    const known = await this.#knownFiles(latest, condemned);
    const placed = new Map<ManifestFile, OwnedKey>();
    this.#progress = { ...this.#progress, files: 0, bytes: 0 };
    await forEachParallel(wanted, FILES_MAX, async (file, signal) => {
      const place = known.get(identityOf(file)) ?? {
        owner: "",
        key: await this.#ensure(file, condemned, signal),
      };
      placed.set(file, place);
      const { files, bytes } = this.#progress;
      this.#report({ files: files + 1, bytes: bytes + file.bytes });
    });
    return wanted.map((file) => {
      const place = placed.get(file);
      assert(place !== undefined, "every file has a place");
      return { ...file, ...place };
    });
  }

  /**
   * Files that are there for sure, by their content: those of the newest checkpoint, which is retained, and those of the
   * base, which the branch's pins hold. Files of other owners are known by no other way.
   */
  async #knownFiles(
    latest: LatestManifest,
    condemned: ReadonlySet<string>,
  ): Promise<Map<string, OwnedKey>> {
    const known = new Map<string, OwnedKey>();
    const newest = latest.checkpoints.at(-1);
    const base = latest.base?.checkpoint ?? null;
    const sources = [base, newest === undefined ? null : { owner: "", key: newest.key }];
    for (const source of sources) {
      const checkpoint = source === null ? null : await this.#read(source);
      for (const { key, ...file } of checkpoint?.files ?? []) {
        const owner = joinPaths(source?.owner ?? "", file.owner);
        assert(owner !== "" || !condemned.has(key), "what a kept checkpoint names is kept");
        known.set(identityOf(file), { owner, key });
      }
    }
    return known;
  }

  /** Null if it is missing or damaged: its files are then looked up one by one, or uploaded anew. */
  async #read(source: OwnedKey): Promise<Checkpoint | null> {
    const name = source.owner + source.key;
    const before = this.#checkpoints.get(name);
    if (before !== undefined) {
      return before;
    }
    try {
      const checkpoint = await readCheckpoint(this.#upload.context.store, source);
      this.#checkpoints.set(name, checkpoint);
      return checkpoint;
    } catch (error) {
      if (!(error instanceof T4Error) || error.code !== "T4_CORRUPT") {
        throw error;
      }
      this.#upload.logger.error("an earlier checkpoint cannot be read: run verify", { error });
      return null;
    }
  }

  /** The key of this prefix that holds the file, which is uploaded if none does. */
  async #ensure(
    file: ManifestFile,
    condemned: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<string> {
    const { store } = this.#upload.context;
    let copy = 0;
    while (condemned.has(dataKey(file.sha256, copy))) {
      copy += 1;
    }
    const key = dataKey(file.sha256, copy);
    const there = await store.head(key, { signal });
    if (there?.bytes !== file.bytes) {
      await this.#send(file, key, signal);
    }
    return key;
  }

  async #send(file: ManifestFile, key: string, signal: AbortSignal): Promise<void> {
    const { context, disk, directory } = this.#upload;
    const { store } = context;
    const own = AbortSignal.any([signal, context.signal]);
    const path = `${directory}/${fileName(file.kind, file.number)}`;
    const source = new FileSource(disk, context.clock, path);
    try {
      if (!this.#verified.has(file.number)) {
        await source.verify(file);
        this.#verified.add(file.number);
      }
      await store.put(key, source, { signal: own });
    } finally {
      source.close();
    }
    const there = await store.head(key, { signal: own });
    if (there?.bytes !== file.bytes) {
      throw new T4Error(
        "T4_CORRUPT",
        `${store.url}${key} was uploaded with ${file.bytes} bytes and has ${there?.bytes ?? "none"}`,
      );
    }
    const { uploadedFiles, uploadedBytes } = this.#progress;
    this.#report({
      uploadedFiles: uploadedFiles + 1,
      uploadedBytes: uploadedBytes + file.bytes,
    });
  }

  /** Writes the checkpoint's object under a key that nobody has used; an earlier try's if it says the same. */
  async #writeCheckpoint(
    files: readonly CheckpointFile[],
    condemned: ReadonlySet<string>,
  ): Promise<string> {
    const { context, term, manifest } = this.#upload;
    const written = this.#written;
    if (written !== null && !condemned.has(written.key) && areEqual(written.files, files)) {
      // No manifest names it yet, so it may have been condemned and removed since.
      if ((await context.store.head(written.key)) !== null) {
        return written.key;
      }
    }
    const body = encodeCheckpoint(this.#checkpointOf(files));
    for (let copy = 0; ; copy += 1) {
      const key = checkpointKey(term, manifest.index, copy);
      if (!condemned.has(key) && (await createObject(context, key, body))) {
        this.#written = { key, files };
        return key;
      }
    }
  }

  #checkpointOf(files: readonly CheckpointFile[]): Checkpoint {
    const { clusterId, term, manifest, wallMs, next } = this.#upload;
    const { index, term: entryTerm, revision, compactRevision } = manifest;
    return {
      clusterId,
      term,
      index,
      entryTerm,
      revision,
      compactRevision,
      wallMs,
      next,
      manifest,
      files,
    };
  }

  #report(change: Partial<UploadProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#upload.progress?.(this.#progress);
  }
}

function identityOf(file: { readonly sha256: string; readonly bytes: number }): string {
  return `${file.sha256}/${file.bytes}`;
}

function areEqual(left: readonly CheckpointFile[], right: readonly CheckpointFile[]): boolean {
  return left.every((file, at) => file.owner === right[at]?.owner && file.key === right[at].key);
}
