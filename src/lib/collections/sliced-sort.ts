// A stable merge sort that can stop at any time and go on later, so that sorting a million rows blocks nobody.

export class SlicedSort<Item> {
  readonly #compare: (left: Item, right: Item) => number;
  /** Sorted runs, each of items that were added before those of the next: merging neighbours keeps the sort stable. */
  #runs: Item[][] = [];
  #merged: Item[][] = [];
  #left: readonly Item[] = [];
  #right: readonly Item[] = [];
  #leftAt = 0;
  #rightAt = 0;
  #out: Item[] = [];

  constructor(compare: (left: Item, right: Item) => number) {
    this.#compare = compare;
  }

  /** Adds items behind those added before. Takes the array over and sorts it at once: keep it short. */
  addRun(items: Item[]): void {
    if (items.length > 0) {
      this.#runs.push(items.sort(this.#compare));
    }
  }

  /** Merges; moves at least one and about `itemsMax` items. Returns whether all is sorted. Add nothing after the first call. */
  step(itemsMax: number): boolean {
    for (let budget = Math.max(itemsMax, 1); budget > 0;) {
      if (this.#leftAt < this.#left.length || this.#rightAt < this.#right.length) {
        budget -= this.#mergeSome(budget);
      } else if (!this.#takeNextPair()) {
        return true;
      }
    }
    return false;
  }

  /** Everything, in order, once `step` has returned true. */
  get sorted(): Item[] {
    return this.#runs[0] ?? [];
  }

  /** False when one run is left. */
  #takeNextPair(): boolean {
    if (this.#out.length > 0) {
      this.#merged.push(this.#out);
      this.#out = [];
    }
    if (this.#runs.length < 2) {
      this.#merged.push(...this.#runs);
      // Taken from the end, the pairs were merged last to first.
      this.#runs = this.#merged.reverse();
      this.#merged = [];
    }
    if (this.#runs.length < 2) {
      return false;
    }
    this.#right = this.#runs.pop() ?? [];
    this.#left = this.#runs.pop() ?? [];
    this.#leftAt = 0;
    this.#rightAt = 0;
    return true;
  }

  #mergeSome(budget: number): number {
    const left = this.#left;
    const right = this.#right;
    let moved = 0;
    for (; moved < budget; moved += 1) {
      const fromLeft = left[this.#leftAt];
      const fromRight = right[this.#rightAt];
      if (
        fromLeft !== undefined &&
        (fromRight === undefined || this.#compare(fromLeft, fromRight) <= 0)
      ) {
        this.#out.push(fromLeft);
        this.#leftAt += 1;
      } else if (fromRight !== undefined) {
        this.#out.push(fromRight);
        this.#rightAt += 1;
      } else {
        break;
      }
    }
    return moved;
  }
}
