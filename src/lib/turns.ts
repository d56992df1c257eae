// Turns of the event loop for work that is long: whoever has done a slice waits for its next turn, and one waiter is
// served a turn, in order. However many long reads there are, they delay everybody else by one slice.
import { Queue } from "./collections/queue.js";

interface Waiter {
  resolve(): void;
  reject(reason: Error): void;
}

export class Turns {
  readonly #nextTurn: (run: () => void) => void;
  readonly #waiters = new Queue<Waiter>();
  #isAsked = false;
  #closed: Error | null = null;

  /** `nextTurn` runs what it is given after the I/O of this turn of the event loop. */
  constructor(nextTurn: (run: () => void) => void) {
    this.#nextTurn = nextTurn;
  }

  /** Resolves when it is the caller's turn. Rejects with the reason of `close`. */
  async next(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) {
        reject(this.#closed);
        return;
      }
      this.#waiters.push({ resolve, reject });
      this.#ask();
    });
  }

  close(reason: Error): void {
    this.#closed = reason;
    for (let each = this.#waiters.shift(); each !== undefined; each = this.#waiters.shift()) {
      each.reject(reason);
    }
  }

  #ask(): void {
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.#nextTurn(() => {
        this.#isAsked = false;
        this.#waiters.shift()?.resolve();
        if (this.#waiters.size > 0) {
          this.#ask();
        }
      });
    }
  }
}
