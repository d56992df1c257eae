// A first-in-first-out queue in a ring that grows: no allocation per item, no shifting.

export class Queue<Item> {
  #ring: (Item | undefined)[] = new Array<Item | undefined>(16).fill(undefined);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): void {
    if (this.#size === this.#ring.length) {
      this.#grow();
    }
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item;
    this.#size += 1;
  }

  /** The oldest item, which stays. */
  first(): Item | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head];
  }

  /** Takes the oldest item. */
  shift(): Item | undefined {
    if (this.#size === 0) {
      return undefined;
    }
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size -= 1;
    return item;
  }

  /** Takes the newest item. */
  pop(): Item | undefined {
    if (this.#size === 0) {
      return undefined;
    }
    this.#size -= 1;
    const at = (this.#head + this.#size) & (this.#ring.length - 1);
    const item = this.#ring[at];
    this.#ring[at] = undefined;
    return item;
  }

  #grow(): void {
    const length = this.#ring.length;
    const ring = new Array<Item | undefined>(length * 2).fill(undefined);
    for (let at = 0; at < length; at += 1) {
      ring[at] = this.#ring[(this.#head + at) & (length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
