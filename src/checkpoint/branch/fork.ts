// Forks a branch: a new database whose history begins in another's, without copying a byte.
// The order is what makes it safe against collection that runs at the same time. Pins first, in every prefix whose objects the
// base names, then each of their manifests: collection condemns before it deletes, and reads the pins again in between, so one
// of the two always sees the other. The branch's own manifest comes last: until it is there, there is no branch.
// Must never: leave a branch whose base may be collected.
import { hexOfId } from "../../lib/hex.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { compareAddresses, NO_HASH } from "../../archive/chain.js";
import {
  encodeLatestManifest,
  LATEST_MANIFEST_KEY,
  mustReadLatestManifest,
  readLatestManifest,
  type Base,
  type LatestManifest,
  type ReadManifest,
} from "../../archive/latest-manifest.js";
import { persistently, settle, type StoreContext } from "../../archive/store-context.js";
import { makeWriteId } from "../../object/json-object.js";
import type { Logger } from "../../runtime/logger.js";
import type { Random } from "../../runtime/random.js";
import { joinPaths, pathBetween } from "../prefix-path.js";
import { findPoint, type HistoryPoint } from "../restore/find-point.js";
import { describeTarget, type HistoryTarget } from "../restore/history.js";
import { createObject } from "../writes.js";
import { assertBranchId, branchKey, encodePin, holdKey, isBranchKey, type Pin } from "./pin.js";
import { assertNotRemoved, isRemoved } from "./removed.js";

/** The object store tries each call again by itself; these are for answers that are damaged, and for short outages. */
const READ_TRIES_MAX = 5;

export interface ForkOptions {
  /** Of the source. */
  readonly context: StoreContext;
  readonly branchId: string;
  readonly target: HistoryTarget;
  /** Where the branch's objects go, relative to the source; `branch/<id>/` if missing. */
  readonly path?: string;
  readonly logger: Logger;
}

export interface Branch {
  readonly branchId: string;
  /** Of its place in the object store. */
  readonly url: string;
  /** Relative to the source. */
  readonly path: string;
  readonly clusterId: bigint;
  /** Where it begins: the source's last entry that is part of it. */
  readonly index: LogIndex;
  readonly revision: Revision;
}

/** A prefix, relative to the source, and the pin that it gets. */
interface PlacedPin {
  readonly owner: string;
  readonly key: string;
  readonly pin: Pin;
}

/**
 * Throws T4_INVALID_ARGUMENT for a bad name or place, T4_BRANCH_EXISTS, T4_NOT_RETAINED, T4_FUTURE_REVISION,
 * T4_BRANCH_REMOVED if the source itself was removed, T4_CORRUPT, or an ObjectStoreError: what it has left is then removed
 * by `unfork`, or by collection after the grace.
 */
export async function fork(options: ForkOptions): Promise<Branch> {
  assertBranchId(options.branchId);
  return new Fork(options).run();
}

export function defaultBranchPath(branchId: string): string {
  return `branch/${branchId}/`;
}

class Fork {
  readonly #options: ForkOptions;
  readonly #path: string;
  readonly #branch: StoreContext;
  /** The new branch's cluster id, and what tells the pins of this fork from those of another. */
  readonly #clusterId: bigint;
  #won: PlacedPin[] = [];

  constructor(options: ForkOptions) {
    const { context, branchId } = options;
    this.#options = options;
    this.#path = joinPaths("", options.path ?? defaultBranchPath(branchId));
    this.#branch = { ...context, store: context.store.at(this.#path) };
    this.#clusterId = randomId(context.random);
  }

  async run(): Promise<Branch> {
    const { context, branchId, target } = this.#options;
    const { url } = this.#branch.store;
    await this.#assertSource();
    const before = await this.#readPlace();
    const point = await this.#read(async () => findPoint(context.store, target));
    const pins = this.#pinsOf(point);
    for (const placed of pins) {
      await this.#put(placed);
    }
    const problem = await this.#read(async () => this.#findProblem(point, pins));
    if (problem !== null) {
      await this.#removePins();
      throw new T4Error(
        "T4_NOT_RETAINED",
        `${describeTarget(target)} was given up by ${context.store.url} while it was forked: ${problem}`,
      );
    }
    await this.#putManifest(point, before);
    const { index, revision } = point.end;
    const path = this.#path;
    this.#options.logger.info("branch forked", { branch: branchId, url, index, revision });
    return { branchId, url, path, clusterId: this.#clusterId, index, revision };
  }

  /** One read that fails or comes cut short is no reason to give up: what has been pinned would have to be removed. */
  async #read<Result>(read: () => Promise<Result>): Promise<Result> {
    return persistently(this.#options.context, read, READ_TRIES_MAX);
  }

  async #assertSource(): Promise<void> {
    const { store } = this.#options.context;
    if ((await this.#read(async () => readLatestManifest(store))) === null) {
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `${store.url} holds no database, so there is nothing to fork: check the prefix of the source`,
      );
    }
  }

  /** What is where the branch goes: nothing, or what a removed one has left. */
  async #readPlace(): Promise<ReadManifest | null> {
    const { store } = this.#branch;
    const read = await this.#read(async () => readLatestManifest(store));
    if (read !== null && !isRemoved(read.manifest)) {
      throw this.#exists(`${store.url} holds a database`);
    }
    return read;
  }

  #exists(detail: string): T4Error {
    return new T4Error(
      "T4_BRANCH_EXISTS",
      `the branch "${this.#options.branchId}" cannot be made: ${detail}`,
    );
  }

  /** One for each prefix that holds something of the base, the source's last, and at the very end the one with the name. */
  #pinsOf({ start, checkpoint, end }: HistoryPoint): PlacedPin[] {
    const { context, branchId } = this.#options;
    const origin = start.checkpoint?.owner ?? "";
    const files = (checkpoint?.files ?? []).map(({ owner, key }) => ({
      owner: joinPaths(origin, owner),
      key,
    }));
    const named = [...files, ...end.legs].map(({ owner }) => owner);
    const owners = [...new Set([origin, ...named, ""])];
    owners.push(...owners.splice(owners.indexOf(""), 1));
    const writeId = hexOfId(this.#clusterId);
    const pinOf = (owner: string, key: string): PlacedPin => ({
      owner,
      key,
      pin: {
        branchId,
        target: pathBetween(context.store.at(owner).url, this.#branch.store.url),
        checkpoint: origin === owner ? (start.checkpoint?.key ?? null) : null,
        files: [...new Set(files.filter((file) => file.owner === owner).map((file) => file.key))],
        slots: end.legs
          .filter((leg) => leg.owner === owner)
          .map(({ from: { term, firstIndex }, throughIndex }) => ({
            from: { term, firstIndex },
            throughIndex,
          })),
        index: end.index,
        revision: end.revision,
        createdMs: Math.floor(context.clock.wallMs()),
        writeId,
      },
    });
    return [
      ...owners.map((owner) => pinOf(owner, holdKey(branchId, writeId))),
      pinOf("", branchKey(branchId)),
    ];
  }

  async #put(placed: PlacedPin): Promise<void> {
    const { context } = this.#options;
    const owner = { ...context, store: context.store.at(placed.owner) };
    if (!(await createObject(owner, placed.key, encodePin(placed.pin)))) {
      await this.#removePins();
      throw this.#exists(
        "there is one of this name, or a fork of it was interrupted (unfork removes it)",
      );
    }
    this.#won.push(placed);
  }

  /** What of the base may be collected although it is pinned; null if nothing. */
  async #findProblem(point: HistoryPoint, pins: readonly PlacedPin[]): Promise<string | null> {
    const { store } = this.#options.context;
    const holds = pins.filter(({ key }) => !isBranchKey(key));
    for (const { owner, pin } of holds) {
      const { manifest } = await mustReadLatestManifest(store.at(owner));
      if (owner === "") {
        assertNotRemoved(manifest, store.url);
      }
      const checkpoint =
        owner === "" && point.start.checkpoint?.owner === "" ? pin.checkpoint : null;
      if (checkpoint !== null && !manifest.checkpoints.some(({ key }) => key === checkpoint)) {
        return `the checkpoint ${checkpoint} is not kept any more`;
      }
      const condemned = findCondemned(manifest, pin);
      if (condemned !== null) {
        return `${store.at(owner).url}${condemned} is about to be deleted`;
      }
      if (pin.slots.some(({ from }) => compareAddresses(from, manifest.floor) < 0)) {
        return "the slots that lead there are below the floor";
      }
    }
    return null;
  }

  async #putManifest(point: HistoryPoint, before: ReadManifest | null): Promise<void> {
    const { context } = this.#options;
    const body = encodeLatestManifest(this.#manifestOf(point, before));
    const settled = await settle(
      this.#branch,
      LATEST_MANIFEST_KEY,
      body,
      before === null ? { kind: "absent" } : { kind: "match", tag: before.tag },
    );
    if (settled.kind === "won") {
      return;
    }
    // Ours may have been there for a moment, and a node that was started on it has written it since.
    const { manifest } = await mustReadLatestManifest(this.#branch.store);
    if (manifest.clusterId !== this.#clusterId) {
      await this.#removePins();
      throw this.#exists(`${this.#branch.store.url} holds a database since`);
    }
    assertNotRemoved(manifest, this.#branch.store.url);
    context.signal.throwIfAborted();
  }

  #manifestOf({ start, end }: HistoryPoint, before: ReadManifest | null): LatestManifest {
    const { context } = this.#options;
    const up = pathBetween(this.#branch.store.url, context.store.url);
    const base: Base = {
      checkpoint:
        start.checkpoint === null
          ? null
          : { owner: joinPaths(up, start.checkpoint.owner), key: start.checkpoint.key },
      legs: end.legs.map(({ owner, from, throughIndex }) => ({
        owner: joinPaths(up, owner),
        from,
        throughIndex,
      })),
      index: end.index,
      revision: end.revision,
      term: end.term,
    };
    // Above the terms of a branch that was here before: slots that its leader may still win are not in this chain.
    const term = (Math.max(base.term, before?.manifest.term ?? 0) + 1) as Term;
    const floor = { term, firstIndex: (base.index + 1) as LogIndex };
    return {
      clusterId: this.#clusterId,
      term,
      writeId: makeWriteId(context.random),
      chain: { ...floor, previousHash: end.lastHash ?? NO_HASH },
      base,
      floor,
      checkpoints: [],
      condemned: [],
    };
  }

  /** Of a fork that fails. If this fails too, they go when the grace is over. */
  async #removePins(): Promise<void> {
    const { context, logger } = this.#options;
    for (const { owner, key } of this.#won.reverse()) {
      try {
        await context.store.at(owner).delete([key]);
      } catch (error) {
        logger.warn("a pin of a fork that failed is left for collection", {
          pin: context.store.at(owner).url + key,
          error: error as Error,
        });
      }
    }
    this.#won = [];
  }
}

function findCondemned(manifest: LatestManifest, pin: Pin): string | null {
  const condemned = new Set(manifest.condemned.map(({ key }) => key));
  const needed = pin.checkpoint === null ? pin.files : [pin.checkpoint, ...pin.files];
  return needed.find((key) => condemned.has(key)) ?? null;
}

function randomId(random: Random): bigint {
  const bytes = random.bytes(8);
  const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
  return id === 0n ? 1n : id;
}
