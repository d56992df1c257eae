// etcd's checksum of everything that can be read at a revision: equal on all members that have the same history and the
// same compact revision, and on a real etcd too. It is the CRC-32C of the name of etcd's bucket and of each row's key and
// value there (server/storage/mvcc/hash.go), in the order of revisions. Rows at or below the compact revision count only
// as far as they can be read at the revision that is hashed, so that it does not matter which of them are removed already.
import { ALL_KEYS } from "../../core/range/key-range.js";
import { compactedError, futureRevisionError } from "../../core/range/range-read.js";
import type { Row } from "../../core/row.js";
import { headOf } from "../../core/view.js";
import type { Revision } from "../../core/words.js";
import { crc32c } from "../../lib/hashes/crc32c.js";
import { varintSize } from "../../lib/varint.js";
import type { Store } from "../../store/store.js";

/** Rows between two turns of the event loop: some milliseconds. */
const SLICE_ROWS = 500;

const BUCKET = Uint8Array.from("key", (char) => char.charCodeAt(0));

export interface KvHash {
  readonly hash: number;
  readonly compactRevision: Revision;
  /** What was hashed. */
  readonly revision: number;
  /** The store's when it began. */
  readonly currentRevision: Revision;
}

/**
 * Hashes what there was at `requested` (0: now). `turn` resolves when others have run. Throws T4_COMPACTED and
 * T4_FUTURE_REVISION.
 */
export async function hashKv(
  store: Store,
  requested: number,
  turn: () => Promise<void>,
): Promise<KvHash> {
  while (!store.prepareWalk()) {
    await turn();
  }
  for (;;) {
    const { compactRevision, committedRevision: currentRevision } = store;
    if (requested > 0 && requested < compactRevision) {
      throw compactedError(requested, compactRevision);
    }
    if (requested > currentRevision) {
      throw futureRevisionError(requested, currentRevision);
    }
    const revision = requested === 0 ? currentRevision : requested;
    const hash = await hashThrough(store, revision, compactRevision, turn);
    if (hash !== null) {
      return { hash, compactRevision, revision, currentRevision };
    }
  }
}

/** Null if a compaction came meanwhile: what can be told of rows has changed. */
async function hashThrough(
  store: Store,
  revision: number,
  compactRevision: Revision,
  turn: () => Promise<void>,
): Promise<number | null> {
  let hash = crc32c(BUCKET);
  if (revision < 0) {
    // etcd takes no row for one of so early a time.
    return hash;
  }
  const at = revision as Revision;
  // Where nothing can be read at the revision, etcd hashes what the compaction has left of the time before it.
  const shownAt = hasKeys(store, at) ? at : compactRevision;
  const rows = store.reachable(at);
  try {
    for (;;) {
      for (let count = 0; count < SLICE_ROWS; count += 1) {
        const row = rows.next();
        if (row === null) {
          return hash;
        }
        if (row.modRevision > compactRevision || isShown(store, row, shownAt)) {
          hash = addRow(hash, row);
        }
      }
      await turn();
      if (store.compactRevision !== compactRevision) {
        return null;
      }
    }
  } finally {
    rows.close();
  }
}

function hasKeys(store: Store, revision: Revision): boolean {
  if (revision < store.compactRevision) {
    return false;
  }
  const cursor = store.scan(ALL_KEYS, revision, false);
  try {
    return cursor.next();
  } finally {
    cursor.close();
  }
}

function isShown(store: Store, row: Row, revision: Revision): boolean {
  if (row.isTombstone) {
    return false;
  }
  const head = headOf(store, row.key, revision);
  return head?.modRevision === row.modRevision && head.subRevision === row.subRevision;
}

/** Main and sub revision, big-endian with "_" between; "t" behind them marks a tombstone. */
const rowKey = new Uint8Array(18);
const rowKeyView = new DataView(rowKey.buffer);
rowKey[8] = 0x5f;
rowKey[17] = 0x74;

function addRow(hash: number, row: Row): number {
  rowKeyView.setBigUint64(0, BigInt(row.modRevision));
  rowKeyView.setBigUint64(9, BigInt(row.subRevision));
  if (!row.isTombstone) {
    return crc32c(row.wire, crc32c(rowKey.subarray(0, 17), hash));
  }
  // etcd's value of a tombstone has the key alone; ours the revision behind it.
  const keyFieldBytes = 1 + varintSize(row.key.length) + row.key.length;
  const value = row.buffer.subarray(row.start, row.start + keyFieldBytes);
  return crc32c(value, crc32c(rowKey, hash));
}

/** Goes on with a checksum over numbers. */
export function addNumbers(hash: number, numbers: Iterable<number | bigint>): number {
  let sum = hash;
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (const number of numbers) {
    view.setBigUint64(0, BigInt.asUintN(64, BigInt(number)));
    sum = crc32c(bytes, sum);
  }
  return sum;
}
