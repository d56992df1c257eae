// Verify: reads everything again that a restore could need, and says what is wrong and what to do about it. Every object that a
// checkpoint, a base, a pin or the chain leads to is read whole and held against its hash. Changes nothing.
import { hexOf } from "../../lib/hex.js";
import { T4Error } from "../../core/errors.js";
import { FIRST_REVISION, type LogIndex, type Term } from "../../core/words.js";
import { compareAddresses, slotKey, type ChainPosition } from "../../archive/chain.js";
import { ChainReader } from "../../archive/chain-reader.js";
import {
  mustReadLatestManifest,
  type ChainLeg,
  type LatestManifest,
} from "../../archive/latest-manifest.js";
import { positionAfterSlot, PREVIOUS_HASH_RANGE } from "../../archive/slot.js";
import type { ObjectStore } from "../../object/object-store.js";
import { readPins, type Pin } from "../branch/pin.js";
import { stateOf } from "../branch/list-branches.js";
import { assertNotRemoved } from "../branch/removed.js";
import { isDataKey, type Checkpoint, type CheckpointFile } from "../checkpoint.js";
import { forEachParallel } from "../../lib/permits.js";
import { joinPaths } from "../prefix-path.js";
import { firstSlotFrom, walkChains } from "../restore/chain-walk.js";
import { piecePermits, readVerified } from "../restore/download.js";
import { readCheckpoint, type OwnedKey } from "../restore/history.js";

/** Files read at the same time. */
const FILES_MAX = 4;

export interface Finding {
  /** The object's URL. */
  readonly object: string;
  readonly problem: string;
  /** What to do. */
  readonly remedy: string;
}

export interface VerifyProgress {
  readonly checkpoints: number;
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly slots: number;
  readonly entries: number;
}

export interface VerifyOptions {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly progress?: (progress: VerifyProgress) => void;
}

export interface VerifyReport {
  readonly findings: readonly Finding[];
  readonly progress: VerifyProgress;
}

const REMEDY_CHECKPOINT =
  "a restore uses an older checkpoint; make a new one, and this one goes with the retention";
const REMEDY_FILE =
  "put the object back from a copy, or make a new checkpoint from a node that has the data; branches that name it are lost without it";
const REMEDY_SLOT =
  "put the object back from a copy, or make a new checkpoint from a node that has the data: what lies behind this slot can be restored only from later checkpoints";
const REMEDY_PIN = "put the object back from a copy: collection stops while it cannot be read";

/**
 * Throws T4_CORRUPT or T4_FORMAT_TOO_NEW only for manifest/latest itself, T4_BRANCH_REMOVED, or an ObjectStoreError: what the
 * store cannot answer is no finding. On a prefix that is in use, what is collected meanwhile may show as missing.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  return new Verification(options).run();
}

interface NamedFile {
  readonly file: CheckpointFile;
  /** Relative to the prefix that is verified. */
  readonly owner: string;
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #store: ObjectStore;
  readonly #findings: Finding[] = [];
  #clusterId = 0n;
  readonly #files = new Map<string, NamedFile>();
  #progress: VerifyProgress = {
    checkpoints: 0,
    files: 0,
    filesTotal: 0,
    bytes: 0,
    bytesTotal: 0,
    slots: 0,
    entries: 0,
  };

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  async run(): Promise<VerifyReport> {
    const { manifest } = await mustReadLatestManifest(this.#store);
    this.#clusterId = manifest.clusterId;
    assertNotRemoved(manifest, this.#store.url);
    const checkpoints: Checkpoint[] = [];
    for (const { key } of manifest.checkpoints) {
      const checkpoint = await this.#checkpoint({ owner: "", key });
      if (checkpoint !== null) {
        checkpoints.push(checkpoint);
      }
    }
    await this.#base(manifest);
    const pins = await this.#pins();
    await this.#checkFiles();
    await this.#chain(manifest, checkpoints);
    for (const pin of pins) {
      await this.#pinnedSlots(pin);
    }
    return { findings: this.#findings, progress: this.#progress };
  }

  #report(change: Partial<VerifyProgress>): void {
    this.#options.signal.throwIfAborted();
    this.#progress = { ...this.#progress, ...change };
    this.#options.progress?.(this.#progress);
  }

  /** Runs a check; damage that it finds is told. Null if it found some. */
  async #find<Result>(
    object: string,
    remedy: string,
    check: () => Promise<Result>,
  ): Promise<Result | null> {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof T4Error)) {
        throw error;
      }
      this.#findings.push({ object, problem: error.message, remedy });
      return null;
    }
  }

  async #checkpoint(place: OwnedKey): Promise<Checkpoint | null> {
    const name = this.#store.at(place.owner).url + place.key;
    const checkpoint = await this.#find(name, REMEDY_CHECKPOINT, async () =>
      readCheckpoint(this.#store, place),
    );
    for (const file of checkpoint?.files ?? []) {
      const owner = joinPaths(place.owner, file.owner);
      const key = owner + file.key;
      if (!this.#files.has(key)) {
        this.#files.set(key, { file, owner });
        const { filesTotal, bytesTotal } = this.#progress;
        this.#report({ filesTotal: filesTotal + 1, bytesTotal: bytesTotal + file.bytes });
      }
    }
    this.#report({ checkpoints: this.#progress.checkpoints + 1 });
    return checkpoint;
  }

  /** A branch needs its base as long as its own chain begins there. */
  async #base({ base, chain, floor }: LatestManifest): Promise<void> {
    if (base === null || compareAddresses(floor, chain) > 0) {
      return;
    }
    if (base.checkpoint !== null) {
      await this.#checkpoint(base.checkpoint);
    }
    await this.#find(this.#store.url, REMEDY_SLOT, async () => {
      await this.#walk(base.legs, this.#clusterId);
    });
  }

  #sawSlot(entries: number): void {
    const { slots, entries: before } = this.#progress;
    this.#report({ slots: slots + 1, entries: before + entries });
  }

  async #pins(): Promise<Pin[]> {
    const read = await this.#find(this.#store.url, REMEDY_PIN, async () => readPins(this.#store));
    const pins = (read ?? []).map(({ pin }) => pin);
    for (const { key, pin } of read ?? []) {
      if (pin.checkpoint !== null) {
        await this.#checkpoint({ owner: "", key: pin.checkpoint });
      }
      const state = await stateOf(this.#store.at(pin.target), pin);
      if (state !== "ready") {
        this.#findings.push({
          object: this.#store.url + key,
          problem: `the branch "${pin.branchId}" is ${state === "removing" ? "half removed" : "not finished"}`,
          remedy: `unfork removes what is left of it; collection does after the grace, if nothing was made of it`,
        });
      }
    }
    return pins;
  }

  async #checkFiles(): Promise<void> {
    const permits = piecePermits();
    await forEachParallel(this.#files.values(), FILES_MAX, async ({ file, owner }, signal) => {
      const name = this.#store.at(owner).url + file.key;
      await this.#find(name, REMEDY_FILE, async () => {
        const place = { ...file, owner };
        if (owner === "" && !isDataKey(file.key)) {
          throw new T4Error("T4_CORRUPT", `${name} is no name of a file`);
        }
        await readVerified(this.#store, place, { permits, signal }, (piece) => {
          this.#report({ bytes: this.#progress.bytes + piece.length });
        });
      });
      this.#report({ files: this.#progress.files + 1 });
    });
  }

  /** The chain from the oldest point that can be restored to its end; each checkpoint must lie on it. */
  async #chain(manifest: LatestManifest, checkpoints: readonly Checkpoint[]): Promise<void> {
    const [oldest] = checkpoints;
    const reachesBeginning = compareAddresses(manifest.floor, manifest.chain) <= 0;
    const start = reachesBeginning ? manifest.chain : oldest?.next;
    if (start === undefined) {
      return;
    }
    const waiting = new Map(checkpoints.map(({ next }) => [slotKey(next), next]));
    const reader = new ChainReader(this.#store, manifest.clusterId, start);
    const pass = (position: ChainPosition): void => {
      const expected = waiting.get(slotKey(position));
      waiting.delete(slotKey(position));
      if (expected !== undefined && expected.previousHash !== position.previousHash) {
        this.#findings.push({
          object: this.#store.url + slotKey(position),
          problem: `a checkpoint goes on here behind a slot of another hash (${expected.previousHash})`,
          remedy: REMEDY_SLOT,
        });
      }
    };
    pass(start);
    for (;;) {
      const name = this.#store.url + slotKey(reader.position);
      const slot = await this.#find(name, REMEDY_SLOT, async () => reader.next());
      if (slot === null) {
        return;
      }
      if (slot === "end") {
        if (await this.#isEnd(reader.position, name)) {
          break;
        }
        continue;
      }
      this.#sawSlot(slot.kind === "entries" ? slot.lastIndex - slot.firstIndex + 1 : 0);
      pass(positionAfterSlot(slot));
    }
    for (const key of waiting.keys()) {
      this.#findings.push({
        object: this.#store.url + key,
        problem: `a checkpoint goes on here, and the chain from ${slotKey(start)} does not lead there`,
        remedy: REMEDY_SLOT,
      });
    }
  }

  /** Whether nothing comes after an absent slot. False too if it is there since. */
  async #isEnd(position: ChainPosition, name: string): Promise<boolean> {
    const later = await firstSlotFrom(this.#store, position);
    if (later === null || (await this.#store.head(slotKey(position))) !== null) {
      return later === null;
    }
    const problem = `the slot is missing, and ${later} comes after it`;
    this.#findings.push({ object: name, problem, remedy: REMEDY_SLOT });
    return true;
  }

  /** The chain through all slots that a branch holds. */
  async #pinnedSlots(pin: Pin): Promise<void> {
    for (const { from, throughIndex } of pin.slots) {
      const name = this.#store.url + slotKey(from);
      const remedy = `${REMEDY_SLOT}; the branch "${pin.branchId}" needs it`;
      await this.#find(name, remedy, async () => {
        // A pin does not say which slot came before: that is not its branch's.
        const hash = await this.#store.getRange(slotKey(from), PREVIOUS_HASH_RANGE);
        if (hash === null) {
          throw new T4Error("T4_CORRUPT", `the slot ${name} is missing`);
        }
        const leg = { owner: "", from: { ...from, previousHash: hexOf(hash) }, throughIndex };
        await this.#walk([leg], this.#clusterId);
      });
    }
  }

  async #walk(legs: readonly ChainLeg[], clusterId: bigint): Promise<void> {
    const start = { index: 0 as LogIndex, revision: FIRST_REVISION, term: 0 as Term, wallMs: 0 };
    await walkChains(this.#store, clusterId, legs, start, { kind: "newest" }, (groups) => {
      this.#sawSlot(groups.reduce((sum, { entryCount }) => sum + entryCount, 0));
    });
  }
}
