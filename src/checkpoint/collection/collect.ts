// Collection: removes from the object store what no checkpoint that is kept, no branch and no point of the restore window
// needs. It fails closed: everything is read before anything is deleted, and any error ends the run.
// The order is the safety: the manifest that condemns is read first, then the pins. A fork whose pin is not seen here has put it
// after that, so it reads a manifest that condemns, and fails.
// Must never: touch an object whose name is not one of T4's, or delete when another may lead.
import { assert } from "../../lib/assert.js";
import { hexOfId } from "../../lib/hex.js";
import { T4Error } from "../../core/errors.js";
import type { Term } from "../../core/words.js";
import {
  addressOfKey,
  compareAddresses,
  WAL_PREFIX,
  type SlotAddress,
} from "../../archive/chain.js";
import {
  mustReadLatestManifest,
  readLatestManifest,
  type ReadManifest,
} from "../../archive/latest-manifest.js";
import type { StoreContext } from "../../archive/store-context.js";
import type { ObjectInfo, ObjectStore } from "../../object/object-store.js";
import type { Logger } from "../../runtime/logger.js";
import { isBranchKey, readPin, readPins, type ReadPin } from "../branch/pin.js";
import { assertNotRemoved, isGone, wasNeverMade } from "../branch/removed.js";
import { takePlace } from "../branch/unfork.js";
import { CHECKPOINT_PREFIX, DATA_PREFIX, isCheckpointKey, isDataKey } from "../checkpoint.js";
import { DELETE_KEYS_MAX } from "../delete-listed.js";
import { swapManifest } from "../writes.js";
import {
  changesManifest,
  planCollection,
  type CollectionPlan,
  type Listing,
} from "./plan-collection.js";
import { readRoots, type Retention } from "./roots.js";

/** Runs begun anew because the manifest was written meanwhile. The next run comes anyway. */
const ATTEMPTS_MAX = 5;

/** What is to be kept. */
export interface CollectRequest extends Retention {
  /** How long what is condemned stays, at least as long as the longest restore. */
  readonly graceMs: number;
  /** Only tells what would be done. */
  readonly dryRun: boolean;
}

export interface CollectOptions extends CollectRequest {
  readonly context: StoreContext;
  /** The term in which this node leads. */
  readonly term: Term;
  /** Reads the lock: whether this node still leads. Asked right before each call that deletes. */
  readonly isLeading: () => Promise<boolean>;
  readonly logger: Logger;
}

export type CollectResult =
  | { readonly kind: "planned" | "collected"; readonly plan: CollectionPlan }
  /** The manifest was written again and again: nothing is wrong, and the next run will do it. */
  | { readonly kind: "disturbed" }
  /** Another leads. */
  | { readonly kind: "fenced" };

/**
 * One run. Do not run it while a checkpoint is uploaded: what is not yet part of one would be condemned, and uploaded again.
 * Throws T4_CORRUPT, T4_FORMAT_TOO_NEW, T4_BRANCH_REMOVED or an ObjectStoreError.
 */
export async function collect(options: CollectOptions): Promise<CollectResult> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    options.context.signal.throwIfAborted();
    const result = await runOnce(options);
    if (result !== "again") {
      return result;
    }
  }
  return { kind: "disturbed" };
}

async function runOnce(options: CollectOptions): Promise<CollectResult | "again"> {
  const { context, term, dryRun, logger } = options;
  const { store } = context;
  const nowMs = Math.floor(context.clock.wallMs());
  const read = await mustReadLatestManifest(store);
  const { manifest } = read;
  if (manifest.term !== term) {
    return { kind: "fenced" };
  }
  assertNotRemoved(manifest, store.url);
  const look = await lookAt(options, read, nowMs);
  if (look === "again") {
    return "again";
  }
  const { plan, pins } = look;
  if (dryRun) {
    return { kind: "planned", plan };
  }
  if (!(await deleteAll(options, plan.delete, read))) {
    return { kind: "fenced" };
  }
  if (changesManifest(manifest, plan)) {
    const { retained, floor, condemned } = plan;
    const change = { ...manifest, checkpoints: retained, floor, condemned };
    if (!(await swapManifest(context, read, change))) {
      return "again";
    }
  }
  await removeOrphanPins(options, pins, nowMs);
  logger.info("collected", {
    deleted: plan.delete.length,
    deletedBytes: plan.delete.reduce((sum, { bytes }) => sum + bytes, 0),
    condemned: plan.condemn.length,
    droppedCheckpoints: plan.dropped.length,
  });
  return { kind: "collected", plan };
}

/** Reads everything that decides. "again" if something was missing because another was faster. */
async function lookAt(
  options: CollectOptions,
  read: ReadManifest,
  nowMs: number,
): Promise<{ readonly plan: CollectionPlan; readonly pins: readonly ReadPin[] } | "again"> {
  const { store } = options.context;
  const { manifest } = read;
  try {
    const pins = await readPins(store);
    const roots = await readRoots(store, manifest, pins, options, nowMs);
    const listing = await listObjects(store, roots.floor);
    return { plan: planCollection(manifest, roots, listing, options.graceMs, nowMs), pins };
  } catch (error) {
    if (error instanceof T4Error && error.code === "T4_CORRUPT") {
      const { tag } = await mustReadLatestManifest(store);
      if (tag !== read.tag) {
        return "again";
      }
    }
    throw error;
  }
}

/** What is below the three prefixes under a name of T4's own. */
async function listObjects(store: ObjectStore, floor: SlotAddress): Promise<Listing> {
  const objects: ObjectInfo[] = [];
  for await (const info of store.list(DATA_PREFIX)) {
    if (isDataKey(info.key)) {
      objects.push(info);
    }
  }
  for await (const info of store.list(CHECKPOINT_PREFIX)) {
    if (isCheckpointKey(info.key)) {
      objects.push(info);
    }
  }
  const slots: ObjectInfo[] = [];
  for await (const info of store.list(WAL_PREFIX)) {
    const address = addressOfKey(info.key);
    if (address !== null && compareAddresses(address, floor) >= 0) {
      break;
    }
    if (address !== null) {
      slots.push(info);
    }
  }
  return { objects, slots };
}

/** False if another leads: then nothing more is deleted. */
async function deleteAll(
  { context, isLeading }: CollectOptions,
  objects: readonly ObjectInfo[],
  read: ReadManifest,
): Promise<boolean> {
  const { store } = context;
  for (let at = 0; at < objects.length; at += DELETE_KEYS_MAX) {
    const now = await mustReadLatestManifest(store);
    if (now.manifest.term !== read.manifest.term || !(await isLeading())) {
      return false;
    }
    const page = objects.slice(at, at + DELETE_KEYS_MAX);
    assert(
      page.every(({ key }) => isDataKey(key) || isCheckpointKey(key) || addressOfKey(key) !== null),
      "only what is known is deleted",
    );
    await store.delete(page.map(({ key }) => key));
  }
  return true;
}

/**
 * Pins of forks that were given up. They go when the grace is over and the fork can no longer succeed: its place is taken, by a
 * mark that is put there if nothing else is.
 */
async function removeOrphanPins(
  { context, graceMs, logger }: CollectOptions,
  pins: readonly ReadPin[],
  nowMs: number,
): Promise<void> {
  const { store } = context;
  for (const { key, pin, tag } of pins) {
    if (nowMs < pin.createdMs + graceMs) {
      continue;
    }
    const branch: StoreContext = { ...context, store: store.at(pin.target) };
    const read = await readLatestManifest(branch.store);
    const isOrphan =
      read === null
        ? await takePlace(branch, pin)
        : hexOfId(read.manifest.clusterId) !== pin.writeId ||
          // The pin that names a branch belongs to `unfork` as long as there is something for it to do.
          (isGone(read.manifest) && (!isBranchKey(key) || wasNeverMade(read.manifest)));
    if (isOrphan && (await readPin(store, key))?.tag === tag) {
      await store.delete([key]);
      logger.warn("the pin of a fork that was interrupted is removed", { pin: store.url + key });
    }
  }
}
