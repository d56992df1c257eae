// Where a prefix's history can be read from: for every point that is still retained, a checkpoint's files (or nothing, at the
// beginning of all) and the parts of chains that lead from there to it, which for a branch begin in other prefixes.
import { unreachable } from "../../lib/assert.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision } from "../../core/words.js";
import { compareAddresses, type ChainPosition } from "../../archive/chain.js";
import type { ChainLeg, CheckpointRecord, LatestManifest } from "../../archive/latest-manifest.js";
import type { ObjectStore } from "../../object/object-store.js";
import { decodeCheckpoint, type Checkpoint } from "../checkpoint.js";

/** A point in a prefix's history. */
export type HistoryTarget =
  /** The last entry in the archive. */
  | { readonly kind: "newest" }
  /** Exactly the state of a checkpoint, by its key. */
  | { readonly kind: "checkpoint"; readonly key: string }
  /** The last entry before the one that makes the next revision. */
  | { readonly kind: "revision"; readonly revision: Revision }
  /** The last entry at or before this wall-clock time, in ms since 1970. */
  | { readonly kind: "time"; readonly timeMs: number }
  /** Exactly this entry, which has this revision: what was found for one of the others. */
  | { readonly kind: "entry"; readonly index: LogIndex; readonly revision: Revision };

/** An object and the prefix that holds it, relative to the one whose history this is. */
export interface OwnedKey {
  readonly owner: string;
  readonly key: string;
}

/** One way to a target: candidates are tried in turn when a checkpoint turns out to be missing or damaged. */
export interface HistoryStart {
  /** Null: the state before the first entry of all. */
  readonly checkpoint: OwnedKey | null;
  /** Parts of chains before this prefix's own; none if the checkpoint is this prefix's. */
  readonly legs: readonly ChainLeg[];
  /** Where this prefix's own chain goes on; null: behind the checkpoint, which says where. */
  readonly own: ChainPosition | null;
}

export function describeTarget(target: HistoryTarget): string {
  switch (target.kind) {
    case "newest":
      return "the newest state";
    case "checkpoint":
      return `the checkpoint ${target.key}`;
    case "revision":
      return `revision ${target.revision}`;
    case "time":
      return `the time ${new Date(target.timeMs).toISOString()}`;
    case "entry":
      return `revision ${target.revision} (entry ${target.index} of the log)`;
    default:
      return unreachable(target);
  }
}

/** Whether a state lies at or before the target. */
export function isWithin(
  target: HistoryTarget,
  state: {
    readonly key?: string;
    readonly index: LogIndex;
    readonly revision: Revision;
    readonly wallMs: number;
  },
): boolean {
  switch (target.kind) {
    case "newest":
      return true;
    case "checkpoint":
      return state.key === target.key;
    case "revision":
      return state.revision <= target.revision;
    case "time":
      return state.wallMs <= target.timeMs;
    case "entry":
      return state.index <= target.index;
    default:
      return unreachable(target);
  }
}

/**
 * The ways to a target, shortest first. Throws T4_NOT_RETAINED if there is none. Whether a base's own checkpoint lies before
 * the target is known only when it was read.
 */
export function startsFor(
  manifest: LatestManifest,
  target: HistoryTarget,
  url: string,
): [HistoryStart, ...HistoryStart[]] {
  const starts: HistoryStart[] = manifest.checkpoints
    .filter((record) => isWithin(target, record))
    .map((record) => ({ checkpoint: { owner: "", key: record.key }, legs: [], own: null }));
  starts.reverse();
  // A chain that begins later has its beginning in a checkpoint, which was never finished if there is none.
  const isWhole = manifest.base !== null || manifest.chain.firstIndex === 1;
  const reachesBeginning = isWhole && compareAddresses(manifest.floor, manifest.chain) <= 0;
  if (reachesBeginning && target.kind !== "checkpoint") {
    const { base, chain } = manifest;
    starts.push(
      base === null
        ? { checkpoint: null, legs: [], own: chain }
        : { checkpoint: base.checkpoint, legs: base.legs, own: chain },
    );
  }
  const [first, ...others] = starts;
  if (first === undefined) {
    throw notRetained(target, url, describeOldest(manifest.checkpoints[0]));
  }
  return [first, ...others];
}

export function notRetained(target: HistoryTarget, url: string, detail: string): T4Error {
  return new T4Error(
    "T4_NOT_RETAINED",
    `${url} does not hold what leads to ${describeTarget(target)}: ${detail}`,
  );
}

function describeOldest(oldest: CheckpointRecord | undefined): string {
  return oldest === undefined
    ? "it has no checkpoint, and the beginning of its archive is gone"
    : `the oldest checkpoint there is ${oldest.key}, of revision ${oldest.revision} and ` +
        new Date(oldest.wallMs).toISOString();
}

/** Throws T4_CORRUPT if it is missing, damaged, or not the one that the key says; T4_FORMAT_TOO_NEW; an ObjectStoreError. */
export async function readCheckpoint(
  store: ObjectStore,
  { owner, key }: OwnedKey,
): Promise<Checkpoint> {
  const holder = owner === "" ? store : store.at(owner);
  const name = holder.url + key;
  const object = await holder.get(key);
  if (object === null) {
    throw new T4Error("T4_CORRUPT", `the checkpoint ${name} is missing`);
  }
  return decodeCheckpoint(object.body, name);
}

/** The chain parts to read for a start, in order; the last one is open at its end. */
export interface OpenLeg {
  readonly owner: string;
  readonly from: ChainPosition;
  /** Null: to the end of the chain. */
  readonly throughIndex: LogIndex | null;
}

export function legsOf(start: HistoryStart, checkpoint: Checkpoint | null): OpenLeg[] {
  const own = start.own ?? checkpoint?.next;
  return own === undefined
    ? [...start.legs]
    : [...start.legs, { owner: "", from: own, throughIndex: null }];
}
