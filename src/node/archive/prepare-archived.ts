// From a data directory and an object store to a node that leads: the lock says that this one may try, the archive says what was
// acknowledged, and the directory is brought to hold exactly that, or more of its own.
// Order: lock the directory → read the store → win the lock → restore or go on → seal the old leader's term → open.
// Must never: drop an entry that was acknowledged, or write over data that the archive does not have.
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Term } from "../../core/words.js";
import { NO_HASH, type ChainPosition } from "../../archive/chain.js";
import {
  foundLatestManifest,
  type LatestManifest,
  type ReadManifest,
} from "../../archive/latest-manifest.js";
import { persistently, type StoreContext } from "../../archive/store-context.js";
import { takeOver } from "../../archive/take-over.js";
import { restoreInto } from "../../checkpoint/restore/restore.js";
import { LeaderLock } from "../../election/leader-lock.js";
import type { AcknowledgeRule, LockRecord } from "../../election/lock-record.js";
import { assert } from "../../lib/assert.js";
import type { Runtime } from "../../runtime/runtime.js";
import {
  claimDirectory,
  type DataDirectory,
  type TakenDirectory,
} from "../directory/data-directory.js";
import { makeIdentity, type Identity } from "../directory/identity.js";
import { readAcknowledgeRule, setAside, writeAcknowledgeRule } from "../directory/replaced-data.js";
import type { ArchiveConfig } from "./archive-config.js";
import { readOrFork } from "./begin-as-branch.js";
import { findCommonPoint, joinArchive, type KnownPoint } from "./common-history.js";
import { LocalHistory } from "./local-history.js";
import { sinceCheckpoint, type SinceCheckpoint } from "./since-checkpoint.js";

/** By how much the revision is raised when acknowledged entries may be lost: more than anybody writes in between. */
const RAISE_REVISION_BY = 1_000_000_000;

/** How often a restore or a take-over that was overtaken by collection is begun anew. */
const ATTEMPTS_MAX = 5;

/** A directory that holds what was acknowledged, and the right to go on with it. */
export interface Prepared {
  readonly directory: DataDirectory;
  readonly lock: LeaderLock;
  /** Ends the leadership before it has begun. */
  readonly giveUp: () => Promise<void>;
  readonly context: StoreContext;
  /** Where the first slot of this leadership goes. */
  readonly position: ChainPosition;
  readonly raiseRevisionBy: number;
  /** The archive's chain begins behind what the local store holds: only a checkpoint makes it whole. */
  readonly needsCheckpoint: boolean;
  readonly since: SinceCheckpoint;
}

export interface PrepareParts {
  readonly taken: TakenDirectory;
  readonly nodeId: string | null;
  readonly archive: ArchiveConfig;
  readonly runtime: Runtime;
  /** The lock was lost, later. */
  readonly lost: (by: LockRecord | null) => void;
}

/**
 * Throws T4_LOCKED if another node leads, T4_FENCED if another led after this one and lacks what this one acknowledged,
 * T4_INVALID_ARGUMENT for a directory of another database, and what restores and the store throw.
 */
export async function prepareArchived(parts: PrepareParts): Promise<Prepared> {
  return new Preparation(parts).run();
}

/** What a way through the preparation ends with when the archive has moved on meanwhile. */
type Outcome = Prepared | "again";

class Preparation {
  readonly #parts: PrepareParts;
  readonly #context: StoreContext;
  readonly #wanted: AcknowledgeRule;
  #taken: TakenDirectory;
  /** For a directory that has none. */
  #made: Identity | null = null;
  /** The lock's record as the last process left it; undefined until it is known. */
  #before: LockRecord | null | undefined = undefined;
  /** Of the lock that the last attempt took. */
  #nonce: string | null = null;
  /** Read by a restore, behind the checkpoint that it began with. */
  #restoredSlots = 0;

  constructor(parts: PrepareParts) {
    const { archive, runtime } = parts;
    this.#parts = parts;
    this.#taken = parts.taken;
    this.#wanted = archive.syncUpload ? "archive" : "local";
    this.#context = {
      clock: runtime.clock,
      random: runtime.random,
      store: archive.store,
      signal: archive.signal ?? new AbortController().signal,
    };
  }

  async run(): Promise<Prepared> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const outcome = await this.#attempt();
      if (outcome !== "again") {
        return outcome;
      }
    }
    throw new T4Error(
      "T4_UNAVAILABLE",
      `the archive in ${this.#context.store.url} changes faster than it can be read: start again`,
    );
  }

  async #attempt(): Promise<Outcome> {
    const { runtime, archive } = this.#parts;
    const read = await readOrFork(this.#context, archive, runtime.logger);
    const identity = this.#taken.identity ?? this.#newIdentity(read);
    this.#assertSameCluster(identity, read);
    const local =
      this.#taken.identity === null ? null : new LocalHistory(this.#taken, runtime.disk);
    const lock = await this.#acquire(identity, read, local);
    // Of this process's own records, those of earlier attempts, nothing can be learnt.
    const isOwn = this.#before !== undefined && lock.replaced?.nonce === this.#nonce;
    this.#before = isOwn ? this.#before : lock.replaced;
    this.#nonce = lock.record.nonce;
    const before = this.#before ?? null;
    try {
      const outcome =
        read === null
          ? await this.#found(identity, lock, local)
          : await this.#goOn(identity, lock, before, local, read);
      if (outcome === "again") {
        // Not released: it is taken again at once, with a higher term.
        await lock.close();
      }
      return outcome;
    } catch (error) {
      await this.#giveUp(lock, identity);
      throw error;
    }
  }

  /**
   * Lets others lead at once, unless this directory may hold acknowledged entries that the archive lacks: then the record goes
   * on to say so, as it did before, and the directory takes it back when it is started again.
   */
  async #giveUp(lock: LeaderLock, { logId }: Identity): Promise<void> {
    const before = this.#before ?? null;
    const isOwed = before?.rule === "local" && before.state === "held" && before.logId === logId;
    await (isOwed ? lock.close() : lock.release());
  }

  /** The same for all attempts: a lock that one has taken is the next one's as well. */
  #newIdentity(read: ReadManifest | null): Identity {
    const { nodeId, runtime } = this.#parts;
    const clusterId = read?.manifest.clusterId;
    if (this.#made === null || (clusterId !== undefined && clusterId !== this.#made.clusterId)) {
      const made = makeIdentity(runtime.random, nodeId, clusterId);
      this.#made = this.#made === null ? made : { ...this.#made, clusterId: made.clusterId };
    }
    return this.#made;
  }

  #assertSameCluster(identity: Identity, read: ReadManifest | null): void {
    const { archive } = this.#parts;
    if (read !== null && identity.clusterId !== read.manifest.clusterId) {
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `${this.#taken.path} holds cluster ${identity.clusterId.toString(16)} and ${archive.store.url} cluster ` +
          `${read.manifest.clusterId.toString(16)}: use the prefix that belongs to the directory, or an empty directory`,
      );
    }
  }

  async #acquire(
    identity: Identity,
    read: ReadManifest | null,
    local: LocalHistory | null,
  ): Promise<LeaderLock> {
    const { runtime, archive, lost } = this.#parts;
    const { clusterId, nodeId, logId } = identity;
    return LeaderLock.acquire({
      runtime,
      store: archive.store,
      directory: this.#taken.path,
      identity: { clusterId, nodeId, logId, address: archive.address },
      rule: this.#ruleFor(local),
      seenTerm: Math.max(read?.manifest.term ?? 0, local?.tipTerm ?? 0) as Term,
      signal: this.#context.signal,
      waiting: (holder) => {
        runtime.logger.info("another node may still lead: waiting for its lock to time out", {
          holder: holder.nodeId,
          address: holder.address,
          objectStore: archive.store.url,
        });
      },
      lost,
      ...(archive.lockTtlMs === undefined ? {} : { ttlMs: archive.lockTtlMs }),
      ...(archive.lockMarginMs === undefined ? {} : { marginMs: archive.lockMarginMs }),
    });
  }

  /** What is here and was acknowledged by this disk has to be archived before the lock may promise more. */
  #ruleFor(local: LocalHistory | null): AcknowledgeRule {
    const { path } = this.#taken;
    const isArchived =
      local === null || readAcknowledgeRule(path, this.#parts.runtime.disk) === "archive";
    return isArchived ? this.#wanted : "local";
  }

  /** The first leader of a prefix. What a directory already holds follows as a checkpoint and as slots. */
  async #found(identity: Identity, lock: LeaderLock, local: LocalHistory | null): Promise<Outcome> {
    const first = (local === null ? 1 : local.persistedIndex + 1) as LogIndex;
    const chain: ChainPosition = { term: lock.term, firstIndex: first, previousHash: NO_HASH };
    const founded = await persistently(this.#context, async () =>
      foundLatestManifest(this.#context, {
        clusterId: identity.clusterId,
        term: lock.term,
        chain,
        base: null,
      }),
    );
    return founded.kind === "lost"
      ? "again"
      : this.#prepared(identity, lock, chain, {
          raiseRevisionBy: 0,
          needsCheckpoint: first > 1,
          since: this.#since({ checkpoints: [], chain }, lock, { slots: 0, bytes: 0 }),
        });
  }

  async #goOn(
    identity: Identity,
    lock: LeaderLock,
    before: LockRecord | null,
    local: LocalHistory | null,
    read: ReadManifest,
  ): Promise<Outcome> {
    const { manifest } = read;
    let from =
      local === null
        ? null
        : await findCommonPoint(this.#context, manifest, local, this.#parts.runtime);
    this.#restoredSlots = 0;
    if (from === null) {
      if (local !== null) {
        this.#setAside(
          before,
          identity,
          local,
          local.persistedIndex,
          "is older than all checkpoints",
        );
      }
      from = await this.#restore(identity);
    }
    const over = await takeOver(this.#context, {
      manifest: read,
      term: lock.term,
      from,
      ...(local === null ? {} : { ownIndex: local.tipIndex }),
    });
    if (over.kind === "fenced") {
      throw this.#fencedError(over.byTerm);
    }
    if (over.kind === "collected") {
      return "again";
    }
    const { disk } = this.#parts.runtime;
    const held = new LocalHistory(this.#taken, disk);
    const common = await joinArchive(this.#context, {
      held,
      from,
      over,
      wasOurs: before?.logId === identity.logId,
      directory: this.#taken.walDirectory,
      disk,
    });
    if (common !== "joined") {
      this.#setAside(before, identity, held, common, "has entries that the archive has otherwise");
      await this.#restore(identity);
    }
    return this.#prepared(identity, lock, over.position, {
      raiseRevisionBy: this.#mayHaveLost(before, lock) ? RAISE_REVISION_BY : 0,
      needsCheckpoint: isIncomplete(over.manifest.manifest),
      since: this.#since(over.manifest.manifest, lock, {
        slots: over.slots + this.#restoredSlots,
        bytes: over.bytes,
      }),
    });
  }

  #since(
    manifest: Pick<LatestManifest, "checkpoints" | "chain">,
    { term }: LeaderLock,
    walked: { readonly slots: number; readonly bytes: number },
  ): SinceCheckpoint {
    return sinceCheckpoint(manifest, term, walked, this.#context.clock.wallMs());
  }

  async #restore(identity: Identity): Promise<KnownPoint> {
    const { archive, runtime } = this.#parts;
    const startMs = runtime.clock.monotonicMs();
    // Each try begins with an empty directory, until the last step has made it count.
    const restored = await persistently(this.#context, async () =>
      restoreInto({
        store: archive.store,
        target: { kind: "newest" },
        directory: this.#taken.path,
        disk: runtime.disk,
        logger: runtime.logger,
        ...(archive.progress === undefined ? {} : { progress: archive.progress }),
        complete: () => {
          this.#taken = {
            ...this.#taken,
            identity: claimDirectory(this.#taken, identity, runtime.disk).identity,
          };
        },
      }),
    );
    runtime.logger.info("restored from the object store", {
      objectStore: archive.store.url,
      checkpoint: restored.checkpoint ?? "none",
      index: restored.index,
      revision: restored.revision,
      durationMs: Math.round(runtime.clock.monotonicMs() - startMs),
    });
    this.#restoredSlots = restored.progress.slots;
    assert(restored.next !== null, "a restore of the newest state knows where the archive goes on");
    return { position: restored.next, revision: restored.revision, entryTerm: null };
  }

  /** Keeps what is here under another name, unless it was acknowledged and nobody else has it. */
  #setAside(
    before: LockRecord | null,
    identity: Identity,
    local: LocalHistory,
    common: LogIndex,
    reason: string,
  ): void {
    const { runtime, archive } = this.#parts;
    const { path } = this.#taken;
    const rule = readAcknowledgeRule(path, runtime.disk);
    if (rule !== "archive" && local.tipIndex > common) {
      throw new T4Error(
        "T4_FENCED",
        `node ${before?.nodeId ?? "?"} has led on ${archive.store.url} after this one, and entries ` +
          `${String(common + 1)} to ${String(local.tipIndex)} of ${path} are acknowledged and not in the archive. ` +
          "The directory is left as it is: keep it for what it holds, and start with an empty one to follow the archive",
      );
    }
    const aside = setAside(this.#taken, runtime.disk);
    this.#taken = { ...this.#taken, identity: null };
    runtime.logger.warn(
      "the data directory does not belong to the archive's history: it is kept, and restored anew",
      {
        reason,
        aside,
        nodeId: identity.nodeId,
        tipIndex: local.tipIndex,
      },
    );
  }

  /** Whether an earlier leader may have acknowledged what was only on its own disk, which is not this one. */
  #mayHaveLost(before: LockRecord | null, lock: LeaderLock): boolean {
    const isPossible = lock.record.loss === "possible";
    if (isPossible) {
      this.#parts.runtime.logger.warn(
        "the last leader acknowledged writes before the object store had them: some may be lost, and the revision is raised",
        {
          leader: before?.nodeId ?? "?",
          address: before?.address ?? "?",
          raisedBy: RAISE_REVISION_BY,
        },
      );
    }
    return isPossible;
  }

  #fencedError(byTerm: Term): T4Error {
    return new T4Error(
      "T4_LOCKED",
      `another node has begun to lead on ${this.#context.store.url} in term ${String(byTerm)}`,
    );
  }

  #prepared(
    identity: Identity,
    lock: LeaderLock,
    position: ChainPosition,
    facts: Pick<Prepared, "raiseRevisionBy" | "needsCheckpoint" | "since">,
  ): Prepared {
    const { disk } = this.#parts.runtime;
    const directory = claimDirectory(this.#taken, identity, disk);
    if (this.#wanted === "local") {
      // Durable before anything is acknowledged so. The other rule is noted when the archive has what came before.
      writeAcknowledgeRule(directory.path, "local", disk);
    }
    return {
      directory,
      lock,
      giveUp: async () => this.#giveUp(lock, identity),
      context: this.#context,
      position,
      ...facts,
    };
  }
}

/** A chain that begins in the middle, and no checkpoint before it: nobody else can restore it yet. */
function isIncomplete({ checkpoints, chain, base }: LatestManifest): boolean {
  return checkpoints.length === 0 && base === null && chain.firstIndex > 1;
}
