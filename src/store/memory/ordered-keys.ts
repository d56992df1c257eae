// Keys in byte order with a value each: a B+-tree whose leaves are linked both ways, so that a walk needs no stack. It
// holds the order of a memtable; exact lookups go through the memtable's Map. The tree is made for the first walk: most
// memtables become files without one.
// Must never: give a cursor a wrong place after a change. Cursors compare `changes` and seek again by key.
import { assert } from "../../lib/assert.js";
import type { Key } from "../../core/words.js";
import { TreeMaker, type Inner, type Leaf, type TreeNode } from "./tree-maker.js";

/** Measured best of 32, 64 and 128 for random inserts of 40-byte keys. */
const FANOUT_MAX = 64;
/**
 * Keys that wait for the first walk: it makes the tree of all together, in a third of the time of inserting each. A put
 * whose key only waits takes a sixth less CPU time.
 */
export const WAITING_KEYS_MAX = 65_536;

/** Keys in a piece of `prepare`: 2 to 4 ms. Of those that came while the tree was made fewer are inserted at once. */
const PIECE_KEYS = 4_096;
const INSERTED_MAX = 1_024;

/** How many of the sorted `keys` are below `key`. */
function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as Key) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** How many of the sorted `keys` are at or below `key`. */
function upperBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as Key) <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Like splice(at, 0, item), which allocates an array each time. */
function insertAt<Item>(items: Item[], at: number, item: Item): void {
  items.push(item);
  for (let i = items.length - 1; i > at; i -= 1) {
    items[i] = items[i - 1] as Item;
  }
  items[at] = item;
}

export class OrderedKeys<Value> {
  /** Grows with every insertion and removal. */
  changes = 0;
  size = 0;
  #root: TreeNode<Value> = { kind: "leaf", keys: [], values: [], previous: null, next: null };
  #first: Leaf<Value> = this.#root as Leaf<Value>;
  #last: Leaf<Value> = this.#first;
  readonly #keyOf: (value: Value) => Key;
  /** Not in the tree yet. */
  #waiting: Value[] = [];
  #isWalked: boolean;
  /** Makes the tree of those that waited first. */
  #maker: TreeMaker<Value> | null = null;

  /** `keyOf` tells a value's key; `isWalked`: whether walks are to be expected soon. */
  constructor(keyOf: (value: Value) => Key, isWalked = false) {
    this.#keyOf = keyOf;
    this.#isWalked = isWalked;
  }

  /** Whether the order was asked for, or is expected to be. */
  get isWalked(): boolean {
    return this.#isWalked;
  }

  /** Adds a value whose key is not there yet. */
  insert(value: Value): void {
    const isInTree = this.#isWalked || this.#waiting.length >= WAITING_KEYS_MAX;
    if (isInTree && this.#maker === null) {
      this.#insertIntoTree(this.#keyOf(value), value);
      this.#insertWaiting();
    } else {
      this.#waiting.push(value);
    }
    this.changes += 1;
    this.size += 1;
  }

  /** Takes a key out. Leaves may stay empty: removals are rare (a dropped tail, a compaction). */
  remove(key: Key): void {
    this.#complete();
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    assert(leaf.keys[at] === key, "a key that is removed is there");
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    this.changes += 1;
    this.size -= 1;
  }

  /**
   * Does a piece of what the first walk needs, for a caller who can let others run before the next: as many keys as may
   * wait are 50 ms of work. Returns whether nothing of it is left.
   */
  prepare(): boolean {
    this.#isWalked = true;
    if (this.#maker === null && this.#waiting.length > PIECE_KEYS && this.#isEmpty) {
      this.#beginTree(PIECE_KEYS);
    }
    if (this.#maker !== null && !this.#goOn(this.#maker)) {
      return false;
    }
    if (this.#waiting.length > INSERTED_MAX && !this.#isEmpty) {
      for (let count = 0; count < INSERTED_MAX; count += 1) {
        this.#insertWaiting();
      }
      return false;
    }
    this.#complete();
    return true;
  }

  /** The first place at or after `key`. */
  seek(key: Key): Place<Value> {
    this.#isWalked = true;
    this.#complete();
    const leaf = this.#leafOf(key);
    return new Place(leaf, lowerBound(leaf.keys, key));
  }

  /** The last place before `key`; a null key stands for the end. */
  seekBefore(key: Key | null): Place<Value> {
    this.#isWalked = true;
    this.#complete();
    if (key === null) {
      return new Place(this.#last, this.#last.keys.length - 1);
    }
    const leaf = this.#leafOf(key);
    return new Place(leaf, lowerBound(leaf.keys, key) - 1);
  }

  #leafOf(key: Key): Leaf<Value> {
    let node = this.#root;
    while (node.kind === "inner") {
      node = node.children[upperBound(node.keys, key)] as TreeNode<Value>;
    }
    return node;
  }

  /** Whether the tree is. */
  get #isEmpty(): boolean {
    return this.#root.kind === "leaf" && this.#root.keys.length === 0;
  }

  /** Brings all keys into the tree. */
  #complete(): void {
    if (this.#maker === null && this.#waiting.length > 0 && this.#isEmpty) {
      this.#beginTree(this.#waiting.length);
    }
    while (this.#maker !== null) {
      this.#goOn(this.#maker);
    }
    while (this.#waiting.length > 0) {
      this.#insertWaiting();
    }
  }

  #beginTree(pieceKeys: number): void {
    this.#maker = new TreeMaker(this.#waiting, this.#keyOf, pieceKeys);
    this.#waiting = [];
  }

  /** Does a piece of the tree; returns whether it was the last. */
  #goOn(maker: TreeMaker<Value>): boolean {
    const tree = maker.step();
    if (tree === null) {
      return false;
    }
    this.#maker = null;
    this.#root = tree.root;
    this.#first = tree.first;
    this.#last = tree.last;
    return true;
  }

  #insertWaiting(): void {
    if (this.#waiting.length > 0) {
      const value = this.#waiting.pop() as Value;
      this.#insertIntoTree(this.#keyOf(value), value);
    }
  }

  #insertIntoTree(key: Key, value: Value): void {
    const split = this.#insertInto(this.#root, key, value);
    if (split !== null) {
      this.#root = { kind: "inner", keys: [split.key], children: [this.#root, split.right] };
    }
  }

  #insertInto(
    node: TreeNode<Value>,
    key: Key,
    value: Value,
  ): { readonly key: Key; readonly right: TreeNode<Value> } | null {
    if (node.kind === "leaf") {
      const at = lowerBound(node.keys, key);
      assert(node.keys[at] !== key, "a key is inserted once");
      insertAt(node.keys, at, key);
      insertAt(node.values, at, value);
      return node.keys.length > FANOUT_MAX ? this.#splitLeaf(node, at) : null;
    }
    const child = upperBound(node.keys, key);
    const split = this.#insertInto(node.children[child] as TreeNode<Value>, key, value);
    if (split === null) {
      return null;
    }
    node.keys.splice(child, 0, split.key);
    node.children.splice(child + 1, 0, split.right);
    if (node.children.length <= FANOUT_MAX) {
      return null;
    }
    const middle = node.keys.length >>> 1;
    const up = node.keys[middle] as Key;
    const right: Inner<Value> = {
      kind: "inner",
      keys: node.keys.splice(middle + 1),
      children: node.children.splice(middle + 1),
    };
    node.keys.pop();
    return { key: up, right };
  }

  #splitLeaf(
    leaf: Leaf<Value>,
    inserted: number,
  ): { readonly key: Key; readonly right: Leaf<Value> } {
    // Keys that come in order fill each leaf before the next is begun.
    const isAppend = inserted === leaf.keys.length - 1 && leaf.next === null;
    const middle = isAppend ? inserted : leaf.keys.length >>> 1;
    const right: Leaf<Value> = {
      kind: "leaf",
      keys: leaf.keys.splice(middle),
      values: leaf.values.splice(middle),
      previous: leaf,
      next: leaf.next,
    };
    if (leaf.next === null) {
      this.#last = right;
    } else {
      leaf.next.previous = right;
    }
    leaf.next = right;
    return { key: right.keys[0] as Key, right };
  }
}

/** A place in the order; of use until the next change. */
export class Place<Value> {
  #leaf: Leaf<Value> | null;
  #at: number;

  constructor(leaf: Leaf<Value>, at: number) {
    this.#leaf = leaf;
    this.#at = at;
    this.#settle(at >= leaf.keys.length);
  }

  /** Undefined behind either end. */
  get key(): Key | undefined {
    return this.#leaf?.keys[this.#at];
  }

  get value(): Value | undefined {
    return this.#leaf?.values[this.#at];
  }

  next(): void {
    this.#at += 1;
    this.#settle(true);
  }

  previous(): void {
    this.#at -= 1;
    this.#settle(false);
  }

  /** Moves over the border of a leaf, and over empty leaves. */
  #settle(forward: boolean): void {
    while (this.#leaf !== null && (this.#at < 0 || this.#at >= this.#leaf.keys.length)) {
      this.#leaf = forward ? this.#leaf.next : this.#leaf.previous;
      this.#at = forward ? 0 : (this.#leaf?.keys.length ?? 0) - 1;
    }
  }
}
