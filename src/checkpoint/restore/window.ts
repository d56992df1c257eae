// Where a prefix's archive ends, and from where to where its history can be restored: from its manifest, a list of slots and
// the last of them. It is a look at one moment at a store that others may be writing to, and decides nothing.
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { addressOfKey, compareAddresses, WAL_PREFIX } from "../../archive/chain.js";
import type { LatestManifest } from "../../archive/latest-manifest.js";
import { decodeSlot, previousHashOf } from "../../archive/slot.js";
import type { ObjectStore } from "../../object/object-store.js";

/** The newest slot, as far as lists and the slot itself tell. */
export interface LogEnd {
  readonly key: string;
  readonly term: Term;
  /** The last entry in the archive. */
  readonly index: LogIndex;
  readonly revision: Revision;
  readonly wallMs: number;
}

/** A point that can be restored. */
export interface RestorablePoint {
  readonly index: LogIndex;
  readonly revision: Revision;
  /** Null: not known without reading the log. */
  readonly wallMs: number | null;
}

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface RestorableWindow {
  /** Everything between the two can be restored; null: nothing yet. */
  readonly oldest: RestorablePoint | null;
  readonly newest: RestorablePoint | null;
  readonly end: LogEnd | null;
  readonly firstKey: string | null;
  readonly slots: Amount;
  /** What a restore of the newest state reads beside a checkpoint's files. */
  readonly sinceCheckpoint: Amount & { readonly entries: number };
}

/** Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function restorableWindow(
  store: ObjectStore,
  manifest: LatestManifest,
): Promise<RestorableWindow> {
  const { chain } = manifest;
  const newest = manifest.checkpoints.at(-1);
  let firstKey: string | null = null;
  let last: string | null = null;
  const slots = { objects: 0, bytes: 0 };
  const since = { objects: 0, bytes: 0 };
  for await (const info of store.list(WAL_PREFIX)) {
    const address = addressOfKey(info.key);
    if (address !== null) {
      firstKey ??= info.key;
      last = info.key;
      slots.objects += 1;
      slots.bytes += info.bytes;
      if (address.firstIndex > (newest?.index ?? 0)) {
        since.objects += 1;
        since.bytes += info.bytes;
      }
    }
  }
  const end = last === null ? null : await readEnd(store, last);
  const from = newest?.index ?? Math.max(0, chain.firstIndex - 1);
  const entries = Math.max(0, (end?.index ?? from) - from);
  const sinceCheckpoint = { ...since, entries };
  return { ...pointsOf(manifest, end), end, firstKey, slots, sinceCheckpoint };
}

function pointsOf(
  manifest: LatestManifest,
  end: LogEnd | null,
): Pick<RestorableWindow, "oldest" | "newest"> {
  const { checkpoints } = manifest;
  const first = checkpoints[0];
  const last = checkpoints.at(-1);
  const beginning = beginningOf(manifest);
  const oldest = beginning ?? (first === undefined ? null : pointOf(first));
  if (end !== null && end.index >= (last?.index ?? 0)) {
    return { oldest, newest: pointOf(end) };
  }
  return { oldest, newest: last === undefined ? beginning : pointOf(last) };
}

/** Null if it cannot be restored any more, or never could: the archive of a directory that was there before begins later. */
function beginningOf({ chain, base, floor }: LatestManifest): RestorablePoint | null {
  if (compareAddresses(floor, chain) > 0) {
    return null;
  }
  if (base !== null) {
    return { index: base.index, revision: base.revision, wallMs: null };
  }
  return chain.firstIndex === 1
    ? { index: 0 as LogIndex, revision: 1 as Revision, wallMs: null }
    : null;
}

function pointOf({ index, revision, wallMs }: RestorablePoint): RestorablePoint {
  return { index, revision, wallMs };
}

/** Null if the slot was collected since it was listed. */
async function readEnd(store: ObjectStore, key: string): Promise<LogEnd | null> {
  const object = await store.get(key);
  const address = addressOfKey(key);
  if (object === null || address === null) {
    return null;
  }
  // Whether it follows on the one before is for those to check who rely on it.
  const previousHash = previousHashOf(object.body);
  const slot = decodeSlot(object.body, { ...address, previousHash }, null, store.url + key);
  const { term, revision } = slot;
  return slot.kind === "seal"
    ? { key, term, revision, index: (slot.firstIndex - 1) as LogIndex, wallMs: slot.wallMs }
    : {
        key,
        term,
        revision,
        index: slot.lastIndex,
        wallMs: slot.groups.at(-1)?.wallMs ?? 0,
      };
}
