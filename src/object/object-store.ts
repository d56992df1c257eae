// The object store as a port: what the archive, checkpoints and the lock need of S3, of a compatible store, of a directory,
// or of a store that the user brings. It is small on purpose: whole objects, byte-ordered names, and one conditional put.
//
// Keys are relative to the store's own prefix: non-empty, of the characters A–Z a–z 0–9 - _ . ~ and "/", with no segment
// that is empty, "." or "..", at most OBJECT_KEY_BYTES_MAX long and OBJECT_SEGMENT_BYTES_MAX from "/" to "/".
// No key is the folder of another ("a" of "a/b"): most stores could have both, but those in a file system cannot.
// Every call ends in bounded time, by a result or an ObjectStoreError: a store has a deadline for each call.
// Reads see every write that was answered before they began, lists too.

/** S3 allows 1,024 bytes with the prefix. */
export const OBJECT_KEY_BYTES_MAX: number = 512;
/** A file system allows 255 bytes for a name, of which a directory of objects needs some itself. */
export const OBJECT_SEGMENT_BYTES_MAX: number = 200;

export type ObjectStoreErrorCode =
  /** It did not answer in time, answered with a failure of its own, or cannot be reached: it may work later. */
  | "unavailable"
  /** The credentials are missing, wrong or do not allow it. */
  | "denied"
  /** The bucket or directory does not exist, or the endpoint or region is another one. */
  | "not-found"
  /** There is no room, or a quota is used up. */
  | "full"
  /** It does not know what was asked of it: an operation or a condition. */
  | "unsupported"
  /** The object came back shorter than it is, or with other bytes than its checksum says. */
  | "damaged"
  /** The call was given up by its signal, or the store is closed. */
  | "cancelled";

/** What a store refused or failed to do. The message says what, of which store, and what to do about it. */
export class ObjectStoreError extends Error {
  override readonly name = "ObjectStoreError";
  readonly code: ObjectStoreErrorCode;

  constructor(code: ObjectStoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Names one state of one object: opaque, and different whenever the bytes are. Equal bytes written twice may have one tag
 * (S3) or two: what is compared and swapped carries a nonce.
 */
export type ObjectTag = string;

/** Names one state of one object for as long as the store keeps it, whatever becomes of the object: opaque. */
export type ObjectVersion = string;

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** Only of `head`, and only if the store gives its objects versions. */
  readonly version?: ObjectVersion;
}

export interface StoredObject {
  readonly body: Uint8Array;
  readonly tag: ObjectTag;
  /** Only if the store gives its objects versions. */
  readonly version?: ObjectVersion;
}

export type PutCondition =
  /** Only if there is no object of this key. */
  | { readonly kind: "absent" }
  /** Only if the object is still the one with this tag. */
  | { readonly kind: "match"; readonly tag: ObjectTag };

export type PutOutcome =
  | { readonly kind: "won"; readonly tag: ObjectTag }
  /** The condition did not hold, and nothing was written. */
  | { readonly kind: "lost" }
  /** It may have been written, may still be, or may not: read it back. */
  | { readonly kind: "unknown"; readonly cause: Error };

/** A large body: its parts can be read again when they have to be sent again. */
export interface ObjectSource {
  readonly bytes: number;
  /** The `length` bytes at `offset`, all of them. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface CallOptions {
  /** Gives the call up; what a put did is then unknown. */
  readonly signal?: AbortSignal;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Reads what was overwritten or deleted since, by the version that `get` or `head` told when it was there. */
export interface ObjectVersions {
  /**
   * Whether what is overwritten or deleted from now on is kept as a version. If not, versions that were told are worth
   * nothing, even if there are some.
   */
  areKept(options?: CallOptions): Promise<boolean>;
  /** As the store's own; null also if this version of the object was never there or is kept no more. */
  get(key: string, version: ObjectVersion, options?: CallOptions): Promise<StoredObject | null>;
  getRange(
    key: string,
    version: ObjectVersion,
    range: ByteRange,
    options?: CallOptions,
  ): Promise<Uint8Array | null>;
}

export interface ObjectStore {
  /** The store and its prefix for people and for comparison, ending in "/": "s3://bucket/prefix/". No secrets. */
  readonly url: string;
  /** Absent: the store has no versions, and never will. */
  readonly versions?: ObjectVersions;
  /**
   * The same store under another prefix, given relative to this one as in a relative URL ("branch/a/", "../../"). Shares
   * connections; only the store that was opened first needs to be closed. Segments are those of keys. Throws
   * "unsupported" above the store's root.
   */
  at(path: string): ObjectStore;

  /** The object, or null if there is none. Throws "damaged" rather than give back fewer bytes than it has. */
  get(key: string, options?: CallOptions): Promise<StoredObject | null>;
  /**
   * A part of an object, at least one byte and exactly as long as asked for; null if there is no object. Throws "damaged" if
   * the object ends before the range does: whoever asks knows how long it was.
   */
  getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null>;
  head(key: string, options?: CallOptions): Promise<ObjectInfo | null>;
  /** Writes an object whatever is there. Sent again until it succeeds or time is up: write only what may be repeated. */
  put(key: string, body: Uint8Array | ObjectSource, options?: CallOptions): Promise<void>;
  /**
   * Compare and swap: atomic against every other put of the key. Sent once, so that "lost" is never about its own first
   * try. Throws only if surely nothing was written ("denied", "not-found", "full", "unsupported"; "cancelled" if it was
   * before it began).
   */
  putIf(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    options?: CallOptions,
  ): Promise<PutOutcome>;
  /** Removes objects; one that is not there counts as removed. May have removed some of them when it throws. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  /** Objects whose keys start with `prefix` (and come after the key `after`), in byte order of their keys. */
  list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncIterable<ObjectInfo>;

  close(): Promise<void>;
}
