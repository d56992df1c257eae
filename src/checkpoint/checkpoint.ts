// checkpoint/<term>/<index>.json: one checkpoint: the store's manifest at one log index, where each of its files lies in the
// object store, and where the archive goes on behind it.
// Format: a JSON object whose last member is the SHA-256 of all text before it: numbers of a manifest have nothing else that
// would tell a flipped digit.
// Must never: change after it was written; a restore may be reading it.
import { assert } from "../lib/assert.js";
import { hexOfId } from "../lib/hex.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { positionMembers, readPosition, type ChainPosition } from "../archive/chain.js";
import { JsonObjectReader } from "../object/json-object.js";
import { assertSealed, encodeSealedJson } from "../object/sealed-json.js";
import type { FileKind, FileRecord, Manifest } from "../store/upkeep/manifest.js";

export const CHECKPOINT_PREFIX: string = "checkpoint/";
export const DATA_PREFIX: string = "data/";

/** A file of the store and the object that holds its bytes. */
export interface CheckpointFile {
  readonly kind: FileKind;
  readonly number: number;
  readonly bytes: number;
  readonly sha256: string;
  /** The prefix that holds the object, relative to the one that holds the checkpoint; "" for the same. */
  readonly owner: string;
  readonly key: string;
}

export interface Checkpoint {
  readonly clusterId: bigint;
  /** Of the leader that wrote it. */
  readonly term: Term;
  /** Everything up to this entry is in the files. */
  readonly index: LogIndex;
  /** The term of that entry. */
  readonly entryTerm: Term;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** Wall clock of the group that holds the entry at `index`: no entry up to there is later. */
  readonly wallMs: number;
  /** Behind the slot that ends exactly at `index`. */
  readonly next: ChainPosition;
  readonly manifest: Manifest;
  /** Those of the manifest, in its order: tables, runs, the system file. */
  readonly files: readonly CheckpointFile[];
}

/** A file that a manifest names. */
export interface ManifestFile extends FileRecord {
  readonly kind: FileKind;
}

/** All files of a manifest, in the order that a checkpoint lists them. */
export function filesIn(manifest: Manifest): ManifestFile[] {
  const { tables, runs, system } = manifest;
  const file = (kind: FileKind, { number, bytes, sha256: hash }: FileRecord): ManifestFile => ({
    kind,
    number,
    bytes,
    sha256: hash,
  });
  return [
    ...tables.map((table) => file("table", table)),
    ...runs.map((run) => file("run", run)),
    ...(system === null ? [] : [file("system", system)]),
  ];
}

function padded(value: number): string {
  return String(value).padStart(16, "0");
}

/** `copy` from 0: a key that was condemned is never used again, so equal content may need another. */
export function checkpointKey(term: Term, index: LogIndex, copy: number): string {
  return `${CHECKPOINT_PREFIX}${padded(term)}/${padded(index)}${suffix(copy)}.json`;
}

export function dataKey(hash: string, copy: number): string {
  return `${DATA_PREFIX}${hash}${suffix(copy)}`;
}

function suffix(copy: number): string {
  return copy === 0 ? "" : `-${copy}`;
}

/** Whether a key is one that `checkpointKey` makes. What is not ours is never touched. */
export function isCheckpointKey(key: string): boolean {
  return /^checkpoint\/\d{16}\/\d{16}(-[1-9]\d*)?\.json$/.test(key);
}

export function isDataKey(key: string): boolean {
  return /^data\/[0-9a-f]{64}(-[1-9]\d*)?$/.test(key);
}

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  assert(checkpoint.next.firstIndex === checkpoint.index + 1, "the archive goes on behind it");
  return encodeSealedJson({
    clusterId: hexOfId(checkpoint.clusterId),
    term: checkpoint.term,
    index: checkpoint.index,
    entryTerm: checkpoint.entryTerm,
    revision: checkpoint.revision,
    compactRevision: checkpoint.compactRevision,
    wallMs: checkpoint.wallMs,
    next: positionMembers(checkpoint.next),
    manifest: checkpoint.manifest,
    files: checkpoint.files.map(({ kind, number, bytes, sha256: hash, owner, key }) => ({
      kind,
      number,
      bytes,
      sha256: hash,
      owner,
      key,
    })),
  });
}

/** Throws T4_CORRUPT and T4_FORMAT_TOO_NEW; `name` is for the messages. */
export function decodeCheckpoint(body: Uint8Array, name: string): Checkpoint {
  const reader = JsonObjectReader.decode(body, name);
  assertSealed(body, name);
  // The hash says that this is what `encodeCheckpoint` made.
  const manifest = reader.raw("manifest") as Manifest;
  const checkpoint: Checkpoint = {
    clusterId: reader.id("clusterId"),
    term: reader.count("term") as Term,
    index: reader.count("index") as LogIndex,
    entryTerm: reader.count("entryTerm") as Term,
    revision: reader.count("revision") as Revision,
    compactRevision: manifest.compactRevision,
    wallMs: reader.count("wallMs"),
    next: readPosition(reader.object("next")),
    manifest,
    files: reader.objects("files").map((file) => ({
      kind: file.choice("kind", ["table", "run", "system"]),
      number: file.count("number"),
      bytes: file.count("bytes"),
      sha256: file.hex("sha256", 64),
      owner: file.text("owner"),
      key: file.text("key"),
    })),
  };
  const named = filesIn(manifest);
  const isSound =
    checkpoint.index === manifest.index &&
    checkpoint.entryTerm === manifest.term &&
    checkpoint.revision === manifest.revision &&
    checkpoint.next.firstIndex === checkpoint.index + 1 &&
    named.length === checkpoint.files.length &&
    checkpoint.files.every((file, at) => isSameFile(file, named[at]));
  if (!isSound) {
    throw reader.corrupt("manifest", "is not what the other members say");
  }
  return checkpoint;
}

function isSameFile(left: ManifestFile, right: ManifestFile | undefined): boolean {
  return (
    left.kind === right?.kind &&
    left.number === right.number &&
    left.bytes === right.bytes &&
    left.sha256 === right.sha256
  );
}
