// What the simulation knows and no node does: who led when, what was acknowledged, and every state that the bucket had. It is
// told of each thing as it happens, and fails at the first that must not be.
import assert from "node:assert/strict";
import {
  assertFollows,
  decodeLatestManifest,
  LATEST_MANIFEST_KEY,
  type LatestManifest,
} from "../../src/archive/latest-manifest.js";
import type { LockRecord } from "../../src/election/lock-record.js";
import { decodeLockRecord, LEADER_LOCK_KEY } from "../../src/election/lock-record.js";
import type {
  ObjectSource,
  ObjectStore,
  PutCondition,
  PutOutcome,
} from "../../src/object/object-store.js";

/** One leadership of one process. */
export interface Life {
  readonly name: string;
  hasEnded: boolean;
}

export class Truth {
  /** What was acknowledged, or told to be archived: its id by index. */
  readonly #kept = new Map<number, string>();
  readonly #leaders = new Map<number, Life>();
  #manifest: LatestManifest | null = null;
  #lock: LockRecord | null = null;
  /** Counts, so that a run in which nothing happened is seen. */
  readonly counts: Record<
    "leaders" | "acknowledged" | "archived" | "fenced" | "lockLost" | "collected" | "checkpoints",
    number
  > = {
    leaders: 0,
    acknowledged: 0,
    archived: 0,
    fenced: 0,
    lockLost: 0,
    collected: 0,
    checkpoints: 0,
  };

  /** The bucket, with every write looked at. */
  watch(inner: ObjectStore): ObjectStore {
    return {
      url: inner.url,
      at: (path: string): ObjectStore => this.watch(inner.at(path)),
      get: async (key, options) => inner.get(key, options),
      getRange: async (key, range, options) => inner.getRange(key, range, options),
      head: async (key, options) => inner.head(key, options),
      put: async (key: string, body: Uint8Array | ObjectSource): Promise<void> => {
        await inner.put(key, body);
        this.#written(key, body as Uint8Array);
      },
      putIf: async (
        key: string,
        body: Uint8Array,
        condition: PutCondition,
      ): Promise<PutOutcome> => {
        const outcome = await inner.putIf(key, body, condition);
        if (outcome.kind === "won") {
          this.#written(key, body);
        }
        return outcome;
      },
      delete: async (keys) => inner.delete(keys),
      list: (prefix, options) => inner.list(prefix, options),
      close: async () => inner.close(),
    };
  }

  leads(life: Life, term: number): void {
    const other = this.#leaders.get(term);
    assert.ok(
      other === undefined || other === life,
      `${other?.name} and ${life.name} lead in ${term}`,
    );
    this.#leaders.set(term, life);
    this.counts.leaders += 1;
  }

  /** An entry that must be in the archive for ever. */
  archived(life: Life, index: number, id: string): void {
    assert.equal(life.hasEnded, false, `${life.name} archives ${index} after its end`);
    const known = this.#kept.get(index);
    assert.ok(known === undefined || known === id, `entry ${index} is two, says ${life.name}`);
    this.#kept.set(index, id);
    this.counts.archived += 1;
  }

  acknowledged(life: Life, index: number, id: string, isKept: boolean): void {
    assert.equal(life.hasEnded, false, `${life.name} acknowledges ${index} after its end`);
    if (isKept) {
      assert.equal(this.#kept.get(index), id, `${life.name} acknowledges ${index}, not archived`);
    }
    this.counts.acknowledged += 1;
  }

  /** A leader met another's slot or manifest. Nobody is fenced by himself. */
  fenced(life: Life, term: number, byTerm: number | null): void {
    assert.ok(byTerm === null || byTerm > term, `${life.name} of ${term} was fenced by ${byTerm}`);
    life.hasEnded = true;
    this.counts.fenced += 1;
  }

  lockLost(life: Life, own: LockRecord, by: LockRecord | null): void {
    assert.notEqual(by?.nonce, own.nonce, `${life.name} lost its lock to itself`);
    assert.notEqual(this.#lock?.nonce, own.nonce, `${life.name} lost a lock that is its own`);
    this.counts.lockLost += 1;
  }

  /** `ids` is what a restore gives, from the first entry. */
  check(ids: readonly string[]): void {
    for (const [index, id] of this.#kept) {
      assert.equal(ids[index - 1], id, `entry ${index} was acknowledged, and is lost`);
    }
  }

  #written(key: string, body: Uint8Array): void {
    if (key === LATEST_MANIFEST_KEY) {
      const manifest = decodeLatestManifest(body, key);
      if (this.#manifest !== null) {
        assertFollows(this.#manifest, manifest);
      }
      this.#manifest = manifest;
    } else if (key === LEADER_LOCK_KEY) {
      const lock = decodeLockRecord(body, key);
      const before = this.#lock;
      assert.ok(before === null || lock.term >= before.term, "the lock's term goes back");
      assert.ok(
        before === null || lock.term > before.term || lock.nonce === before.nonce,
        "two owners have the lock in one term",
      );
      this.#lock = lock;
    }
  }
}
