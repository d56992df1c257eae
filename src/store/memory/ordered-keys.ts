// Keys in byte order with a value each: a B+-tree whose leaves are linked both ways, so that a walk needs no stack. It
// holds the order of a memtable; exact lookups go through the memtable's Map.
// Must never: give a cursor a wrong place after a change. Cursors compare `changes` and seek again by key.
import { assert } from "../../lib/assert.js";
import type { Key } from "../../core/words.js";

/** Measured best of 32, 64 and 128 for random inserts of 40-byte keys. */
const FANOUT_MAX = 64;

interface Leaf<Value> {
  readonly kind: "leaf";
  readonly keys: Key[];
  readonly values: Value[];
  previous: Leaf<Value> | null;
  next: Leaf<Value> | null;
}

interface Inner<Value> {
  readonly kind: "inner";
  /** keys[i] is at or below every key under children[i + 1] and above every key under children[i]. */
  readonly keys: Key[];
  readonly children: Node<Value>[];
}

type Node<Value> = Leaf<Value> | Inner<Value>;

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
  #root: Node<Value> = { kind: "leaf", keys: [], values: [], previous: null, next: null };
  #first: Leaf<Value> = this.#root as Leaf<Value>;
  #last: Leaf<Value> = this.#first;

  /** Adds a key that is not there yet. */
  insert(key: Key, value: Value): void {
    const split = this.#insertInto(this.#root, key, value);
    if (split !== null) {
      this.#root = { kind: "inner", keys: [split.key], children: [this.#root, split.right] };
    }
    this.changes += 1;
    this.size += 1;
  }

  /** Takes a key out. Leaves may stay empty: removals are rare (a dropped tail, a compaction). */
  remove(key: Key): void {
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    assert(leaf.keys[at] === key, "a key that is removed is there");
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    this.changes += 1;
    this.size -= 1;
  }

  /** The first place at or after `key`. */
  seek(key: Key): Place<Value> {
    const leaf = this.#leafOf(key);
    return new Place(leaf, lowerBound(leaf.keys, key));
  }

  /** The last place before `key`; a null key stands for the end. */
  seekBefore(key: Key | null): Place<Value> {
    if (key === null) {
      return new Place(this.#last, this.#last.keys.length - 1);
    }
    const leaf = this.#leafOf(key);
    return new Place(leaf, lowerBound(leaf.keys, key) - 1);
  }

  #leafOf(key: Key): Leaf<Value> {
    let node = this.#root;
    while (node.kind === "inner") {
      node = node.children[upperBound(node.keys, key)] as Node<Value>;
    }
    return node;
  }

  #insertInto(
    node: Node<Value>,
    key: Key,
    value: Value,
  ): { readonly key: Key; readonly right: Node<Value> } | null {
    if (node.kind === "leaf") {
      const at = lowerBound(node.keys, key);
      assert(node.keys[at] !== key, "a key is inserted once");
      insertAt(node.keys, at, key);
      insertAt(node.values, at, value);
      return node.keys.length > FANOUT_MAX ? this.#splitLeaf(node, at) : null;
    }
    const child = upperBound(node.keys, key);
    const split = this.#insertInto(node.children[child] as Node<Value>, key, value);
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
