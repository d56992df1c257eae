// The main thread's end of the table worker: one order at a time, one reply each. The thread is started for its first
// order: a store that has just been opened has no use for it, and starting a thread costs as much as opening the store.
import { assert } from "../../lib/assert.js";
import type { Thread, Threads } from "../../runtime/threads.js";
import type { TableWorkerData, WorkOrder, WorkReply } from "../upkeep/table-worker.js";

export class WorkerLink {
  readonly #start: () => Thread;
  #thread: Thread | null = null;
  #replied: ((reply: WorkReply) => void) | null = null;
  #idle: (() => void)[] = [];
  #isAwaited = false;

  /** `failed` is told of an error that the worker did not survive. */
  constructor(threads: Threads, directory: string, failed: (error: Error) => void) {
    const data: TableWorkerData = { directory };
    const main = new URL("../table-worker-main.js", import.meta.url);
    this.#start = () => {
      const thread = threads.spawn("t4-table", main, data);
      thread.onMessage((reply) => {
        const replied = this.#replied;
        assert(replied !== null, "the table worker replies to orders only");
        this.#finish();
        replied(reply as WorkReply);
      });
      thread.onError((error) => {
        this.#finish();
        failed(error);
      });
      return thread;
    };
  }

  get isBusy(): boolean {
    return this.#replied !== null;
  }

  /** Whether a caller waits for files: the process then stays alive until it is answered. */
  set isAwaited(isAwaited: boolean) {
    this.#isAwaited = isAwaited;
    this.#holdOrRelease();
  }

  send(order: WorkOrder, replied: (reply: WorkReply) => void): void {
    assert(this.#replied === null, "the table worker has one order at a time");
    this.#replied = replied;
    this.#holdOrRelease();
    this.#started().post(order);
  }

  /** Waits for the order in hand and ends the worker. */
  async close(): Promise<void> {
    if (this.isBusy) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
      });
    }
    await this.#thread?.terminate();
  }

  #finish(): void {
    this.#replied = null;
    this.#holdOrRelease();
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) {
      resolve();
    }
  }

  #holdOrRelease(): void {
    if (this.isBusy || this.#isAwaited) {
      this.#started().hold();
    } else {
      this.#thread?.release();
    }
  }

  #started(): Thread {
    this.#thread ??= this.#start();
    return this.#thread;
  }
}
