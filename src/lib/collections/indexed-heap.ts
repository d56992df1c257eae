// A binary heap whose items know their place in it, so that any of them can move or leave in O(log n).

/** What an item of the heap carries: its place, −1 while it is in none. Only the heap writes it. */
export interface HeapItem {
  heapPosition: number;
}

export class IndexedHeap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  readonly #isBefore: (a: Item, b: Item) => boolean;

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The first item by the heap's order. */
  first(): Item | undefined {
    return this.#items[0];
  }

  /** All items, in no order. */
  values(): readonly Item[] {
    return this.#items;
  }

  /** Adds an item that is in no heap. */
  add(item: Item): void {
    this.#items.push(item);
    item.heapPosition = this.#items.length - 1;
    this.#rise(item);
  }

  /** Restores the order after the item's key changed. */
  update(item: Item): void {
    if (!this.#rise(item)) {
      this.#sink(item);
    }
  }

  /** Removes an item; nothing happens if it is in no heap. */
  delete(item: Item): void {
    const position = item.heapPosition;
    if (position < 0) {
      return;
    }
    item.heapPosition = -1;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[position] = last;
      last.heapPosition = position;
      this.update(last);
    }
  }

  #rise(item: Item): boolean {
    const items = this.#items;
    const from = item.heapPosition;
    let position = from;
    while (position > 0) {
      const parentPosition = (position - 1) >>> 1;
      const parent = items[parentPosition];
      if (parent === undefined || !this.#isBefore(item, parent)) {
        break;
      }
      items[position] = parent;
      parent.heapPosition = position;
      position = parentPosition;
    }
    items[position] = item;
    item.heapPosition = position;
    return position !== from;
  }

  #sink(item: Item): void {
    const items = this.#items;
    let position = item.heapPosition;
    for (;;) {
      let childPosition = position * 2 + 1;
      let child = items[childPosition];
      const right = items[childPosition + 1];
      if (child !== undefined && right !== undefined && this.#isBefore(right, child)) {
        child = right;
        childPosition += 1;
      }
      if (child === undefined || !this.#isBefore(child, item)) {
        break;
      }
      items[position] = child;
      child.heapPosition = position;
      position = childPosition;
    }
    items[position] = item;
    item.heapPosition = position;
  }
}
