// Reads what etcd keeps in a bbolt file (schema.ts): a snapshot with its hash, or a member's own file without. Rows come
// one by one in the order of revisions, so the file's size does not matter.
// Must never: take part of a file for the whole, or guess at what it cannot read.
import type { BboltCursor } from "../../bbolt/bbolt-cursor.js";
import { type Bucket } from "../../bbolt/bbolt-cursor.js";
import { BboltFile } from "../../bbolt/bbolt-file.js";
import { BboltError, type ByteSource } from "../../bbolt/format.js";
import { NO_AUTH, type AuthState } from "../../core/auth/auth-state.js";
import { T4Error } from "../../core/errors.js";
import { makeRow, makeTombstone, readRow, type Row } from "../../core/row.js";
import { FIRST_REVISION, NEVER_COMPACTED, type Revision } from "../../core/words.js";
import { utf8 } from "../../lib/bytes.js";
import { hexOf } from "../../lib/hex.js";
import { sha256 } from "../../lib/hashes/sha256.js";
import type { ImportSource } from "../../node/import/import-directory.js";
import { authStateOf } from "./snapshot-auth.js";
import {
  AUTH_KEYS,
  BUCKETS,
  decodeLease,
  HASH_BYTES,
  META_KEYS,
  readRevisionKey,
  SNAPSHOT_UNIT_BYTES,
  tombstoneKey,
  type NamedMessage,
  type SnapshotAuth,
  type SnapshotLease,
} from "./schema.js";

const HASH_READ_BYTES: number = 1024 * 1024;

export interface SnapshotOptions {
  /** For messages. */
  readonly path: string;
  /** Takes a file without a hash, or with a wrong one. */
  readonly skipHashCheck: boolean;
  /** Leaves users and roles out. */
  readonly withoutAuth?: boolean;
}

export class EtcdSnapshot implements ImportSource {
  readonly compactRevision: Revision;
  readonly leases: readonly SnapshotLease[];
  readonly auth: AuthState;
  /** Alarms that were raised: they say something of the disk that etcd ran on. */
  readonly alarms: number;
  /** Bytes of the file's pages. */
  readonly bytes: number;
  readonly #path: string;
  readonly #file: BboltFile;
  readonly #rows: BboltCursor;
  #lastRevision = 0;
  #lastSubRevision = -1;

  /**
   * Verifies the hash and reads all but the rows. Throws T4_INVALID_ARGUMENT for what is no snapshot of etcd or has no hash,
   * T4_CORRUPT for what is damaged, or a DiskError.
   */
  constructor(source: ByteSource, options: SnapshotOptions) {
    const { path } = options;
    this.#path = path;
    const hashed = hashedBytes(source, options);
    try {
      this.#file = new BboltFile({
        size: () => hashed,
        read: (target, offset) =>
          source.read(target.subarray(0, Math.max(0, hashed - offset)), offset),
      });
      this.bytes = this.#file.bytes;
      const keys = this.#bucket(BUCKETS.key);
      if (keys === null) {
        const found = this.#file.bucketNames(this.#file.root).join(", ");
        throw new T4Error(
          "T4_INVALID_ARGUMENT",
          `${path} is a bbolt file, but not etcd's: it has no bucket "key" (it has ${found === "" ? "none" : found})`,
        );
      }
      this.#rows = this.#file.entries(keys);
      this.compactRevision = this.#readCompactRevision();
      this.leases = this.#readLeases();
      this.auth = options.withoutAuth === true ? NO_AUTH : authStateOf(this.#readAuth(), path);
      this.alarms = this.#messages(BUCKETS.alarm).length;
    } catch (error) {
      throw told(path, error);
    }
  }

  /** Of the whole store: complete when all rows were read. */
  get revision(): Revision {
    return Math.max(this.#lastRevision, this.compactRevision, FIRST_REVISION) as Revision;
  }

  next(): Row | null {
    try {
      return this.#rows.next() ? this.#row() : null;
    } catch (error) {
      throw told(this.#path, error);
    }
  }

  #row(): Row {
    const place = readRevisionKey(this.#rows.key);
    if (place === null || place.revision < 1) {
      throw this.#damaged(`the key ${hexOf(this.#rows.key)} is no revision`);
    }
    const { revision, subRevision, isTombstone } = place;
    if (revision === this.#lastRevision && subRevision <= this.#lastSubRevision) {
      throw this.#damaged(`revision ${revision} has sub-revision ${subRevision} twice`);
    }
    this.#lastRevision = revision;
    this.#lastSubRevision = subRevision;
    const at = revision as Revision;
    const { value } = this.#rows;
    if (isTombstone) {
      const key = tombstoneKey(value);
      if (key === null) {
        throw this.#damaged(`the tombstone of revision ${revision} has no key`);
      }
      return makeTombstone(key, at, subRevision);
    }
    const row = this.#readPut(value, revision, subRevision);
    // Made anew: its bytes are what clients will read, so they have to be in our form whoever wrote them.
    const { key, createRevision, version, lease } = row;
    return makeRow(key, row.value, at, subRevision, createRevision, version, lease);
  }

  #readPut(value: Uint8Array, revision: number, subRevision: number): Row {
    let row: Row;
    try {
      row = readRow(value, 0, value.length, subRevision);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#damaged(`revision ${revision} holds no key and value: ${reason}`);
    }
    const { modRevision, createRevision, version } = row;
    const isSound =
      modRevision === revision && version >= 1 && createRevision >= 1 && createRevision <= revision;
    if (!isSound || row.valueEnd > value.length) {
      throw this.#damaged(
        `the row of revision ${revision} says revision ${modRevision}, created ${createRevision}, version ${version}`,
      );
    }
    return row;
  }

  #readCompactRevision(): Revision {
    const scheduled = this.#compactRevision(META_KEYS.scheduledCompactRevision);
    const finished = this.#compactRevision(META_KEYS.finishedCompactRevision);
    // What was scheduled counts from then on; what of it is not done yet is done here.
    return Math.max(scheduled, finished) as Revision;
  }

  #compactRevision(name: string): number {
    const value = this.#value(BUCKETS.meta, name);
    if (value === null) {
      return NEVER_COMPACTED;
    }
    const place = readRevisionKey(value);
    if (place === null) {
      throw this.#damaged(`${name} is ${hexOf(value)}`);
    }
    return place.revision;
  }

  #readLeases(): SnapshotLease[] {
    return this.#messages(BUCKETS.lease).map(({ name, message }) => {
      const lease = decodeLease(message);
      if (lease === null) {
        throw this.#damaged(`lease ${hexOf(name)} cannot be read`);
      }
      return lease;
    });
  }

  #readAuth(): SnapshotAuth {
    const revision = this.#value(BUCKETS.auth, AUTH_KEYS.revision);
    return {
      enabled: this.#value(BUCKETS.auth, AUTH_KEYS.enabled)?.[0] === 1,
      revision: revision?.length === 8 ? BigInt(`0x${hexOf(revision)}`) : 0n,
      users: this.#messages(BUCKETS.authUsers),
      roles: this.#messages(BUCKETS.authRoles),
    };
  }

  #bucket(name: string): Bucket | null {
    return this.#file.bucket(this.#file.root, name);
  }

  /** All entries of a bucket that is small; a bucket that is not there has none. */
  #messages(name: string): NamedMessage[] {
    const bucket = this.#bucket(name);
    if (bucket === null) {
      return [];
    }
    const messages: NamedMessage[] = [];
    const cursor = this.#file.entries(bucket);
    while (cursor.next()) {
      messages.push({ name: cursor.key.slice(), message: cursor.value.slice() });
    }
    return messages;
  }

  #value(bucket: string, name: string): Uint8Array | null {
    const found = this.#messages(bucket).find((entry) => {
      return utf8(entry.name, 0, entry.name.length) === name;
    });
    return found?.message ?? null;
  }

  #damaged(what: string): T4Error {
    return new T4Error("T4_CORRUPT", `${this.#path}: ${what}`);
  }
}

/** How many bytes are bbolt's: all, or all before the hash, which is verified. */
function hashedBytes(source: ByteSource, { path, skipHashCheck }: SnapshotOptions): number {
  const size = source.size();
  const hasHash = size % SNAPSHOT_UNIT_BYTES === HASH_BYTES;
  const bytes = hasHash ? size - HASH_BYTES : size;
  if (skipHashCheck) {
    return bytes;
  }
  // What is no bbolt file at all is told so, whatever its size.
  assertBbolt(source, path);
  if (!hasHash) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `${path} has no hash at its end: it is cut short, or a copy of a member's own file (member/snap/db). ` +
        "Take a snapshot with etcdctl snapshot save, or import this one unverified with --skip-hash-check",
    );
  }
  const expected = new Uint8Array(HASH_BYTES);
  source.read(expected, bytes);
  const actual = hashOf(source, bytes);
  if (actual !== hexOf(expected)) {
    throw new T4Error(
      "T4_CORRUPT",
      `${path}: its SHA-256 is ${actual}, and at offset ${bytes} it says ${hexOf(expected)}. ` +
        "Copy the snapshot again, or import it unverified with --skip-hash-check",
    );
  }
  return bytes;
}

function assertBbolt(source: ByteSource, path: string): void {
  try {
    new BboltFile(source);
  } catch (error) {
    // What is damaged is told by its hash, which says more.
    if (!(error instanceof BboltError) || error.kind === "foreign") {
      throw told(path, error);
    }
  }
}

/** The SHA-256 of the first `bytes`. */
export function hashOf(source: ByteSource, bytes: number): string {
  const hash = sha256();
  const buffer = new Uint8Array(HASH_READ_BYTES);
  for (let at = 0; at < bytes; at += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, bytes - at));
    hash.update(part.subarray(0, source.read(part, at)));
  }
  return hash.hex();
}

/** What is wrong with a bbolt file, as an error of the world. */
function told(path: string, error: unknown): unknown {
  if (!(error instanceof BboltError)) {
    return error;
  }
  return error.kind === "foreign"
    ? new T4Error(
        "T4_INVALID_ARGUMENT",
        `${path} is no snapshot of etcd: ${error.message}. Take one with etcdctl snapshot save`,
        { cause: error },
      )
    : new T4Error("T4_CORRUPT", `${path} at offset ${error.offset}: ${error.message}`, {
        cause: error,
      });
}
