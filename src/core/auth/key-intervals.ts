// A set of keys as disjoint intervals in byte order: what a user may read, or write, with the intervals of all its roles
// merged, so that a range covered only by several of them together is covered.
import type { KeyRange } from "../range/key-range.js";
import type { Key } from "../words.js";
import type { Permission } from "./auth-state.js";

/** Greater than every key, whose chars are bytes. */
const NO_END = "\u{ffff}";

export class KeyIntervals {
  /** Ascending; each interval ends before the next starts. */
  readonly #starts: readonly Key[];
  readonly #ends: readonly Key[];

  constructor(permissions: Iterable<Pick<Permission, "key" | "rangeEnd">>) {
    const intervals = [...permissions]
      // No key is the empty one: what begins there comes from a version that took it, and means nothing.
      .filter(({ key }) => key !== "")
      .map(({ key, rangeEnd }) => ({ start: key, end: endOf(key, rangeEnd) }))
      .filter(({ start, end }) => start < end)
      .sort((left, right) => (left.start < right.start ? -1 : 1));
    const starts: Key[] = [];
    const ends: Key[] = [];
    for (const { start, end } of intervals) {
      const last = ends.at(-1);
      if (last === undefined || start > last) {
        starts.push(start);
        ends.push(end);
      } else if (end > last) {
        ends[ends.length - 1] = end;
      }
    }
    this.#starts = starts;
    this.#ends = ends;
  }

  /** How many intervals are left after merging. */
  get size(): number {
    return this.#starts.length;
  }

  hasKey(key: Key): boolean {
    const at = this.#lastFrom(key);
    return at >= 0 && key < (this.#ends[at] as Key);
  }

  /**
   * Whether every key of the range is in the set. An empty range, whose end is not above its start, is covered if what
   * lies between the two is.
   */
  covers(range: KeyRange): boolean {
    if (range.kind === "key") {
      return this.hasKey(range.key);
    }
    const { start } = range;
    const end = range.end ?? NO_END;
    if (end <= start) {
      const at = this.#lastFrom(start);
      return at >= 0 && (this.#starts[at] as Key) < end && start < (this.#ends[at] as Key);
    }
    const at = this.#lastFrom(start);
    return at >= 0 && end <= (this.#ends[at] as Key);
  }

  /** The last interval that starts at or before the key; -1 if there is none. */
  #lastFrom(key: Key): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as Key) <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}

function endOf(key: Key, rangeEnd: Key): Key {
  switch (rangeEnd) {
    case "":
      return `${key}\0`;
    case "\0":
      return NO_END;
    default:
      return rangeEnd;
  }
}
