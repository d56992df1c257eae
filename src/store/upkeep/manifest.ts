// The manifest: which files make up the store's exact state at one log index. It is replaced whole, by rename, after
// everything it names is durable; a file that it does not name does not exist for the store.
//
// Format of the file MANIFEST (text):
//   line 1  "t4-manifest <version> <crc32 of everything but its own 8 hexadecimal digits>"
//   rest    the Manifest below as JSON, its members in the order written here, and a newline
// The first line has this form in every version.
import { latin1, latin1Bytes } from "../../lib/bytes.js";
import { crc32 } from "../../lib/hashes/crc32.js";
import { T4Error } from "../../core/errors.js";
import { NEVER_COMPACTED, type LogIndex, type Revision, type Term } from "../../core/words.js";
import { corrupt } from "../file/file-errors.js";

export const MANIFEST_NAME = "MANIFEST";
const VERSION = 1;

export interface FileRecord {
  /** Files are numbered in the order they are made; the name follows from number and kind. */
  readonly number: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface TableRecord extends FileRecord {
  readonly rows: number;
  /** Bytes of the rows' messages. */
  readonly rowBytes: number;
  readonly firstRevision: number;
  readonly lastRevision: number;
  /** Rows that no read at or above `accountedRevision` can reach, and bytes of their messages. Exact. */
  readonly deadRows: number;
  readonly deadBytes: number;
}

export interface RunRecord extends FileRecord {
  readonly rows: number;
  readonly keys: number;
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly deadRows: number;
  /** The compact revision when the run was made from others: dead rows it still has could not go then. */
  readonly cleanedRevision: number;
}

export interface Manifest {
  /** Everything up to this entry is in the files. */
  readonly index: LogIndex;
  /** The term of that entry. */
  readonly term: Term;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** The compact revision up to which dead rows have been counted. */
  readonly accountedRevision: number;
  /** The number of the next file. */
  readonly nextFile: number;
  readonly system: FileRecord | null;
  /** Oldest first; revisions ascend and do not overlap. */
  readonly tables: readonly TableRecord[];
  /** Oldest first; revisions ascend and do not overlap. */
  readonly runs: readonly RunRecord[];
}

export const EMPTY_MANIFEST: Manifest = {
  index: 0 as LogIndex,
  term: 0 as Term,
  revision: 1 as Revision,
  compactRevision: NEVER_COMPACTED,
  accountedRevision: 0,
  nextFile: 1,
  system: null,
  tables: [],
  runs: [],
};

export type FileKind = "table" | "run" | "system";

/** The name of a file that a manifest names. */
export function fileName(kind: FileKind, number: number): string {
  return `${String(number).padStart(10, "0")}.${kind}`;
}

/** Whether a name is one that this store gives. Other files in the directory are not ours to touch. */
export function isStoreFile(name: string): boolean {
  return /^[0-9]{10,}\.(table|run|system)$/.test(name);
}

/** Names of all files of a manifest. */
export function filesOf(manifest: Manifest): string[] {
  return [
    ...manifest.tables.map((table) => fileName("table", table.number)),
    ...manifest.runs.map((run) => fileName("run", run.number)),
    ...(manifest.system === null ? [] : [fileName("system", manifest.system.number)]),
  ];
}

function checksum(version: string, body: string): string {
  return crc32(latin1Bytes(`t4-manifest ${version} \n${body}`))
    .toString(16)
    .padStart(8, "0");
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const body = `${JSON.stringify(manifest, null, 1)}\n`;
  return latin1Bytes(`t4-manifest ${VERSION} ${checksum(String(VERSION), body)}\n${body}`);
}

/** Throws T4_CORRUPT or T4_FORMAT_TOO_NEW. `path` is for the message. */
export function decodeManifest(bytes: Uint8Array, path: string): Manifest {
  const text = latin1(bytes, 0, bytes.length);
  const head = /^t4-manifest ([0-9]+) ([0-9a-f]{8})\n/.exec(text);
  const version = head?.[1] ?? "";
  const body = text.slice(head?.[0].length ?? 0);
  if (head === null || checksum(version, body) !== head[2]) {
    throw corrupt(path, 0, "the manifest's checksum does not match");
  }
  if (Number(version) > VERSION) {
    throw new T4Error(
      "T4_FORMAT_TOO_NEW",
      `${path} has format version ${version}; this program knows up to ${VERSION}`,
    );
  }
  // The checksum says that these are the bytes that `encodeManifest` made.
  return JSON.parse(body) as Manifest;
}
