// Follows a history's chains from a checkpoint to a target, group by group, and says where it ended. What the groups are for
// is the caller's: a restore writes them into a log, a fork only wants to know the end.
// Must never: take a slot that is missing in the middle for the end.
import { T4Error } from "../../core/errors.js";
import { FIRST_REVISION, type LogIndex, type Revision, type Term } from "../../core/words.js";
import {
  addressOfKey,
  compareAddresses,
  slotKey,
  WAL_PREFIX,
  type ChainPosition,
  type SlotAddress,
} from "../../archive/chain.js";
import { ChainReader } from "../../archive/chain-reader.js";
import { mustReadLatestManifest } from "../../archive/latest-manifest.js";
import { positionAfterSlot, type EntriesSlot } from "../../archive/slot.js";
import { cutGroup, summarizeGroup } from "../../log/segment/group-frames.js";
import { forEachEntry, lastIndexOf, type Group } from "../../log/segment/segment-reader.js";
import type { ObjectStore } from "../../object/object-store.js";
import { assertNotRemoved } from "../branch/removed.js";
import type { Checkpoint } from "../checkpoint.js";
import {
  describeTarget,
  notRetained,
  type HistoryStart,
  type HistoryTarget,
  type OpenLeg,
} from "./history.js";

/** The state before the first leg. */
export interface WalkStart {
  readonly index: LogIndex;
  readonly revision: Revision;
  /** The greatest term so far, of entries and of those who archived them. */
  readonly term: Term;
  readonly wallMs: number;
}

export interface WalkEnd extends WalkStart {
  /** Behind the last slot that was read: where the archive goes on, if the walk went to its end. */
  readonly position: ChainPosition | null;
  /** The legs as far as they were needed, each with the last entry that counts. */
  readonly legs: readonly {
    readonly owner: string;
    readonly from: ChainPosition;
    readonly throughIndex: LogIndex;
  }[];
  /** SHA-256 of the last slot that was needed; null if none was. */
  readonly lastHash: string | null;
  readonly slots: number;
  readonly entries: number;
}

/** Gets the groups of one slot that count, cut where the target lies in the middle of one. */
export type VisitSlot = (
  groups: readonly Group[],
  bounds: { readonly beginsSegment: boolean; readonly endsSegment: boolean },
  slot: EntriesSlot,
) => Promise<void> | void;

/**
 * Throws T4_CORRUPT for a damaged or missing slot, T4_NOT_RETAINED if slots were collected meanwhile (plan again),
 * T4_FUTURE_REVISION if the archive ends before the target, or an ObjectStoreError.
 */
export async function walkChains(
  store: ObjectStore,
  clusterId: bigint,
  legs: readonly OpenLeg[],
  start: WalkStart,
  target: HistoryTarget,
  visit: VisitSlot,
): Promise<WalkEnd> {
  const walk = new ChainWalk(store, start, target, visit);
  for (const leg of legs) {
    if (target.kind === "checkpoint" || walk.isDone) {
      break;
    }
    await walk.follow(leg, leg.owner === "" ? clusterId : null);
  }
  return walk.end();
}

class ChainWalk {
  isDone = false;
  readonly #store: ObjectStore;
  readonly #target: HistoryTarget;
  readonly #visit: VisitSlot;
  readonly #legs: { owner: string; from: ChainPosition; throughIndex: LogIndex }[] = [];
  #state: WalkStart;
  #position: ChainPosition | null = null;
  #lastHash: string | null = null;
  #slots = 0;
  #entries = 0;

  constructor(store: ObjectStore, start: WalkStart, target: HistoryTarget, visit: VisitSlot) {
    this.#store = store;
    this.#state = start;
    this.#target = target;
    this.#visit = visit;
    this.isDone = this.#isReached();
  }

  end(): WalkEnd {
    const { revision } = this.#state;
    if (this.#target.kind === "revision" && revision < this.#target.revision) {
      throw new T4Error(
        "T4_FUTURE_REVISION",
        `revision ${this.#target.revision} is not in ${this.#store.url}: its archive ends with revision ${revision}`,
      );
    }
    this.#assertEntry();
    return {
      ...this.#state,
      position: this.#position,
      legs: this.#legs.filter(({ from, throughIndex }) => throughIndex >= from.firstIndex),
      lastHash: this.#lastHash,
      slots: this.#slots,
      entries: this.#entries,
    };
  }

  #assertEntry(): void {
    const { index, revision } = this.#state;
    const target = this.#target;
    if (target.kind === "entry" && (index !== target.index || revision !== target.revision)) {
      throw new T4Error(
        "T4_CORRUPT",
        `${this.#store.url} does not hold ${describeTarget(target)}: what leads there ends with entry ${index}, at revision ${revision}`,
      );
    }
  }

  /** `clusterId` null: the leg is of another prefix; the chain's hashes say that its slots are the right ones. */
  async follow(leg: OpenLeg, clusterId: bigint | null): Promise<void> {
    const holder = leg.owner === "" ? this.#store : this.#store.at(leg.owner);
    const reader = new ChainReader(holder, clusterId, leg.from);
    const part = {
      owner: leg.owner,
      from: leg.from,
      throughIndex: (leg.from.firstIndex - 1) as LogIndex,
    };
    this.#legs.push(part);
    this.#position = leg.from;
    let isFirst = true;
    while (!this.isDone && (leg.throughIndex === null || this.#state.index < leg.throughIndex)) {
      const slot = await reader.next();
      if (slot === "end") {
        if (await this.#isEnd(holder, leg, reader, clusterId)) {
          return;
        }
        continue;
      }
      this.#position = positionAfterSlot(slot);
      this.#state = { ...this.#state, term: Math.max(this.#state.term, slot.term) as Term };
      if (slot.kind === "entries") {
        await this.#take(slot, leg.throughIndex, isFirst);
        part.throughIndex = this.#state.index;
        this.isDone ||= this.#isReached();
        isFirst = false;
      }
    }
  }

  async #take(slot: EntriesSlot, throughIndex: LogIndex | null, isFirst: boolean): Promise<void> {
    const groups: Group[] = [];
    let state = this.#state;
    for (const group of slot.groups) {
      const last = this.#lastWanted(group, throughIndex);
      if (last >= group.firstIndex) {
        const cut = cutGroup(group, group.firstIndex, last);
        groups.push(cut);
        const { lastRevision } = summarizeGroup(cut);
        this.#entries += cut.entryCount;
        state = { ...state, index: last, revision: lastRevision, wallMs: group.wallMs };
      }
      if (last < lastIndexOf(group)) {
        this.isDone = this.isDone || throughIndex === null || last < throughIndex;
        break;
      }
    }
    this.#state = state;
    if (groups.length > 0) {
      this.#slots += 1;
      this.#lastHash = slot.hash;
      const isWhole = state.index === slot.lastIndex;
      await this.#visit(
        groups,
        { beginsSegment: slot.beginsSegment || isFirst, endsSegment: slot.endsSegment && isWhole },
        slot,
      );
    }
  }

  /** Whether there is nothing more to ask for: all other targets are known only by what comes after them. */
  #isReached(): boolean {
    return this.#target.kind === "entry" && this.#state.index >= this.#target.index;
  }

  /** The last entry of a group that counts; below its first if none does. */
  #lastWanted(group: Group, throughIndex: LogIndex | null): LogIndex {
    const whole = Math.min(lastIndexOf(group), throughIndex ?? Infinity) as LogIndex;
    const target = this.#target;
    const none = (group.firstIndex - 1) as LogIndex;
    if (target.kind === "entry") {
      return Math.min(whole, target.index) as LogIndex;
    }
    if (target.kind === "time") {
      return group.wallMs <= target.timeMs ? whole : none;
    }
    if (target.kind !== "revision" || summarizeGroup(group).lastRevision <= target.revision) {
      return whole;
    }
    let last = none;
    forEachEntry(group, (entry) => {
      if (entry.revision <= target.revision && entry.index <= whole) {
        last = entry.index;
      }
    });
    return last;
  }

  /**
   * An absent slot is the end only if the leg has none of its own, it is at or above the floor, and nothing comes after it.
   * False if the archive has grown meanwhile.
   */
  async #isEnd(
    holder: ObjectStore,
    leg: OpenLeg,
    reader: ChainReader,
    clusterId: bigint | null,
  ): Promise<boolean> {
    const { position } = reader;
    const key = slotKey(position);
    if (leg.throughIndex !== null) {
      throw missing(holder.url + key, `entries up to ${leg.throughIndex} are to follow`);
    }
    const { manifest } = await mustReadLatestManifest(holder);
    // A branch that was removed meanwhile loses its slots, and another may be in its place.
    assertNotRemoved(manifest, holder.url);
    if (clusterId !== null && manifest.clusterId !== clusterId) {
      throw notRetained(this.#target, holder.url, "another branch is in its place since");
    }
    if (compareAddresses(position, manifest.floor) < 0) {
      throw notRetained(this.#target, holder.url, `the slot ${key} was collected meanwhile`);
    }
    const later = await firstSlotFrom(holder, position);
    if (later === null) {
      return true;
    }
    // Uploads go in order: what is seen after it was put after it.
    if ((await holder.head(key)) === null) {
      throw missing(holder.url + key, `${later} comes after it`);
    }
    return false;
  }
}

function missing(name: string, detail: string): T4Error {
  return new T4Error("T4_CORRUPT", `the slot ${name} is missing: ${detail}`);
}

/** The first slot at or after a position. */
export async function firstSlotFrom(
  store: ObjectStore,
  position: SlotAddress,
): Promise<string | null> {
  const before = { term: position.term, firstIndex: (position.firstIndex - 1) as LogIndex };
  for await (const { key } of store.list(WAL_PREFIX, { after: slotKey(before) })) {
    if (addressOfKey(key) !== null) {
      return key;
    }
  }
  return null;
}

/** The state that a start's legs go on from. */
export function walkStart(checkpoint: Checkpoint | null, start: HistoryStart): WalkStart {
  if (checkpoint !== null) {
    const { index, revision, term, wallMs, next } = checkpoint;
    return { index, revision, term: Math.max(term, next.term) as Term, wallMs };
  }
  const first = start.legs[0]?.from ?? start.own;
  return {
    index: ((first?.firstIndex ?? 1) - 1) as LogIndex,
    revision: FIRST_REVISION,
    term: 0 as Term,
    wallMs: 0,
  };
}
