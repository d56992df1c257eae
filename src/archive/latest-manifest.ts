// manifest/latest: the one object that says what an archive holds: where its chain begins, which checkpoints it keeps, below
// which slot something may be absent, and what is about to be removed. Made once by the first leader, ever after only swapped.
// Invariant: its term, its newest checkpoint and its floor never go back, and a writer of an older term never wins: at each
// takeover the new leader writes it with its own term, so what an older one read is stale.
import { assert } from "../lib/assert.js";
import { hexOfId } from "../lib/hex.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { encodeJsonObject, JsonObjectReader, makeWriteId } from "../object/json-object.js";
import type { ObjectStore, ObjectTag } from "../object/object-store.js";
import {
  addressMembers,
  compareAddresses,
  positionMembers,
  readAddress,
  readPosition,
  type ChainPosition,
  type SlotAddress,
} from "./chain.js";
import { settle, type StoreContext } from "./store-context.js";

export const LATEST_MANIFEST_KEY: string = "manifest/latest";

/** A checkpoint that is kept. */
export interface CheckpointRecord {
  /** checkpoint/<term>/<index>.json: of the leader that wrote it. */
  readonly key: string;
  readonly term: Term;
  /** Everything up to this entry is in its files. */
  readonly index: LogIndex;
  readonly revision: Revision;
  readonly wallMs: number;
  /** Of all its files. */
  readonly bytes: number;
}

/** An object that will be removed when it has been here for the grace: nothing may name it any more. */
export interface CondemnedObject {
  readonly key: string;
  /** By the wall clock of the leader that condemned it. */
  readonly sinceMs: number;
}

/** A part of a chain: the slots from `from` to the one that holds `throughIndex`, which counts only up to that entry. */
export interface ChainLeg {
  /** The prefix that holds it, relative to the one whose manifest this is; "" for the same. */
  readonly owner: string;
  readonly from: ChainPosition;
  readonly throughIndex: LogIndex;
}

/** Where the history before a branch's own chain is: a checkpoint's files, then the legs in order. */
export interface Base {
  /** Null: the legs begin with the first entry of all. */
  readonly checkpoint: { readonly owner: string; readonly key: string } | null;
  readonly legs: readonly ChainLeg[];
  /** Where the branch begins: the last entry before its own. */
  readonly index: LogIndex;
  readonly revision: Revision;
  readonly term: Term;
}

export interface LatestManifest {
  readonly clusterId: bigint;
  /** Of the leader that wrote it. */
  readonly term: Term;
  readonly writeId: string;
  /** The first slot ever of this prefix. */
  readonly chain: ChainPosition;
  readonly base: Base | null;
  /** A slot may be absent only below it. */
  readonly floor: SlotAddress;
  /** Oldest first. */
  readonly checkpoints: readonly CheckpointRecord[];
  readonly condemned: readonly CondemnedObject[];
}

/** A manifest as it was read: the tag says which of all its states. */
export interface ReadManifest {
  readonly manifest: LatestManifest;
  readonly tag: ObjectTag;
}

export function encodeLatestManifest(manifest: LatestManifest): Uint8Array {
  return encodeJsonObject(latestManifestMembers(manifest));
}

/** In the documented order. */
export function latestManifestMembers(manifest: LatestManifest): Record<string, unknown> {
  return {
    clusterId: hexOfId(manifest.clusterId),
    term: manifest.term,
    writeId: manifest.writeId,
    chain: positionMembers(manifest.chain),
    base: manifest.base === null ? null : baseMembers(manifest.base),
    floor: addressMembers(manifest.floor),
    checkpoints: manifest.checkpoints.map(({ key, term, index, revision, wallMs, bytes }) => ({
      key,
      term,
      index,
      revision,
      wallMs,
      bytes,
    })),
    condemned: manifest.condemned.map(({ key, sinceMs }) => ({ key, sinceMs })),
  };
}

function baseMembers(base: Base): Record<string, unknown> {
  const { checkpoint, index, revision, term } = base;
  return {
    checkpoint: checkpoint === null ? null : { owner: checkpoint.owner, key: checkpoint.key },
    legs: base.legs.map(({ owner, from, throughIndex }) => ({
      owner,
      from: positionMembers(from),
      throughIndex,
    })),
    index,
    revision,
    term,
  };
}

/** Throws T4_CORRUPT and T4_FORMAT_TOO_NEW; `name` is for the messages. */
export function decodeLatestManifest(body: Uint8Array, name: string): LatestManifest {
  return readLatestManifestMembers(JsonObjectReader.decode(body, name));
}

/** Throws T4_CORRUPT. */
export function readLatestManifestMembers(reader: JsonObjectReader): LatestManifest {
  const base = reader.objectOrNull("base");
  const manifest: LatestManifest = {
    clusterId: reader.id("clusterId"),
    term: reader.count("term") as Term,
    writeId: reader.hex("writeId", 16),
    chain: readPosition(reader.object("chain")),
    base: base === null ? null : readBase(base),
    floor: readAddress(reader.object("floor")),
    checkpoints: reader.objects("checkpoints").map(readCheckpoint),
    condemned: reader.objects("condemned").map((item) => ({
      key: item.text("key"),
      sinceMs: item.count("sinceMs"),
    })),
  };
  const { checkpoints } = manifest;
  for (const [at, checkpoint] of checkpoints.entries()) {
    const before = checkpoints[at - 1];
    if (before !== undefined && compareCheckpoints(before, checkpoint) >= 0) {
      throw reader.corrupt("checkpoints", "is not in order");
    }
  }
  return manifest;
}

function readBase(reader: JsonObjectReader): Base {
  const checkpoint = reader.objectOrNull("checkpoint");
  return {
    checkpoint:
      checkpoint === null ? null : { owner: checkpoint.text("owner"), key: checkpoint.text("key") },
    legs: reader.objects("legs").map((leg) => ({
      owner: leg.text("owner"),
      from: readPosition(leg.object("from")),
      throughIndex: leg.count("throughIndex") as LogIndex,
    })),
    index: reader.count("index") as LogIndex,
    revision: reader.count("revision") as Revision,
    term: reader.count("term") as Term,
  };
}

function readCheckpoint(reader: JsonObjectReader): CheckpointRecord {
  return {
    key: reader.text("key"),
    term: reader.count("term") as Term,
    index: reader.count("index") as LogIndex,
    revision: reader.count("revision") as Revision,
    wallMs: reader.count("wallMs"),
    bytes: reader.count("bytes"),
  };
}

/** By term, then by index. */
export function compareCheckpoints(
  left: { readonly term: Term; readonly index: LogIndex },
  right: { readonly term: Term; readonly index: LogIndex },
): number {
  return left.term === right.term ? left.index - right.index : left.term - right.term;
}

/** Null if there is none: nobody has ever led here. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function readLatestManifest(store: ObjectStore): Promise<ReadManifest | null> {
  const object = await store.get(LATEST_MANIFEST_KEY);
  return object === null
    ? null
    : {
        manifest: decodeLatestManifest(object.body, store.url + LATEST_MANIFEST_KEY),
        tag: object.tag,
      };
}

/** As `readLatestManifest`, where there must be one. */
export async function mustReadLatestManifest(store: ObjectStore): Promise<ReadManifest> {
  const read = await readLatestManifest(store);
  if (read === null) {
    throw new T4Error(
      "T4_CORRUPT",
      `the object ${store.url + LATEST_MANIFEST_KEY} is missing, and it was there before: has somebody removed it?`,
    );
  }
  return read;
}

/** What never changes stays, and what only grows does not go back: a change that does otherwise is a bug. */
export function assertFollows(before: LatestManifest, after: LatestManifest): void {
  assert(after.clusterId === before.clusterId, "an archive stays with its cluster");
  assert(after.term >= before.term, "the manifest's term does not go back");
  assert(
    compareAddresses(after.chain, before.chain) === 0 &&
      after.chain.previousHash === before.chain.previousHash,
    "the chain's beginning stays",
  );
  assert(
    JSON.stringify(after.base === null ? null : baseMembers(after.base)) ===
      JSON.stringify(before.base === null ? null : baseMembers(before.base)),
    "the base stays",
  );
  assert(compareAddresses(after.floor, before.floor) >= 0, "the floor does not go back");
  const newest = before.checkpoints.at(-1);
  const nowNewest = after.checkpoints.at(-1);
  assert(
    newest === undefined || (nowNewest !== undefined && compareCheckpoints(nowNewest, newest) >= 0),
    "the newest checkpoint does not go back",
  );
}

/** What a leader may change. */
export type ManifestChange = Partial<Pick<LatestManifest, "floor" | "checkpoints" | "condemned">>;

export type ManifestUpdate =
  | { readonly kind: "won"; readonly read: ReadManifest }
  /** The change was not wanted with what is there now. */
  | { readonly kind: "unchanged"; readonly read: ReadManifest }
  /** A leader of a later term has written it: ours is over. */
  | { readonly kind: "fenced"; readonly byTerm: Term };

/**
 * Puts the first manifest of a prefix, unless there is one. The chain begins with this leader's term. Throws an ObjectStoreError.
 */
export async function foundLatestManifest(
  context: StoreContext,
  manifest: Pick<LatestManifest, "clusterId" | "term" | "chain" | "base">,
): Promise<{ readonly kind: "won"; readonly read: ReadManifest } | { readonly kind: "lost" }> {
  const first: LatestManifest = {
    ...manifest,
    writeId: makeWriteId(context.random),
    floor: { term: manifest.chain.term, firstIndex: manifest.chain.firstIndex },
    checkpoints: [],
    condemned: [],
  };
  const body = encodeLatestManifest(first);
  const settled = await settle(context, LATEST_MANIFEST_KEY, body, { kind: "absent" });
  return settled.kind === "won"
    ? { kind: "won", read: { manifest: first, tag: settled.tag } }
    : settled;
}

/**
 * Swaps the manifest for one of `term` with what `change` makes of it, until that is written or a later term is met. `change`
 * is asked again whenever another write came first, perhaps after its own was already in: it must be right to apply it twice.
 * It answers null to leave the manifest as it is. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW, an ObjectStoreError.
 */
export async function updateLatestManifest(
  context: StoreContext,
  term: Term,
  known: ReadManifest | null,
  change: (manifest: LatestManifest) => ManifestChange | null,
): Promise<ManifestUpdate> {
  let read = known ?? (await mustReadLatestManifest(context.store));
  for (;;) {
    const before = read.manifest;
    if (before.term > term) {
      return { kind: "fenced", byTerm: before.term };
    }
    const changed = change(before);
    if (changed === null) {
      return { kind: "unchanged", read };
    }
    const after = { ...before, ...changed, term, writeId: makeWriteId(context.random) };
    assertFollows(before, after);
    const body = encodeLatestManifest(after);
    const condition = { kind: "match", tag: read.tag } as const;
    const settled = await settle(context, LATEST_MANIFEST_KEY, body, condition);
    if (settled.kind === "won") {
      return { kind: "won", read: { manifest: after, tag: settled.tag } };
    }
    read = await mustReadLatestManifest(context.store);
  }
}
