// What a node gets back of the archive: a checkpoint of the simulation's own kind, and the slots behind it.
import assert from "node:assert/strict";
import { ChainReader } from "../../src/archive/chain-reader.js";
import { compareAddresses, type ChainPosition } from "../../src/archive/chain.js";
import { mustReadLatestManifest, type LatestManifest } from "../../src/archive/latest-manifest.js";
import type { Slot } from "../../src/archive/slot.js";
import { persistently, type StoreContext } from "../../src/archive/store-context.js";
import type { Entry } from "../../src/core/entry.js";
import { FIRST_REVISION } from "../../src/core/words.js";
import { forEachEntry } from "../../src/log/segment/segment-reader.js";

export const CLUSTER = 77n;

/** A state as a checkpoint or a replay gives it. */
export interface Restored {
  readonly ids: readonly string[];
  readonly index: number;
  readonly revision: number;
  readonly term: number;
}

export const NOTHING: Restored = { ids: [], index: 0, revision: FIRST_REVISION, term: 0 };

/** An entry's identity: nobody else writes one with the same. */
export function idOf(entry: Entry): string {
  const row = entry.rows[0];
  return row === undefined ? `start ${entry.term}` : Buffer.from(row.wire).toString("latin1");
}

export interface CheckpointBody extends Restored {
  readonly next: ChainPosition;
}

/** What is behind a checkpoint, or at the chain's beginning. */
export async function readBase(
  context: StoreContext,
  manifest: LatestManifest,
): Promise<CheckpointBody> {
  const newest = manifest.checkpoints.at(-1);
  if (newest === undefined) {
    return { ...NOTHING, next: manifest.chain };
  }
  const object = await persistently(context, async () => context.store.get(newest.key));
  assert.ok(object !== null, `${newest.key} is retained, and gone`);
  return JSON.parse(Buffer.from(object.body).toString("utf8")) as CheckpointBody;
}

/** What was being read is gone, since a later leader has collected it. */
export class CollectedError extends Error {}

/** A slot was there, or should be, and is not: only a floor above it explains that. */
async function failAsCollected(context: StoreContext, position: ChainPosition): Promise<never> {
  const { manifest } = await persistently(context, async () =>
    mustReadLatestManifest(context.store),
  );
  assert.ok(
    compareAddresses(position, manifest.floor) < 0,
    "the chain ends before where it was sealed",
  );
  throw new CollectedError();
}

/** The slots from a position to the chain's end, or to `before`. */
export async function readSlots(
  context: StoreContext,
  from: ChainPosition,
  before: ChainPosition | null,
): Promise<Slot[]> {
  const reader = new ChainReader(context.store, CLUSTER, from);
  const slots: Slot[] = [];
  while (before === null || compareAddresses(reader.position, before) < 0) {
    const slot = await persistently(context, async () => reader.next());
    if (slot === "end") {
      if (before !== null) {
        await failAsCollected(context, reader.position);
      }
      break;
    }
    slots.push(slot);
  }
  return slots;
}

export function replay(base: Restored, slots: readonly Slot[]): Restored {
  const ids = [...base.ids];
  let { index, revision, term } = base;
  for (const slot of slots) {
    for (const group of slot.kind === "entries" ? slot.groups : []) {
      forEachEntry(group, (entry) => {
        assert.equal(entry.index, index + 1, "the chain has a hole");
        assert.ok(entry.term >= term && entry.term <= slot.term, "terms go back");
        ({ index, revision, term } = entry);
        ids.push(idOf(entry));
      });
    }
  }
  return { ids, index, revision, term };
}
