// A restore point: one state of a database, and every object that restoring it reads, each by the version that a bucket with
// versioning keeps of it. It is a document of the user's: no object of the store, and nothing there knows of it.
// Format: a sealed JSON object. Its manifest is that of the moment it was made, less what does not lead to this state: so a
// restore needs no version of manifest/latest, which changes all the time and is the first to expire.
import { utf8Bytes } from "../../lib/bytes.js";
import { hexOfId } from "../../lib/hex.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import {
  latestManifestMembers,
  readLatestManifestMembers,
  type LatestManifest,
} from "../../archive/latest-manifest.js";
import { JsonObjectReader } from "../../object/json-object.js";
import { isObjectKey, isObjectSegment } from "../../object/object-key.js";
import { assertSealed, encodeSealedJson } from "../../object/sealed-json.js";
import type { ObjectVersion } from "../../object/object-store.js";
import { normalizePath } from "../prefix-path.js";

/** Tells it from every other JSON that somebody may have in a file. */
const KIND = "t4-restore-point";

export interface PinnedObject {
  /** The prefix that holds it, relative to the database's; "" for the same. */
  readonly owner: string;
  readonly key: string;
  readonly version: ObjectVersion;
  readonly bytes: number;
  readonly sha256: string;
}

export interface PinnedPoint {
  /** Of the database's prefix, when it was made. */
  readonly url: string;
  readonly clusterId: bigint;
  /** The state: that after this entry. */
  readonly index: LogIndex;
  readonly revision: Revision;
  /** No entry up to there, and nobody who archived one, has a greater term. */
  readonly term: Term;
  /** Wall clock of the last entry; 0 if there is none. */
  readonly wallMs: number;
  readonly createdMs: number;
  /** Leads to this state and nowhere else. */
  readonly manifest: LatestManifest;
  readonly objects: readonly PinnedObject[];
}

export function encodePinnedPoint(point: PinnedPoint): Uint8Array {
  return encodeSealedJson({
    kind: KIND,
    url: point.url,
    clusterId: hexOfId(point.clusterId),
    index: point.index,
    revision: point.revision,
    term: point.term,
    wallMs: point.wallMs,
    createdMs: point.createdMs,
    manifest: latestManifestMembers(point.manifest),
    objects: point.objects.map(({ owner, key, version, bytes, sha256 }) => ({
      owner,
      key,
      version,
      bytes,
      sha256,
    })),
  });
}

/**
 * `name` is for the messages. Throws T4_INVALID_ARGUMENT for what is no restore point, T4_CORRUPT for one that was changed,
 * T4_FORMAT_TOO_NEW.
 */
export function decodePinnedPoint(document: string | Uint8Array, name: string): PinnedPoint {
  const body = typeof document === "string" ? utf8Bytes(document) : document;
  const reader = readerOf(body, name);
  assertSealed(body, name);
  return {
    url: reader.text("url"),
    clusterId: reader.id("clusterId"),
    index: reader.count("index") as LogIndex,
    revision: reader.count("revision") as Revision,
    term: reader.count("term") as Term,
    wallMs: reader.count("wallMs"),
    createdMs: reader.count("createdMs"),
    manifest: readLatestManifestMembers(reader.object("manifest")),
    objects: reader.objects("objects").map(readObject),
  };
}

/** A file may come from anywhere: what a store would take for a bug of ours is refused here. */
function readObject(reader: JsonObjectReader): PinnedObject {
  const owner = reader.text("owner");
  const key = reader.text("key");
  const version = reader.text("version");
  const segments = owner.split("/").slice(0, -1);
  const isPath = segments.every((segment) => segment === ".." || isObjectSegment(segment));
  if (normalizePath(owner) !== owner || !isPath) {
    throw reader.corrupt("owner", "is no path of a prefix");
  }
  if (!isObjectKey(key)) {
    throw reader.corrupt("key", "is no key of an object");
  }
  if (version === "") {
    throw reader.corrupt("version", "is empty");
  }
  return { owner, key, version, bytes: reader.count("bytes"), sha256: reader.hex("sha256", 64) };
}

/** The seal of a later format may be another: its number is looked at first. */
function readerOf(body: Uint8Array, name: string): JsonObjectReader {
  let cause: unknown = null;
  try {
    const reader = JsonObjectReader.decode(body, name);
    if (reader.raw("kind") === KIND) {
      return reader;
    }
  } catch (error) {
    if (!(error instanceof T4Error) || error.code !== "T4_CORRUPT") {
      throw error;
    }
    cause = error;
  }
  throw new T4Error(
    "T4_INVALID_ARGUMENT",
    `${name} is no restore point: give what t4 restore point or makeRestorePoint() has made`,
    { cause },
  );
}
