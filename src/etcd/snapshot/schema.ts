// How etcd keeps its state in a bbolt file: the buckets, and the form of what is in them.
//
// Format: every number in a key, and every number that stands alone, is big-endian.
//   key     (revision key) → mvccpb.KeyValue; of a tombstone only its key
//           revision key: u64 revision | "_" | u64 sub-revision, and "t" behind it for a tombstone
//   lease   (u64 lease) → leasepb.Lease: ID=1, TTL=2 in s, RemainingTTL=3, all varints
//   meta    consistent_index, term → u64; scheduledCompactRev, finishedCompactRev → revision key;
//           storageVersion → "3.6.0" (etcd 3.6 and later)
//   auth    authEnabled → u8; authRevision → u64
//   authUsers, authRoles   name → authpb.User, authpb.Role
//   alarm, cluster, members, members_removed   of one cluster's own: what restores a snapshot begins a new one
import { bigVarintSize, writeBigVarint } from "../../lib/varint.js";
import type { Row } from "../../core/row.js";
import { latin1, utf8Bytes } from "../../lib/bytes.js";

export const BUCKETS = {
  alarm: "alarm",
  auth: "auth",
  authRoles: "authRoles",
  authUsers: "authUsers",
  cluster: "cluster",
  key: "key",
  lease: "lease",
  members: "members",
  membersRemoved: "members_removed",
  meta: "meta",
} as const;

export const META_KEYS = {
  consistentIndex: "consistent_index",
  finishedCompactRevision: "finishedCompactRev",
  scheduledCompactRevision: "scheduledCompactRev",
  storageVersion: "storageVersion",
  term: "term",
} as const;

export const AUTH_KEYS = { enabled: "authEnabled", revision: "authRevision" } as const;

/** A snapshot as a file ends with the SHA-256 of all before: etcd tells so by a size that is no multiple of 512. */
export const HASH_BYTES = 32;
export const SNAPSHOT_UNIT_BYTES = 512;

export const REVISION_KEY_BYTES = 17;
const SEPARATOR = 0x5f;
const TOMBSTONE_MARK = 0x74;

/** Users, roles, and whether they count. */
export interface SnapshotAuth {
  readonly enabled: boolean;
  readonly revision: bigint;
  /** In order of names. The messages are etcd's authpb.User and authpb.Role. */
  readonly users: readonly NamedMessage[];
  readonly roles: readonly NamedMessage[];
}

export interface NamedMessage {
  /** UTF-8. */
  readonly name: Uint8Array;
  readonly message: Uint8Array;
}

export interface SnapshotLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
}

/** Writes a revision key at the start of `target`; its length. */
export function writeRevisionKey(
  target: Uint8Array,
  revision: number,
  subRevision: number,
  isTombstone: boolean,
): number {
  writeU64(target, 0, revision);
  target[8] = SEPARATOR;
  writeU64(target, 9, subRevision);
  target[REVISION_KEY_BYTES] = TOMBSTONE_MARK;
  return isTombstone ? REVISION_KEY_BYTES + 1 : REVISION_KEY_BYTES;
}

export interface RevisionKey {
  readonly revision: number;
  readonly subRevision: number;
  readonly isTombstone: boolean;
}

/** Null: it is none. */
export function readRevisionKey(key: Uint8Array): RevisionKey | null {
  const isTombstone = key.length === REVISION_KEY_BYTES + 1;
  const isOther = isTombstone && key[REVISION_KEY_BYTES] !== TOMBSTONE_MARK;
  if ((key.length !== REVISION_KEY_BYTES && !isTombstone) || key[8] !== SEPARATOR || isOther) {
    return null;
  }
  const revision = readU64(key, 0);
  const subRevision = readU64(key, 9);
  return Number.isSafeInteger(revision) && subRevision <= 0xffff_ffff
    ? { revision, subRevision, isTombstone }
    : null;
}

/** The message of a row in etcd's file: `row.wire`, but of a tombstone its key alone. */
export function storedMessage(row: Row): Uint8Array {
  if (!row.isTombstone) {
    return row.wire;
  }
  // The key is the first field, and what follows it is the revision, which is in the revision key.
  const { buffer, start, end } = row;
  let at = start + 1;
  while ((buffer[at] ?? 0) >= 0x80) {
    at += 1;
  }
  return buffer.subarray(start, Math.min(end, at + 1 + row.key.length));
}

/** The key in a tombstone's message; null if it is not there. */
export function tombstoneKey(message: Uint8Array): string | null {
  let at = 1;
  let length = 0;
  let scale = 1;
  let byte = 0x80;
  while (byte >= 0x80 && at < message.length && at < 6) {
    byte = message[at] ?? 0;
    length += (byte & 0x7f) * scale;
    scale *= 0x80;
    at += 1;
  }
  const isWhole = message[0] === 0x0a && byte < 0x80 && length > 0;
  return isWhole && at + length <= message.length ? latin1(message, at, at + length) : null;
}

export function encodeLease({ id, ttlSeconds }: SnapshotLease): Uint8Array {
  const ttl = BigInt(ttlSeconds);
  const bytes = new Uint8Array(2 + bigVarintSize(id) + bigVarintSize(ttl));
  bytes[0] = 0x08;
  const at = writeBigVarint(bytes, 1, id);
  bytes[at] = 0x10;
  writeBigVarint(bytes, at + 1, ttl);
  return bytes;
}

/** Null: the bytes are no lease. */
export function decodeLease(bytes: Uint8Array): SnapshotLease | null {
  const fields = new Map<number, bigint>();
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    at += 1;
    let value = 0n;
    let byte = 0x80;
    for (let shift = 0n; byte >= 0x80 && shift < 70n; shift += 7n) {
      if (at >= bytes.length) {
        return null;
      }
      byte = bytes[at] ?? 0;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
    }
    if (byte >= 0x80 || (tag & 0x07) !== 0) {
      return null;
    }
    fields.set(tag >>> 3, BigInt.asIntN(64, value));
  }
  const id = fields.get(1) ?? 0n;
  const ttl = fields.get(2) ?? 0n;
  return id === 0n || ttl <= 0n || ttl > BigInt(Number.MAX_SAFE_INTEGER)
    ? null
    : { id, ttlSeconds: Number(ttl) };
}

export function encodeU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value));
  return bytes;
}

export function nameBytes(name: string): Uint8Array {
  return utf8Bytes(name);
}

function writeU64(target: Uint8Array, at: number, value: number): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value % 0x1_0000_0000);
}

function readU64(source: Uint8Array, at: number): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
