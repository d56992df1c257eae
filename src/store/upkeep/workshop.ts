// What every job of the table worker shares: making numbered files that vanish again if the job fails, reading those of
// the manifest, and making a new manifest durable.
//
// Order on disk: new files are written and synced; the directory is synced, so that their names survive; then the
// manifest is written under a temporary name and synced, renamed over the old one, and the directory synced again. A
// crash before the rename leaves files that no manifest names, removed at the next open; after it, the new state.
import { assert } from "../../lib/assert.js";
import { T4Error } from "../../core/errors.js";
import type { Clock } from "../../runtime/clock.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { BlockCache } from "../file/block-cache.js";
import { Run } from "../run/run.js";
import { Table } from "../table/table.js";
import {
  encodeManifest,
  fileName,
  filesOf,
  MANIFEST_NAME,
  type FileKind,
  type Manifest,
} from "./manifest.js";

export const MANIFEST_TEMPORARY_NAME: string = `${MANIFEST_NAME}.tmp`;

/** A job looks up rows in order of revision or key: a few blocks of each file are enough. */
const CACHE_BYTES: number = 16 * 1024 * 1024;

export class Workshop {
  readonly disk: Disk;
  readonly manifest: Manifest;
  readonly #directory: string;
  readonly #cache = new BlockCache(CACHE_BYTES);
  readonly #made: string[] = [];
  readonly #opened: (Table | Run)[] = [];
  readonly #clock: Clock | null;
  #nextFile: number;
  /** How long it took to make the new manifest durable; 0 before, and without a clock. */
  commitMs = 0;

  /** With a clock the time of a commit is measured. */
  constructor(disk: Disk, directory: string, manifest: Manifest, clock: Clock | null = null) {
    this.disk = disk;
    this.#clock = clock;
    this.manifest = manifest;
    this.#directory = directory;
    this.#nextFile = manifest.nextFile;
  }

  get nextFile(): number {
    return this.#nextFile;
  }

  /** Where the next file of a kind goes. What a failed job left there is removed: no manifest has named it. */
  newFile(kind: FileKind): { readonly number: number; readonly path: string } {
    const number = this.#nextFile;
    this.#nextFile += 1;
    const path = this.#path(fileName(kind, number));
    if (this.disk.exists(path)) {
      this.disk.remove(path);
    }
    this.#made.push(path);
    return { number, path };
  }

  /** Removes a file just made that turned out to be empty, and gives its number back. */
  discardNewest(): void {
    const path = this.#made.pop();
    assert(path !== undefined, "a file that is discarded was made");
    this.disk.remove(path);
    this.#nextFile -= 1;
  }

  openTable(number: number): Table {
    const table = new Table(this.disk, this.#path(fileName("table", number)), this.#cache);
    this.#opened.push(table);
    return table;
  }

  openRun(number: number): Run {
    const run = new Run(this.disk, this.#path(fileName("run", number)), this.#cache);
    this.#opened.push(run);
    return run;
  }

  /** Makes a manifest durable. It names only files of the old one and files made and synced here. */
  commit(manifest: Manifest): Manifest {
    const named = new Set([...filesOf(this.manifest), ...filesOf(manifest)]);
    assert(
      this.#made.every((path) => named.has(path.slice(this.#directory.length + 1))),
      "every file made is named",
    );
    const startMs = this.#clock?.monotonicMs() ?? 0;
    writeManifest(this.disk, this.#directory, manifest);
    this.commitMs = (this.#clock?.monotonicMs() ?? 0) - startMs;
    this.#made.length = 0;
    return manifest;
  }

  /** Closes what was opened and removes what no manifest names. */
  close(): void {
    for (const opened of this.#opened) {
      opened.file.close();
    }
    for (const path of this.#made) {
      if (this.disk.exists(path)) {
        this.disk.remove(path);
      }
    }
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

/** Makes a manifest the one that counts, durably. Everything it names must be synced. */
export function writeManifest(disk: Disk, directory: string, manifest: Manifest): void {
  const temporary = `${directory}/${MANIFEST_TEMPORARY_NAME}`;
  if (disk.exists(temporary)) {
    disk.remove(temporary);
  }
  const file = disk.open(temporary, { mode: "create" });
  try {
    file.write(encodeManifest(manifest), 0);
    file.sync();
  } finally {
    file.close();
  }
  disk.syncDirectory(directory);
  try {
    disk.rename(temporary, `${directory}/${MANIFEST_NAME}`);
    disk.syncDirectory(directory);
  } catch (error) {
    // Which manifest counts is unknown now, so nothing may be tried again: not even for want of space.
    throw new T4Error("T4_IO", `${directory}: the manifest may or may not have been replaced`, {
      cause: error,
    });
  }
}
