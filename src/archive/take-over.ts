// How a new leader makes the archive his own. Winning the lock only says who may try; what ends the old leader's time is the
// seal in the slot that he would have to win next. No clock is involved.
// The order is what makes it safe: walk to the first empty slot; seal it; write the manifest with the own term, so that nothing
// an older leader still does there can win; then look whether the sealed slot lies below the floor, where an empty slot means
// nothing.
import { assert } from "../lib/assert.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { makeWriteId } from "../object/json-object.js";
import { ChainReader } from "./chain-reader.js";
import { compareAddresses, slotKey, type ChainPosition } from "./chain.js";
import {
  mustReadLatestManifest,
  updateLatestManifest,
  type ReadManifest,
} from "./latest-manifest.js";
import { encodeSealSlot, type EncodedSlot, type SealSlot } from "./slot.js";
import { persistently, settle, type StoreContext } from "./store-context.js";

/** A place of the chain where the revision is known. */
export interface ChainPoint {
  readonly position: ChainPosition;
  /** After the last entry before it. */
  readonly revision: Revision;
}

export interface TakeOverOptions {
  readonly manifest: ReadManifest;
  /** Won with the lock, above every term seen in it, in the manifest and in the own log. */
  readonly term: Term;
  /** Where to walk from: behind a retained checkpoint, behind what the own log has, or the chain's beginning. */
  readonly from: ChainPoint;
  /** The last entry of the own log, if it has one: where the two meet is told. */
  readonly ownIndex?: LogIndex;
}

export type TakenOver =
  | {
      readonly kind: "leading";
      /** Where the new term's first slot goes: behind the seal. */
      readonly position: ChainPosition;
      /** After the archive's last entry, which is the one before the position's index. */
      readonly revision: Revision;
      /** The term of the archive's last entry; null if none was met on the way. */
      readonly lastEntryTerm: Term | null;
      /** The last slot that begins at or before the own log's last entry; null if none was met. */
      readonly meeting: ChainPosition | null;
      /** Slots that were read on the way. */
      readonly slots: number;
      /** Bytes of frames in them. */
      readonly bytes: number;
      readonly manifest: ReadManifest;
    }
  /** A leader of a later term, or another of this term, was met: step down. */
  | { readonly kind: "fenced"; readonly byTerm: Term }
  /**
   * The slots after `from` were collected: start again from a retained checkpoint, with a term above the manifest's (the own
   * lock gives it at once).
   */
  | { readonly kind: "collected"; readonly manifest: ReadManifest };

/** Goes on through failures of the store until the context's signal. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function takeOver(
  context: StoreContext,
  options: TakeOverOptions,
): Promise<TakenOver> {
  const { manifest, term } = options;
  const { clusterId } = manifest.manifest;
  if (manifest.manifest.term >= term) {
    return { kind: "fenced", byTerm: manifest.manifest.term };
  }
  const reader = new ChainReader(context.store, clusterId, options.from.position);
  let revision = options.from.revision;
  let lastEntryTerm: Term | null = null;
  const walked = { slots: 0, bytes: 0 };
  let meeting: ChainPosition | null = null;
  for (;;) {
    const { position } = reader;
    const slot = await persistently(context, async () => reader.next());
    if (slot === "end") {
      const read = await persistently(context, async () => mustReadLatestManifest(context.store));
      if (read.manifest.term >= term) {
        return { kind: "fenced", byTerm: read.manifest.term };
      }
      // Looked at before as well: a node that was away for long would leave a seal where the chain no longer is.
      if (isCollected(reader.position, read)) {
        return { kind: "collected", manifest: read };
      }
      const seal = makeSeal(context, reader.position, { clusterId, term, revision });
      if (await putSeal(context, reader.position, seal)) {
        const sealed = {
          seal,
          position: reader.position,
          revision,
          lastEntryTerm,
          meeting,
          ...walked,
        };
        return claimManifest(context, options, sealed);
      }
      continue;
    }
    walked.slots += 1;
    if (slot.kind === "seal" && slot.nextTerm >= term) {
      return fencedBy(slot);
    }
    if (slot.kind === "entries") {
      revision = slot.revision;
      meeting = position.firstIndex <= (options.ownIndex ?? 0) ? position : meeting;
      walked.bytes += slot.groups.reduce((sum, { frame }) => sum + frame.length, 0);
      lastEntryTerm = slot.groups[0]?.term ?? null;
    }
  }
}

function fencedBy(seal: SealSlot): TakenOver {
  return { kind: "fenced", byTerm: seal.nextTerm };
}

function makeSeal(
  { clock, random }: StoreContext,
  position: ChainPosition,
  facts: { readonly clusterId: bigint; readonly term: Term; readonly revision: Revision },
): EncodedSlot {
  return encodeSealSlot({
    kind: "seal",
    ...position,
    clusterId: facts.clusterId,
    writeId: makeWriteId(random),
    revision: facts.revision,
    wallMs: Math.floor(clock.wallMs()),
    nextTerm: facts.term,
  });
}

/** Whether the seal won its slot; if not, somebody else's slot is there. */
async function putSeal(
  context: StoreContext,
  position: ChainPosition,
  seal: EncodedSlot,
): Promise<boolean> {
  const settled = await settle(context, slotKey(position), seal.body, { kind: "absent" });
  return settled.kind === "won";
}

/** Below the floor an empty slot may be one that was removed: it is no end of the chain, and a seal there stops nobody. */
function isCollected(position: ChainPosition, { manifest }: ReadManifest): boolean {
  return compareAddresses(position, manifest.floor) < 0;
}

interface Sealed {
  readonly seal: EncodedSlot;
  readonly position: ChainPosition;
  readonly revision: Revision;
  readonly lastEntryTerm: Term | null;
  readonly meeting: ChainPosition | null;
  readonly slots: number;
  readonly bytes: number;
}

async function claimManifest(
  context: StoreContext,
  { manifest, term }: TakeOverOptions,
  { seal, position, ...walked }: Sealed,
): Promise<TakenOver> {
  const update = await persistently(context, async () =>
    updateLatestManifest(context, term, null, () => ({})),
  );
  if (update.kind === "fenced") {
    return update;
  }
  assert(update.kind === "won", "a manifest of an earlier term is always written");
  const { read } = update;
  assert(read.manifest.clusterId === manifest.manifest.clusterId, "an archive keeps its cluster");
  if (isCollected(position, read)) {
    return { kind: "collected", manifest: read };
  }
  return {
    kind: "leading",
    position: { term, firstIndex: position.firstIndex, previousHash: seal.hash },
    ...walked,
    manifest: read,
  };
}
