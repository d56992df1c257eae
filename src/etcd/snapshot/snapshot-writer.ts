// Writes a state as etcd keeps it: a bbolt file that etcdctl and etcdutl of 3.4 to 3.6 check and restore. The same state
// makes the same bytes.
//
// What is left out on purpose: members and the cluster's version, since a restore begins a new cluster, and a version in
// there would keep etcd 3.5 from starting with it; confState, which the restore writes.
import { BboltWriter } from "../../bbolt/bbolt-writer.js";
import type { ByteSink } from "../../bbolt/format.js";
import { compareBytes } from "../../lib/bytes.js";
import type { StateCopy } from "../../node/state-copy.js";
import { STORAGE_VERSION } from "../version.js";
import { snapshotAuthOf } from "./snapshot-auth.js";
import {
  AUTH_KEYS,
  BUCKETS,
  encodeLease,
  encodeU64,
  META_KEYS,
  nameBytes,
  REVISION_KEY_BYTES,
  storedMessage,
  writeRevisionKey,
  type NamedMessage,
  type SnapshotAuth,
} from "./schema.js";

/** Rows between two turns of the event loop: some 2 ms. */
const SLICE_ROWS = 500;

export interface SnapshotProgress {
  readonly rows: number;
  readonly revision: number;
  readonly bytes: number;
}

/** Resolves to the file's size, without a hash. The caller closes `copy`. Rejects with what the copy or the sink throws. */
export async function writeSnapshot(
  sink: ByteSink,
  copy: StateCopy,
  progress: (progress: SnapshotProgress) => void = () => {},
): Promise<number> {
  const auth = snapshotAuthOf(copy.auth);
  const writer = new BboltWriter(sink);
  const bucket = (name: string, entries: readonly NamedMessage[] = []): void => {
    writer.beginBucket(nameBytes(name));
    for (const { name: key, message } of entries) {
      writer.put(key, message);
    }
    writer.endBucket();
  };
  // In the order of their names.
  bucket(BUCKETS.alarm);
  bucket(BUCKETS.auth, auth === null ? [] : authEntries(auth));
  bucket(BUCKETS.authRoles, auth?.roles);
  bucket(BUCKETS.authUsers, auth?.users);
  bucket(BUCKETS.cluster);
  await writeRows(writer, copy, progress);
  bucket(BUCKETS.lease, leaseEntries(copy));
  bucket(BUCKETS.members);
  bucket(BUCKETS.membersRemoved);
  bucket(BUCKETS.meta, metaEntries(copy));
  return writer.finish();
}

async function writeRows(
  writer: BboltWriter,
  copy: StateCopy,
  progress: (progress: SnapshotProgress) => void,
): Promise<void> {
  writer.beginBucket(nameBytes(BUCKETS.key));
  const key = new Uint8Array(REVISION_KEY_BYTES + 1);
  let rows = 0;
  for (let row = copy.nextRow(); row !== null; row = copy.nextRow()) {
    const length = writeRevisionKey(key, row.modRevision, row.subRevision, row.isTombstone);
    writer.put(key.subarray(0, length), storedMessage(row));
    rows += 1;
    if (rows % SLICE_ROWS === 0) {
      progress({ rows, revision: row.modRevision, bytes: writer.bytes });
      await copy.nextTurn();
    }
  }
  progress({ rows, revision: copy.revision, bytes: writer.bytes });
  writer.endBucket();
}

function leaseEntries(copy: StateCopy): NamedMessage[] {
  return copy.leases
    .map((lease) => ({ name: encodeU64(lease.id), message: encodeLease(lease) }))
    .sort((a, b) => compareBytes(a.name, b.name));
}

function authEntries({ enabled, revision }: SnapshotAuth): NamedMessage[] {
  return [
    { name: nameBytes(AUTH_KEYS.enabled), message: Uint8Array.of(enabled ? 1 : 0) },
    { name: nameBytes(AUTH_KEYS.revision), message: encodeU64(revision) },
  ];
}

function metaEntries({ index, term, compactRevision }: StateCopy): NamedMessage[] {
  const revisionKey = new Uint8Array(REVISION_KEY_BYTES + 1);
  const entry = (name: string, message: Uint8Array): NamedMessage => {
    return { name: nameBytes(name), message };
  };
  const compacted = revisionKey.subarray(
    0,
    writeRevisionKey(revisionKey, Math.max(compactRevision, 0), 0, false),
  );
  return [
    entry(META_KEYS.consistentIndex, encodeU64(BigInt(index))),
    ...(compactRevision < 0
      ? []
      : [
          entry(META_KEYS.finishedCompactRevision, compacted),
          entry(META_KEYS.scheduledCompactRevision, compacted),
        ]),
    entry(META_KEYS.storageVersion, nameBytes(STORAGE_VERSION)),
    entry(META_KEYS.term, encodeU64(BigInt(term))),
  ];
}
