// Removes a branch: closes it, makes sure that nothing is forked from it, deletes its objects, and then the pins that held its
// base. Interrupted at any point it is simply called again: the pin that names the branch goes last.
// Must never: remove a branch that has branches, or on which a node runs; touch an object that is not T4's.
import { hexOfId } from "../../lib/hex.js";
import { T4Error } from "../../core/errors.js";
import { addressOfKey, WAL_PREFIX } from "../../archive/chain.js";
import {
  encodeLatestManifest,
  LATEST_MANIFEST_KEY,
  mustReadLatestManifest,
  readLatestManifest,
  type LatestManifest,
  type ReadManifest,
} from "../../archive/latest-manifest.js";
import { settle, type StoreContext } from "../../archive/store-context.js";
import { makeWriteId } from "../../object/json-object.js";
import type { ObjectStore } from "../../object/object-store.js";
import type { Logger } from "../../runtime/logger.js";
import { LEADER_LOCK_KEY } from "../../election/lock-record.js";
import { CHECKPOINT_PREFIX, DATA_PREFIX, isCheckpointKey, isDataKey } from "../checkpoint.js";
import { deleteListed } from "../delete-listed.js";
import { joinPaths } from "../prefix-path.js";
import { createObject } from "../writes.js";
import { stateOf } from "./list-branches.js";
import {
  assertBranchId,
  branchKey,
  holdKey,
  isBranchKey,
  readPin,
  readPins,
  type Pin,
} from "./pin.js";
import { closed, gone, goneBeforeMade, isGone, isRemoved, opened } from "./removed.js";

export interface UnforkOptions {
  /** Of the prefix that the branch was forked from. */
  readonly context: StoreContext;
  readonly branchId: string;
  /**
   * Who runs on a prefix, for the message; null if surely nobody does. Reads the lock there, and waits long enough to tell a
   * running node from a dead one.
   */
  readonly findRunner: (store: ObjectStore) => Promise<string | null>;
  readonly logger: Logger;
}

/** Throws T4_BRANCH_NOT_FOUND, T4_BRANCH_IN_USE, T4_CORRUPT, or an ObjectStoreError: then it can be called again. */
export async function unfork(options: UnforkOptions): Promise<void> {
  const { context, branchId, logger } = options;
  assertBranchId(branchId);
  const { store } = context;
  const named = await readPin(store, branchKey(branchId));
  if (named === null) {
    throw new T4Error("T4_BRANCH_NOT_FOUND", `${store.url} has no branch "${branchId}"`);
  }
  const { pin } = named;
  const branch: StoreContext = { ...context, store: store.at(pin.target) };
  await removeManifest(options, branch, pin);
  await deleteObjects(branch.store, pin);
  for (const owner of ["", ...(await ancestorsOf(store))]) {
    await store.at(owner).delete([holdKey(branchId, pin.writeId)]);
  }
  await store.delete([branchKey(branchId)]);
  logger.info("branch removed", { branch: branchId, url: branch.store.url });
}

/** From here on there is no way back for the branch of this pin, whatever else is or will be in its place. */
async function removeManifest(
  options: UnforkOptions,
  branch: StoreContext,
  pin: Pin,
): Promise<void> {
  for (;;) {
    branch.signal.throwIfAborted();
    const read = await readLatestManifest(branch.store);
    if (read === null) {
      if (await takePlace(branch, pin)) {
        return;
      }
    } else if (hexOfId(read.manifest.clusterId) !== pin.writeId || isGone(read.manifest)) {
      // Another's: the fork that made the pin was given up, and finds its place taken.
      return;
    } else if (isRemoved(read.manifest)) {
      await assertNoBranches(branch, pin, read);
      if (await swap(branch, read, gone(read.manifest, nowMs(branch)))) {
        return;
      }
    } else {
      await assertUnused(options, branch, pin);
      await swap(branch, read, closed(read.manifest, nowMs(branch)));
    }
  }
}

/** Puts a mark where a fork has not put its manifest: it will find that it lost. False if it was faster. */
export async function takePlace(branch: StoreContext, pin: Pin): Promise<boolean> {
  const clusterId = BigInt(`0x${pin.writeId}`);
  const mark = goneBeforeMade(clusterId, makeWriteId(branch.random), nowMs(branch));
  return createObject(branch, LATEST_MANIFEST_KEY, encodeLatestManifest(mark));
}

function nowMs({ clock }: StoreContext): number {
  return Math.floor(clock.wallMs());
}

async function assertUnused(
  { findRunner }: UnforkOptions,
  { store }: StoreContext,
  pin: Pin,
): Promise<void> {
  const runner = await findRunner(store);
  if (runner !== null) {
    throw new T4Error(
      "T4_BRANCH_IN_USE",
      `the branch "${pin.branchId}" is in use by ${runner}: stop it first`,
    );
  }
  await assertNone(store, pin);
}

async function assertNone(store: ObjectStore, pin: Pin): Promise<void> {
  const names = new Set<string>();
  for (const each of await readPins(store)) {
    // Without its name it is a branch all the same, unless its fork never ended.
    if (isBranchKey(each.key) || (await stateOf(store.at(each.pin.target), each.pin)) === "ready") {
      names.add(each.pin.branchId);
    }
  }
  if (names.size > 0) {
    throw new T4Error(
      "T4_BRANCH_IN_USE",
      `the branch "${pin.branchId}" has branches of its own (${[...names].join(", ")}): remove those first`,
    );
  }
}

/** The branch is closed: who forks from it now fails. Whoever was faster keeps it, and it is opened again. */
async function assertNoBranches(branch: StoreContext, pin: Pin, read: ReadManifest): Promise<void> {
  try {
    await assertNone(branch.store, pin);
  } catch (error) {
    if (error instanceof T4Error && error.code === "T4_BRANCH_IN_USE") {
      await swap(branch, read, opened(read.manifest));
    }
    throw error;
  }
}

async function swap(
  branch: StoreContext,
  before: ReadManifest,
  change: LatestManifest,
): Promise<boolean> {
  const body = encodeLatestManifest({ ...change, writeId: makeWriteId(branch.random) });
  const condition = { kind: "match", tag: before.tag } as const;
  return (await settle(branch, LATEST_MANIFEST_KEY, body, condition)).kind === "won";
}

/** All but the manifest with the mark. */
async function deleteObjects(store: ObjectStore, pin: Pin): Promise<void> {
  const { manifest } = await mustReadLatestManifest(store);
  if (hexOfId(manifest.clusterId) !== pin.writeId) {
    return;
  }
  await deleteListed(store, CHECKPOINT_PREFIX, isCheckpointKey);
  await deleteListed(store, DATA_PREFIX, isDataKey);
  await deleteListed(store, WAL_PREFIX, (key) => addressOfKey(key) !== null);
  await store.delete([LEADER_LOCK_KEY]);
}

/** All prefixes that a prefix's history reaches into, relative to it. */
async function ancestorsOf(store: ObjectStore): Promise<string[]> {
  const found = new Set<string>();
  const waiting = [""];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const { manifest } = await mustReadLatestManifest(store.at(path));
    const { checkpoint, legs } = manifest.base ?? { checkpoint: null, legs: [] };
    for (const { owner } of [...(checkpoint === null ? [] : [checkpoint]), ...legs]) {
      const ancestor = joinPaths(path, owner);
      if (ancestor !== "" && !found.has(ancestor)) {
        found.add(ancestor);
        waiting.push(ancestor);
      }
    }
  }
  return [...found];
}
