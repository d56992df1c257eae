// Reads the archive slot by slot, following the chain. Lists are a hint of what may be fetched ahead: the chain alone decides
// what comes next, and only an object that is absent when it is asked for ends it.
// Must never: skip a slot, or hand one out that is not the one that the chain leads to.
import { assert } from "../lib/assert.js";
import { T4Error } from "../core/errors.js";
import type { Revision } from "../core/words.js";
import type { ObjectStore, StoredObject } from "../object/object-store.js";
import { addressOfKey, slotKey, slotPrefix, type ChainPosition } from "./chain.js";
import { decodeSlot, positionAfterSlot, type Slot } from "./slot.js";

/** Slots fetched at the same time: at 50 ms each that is 300 a second. */
const AHEAD_SLOTS_MAX = 16;
/** Bytes of slots fetched ahead and not yet handed out. */
const AHEAD_BYTES_MAX = 64 * 1024 * 1024;
/** Keys taken from one list: as many as S3 gives in a page. */
const HINTS_MAX = 1_000;

interface Hint {
  readonly key: string;
  readonly bytes: number;
}

interface Fetch extends Hint {
  /** Null if it failed: the slot is asked for again when its turn comes. */
  readonly object: Promise<StoredObject | null>;
}

export class ChainReader {
  readonly #store: ObjectStore;
  readonly #clusterId: bigint | null;
  #position: ChainPosition;
  #revision: Revision | null = null;
  #isReading = false;
  /** The prefix that was listed. */
  #listed: string | null = null;
  #hints: Hint[] = [];
  /** The last list went to the end of what there was. */
  #isListed = false;
  #ahead: Fetch[] = [];
  #aheadBytes = 0;

  /** `clusterId` null: slots of any cluster, as long as the chain holds. */
  constructor(store: ObjectStore, clusterId: bigint | null, position: ChainPosition) {
    this.#store = store;
    this.#clusterId = clusterId;
    this.#position = position;
  }

  /** Where the next slot is or will be. */
  get position(): ChainPosition {
    return this.#position;
  }

  /**
   * The next slot; "end" if there is none (yet): then read manifest/latest, since the slot may have been collected. Throws
   * T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError; after the latter it can be called again.
   */
  async next(): Promise<Slot | "end"> {
    assert(!this.#isReading, "one slot is read at a time");
    this.#isReading = true;
    try {
      return await this.#next();
    } finally {
      this.#isReading = false;
    }
  }

  async #next(): Promise<Slot | "end"> {
    const key = slotKey(this.#position);
    const object = (await this.#takeAhead(key)) ?? (await this.#store.get(key));
    if (object === null) {
      return "end";
    }
    const name = this.#store.url + key;
    const slot = decodeSlot(object.body, this.#position, this.#clusterId, name);
    this.#checkRevision(slot, name);
    this.#position = positionAfterSlot(slot);
    this.#revision = slot.revision;
    await this.#fetchAhead(key);
    return slot;
  }

  #checkRevision(slot: Slot, name: string): void {
    const before = this.#revision;
    const first = slot.kind === "seal" ? slot.revision : (slot.groups[0]?.firstRevision ?? 0);
    const isSound =
      before === null || first === before || (slot.kind === "entries" && first === before + 1);
    if (!isSound) {
      throw new T4Error(
        "T4_CORRUPT",
        `${name} is damaged: it goes on with revision ${first} after ${before}`,
      );
    }
  }

  async #takeAhead(key: string): Promise<StoredObject | null> {
    const at = this.#ahead.findIndex((fetch) => fetch.key === key);
    if (at < 0) {
      return null;
    }
    // What the chain does not lead to was put by one who was fenced before he won a slot: nothing points there.
    const [fetch] = this.#ahead.splice(0, at + 1).slice(-1);
    this.#aheadBytes = this.#ahead.reduce((sum, { bytes }) => sum + bytes, 0);
    return fetch?.object ?? null;
  }

  /** After the slot of `key` was read: keeps fetches under way for what probably follows. */
  async #fetchAhead(key: string): Promise<void> {
    const prefix = slotPrefix(this.#position.term);
    if (this.#listed !== prefix) {
      this.#listed = prefix;
      this.#ahead = [];
      this.#aheadBytes = 0;
      this.#hints = await this.#list(prefix, key.startsWith(prefix) ? key : null);
    } else if (this.#hints.length === 0 && this.#ahead.length === 0) {
      // Listed to the end: whoever follows the archive as it grows asks for each slot once, without lists.
      return;
    }
    const next = slotKey(this.#position);
    this.#hints = this.#hints.filter((hint) => hint.key >= next);
    while (this.#ahead.length < AHEAD_SLOTS_MAX) {
      const [hint] = this.#hints;
      if (hint === undefined) {
        return;
      }
      if (this.#ahead.length > 0 && this.#aheadBytes + hint.bytes > AHEAD_BYTES_MAX) {
        return;
      }
      this.#hints.shift();
      this.#aheadBytes += hint.bytes;
      this.#ahead.push({ ...hint, object: this.#store.get(hint.key).catch(() => null) });
      if (this.#hints.length === 0 && !this.#isListed) {
        this.#hints = await this.#list(prefix, hint.key);
      }
    }
  }

  async #list(prefix: string, after: string | null): Promise<Hint[]> {
    const hints: Hint[] = [];
    this.#isListed = true;
    try {
      for await (const { key, bytes } of this.#store.list(
        prefix,
        after === null ? {} : { after },
      )) {
        if (addressOfKey(key) !== null) {
          hints.push({ key, bytes });
        }
        if (hints.length >= HINTS_MAX) {
          this.#isListed = false;
          break;
        }
      }
    } catch {
      // A hint only: without it the slots are read one by one.
    }
    return hints;
  }
}
