// Worker threads of Node, and the other end of them: an entry module `x-worker-main.ts` calls `runWorker`.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { assert } from "../lib/assert.js";
import { nodeFiles } from "./disk/node-files.js";
import { systemClock } from "./system-clock.js";
import type { Thread, Threads, WorkerHandler } from "./threads.js";

/**
 * A thread inherits none of the process's options: `node --input-type=module -e …` would fail to start one, and our
 * workers need no loader. Source maps alone make their errors readable.
 */
function workerOptions(): string[] {
  return process.execArgv.filter((option) => option === "--enable-source-maps");
}

/**
 * How long the messages of one turn of the event loop may take. Node delivers up to 1,000 that are there or come while
 * others are handled: a thread that answers as fast as it is asked kept timers and sockets waiting for 50 ms.
 */
const TURN_MS_MAX = 4;

class NodeThread implements Thread {
  readonly #worker: Worker;
  /** When the first message of this turn came; null before it. */
  #turnStartMs: number | null = null;
  /** Messages of this turn that wait for the next one. */
  #waiting: unknown[] = [];
  #terminated = false;
  #failed = false;

  constructor(name: string, main: URL, data: unknown) {
    this.#worker = new Worker(main, { name, workerData: data, execArgv: workerOptions() });
    this.#worker.unref();
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    if (transfer === undefined) {
      this.#worker.postMessage(message);
    } else {
      this.#worker.postMessage(message, transfer);
    }
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#worker.on("message", (message: unknown) => {
      this.#deliver(message, listener);
    });
  }

  #deliver(message: unknown, listener: (message: unknown) => void): void {
    if (this.#terminated) {
      return;
    }
    if (this.#turnStartMs === null) {
      this.#turnStartMs = performance.now();
      setImmediate(() => {
        this.#turnStartMs = null;
        for (const late of this.#waiting.splice(0)) {
          this.#deliver(late, listener);
        }
      });
    } else if (this.#waiting.length > 0 || performance.now() - this.#turnStartMs > TURN_MS_MAX) {
      this.#waiting.push(message);
      return;
    }
    listener(message);
  }

  onError(listener: (error: Error) => void): void {
    const fail = (error: Error): void => {
      if (!this.#terminated && !this.#failed) {
        this.#failed = true;
        listener(error);
      }
    };
    this.#worker.on("error", (error: unknown) => {
      fail(error instanceof Error ? error : new Error("a worker thread failed", { cause: error }));
    });
    this.#worker.on("messageerror", fail);
    // A thread has no reason to end before it is terminated; whoever waits for its answer must hear of it.
    this.#worker.on("exit", (code) => {
      fail(new Error(`a worker thread ended by itself with code ${code}`));
    });
  }

  hold(): void {
    this.#worker.ref();
  }

  release(): void {
    this.#worker.unref();
  }

  async terminate(): Promise<void> {
    this.#terminated = true;
    await this.#worker.terminate();
  }
}

export const nodeThreads: Threads = {
  spawn: (name: string, main: URL, data: unknown): Thread => new NodeThread(name, main, data),
};

/** Runs a worker's code in this thread: the whole of a worker's entry module. */
export function runWorker(handler: WorkerHandler): void {
  const port = parentPort;
  assert(!isMainThread && port !== null, "a worker's entry module runs in a worker thread");
  handler({
    data: workerData as unknown,
    disk: nodeFiles,
    clock: systemClock,
    post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
      if (transfer === undefined) {
        port.postMessage(message);
      } else {
        port.postMessage(message, transfer);
      }
    },
    onMessage(listener: (message: unknown) => void): void {
      port.on("message", listener);
    },
  });
}
