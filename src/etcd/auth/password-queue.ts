// Passwords wait to be hashed in one queue for each address, and the addresses take turns: whoever floods the server with
// guesses waits behind its own.
import { PASSWORDS_WAITING_MAX, PASSWORDS_WAITING_PER_ADDRESS_MAX } from "../../core/limits.js";
import { T4Error } from "../../core/errors.js";
import type { Passwords } from "../../runtime/credentials/passwords.js";
import { EtcdError, tooManyRequests } from "../errors.js";
import { addressOf } from "./guess-limiter.js";

type Work = () => Promise<void>;

export class PasswordQueue {
  readonly #passwords: Passwords;
  /** The address whose turn it is comes first. */
  readonly #waiting = new Map<string, Work[]>();
  #count = 0;
  #isRunning = false;

  constructor(passwords: Passwords) {
    this.#passwords = passwords;
  }

  /**
   * Runs `work` when its turn comes, one at a time. Rejects with "too many requests" if too many wait already, with what
   * `work` throws, and with T4_UNAVAILABLE if hashing fails.
   */
  async run<Result>(
    peer: string,
    work: (passwords: Passwords) => Promise<Result>,
  ): Promise<Result> {
    const address = addressOf(peer);
    const own = this.#waiting.get(address) ?? [];
    if (own.length >= PASSWORDS_WAITING_PER_ADDRESS_MAX || this.#count >= PASSWORDS_WAITING_MAX) {
      throw tooManyRequests();
    }
    return new Promise((resolve, reject) => {
      own.push(async () => {
        try {
          resolve(await work(this.#passwords));
        } catch (cause) {
          reject(
            cause instanceof EtcdError
              ? cause
              : new T4Error("T4_UNAVAILABLE", "passwords cannot be checked now", { cause }),
          );
        }
      });
      this.#waiting.set(address, own);
      this.#count += 1;
      if (!this.#isRunning) {
        this.#isRunning = true;
        this.#next();
      }
    });
  }

  #next(): void {
    for (const [address, queue] of this.#waiting) {
      // Behind the others, if it has more.
      this.#waiting.delete(address);
      const work = queue.shift();
      if (queue.length > 0) {
        this.#waiting.set(address, queue);
      }
      if (work !== undefined) {
        this.#count -= 1;
        work().then(
          () => {
            this.#next();
          },
          () => {
            this.#next();
          },
        );
        return;
      }
    }
    this.#isRunning = false;
  }
}
