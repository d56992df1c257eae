// Which of many intervals of strings contain a given one: a treap ordered by (start, end), each node knowing the
// largest end below it. A question costs the depth of the tree and what it finds, whatever else is in it.
// Each interval is in the index once, with one value; who has several things on one interval keeps them in that value.

/** Half open: start ≤ key < end; an end of null stands for no upper bound. */
interface TreapNode<Value> {
  readonly start: string;
  readonly end: string | null;
  readonly value: Value;
  readonly priority: number;
  left: TreapNode<Value> | null;
  right: TreapNode<Value> | null;
  /** The largest end in this subtree; null: one has no upper bound. */
  endMax: string | null;
}

/** Order of ends: null comes last. */
function compareEnds(a: string | null, b: string | null): number {
  if (a === b) {
    return 0;
  }
  if (a === null) {
    return 1;
  }
  return b === null || a < b ? -1 : 1;
}

function compareIntervals(
  startA: string,
  endA: string | null,
  startB: string,
  endB: string | null,
): number {
  if (startA !== startB) {
    return startA < startB ? -1 : 1;
  }
  return compareEnds(endA, endB);
}

export class IntervalIndex<Value> {
  #root: TreapNode<Value> | null = null;
  #size = 0;
  /** The treap's dice: balance needs no secret, and a fixed start makes runs repeatable. */
  #dice = 0x9e3779b9;

  get size(): number {
    return this.#size;
  }

  /** The value of exactly this interval. */
  get(start: string, end: string | null): Value | undefined {
    let node = this.#root;
    while (node !== null) {
      const order = compareIntervals(start, end, node.start, node.end);
      if (order === 0) {
        return node.value;
      }
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** Adds an interval that is not in the index. */
  add(start: string, end: string | null, value: Value): void {
    const priority = this.#roll();
    const node: TreapNode<Value> = {
      start,
      end,
      value,
      priority,
      left: null,
      right: null,
      endMax: end,
    };
    this.#root = insert(this.#root, node);
    this.#size += 1;
  }

  /** Removes exactly this interval; false if it is not in the index. */
  delete(start: string, end: string | null): boolean {
    if (this.get(start, end) === undefined) {
      return false;
    }
    this.#root = remove(this.#root, start, end);
    this.#size -= 1;
    return true;
  }

  /** Calls `visit` with the value of each interval that contains `key`. The index must not change meanwhile. */
  visit(key: string, visit: (value: Value) => void): void {
    stab(this.#root, key, visit);
  }

  /** Calls `visit` with every value. The index must not change meanwhile. */
  forEach(visit: (value: Value) => void): void {
    walk(this.#root, visit);
  }

  #roll(): number {
    let dice = this.#dice;
    dice ^= dice << 13;
    dice ^= dice >>> 17;
    dice ^= dice << 5;
    this.#dice = dice;
    return dice;
  }
}

function stab<Value>(
  top: TreapNode<Value> | null,
  key: string,
  visit: (value: Value) => void,
): void {
  let node = top;
  while (node !== null && (node.endMax === null || key < node.endMax)) {
    if (node.left !== null) {
      stab(node.left, key, visit);
    }
    if (key < node.start) {
      return;
    }
    if (node.end === null || key < node.end) {
      visit(node.value);
    }
    node = node.right;
  }
}

function walk<Value>(node: TreapNode<Value> | null, visit: (value: Value) => void): void {
  if (node !== null) {
    walk(node.left, visit);
    visit(node.value);
    walk(node.right, visit);
  }
}

function measure<Value>(node: TreapNode<Value>): TreapNode<Value> {
  let endMax = node.end;
  if (node.left !== null && compareEnds(node.left.endMax, endMax) > 0) {
    endMax = node.left.endMax;
  }
  if (node.right !== null && compareEnds(node.right.endMax, endMax) > 0) {
    endMax = node.right.endMax;
  }
  node.endMax = endMax;
  return node;
}

function insert<Value>(top: TreapNode<Value> | null, node: TreapNode<Value>): TreapNode<Value> {
  if (top === null) {
    return node;
  }
  if (compareIntervals(node.start, node.end, top.start, top.end) < 0) {
    const left = insert(top.left, node);
    top.left = left;
    if (left.priority > top.priority) {
      top.left = left.right;
      left.right = measure(top);
      return measure(left);
    }
  } else {
    const right = insert(top.right, node);
    top.right = right;
    if (right.priority > top.priority) {
      top.right = right.left;
      right.left = measure(top);
      return measure(right);
    }
  }
  return measure(top);
}

function remove<Value>(
  top: TreapNode<Value> | null,
  start: string,
  end: string | null,
): TreapNode<Value> | null {
  if (top === null) {
    return null;
  }
  const order = compareIntervals(start, end, top.start, top.end);
  if (order === 0) {
    return merge(top.left, top.right);
  }
  if (order < 0) {
    top.left = remove(top.left, start, end);
  } else {
    top.right = remove(top.right, start, end);
  }
  return measure(top);
}

/** Joins two treaps, everything in `left` being before everything in `right`. */
function merge<Value>(
  left: TreapNode<Value> | null,
  right: TreapNode<Value> | null,
): TreapNode<Value> | null {
  if (left === null) {
    return right;
  }
  if (right === null) {
    return left;
  }
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    return measure(left);
  }
  right.left = merge(left, right.left);
  return measure(right);
}
