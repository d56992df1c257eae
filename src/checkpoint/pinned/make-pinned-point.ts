// Makes a restore point: finds the state as a fork does, and notes the version of everything that was read on the way and of
// the files that were not. Writes nothing: from here on, the bucket's versions hold what collection or a mistake removes.
// Must never: name a version that the bucket may overwrite.
import { sha256Of } from "../../lib/hashes/sha256.js";
import { forEachParallel } from "../../lib/permits.js";
import { T4Error } from "../../core/errors.js";
import { addressOfKey, compareAddresses, type SlotAddress } from "../../archive/chain.js";
import type { LatestManifest } from "../../archive/latest-manifest.js";
import { persistently, type StoreContext } from "../../archive/store-context.js";
import type {
  CallOptions,
  ObjectStore,
  ObjectVersion,
  StoredObject,
} from "../../object/object-store.js";
import type { CheckpointFile } from "../checkpoint.js";
import { joinPaths } from "../prefix-path.js";
import { findPoint, type HistoryPoint } from "../restore/find-point.js";
import type { HistoryTarget } from "../restore/history.js";
import type { PinnedObject, PinnedPoint } from "./pinned-point.js";
import { noVersionsError, versionsOf } from "./pinned-store.js";

/** As with a fork: for answers that are damaged, and for short outages. */
const READ_TRIES_MAX = 5;
/** Files asked for at the same time. */
const HEADS_MAX = 16;

/** What was read of an object, whole. */
interface Seen {
  readonly key: string;
  readonly version: ObjectVersion | null;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Throws T4_OBJECT_STORE_UNUSABLE if the bucket keeps no versions or does not let them be read, T4_NOT_RETAINED,
 * T4_FUTURE_REVISION, T4_BRANCH_REMOVED, T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError.
 */
export async function makePinnedPoint(
  context: StoreContext,
  target: HistoryTarget,
): Promise<PinnedPoint> {
  const { store, clock } = context;
  const read = async <Result>(call: () => Promise<Result>): Promise<Result> =>
    persistently(context, call, READ_TRIES_MAX);
  if (!(await read(async () => versionsOf(store).areKept()))) {
    throw noVersionsError(store.url);
  }
  const seen = new Map<string, Seen>();
  const point = await read(async () => findPoint(witness(store, seen), target));
  const files = await read(async () => pinFiles(store, filesOf(point)));
  const objects = eachOnce([...readOf(store, point, seen), ...files]);
  const [first] = objects;
  if (first !== undefined) {
    await read(async () => assertReadable(store, first));
  }
  const { index, revision, term, wallMs } = point.end;
  return {
    url: store.url,
    clusterId: point.manifest.clusterId,
    index,
    revision,
    term,
    wallMs,
    createdMs: Math.floor(clock.wallMs()),
    manifest: onlyTo(point),
    objects,
  };
}

/** The store, and a note of each object that is got from it. */
function witness(store: ObjectStore, seen: Map<string, Seen>): ObjectStore {
  return {
    url: store.url,
    at: (path) => witness(store.at(path), seen),
    get: async (key: string, options?: CallOptions): Promise<StoredObject | null> => {
      const found = await store.get(key, options);
      if (found !== null) {
        const { body, version = null } = found;
        seen.set(store.url + key, { key, version, bytes: body.length, sha256: sha256Of(body) });
      }
      return found;
    },
    getRange: async (key, range, options) => store.getRange(key, range, options),
    head: async (key, options) => store.head(key, options),
    put: async (key, body, options) => store.put(key, body, options),
    putIf: async (key, body, condition, options) => store.putIf(key, body, condition, options),
    delete: async (keys, options) => store.delete(keys, options),
    list: (prefix, options) => store.list(prefix, options),
    close: async () => store.close(),
  };
}

/** The checkpoint and the slots: what the walk has read, less what it has read ahead. */
function readOf(
  store: ObjectStore,
  { start, end }: HistoryPoint,
  seen: ReadonlyMap<string, Seen>,
): PinnedObject[] {
  const objects: PinnedObject[] = [];
  const take = (owner: string, wanted: (key: string) => boolean): void => {
    const { url } = store.at(owner);
    for (const [name, { key, version, bytes, sha256 }] of seen) {
      if (name === url + key && wanted(key)) {
        objects.push({ owner, key, version: told(version, name), bytes, sha256 });
      }
    }
  };
  const { checkpoint } = start;
  if (checkpoint !== null) {
    take(checkpoint.owner, (key) => key === checkpoint.key);
  }
  for (const { owner, from, throughIndex } of end.legs) {
    const isOfLeg = (slot: SlotAddress): boolean =>
      compareAddresses(slot, from) >= 0 && slot.firstIndex <= throughIndex;
    take(owner, (key) => {
      const address = addressOfKey(key);
      return address !== null && isOfLeg(address);
    });
  }
  return objects;
}

/** The checkpoint's files, with their owners relative to the database. */
function filesOf({ start, checkpoint }: HistoryPoint): CheckpointFile[] {
  const origin = start.checkpoint?.owner ?? "";
  const files = (checkpoint?.files ?? []).map((file) => ({
    ...file,
    owner: joinPaths(origin, file.owner),
  }));
  return eachOnce(files);
}

/** No key has a space. */
function eachOnce<Named extends { readonly owner: string; readonly key: string }>(
  objects: readonly Named[],
): Named[] {
  return [...new Map(objects.map((object) => [`${object.owner} ${object.key}`, object])).values()];
}

async function pinFiles(
  store: ObjectStore,
  files: readonly CheckpointFile[],
): Promise<PinnedObject[]> {
  const pinned = new Map<CheckpointFile, PinnedObject>();
  await forEachParallel(files, HEADS_MAX, async (file, signal) => {
    const { owner, key, bytes, sha256 } = file;
    const holder = store.at(owner);
    const info = await holder.head(key, { signal });
    if (info?.bytes !== bytes) {
      const found = info === null ? "missing" : `${info.bytes} bytes long instead of ${bytes}`;
      throw new T4Error(
        "T4_CORRUPT",
        `the object ${holder.url}${key} is ${found}: t4 verify tells what else is damaged`,
      );
    }
    const version = told(info.version ?? null, holder.url + key);
    pinned.set(file, { owner, key, version, bytes, sha256 });
  });
  return files.flatMap((file) => pinned.get(file) ?? []);
}

function told(version: ObjectVersion | null, name: string): ObjectVersion {
  if (version === null) {
    throw new T4Error(
      "T4_OBJECT_STORE_UNUSABLE",
      `the object store says that it keeps versions, and does not tell that of ${name}: fork a branch instead (t4 branch fork)`,
    );
  }
  return version;
}

/** That versions may be read is known only when one was: a restore would be a bad time to find out. */
async function assertReadable(
  store: ObjectStore,
  { owner, key, version }: PinnedObject,
): Promise<void> {
  const holder = store.at(owner);
  const part = await versionsOf(holder).getRange(key, version, { offset: 0, length: 1 });
  if (part === null) {
    throw new T4Error(
      "T4_OBJECT_STORE_UNUSABLE",
      `the object store tells version ${version} of ${holder.url}${key}, and does not find it when asked for it: ` +
        "fork a branch instead (t4 branch fork)",
    );
  }
}

/** The manifest as if nothing were kept but what leads to the point. */
function onlyTo({ manifest, start, checkpoint }: HistoryPoint): LatestManifest {
  const key = start.checkpoint?.key;
  const isOwn = start.own === null && checkpoint !== null;
  const next = isOwn ? checkpoint.next : manifest.floor;
  const floor = compareAddresses(next, manifest.floor) > 0 ? next : manifest.floor;
  return {
    ...manifest,
    floor: { term: floor.term, firstIndex: floor.firstIndex },
    checkpoints: isOwn ? manifest.checkpoints.filter((record) => record.key === key) : [],
    condemned: [],
  };
}
