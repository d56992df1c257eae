// Randomness that a number replays. Every choice of a generated test comes from one of these.

export class SeededRandom {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1): mulberry32, whose 32 bits of state are enough to pick operations. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [0, end). */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  /** An integer in [first, last]. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined && choices.length === 0) {
      throw new Error("a pick from nothing");
    }
    return choice as T;
  }

  /** Picks by weight: `[[3, "often"], [1, "seldom"]]`. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let left = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) {
        return choice;
      }
    }
    return choices[choices.length - 1]![1];
  }

  list<T>(lengthMax: number, make: () => T): T[] {
    return Array.from({ length: this.between(0, lengthMax) }, make);
  }
}

/** The seeds of an unbounded tier: T4_TEST_SEEDS of them (or `countDefault`), from T4_TEST_SEED_FIRST (or 1) on. */
export function seedsFromEnvironment(countDefault: number): number[] {
  const number = (name: string, otherwise: number): number => {
    const text = process.env[name] ?? "";
    return text === "" ? otherwise : Number.parseInt(text, 10);
  };
  const first = number("T4_TEST_SEED_FIRST", 1);
  return Array.from({ length: number("T4_TEST_SEEDS", countDefault) }, (_, at) => first + at);
}
