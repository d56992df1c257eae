// A number of things that may be done or held at the same time. Waiters are served in order.
import { assert } from "./assert.js";
import { Queue } from "./collections/queue.js";

export class Permits {
  #free: number;
  readonly #waiters = new Queue<() => void>();

  constructor(count: number) {
    assert(count > 0, "there is at least one permit");
    this.#free = count;
  }

  async acquire(): Promise<void> {
    if (this.tryAcquire()) {
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  tryAcquire(): boolean {
    if (this.#free === 0) {
      return false;
    }
    this.#free -= 1;
    return true;
  }

  release(): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#free += 1;
    } else {
      // The permit passes on.
      waiter();
    }
  }
}

/**
 * Runs `work` for each item, at most `limit` at a time. After the first error no more are begun and `signal` is aborted; the
 * error is thrown when all that runs has ended.
 */
export async function forEachParallel<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const waiting = [...items].reverse();
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
      try {
        await work(item, controller.signal);
      } catch (error) {
        waiting.length = 0;
        errors.push(error);
        controller.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, waiting.length) }, worker));
  if (errors.length > 0) {
    throw errors[0];
  }
}
