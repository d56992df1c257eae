// Workers that run in the test's own thread: the handler is the one that a real thread runs, and each message is
// delivered at a moment that the seed chooses, in the order sent.
import type { Clock } from "../../src/runtime/clock.js";
import type { Disk } from "../../src/runtime/disk/disk.js";
import type { Thread, Threads, WorkerHandler } from "../../src/runtime/threads.js";
import { SeededRandom } from "./seeded-random.js";
import { PowerLossError } from "./simulated-disk.js";

export interface InlineThreadsOptions {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly seed: number;
  /** File name of the entry module ("log-worker-main.js") → its handler. */
  readonly handlers: Readonly<Record<string, WorkerHandler>>;
  /** Longest time that a message travels. */
  readonly delayMsMax?: number;
}

/** One direction of a thread's messages: delivered one by one, each after a delay, never out of order. */
class Mailbox {
  readonly #messages: unknown[] = [];
  readonly #clock: Clock;
  readonly #delayMs: () => number;
  #listener: ((message: unknown) => void) | null = null;
  #scheduled = false;
  #closed = false;

  constructor(clock: Clock, delayMs: () => number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  put(message: unknown, transfer: readonly ArrayBuffer[] | undefined): void {
    this.#messages.push(structuredClone(message, { transfer: [...(transfer ?? [])] }));
    this.#schedule();
  }

  listen(listener: (message: unknown) => void): void {
    this.#listener = listener;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#listener === null || this.#messages.length === 0) {
      return;
    }
    this.#scheduled = true;
    this.#clock.after(this.#delayMs(), () => {
      this.#scheduled = false;
      if (!this.#closed) {
        const message = this.#messages.shift();
        this.#listener?.(message);
        this.#schedule();
      }
    });
  }
}

class InlineThread implements Thread {
  readonly #toWorker: Mailbox;
  readonly #toOwner: Mailbox;
  readonly #clock: Clock;
  #errorListener: ((error: Error) => void) | null = null;
  #ended = false;

  constructor(
    options: InlineThreadsOptions,
    random: SeededRandom,
    handler: WorkerHandler,
    data: unknown,
  ) {
    const delayMs = (): number => random.fraction() * (options.delayMsMax ?? 0.1);
    this.#clock = options.clock;
    this.#toWorker = new Mailbox(options.clock, delayMs);
    this.#toOwner = new Mailbox(options.clock, delayMs);
    const cloned: unknown = structuredClone(data);
    options.clock.after(delayMs(), () => {
      this.#guard(() => {
        handler({
          data: cloned,
          disk: options.disk,
          clock: options.clock,
          post: (message, transfer) => {
            this.#toOwner.put(message, transfer);
          },
          onMessage: (listener) => {
            this.#toWorker.listen((message) => {
              this.#guard(() => {
                listener(message);
              });
            });
          },
        });
      });
    });
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    this.#toWorker.put(message, transfer);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#toOwner.listen(listener);
  }

  onError(listener: (error: Error) => void): void {
    this.#errorListener = listener;
  }

  hold(): void {}

  release(): void {}

  async terminate(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  #end(): void {
    this.#ended = true;
    this.#toWorker.close();
    this.#toOwner.close();
  }

  #guard(run: () => void): void {
    if (this.#ended) {
      return;
    }
    try {
      run();
    } catch (error) {
      this.#end();
      // A thread of a machine without power says nothing to anyone.
      if (!(error instanceof PowerLossError)) {
        this.#clock.after(0, () => {
          if (this.#errorListener === null) {
            throw error;
          }
          this.#errorListener(error as Error);
        });
      }
    }
  }
}

export class InlineThreads implements Threads {
  readonly #options: InlineThreadsOptions;
  readonly #random: SeededRandom;

  constructor(options: InlineThreadsOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  spawn(_name: string, main: URL, data: unknown): Thread {
    const file = main.pathname.slice(main.pathname.lastIndexOf("/") + 1);
    const handler = this.#options.handlers[file];
    if (handler === undefined) {
      throw new Error(`no handler for the worker ${file}`);
    }
    return new InlineThread(this.#options, this.#random.fork(), handler, data);
  }
}
