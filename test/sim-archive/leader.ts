// One process of the simulation: it takes the lock and the archive over as a node does, appends entries, acknowledges them by
// its rule, makes checkpoints and collects what they make superfluous, until it is told otherwise or ends by itself.
import assert from "node:assert/strict";
import { Archive } from "../../src/archive/archive.js";
import {
  compareAddresses,
  NO_HASH,
  addressOfKey,
  type ChainPosition,
} from "../../src/archive/chain.js";
import {
  foundLatestManifest,
  readLatestManifest,
  updateLatestManifest,
  type ReadManifest,
} from "../../src/archive/latest-manifest.js";
import { SLOT_OVERHEAD_BYTES, type Slot } from "../../src/archive/slot.js";
import { persistently, settle, type StoreContext } from "../../src/archive/store-context.js";
import { takeOver } from "../../src/archive/take-over.js";
import type { Entry } from "../../src/core/entry.js";
import { T4Error } from "../../src/core/errors.js";
import { type LogIndex, type Revision, type Term } from "../../src/core/words.js";
import { LeaderLock } from "../../src/election/leader-lock.js";
import type { Log } from "../../src/log/log.js";
import { openLog } from "../../src/log/open-log.js";
import { SegmentImport } from "../../src/log/segment/segment-import.js";
import { putEntry } from "../sim/entries.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import type { SimulatedDisk } from "../sim/simulated-disk.js";
import type { Machine } from "./machine.js";
import {
  CLUSTER,
  CollectedError,
  idOf,
  readBase,
  readSlots,
  replay,
  type CheckpointBody,
  type Restored,
} from "./restored.js";
import type { Life, Truth } from "./truth.js";

export const TTL_MS = 10_000;
const CONDEMNED_GRACE_MS = 8_000;
const LOG_DIRECTORY = "/data/wal";

/** What stays of a node between its processes. */
export interface Home {
  disk: SimulatedDisk;
  readonly nodeId: string;
  logId: string;
  /** What its log begins behind. */
  start: Restored;
}

export interface LeaderOptions {
  readonly machine: Machine;
  readonly home: Home;
  readonly random: SeededRandom;
  readonly truth: Truth;
  readonly name: string;
  readonly mode: "sync" | "async";
  readonly signal: AbortSignal;
  /** Stops as soon as it sees that its lock is another's; if not, it goes on until the archive says so. */
  readonly heedsLock: boolean;
}

export class Leader {
  readonly #options: LeaderOptions;
  readonly #context: StoreContext;
  readonly #life: Life;
  readonly #controller = new AbortController();
  #lock: LeaderLock | null = null;
  #log: Log | null = null;
  #archive: Archive | null = null;
  /** Ids of the log, durable or not. */
  #ids: string[] = [];
  #revision = 1;
  #acknowledged = 0;
  #archivedTold = 0;
  readonly #condemnedSince = new Map<string, number>();

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#life = { name: options.name, hasEnded: false };
    options.signal.addEventListener("abort", () => {
      this.#controller.abort(new Error("told to stop"));
    });
    const { machine } = options;
    this.#context = {
      clock: machine,
      random: machine.runtime.random,
      store: machine.store,
      signal: this.#controller.signal,
    };
  }

  /** Ends when it was fenced, lost its lock, found another leader, or was told to stop. */
  async run(): Promise<void> {
    try {
      const manifest = await persistently(this.#context, async () =>
        readLatestManifest(this.#context.store),
      );
      await this.#takeLock(manifest?.manifest.term ?? 0);
      const position = manifest === null ? await this.#found() : await this.#takeOver(manifest);
      if (position !== null) {
        await this.#open(position);
        await Promise.all([this.#write(), this.#checkpoints()]);
      }
    } catch (error) {
      const isExpected =
        this.#controller.signal.aborted ||
        error instanceof CollectedError ||
        (error instanceof T4Error && error.code === "T4_LOCKED");
      if (!isExpected) {
        throw error;
      }
    } finally {
      this.#life.hasEnded = true;
      this.#controller.abort(new Error("ended"));
      await this.#archive?.close();
      if (this.#options.random.chance(0.5)) {
        await this.#lock?.release();
      } else {
        await this.#lock?.close();
      }
      await this.#log?.close();
    }
  }

  get #term(): Term {
    assert.ok(this.#lock !== null);
    return this.#lock.term;
  }

  async #takeLock(manifestTerm: number): Promise<void> {
    const { machine, home } = this.#options;
    home.disk.makeDirectory("/data");
    const local = await this.#localLog();
    this.#lock = await LeaderLock.acquire({
      runtime: machine.runtime,
      store: machine.store,
      directory: "/data",
      identity: {
        clusterId: CLUSTER,
        nodeId: home.nodeId,
        logId: home.logId,
        address: home.nodeId,
      },
      rule: this.#options.mode === "sync" ? "archive" : "local",
      seenTerm: Math.max(manifestTerm, local.term) as Term,
      ttlMs: TTL_MS,
      signal: this.#controller.signal,
      lost: (by) => {
        this.#options.truth.lockLost(this.#life, this.#lock!.record, by);
        if (this.#options.heedsLock) {
          this.#life.hasEnded = true;
          this.#controller.abort(new Error("the lock is lost"));
        }
      },
    });
  }

  async #found(): Promise<ChainPosition | null> {
    const chain: ChainPosition = {
      term: this.#term,
      firstIndex: 1 as LogIndex,
      previousHash: NO_HASH,
    };
    const founded = await foundLatestManifest(this.#context, {
      clusterId: CLUSTER,
      term: this.#term,
      chain,
      base: null,
    });
    return founded.kind === "won" ? chain : null;
  }

  async #takeOver(known: ReadManifest): Promise<ChainPosition | null> {
    const base = await readBase(this.#context, known.manifest);
    const taken = await takeOver(this.#context, {
      manifest: known,
      term: this.#term,
      from: { position: base.next, revision: base.revision as Revision },
    });
    if (taken.kind === "fenced") {
      this.#options.truth.fenced(this.#life, this.#term, taken.byTerm);
      return null;
    }
    if (taken.kind === "collected") {
      this.#options.truth.counts.collected += 1;
      return null;
    }
    const { position } = taken;
    const fresh = await readBase(this.#context, taken.manifest.manifest);
    // The newest checkpoint may be newer than the one that was walked from, never newer than the sealed chain.
    const slots = await readSlots(this.#context, fresh.next, position);
    const archived = replay(fresh, slots);
    assert.equal(archived.index, position.firstIndex - 1);
    assert.equal(archived.revision, taken.revision);
    await this.#adopt(fresh, slots, archived);
    return position;
  }

  /** Makes the local log go on from the archive: as it is, with what it lacks, or anew. */
  async #adopt(base: CheckpointBody, slots: readonly Slot[], archived: Restored): Promise<void> {
    const { home } = this.#options;
    const local = await this.#localLog();
    const common = Math.min(local.index, archived.index);
    const agrees =
      local.index >= base.index &&
      local.ids.slice(0, common).every((id, at) => id === archived.ids[at]);
    if (!agrees) {
      // Its log contradicts the archive, or ends before the checkpoint: it is set aside.
      for (const name of home.disk.exists(LOG_DIRECTORY) ? home.disk.list(LOG_DIRECTORY) : []) {
        home.disk.remove(`${LOG_DIRECTORY}/${name}`);
      }
      home.start = { ids: base.ids, index: base.index, revision: base.revision, term: base.term };
    }
    const target = new SegmentImport({
      disk: home.disk,
      directory: LOG_DIRECTORY,
      fromIndex: ((agrees ? local.index : base.index) + 1) as LogIndex,
    });
    for (const slot of slots) {
      if (slot.kind === "entries") {
        target.add(slot.groups, slot);
      }
    }
    target.finish();
  }

  /** What the local log has, as its next opening will find it. */
  async #localLog(): Promise<Restored> {
    const { home } = this.#options;
    const ids = [...home.start.ids];
    let { index, revision, term } = home.start;
    const log = this.#openLog(
      (entry) => {
        ids.push(idOf(entry));
        ({ index, revision, term } = entry);
      },
      () => undefined,
    );
    await log.close();
    return { ids, index, revision, term };
  }

  #openLog(entry: (entry: Entry) => void, durable: (index: LogIndex) => void): Log {
    const { machine, home } = this.#options;
    const { index, term } = home.start;
    return openLog(
      {
        runtime: machine.runtime,
        directory: LOG_DIRECTORY,
        afterIndex: index as LogIndex,
        afterTerm: term as Term,
        // After a restore at the archive's very end. What is lost otherwise, the truth knows.
        mayBeEmpty: true,
        segmentBytesMax: 1_500,
        segmentAgeMsMax: 3_000,
        listener: {
          durable,
          sealed: (point) => this.#archive?.sealed(point),
          segmentClosed: () => undefined,
          failed: (error) => {
            throw error;
          },
        },
      },
      { entry, segmentEnd: () => undefined },
    );
  }

  async #open(position: ChainPosition): Promise<void> {
    const { machine, mode, home, truth } = this.#options;
    const local = await this.#localLog();
    this.#ids = [...local.ids];
    this.#revision = local.revision;
    assert.ok(local.index >= position.firstIndex - 1, "the log has what the archive has");
    this.#log = this.#openLog(
      () => undefined,
      (index) => {
        this.#archive?.offer(index);
        if (mode === "async") {
          this.#acknowledge(index);
        }
      },
    );
    truth.leads(this.#life, this.#term);
    this.#archivedTold = position.firstIndex - 1;
    this.#acknowledged = local.index;
    this.#archive = new Archive({
      runtime: machine.runtime,
      store: machine.store,
      clusterId: CLUSTER,
      directory: LOG_DIRECTORY,
      position,
      sealedSegments: this.#log.sealedSegments,
      mode,
      batchBytesMax: 2_000,
      putsPerSecondMax: 20,
      listener: {
        archived: (index) => {
          this.#archived(index);
        },
        fenced: (error) => {
          assert.equal(error.code, "T4_FENCED");
          truth.fenced(this.#life, this.#term, null);
          this.#controller.abort(error);
        },
        failed: (error) => {
          throw error;
        },
      },
    });
    this.#archive.offer(this.#log.durableIndex);
    assert.ok(home.disk.hasPower);
    this.#append(null);
  }

  #archived(index: number): void {
    for (let at = this.#archivedTold + 1; at <= index; at += 1) {
      this.#options.truth.archived(this.#life, at, this.#ids[at - 1]!);
    }
    this.#archivedTold = index;
    if (this.#options.mode === "sync") {
      this.#acknowledge(index);
    }
  }

  #acknowledge(index: number): void {
    const { truth, mode } = this.#options;
    if (this.#life.hasEnded) {
      return;
    }
    for (let at = this.#acknowledged + 1; at <= index; at += 1) {
      truth.acknowledged(this.#life, at, this.#ids[at - 1]!, mode === "sync");
    }
    this.#acknowledged = Math.max(this.#acknowledged, index);
  }

  #append(value: Uint8Array | null): void {
    const log = this.#log;
    assert.ok(log !== null);
    const index = this.#ids.length;
    const position = { index, revision: this.#revision, term: this.#term };
    const start: Entry = {
      index: (index + 1) as LogIndex,
      term: this.#term,
      revision: this.#revision as Revision,
      rows: [],
      system: { kind: "term-start", node: this.#options.home.nodeId },
    };
    const entry = value === null ? start : putEntry(position, "key", value);
    this.#ids.push(idOf(entry));
    this.#revision = entry.revision;
    log.append(entry);
  }

  #isOver(): boolean {
    return this.#life.hasEnded;
  }

  async #write(): Promise<void> {
    const { machine, random } = this.#options;
    while (!this.#isOver()) {
      await machine.sleep(random.fraction() * 3_000, this.#controller.signal);
      for (let i = random.below(3); i >= 0 && !this.#isOver(); i -= 1) {
        this.#append(random.bytes(random.chance(0.1) ? 800 : 12));
      }
    }
  }

  async #checkpoints(): Promise<void> {
    const { machine, random } = this.#options;
    while (!this.#life.hasEnded) {
      await machine.sleep(2_000 + random.fraction() * 15_000, this.#controller.signal);
      try {
        if ((await this.#checkpoint()) === "fenced" || (await this.#collect()) === "fenced") {
          // The manifest is another's: the archive will meet its seal.
          return;
        }
      } catch (error) {
        if (error instanceof T4Error || this.#controller.signal.aborted) {
          throw error;
        }
        // The store did not answer: another time.
      }
    }
  }

  async #checkpoint(): Promise<"done" | "fenced"> {
    const log = this.#log!;
    const archive = this.#archive!;
    log.seal();
    const index = log.tipIndex;
    const state: Restored = {
      ids: this.#ids.slice(0, index),
      index,
      revision: this.#revision,
      term: this.#term,
    };
    await log.flush();
    archive.offer(index);
    await archive.flush();
    const next = archive.endAt(index)?.next ?? null;
    assert.ok(next !== null, `no position behind the seal point ${index}`);
    const padded = (value: number): string => String(value).padStart(16, "0");
    const key = `checkpoint/${padded(this.#term)}/${padded(index)}.json`;
    const body = Buffer.from(JSON.stringify({ ...state, next }));
    await settle(this.#context, key, body, { kind: "absent" });
    const record = {
      key,
      term: this.#term,
      index,
      revision: state.revision as Revision,
      wallMs: 1,
      bytes: body.length,
    };
    const update = await updateLatestManifest(this.#context, this.#term, null, (manifest) =>
      (manifest.checkpoints.at(-1)?.index ?? 0) >= index
        ? null
        : { checkpoints: [...manifest.checkpoints, record].slice(-1), floor: next },
    );
    this.#options.truth.counts.checkpoints += update.kind === "won" ? 1 : 0;
    return update.kind === "fenced" ? "fenced" : "done";
  }

  /** What lies below the floor goes after a grace, if the manifest is still ours. */
  async #collect(): Promise<"done" | "fenced"> {
    const { machine } = this.#options;
    const { store } = this.#context;
    const read = await readLatestManifest(store);
    if (read === null || read.manifest.term !== this.#term) {
      return "fenced";
    }
    const nowMs = machine.monotonicMs();
    for await (const { key, bytes } of store.list("wal/")) {
      const address = addressOfKey(key);
      const isBelow = address !== null && compareAddresses(address, read.manifest.floor) < 0;
      if (isBelow && bytes > SLOT_OVERHEAD_BYTES) {
        this.#condemnedSince.set(key, this.#condemnedSince.get(key) ?? nowMs);
      }
    }
    const due = [...this.#condemnedSince].filter(([, since]) => nowMs - since > CONDEMNED_GRACE_MS);
    if (due.length > 0) {
      await store.delete(due.map(([key]) => key));
      for (const [key] of due) {
        this.#condemnedSince.delete(key);
      }
    }
    return "done";
  }
}
