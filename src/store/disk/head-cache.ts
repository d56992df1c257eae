// The heads of keys that were written lately, as they stand at the tip: what the next put of such a key needs to know.
// In the index runs the same takes a search in several files (1.7 µs of a put's 9 on the node's thread); here it is one
// place to look at, before any memtable. Numbers and short keys lie in columns, so that the garbage collector has
// nothing to follow.
// Must never: hold a head that is not its key's newest. Whoever appends a row notes it here; whoever takes one back
// makes it forgotten.
import { NO_LEASE, type Revision } from "../../core/words.js";
import type { Row } from "../../core/row.js";
import type { RunHead } from "../run/run.js";
import type { SearchKey } from "../run/search-key.js";

/** A key may stand at so many places, found by its hash; of these the one written longest ago makes room. */
const WAYS = 4;
/**
 * Room for 262,144 keys in 17 MB, of which the system gives what is used. With half as many sets a tenth of 100,000 keys
 * had too many neighbours to stay.
 */
const SETS: number = 64 * 1024;
/** Where a place's parts lie: three numbers, the key's length (0: no key), the key. All in one line of a CPU's cache. */
const STRIDE = 64;
const LENGTH_AT = 24;
const KEY_AT = 25;
/** Longer keys are left out. */
const KEY_BYTES_MAX: number = STRIDE - KEY_AT;
/** A place's revision, create revision and version, among numbers of 8 bytes. */
const NUMBERS: number = STRIDE / 8;

export class HeadCache {
  readonly #hashes = new Int32Array(SETS * WAYS);
  readonly #bytes = new Uint8Array(SETS * WAYS * STRIDE);
  readonly #numbers = new Float64Array(this.#bytes.buffer);

  /** The key's newest version, a tombstone too; false if it is not known here, or is newer than `revision`. */
  find(search: SearchKey, revision: number, head: RunHead): boolean {
    const place = this.#placeOf(search);
    if (place < 0 || (this.#numbers[place * NUMBERS] as number) > revision) {
      return false;
    }
    const numbers = this.#numbers;
    const at = place * NUMBERS;
    head.key = search.key;
    head.modRevision = numbers[at] as Revision;
    head.createRevision = numbers[at + 1] as Revision;
    head.version = numbers[at + 2] as number;
    head.subRevision = 0;
    head.lease = NO_LEASE;
    return true;
  }

  /** Takes the newest row of the key that `search` stands for. */
  note(search: SearchKey, row: Row): void {
    const known = this.#placeOf(search);
    const isKept =
      row.subRevision === 0 && row.lease === NO_LEASE && search.keyLength <= KEY_BYTES_MAX;
    if (!isKept) {
      this.#clear(known);
      return;
    }
    const place = known >= 0 ? known : this.#take(search);
    const at = place * NUMBERS;
    this.#numbers[at] = row.modRevision;
    this.#numbers[at + 1] = row.createRevision;
    this.#numbers[at + 2] = row.version;
  }

  forget(search: SearchKey): void {
    this.#clear(this.#placeOf(search));
  }

  #clear(place: number): void {
    if (place >= 0) {
      this.#bytes[place * STRIDE + LENGTH_AT] = 0;
    }
  }

  #placeOf(search: SearchKey): number {
    const { hash, keyLength } = search;
    const first = (hash & (SETS - 1)) * WAYS;
    for (let place = first; place < first + WAYS; place += 1) {
      if (
        this.#hashes[place] === (hash | 0) &&
        this.#bytes[place * STRIDE + LENGTH_AT] === keyLength &&
        this.#isKeyAt(place * STRIDE + KEY_AT, search)
      ) {
        return place;
      }
    }
    return -1;
  }

  #isKeyAt(at: number, { keyBytes, keyLength }: SearchKey): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < keyLength; i += 1) {
      if (bytes[at + i] !== keyBytes[i]) {
        return false;
      }
    }
    return true;
  }

  /** A place for a key that has none. */
  #take(search: SearchKey): number {
    const { hash, keyBytes, keyLength } = search;
    const first = (hash & (SETS - 1)) * WAYS;
    let place = first;
    let oldest = Infinity;
    for (let other = first; other < first + WAYS; other += 1) {
      const isFree = this.#bytes[other * STRIDE + LENGTH_AT] === 0;
      const revision = isFree ? 0 : (this.#numbers[other * NUMBERS] as number);
      if (revision < oldest) {
        oldest = revision;
        place = other;
      }
    }
    const at = place * STRIDE;
    this.#hashes[place] = hash | 0;
    this.#bytes[at + LENGTH_AT] = keyLength;
    for (let i = 0; i < keyLength; i += 1) {
      this.#bytes[at + KEY_AT + i] = keyBytes[i] as number;
    }
    return place;
  }
}
